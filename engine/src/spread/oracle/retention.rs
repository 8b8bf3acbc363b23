//! Rule `retention` (Siew 2019, the R package `spreadr`).
//!
//! With `d_i` the sum of the effective row of `i`, diagonal included, and `a(-1) = 0`:
//!
//! ```text
//! b_j = keep_j a_j(t-1) + sum over i != j, d_i > 0 of (1 - r_i) (e_ij / d_i) a_i(t-1)
//!       keep_j = r_j if d_j > 0, else 1
//! b_j <- (1 - time_decay) b_j;  b_j <- 0 where b_j < suppress
//! a_j(t) = b_j + (activation injected at t)
//! stop at t = time, or when every a_j(t) < stop_threshold, whichever is set and comes first
//! ```

use std::collections::BTreeMap;

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::sum::Sum;
use super::{Finished, Seeds, reported};
use crate::graph::Generation;
use crate::spread::{RETENTION_STEPS_MAX, Retention, SpreadError};
use crate::terms::StopReason;

/// `r_i` of every node: the last entry that names it, else the common one.
pub(super) fn retentions(graph: &Generation, rule: &Retention) -> Result<Vec<f64>, SpreadError> {
    let mut retentions = vec![rule.retention; graph.node_count()];
    for (key, retention) in &rule.per_node {
        let node =
            graph.find_key(key)?.ok_or_else(|| SpreadError::UnknownNode { node: key.clone() })?;
        retentions[node.index()] = *retention;
    }
    Ok(retentions)
}

/// Runs the rule.
pub(super) fn spread(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    rule: &Retention,
    retentions: &[f64],
    journal: &mut Journal<'_>,
) -> Finished {
    let injected = seeds.by_time();
    let mut activation = vec![0.0; graph.node_count()];
    let mut hop: Vec<Option<u32>> = vec![None; graph.node_count()];
    let limit = rule.time.unwrap_or(RETENTION_STEPS_MAX);
    journal.stats.hop_limit = limit;
    for t in 0.. {
        let firing: Vec<usize> = (0..activation.len()).filter(|&v| activation[v] > 0.0).collect();
        let fan = graph.fan_sum(&firing);
        if t > 0 && !journal.may_follow(fan) {
            return finished(&activation, &hop, StopReason::EdgeBudget);
        }
        let mut next = step(graph, &activation, rule, retentions, journal);
        for (&v, &amount) in injected.get(&t).unwrap_or(&BTreeMap::new()) {
            next.activation[v] += amount;
        }
        if next.activation.iter().any(|a| !a.is_finite()) {
            return finished(&activation, &hop, StopReason::Overflow);
        }
        let over = next.drop_weakest(graph, &hop, journal);
        next.arrive(t, &mut hop, journal);
        activation = next.activation;
        if t > 0 {
            journal.completed(fan);
        }
        journal.step(t, &activation);
        if let Some(reason) = over.or_else(|| ending(rule, &activation, t, limit, journal)) {
            return finished(&activation, &hop, reason);
        }
    }
    unreachable!("a step at the limit ends the spread")
}

fn finished(activation: &[f64], hop: &[Option<u32>], stop_reason: StopReason) -> Finished {
    let reported = reported(activation, hop, 0.0);
    Finished { reported, walks: None, stop_reason, residual: None }
}

/// Why the spread ends after step `t`: `t = time`; every `a_j(t) < stop_threshold`; or, without a
/// time, [`RETENTION_STEPS_MAX`] steps.
fn ending(
    rule: &Retention,
    activation: &[f64],
    t: u32,
    limit: u32,
    journal: &mut Journal<'_>,
) -> Option<StopReason> {
    if rule.time.is_some() && t >= limit {
        return Some(StopReason::HopLimit);
    }
    if let Some(threshold) = rule.stop_threshold {
        let largest = activation.iter().copied().fold(0.0, f64::max);
        journal.compared(largest, threshold, threshold);
        if largest < threshold {
            return Some(StopReason::Converged);
        }
    }
    (t >= limit).then_some(StopReason::HopLimit)
}

/// What one step brings.
struct Next {
    /// `a(t)`.
    activation: Vec<f64>,
    /// Received along edges.
    pulse: Vec<f64>,
}

/// `b` of one step, suppressed, before anything is injected.
fn step(
    graph: &EffectiveGraph,
    activation: &[f64],
    rule: &Retention,
    retentions: &[f64],
    journal: &mut Journal<'_>,
) -> Next {
    let nodes = graph.node_count();
    let mut received = vec![Sum::default(); nodes];
    let mut kept = vec![0.0; nodes];
    for i in (0..nodes).filter(|&i| activation[i] > 0.0) {
        let row_sum = graph.row_sum(i);
        if row_sum > 0.0 {
            kept[i] = retentions[i] * activation[i];
            // What the diagonal would carry is neither kept nor passed on.
            for edge in graph.row(i).iter().filter(|edge| edge.target != i) {
                let passed = (1.0 - retentions[i]) * graph.fraction(i, edge.e) * activation[i];
                received[edge.target].add(passed);
            }
        } else {
            kept[i] = activation[i];
        }
    }
    let pulse: Vec<f64> = received.iter().map(|sum| sum.value()).collect();
    let mut after = vec![0.0; nodes];
    for j in 0..nodes {
        let b = (1.0 - rule.time_decay) * (kept[j] + pulse[j]);
        if b > 0.0 && rule.suppress > 0.0 {
            journal.compared(b, rule.suppress, b);
        }
        after[j] = if b < rule.suppress { 0.0 } else { b };
    }
    Next { activation: after, pulse }
}

impl Next {
    /// Where the step would reach more nodes than allowed, empties the weakest of those that have
    /// activation for the first time, and says why the spread ends after it.
    fn drop_weakest(
        &mut self,
        graph: &EffectiveGraph,
        hop: &[Option<u32>],
        journal: &mut Journal<'_>,
    ) -> Option<StopReason> {
        let held = hop.iter().flatten().count() as u64;
        let fresh = (0..hop.len())
            .filter(|&v| hop[v].is_none() && self.activation[v] > 0.0)
            .map(|v| (v, self.activation[v]))
            .collect();
        for v in journal.dropped(graph, held, fresh)? {
            self.activation[v] = 0.0;
            self.pulse[v] = 0.0;
        }
        Some(StopReason::NodeBudget)
    }

    /// Counts the pulses of step `t`, and notes who has activation first.
    fn arrive(&self, t: u32, hop: &mut [Option<u32>], journal: &mut Journal<'_>) {
        for v in (0..hop.len()).filter(|&v| self.pulse[v] > 0.0) {
            journal.revisit(v);
        }
        for v in (0..hop.len()).filter(|&v| self.activation[v] > 0.0) {
            journal.reach(v);
            hop[v].get_or_insert(t);
        }
    }
}
