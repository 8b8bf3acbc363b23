//! Rule `act-r` (Anderson 1974, 1983; ACT-R 6).
//!
//! ```text
//! A_i = B + sum over seeds j with an effective edge (j,i) of W_j (S - ln(fan(j) + 1)),
//!       for every target i of a seed;  W_j = W / number of distinct seeds
//! latency_i = intercept + F exp(-A_i)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::sum::Sum;
use super::{Finished, Seeds, node_id};
use crate::spread::{ActR, NodeActivation};
use crate::terms::StopReason;

/// Runs the rule: one step.
pub(super) fn spread(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    rule: &ActR,
    journal: &mut Journal<'_>,
) -> Finished {
    journal.stats.hop_limit = 1;
    let is_seed = seeds.nodes();
    let seeds: Vec<usize> = is_seed.iter().copied().collect();
    for &v in &seeds {
        journal.reach(v);
    }
    journal.step(0, &[]);
    let fan = graph.fan_sum(&seeds);
    if !journal.may_follow(fan) {
        return nothing(StopReason::EdgeBudget);
    }
    let mut targets = targets(graph, &seeds, rule);
    if !targets.values().all(|a| a.is_finite()) {
        return nothing(StopReason::Overflow);
    }
    let fresh = targets.iter().map(|(&i, &a)| (i, a)).filter(|(i, _)| !is_seed.contains(i));
    let dropped = journal.dropped(graph, seeds.len() as u64, fresh.collect());
    let stop_reason = dropped.as_ref().map_or(StopReason::Exhausted, |_| StopReason::NodeBudget);
    for i in dropped.unwrap_or_default() {
        targets.remove(&i);
    }
    for &i in targets.keys() {
        journal.pulse(i);
    }
    journal.completed(fan);
    journal.step(1, &targets.values().copied().collect::<Vec<_>>());
    let mut reported = Vec::new();
    for (&i, &activation) in &targets {
        if let Some(threshold) = rule.report_threshold {
            journal.compared(activation, threshold, activation);
        }
        if rule.report_threshold.is_none_or(|threshold| activation >= threshold) {
            reported.push(NodeActivation {
                node: node_id(i),
                activation,
                hop: u32::from(!is_seed.contains(&i)),
                latency_s: Some(latency_s(activation, rule)),
            });
        }
    }
    Finished { reported, walks: None, stop_reason, residual: None }
}

fn nothing(stop_reason: StopReason) -> Finished {
    Finished { reported: Vec::new(), walks: None, stop_reason, residual: None }
}

/// `A_i` of every target of a seed. A seed counts once for each target, however many edges lead
/// there.
fn targets(graph: &EffectiveGraph, seeds: &[usize], rule: &ActR) -> BTreeMap<usize, f64> {
    let mut sums: BTreeMap<usize, Sum> = BTreeMap::new();
    #[expect(clippy::cast_precision_loss, reason = "a graph has fewer than 2^32 nodes")]
    let weight = rule.source_activation / seeds.len() as f64;
    for &j in seeds {
        #[expect(clippy::cast_precision_loss, reason = "no node has 2^53 edges")]
        let fan = graph.fan(j) as f64;
        let association = rule.source_strength - libm::log(fan + 1.0);
        let targets: BTreeSet<usize> = graph.row(j).iter().map(|edge| edge.target).collect();
        for i in targets {
            sums.entry(i).or_default().add(weight * association);
        }
    }
    sums.into_iter().map(|(i, sum)| (i, rule.base_level + sum.value())).collect()
}

/// `intercept + F exp(-A)`, seconds; the last finite number where it is more.
fn latency_s(activation: f64, rule: &ActR) -> f64 {
    let factor = libm::exp(-activation).min(f64::MAX);
    (rule.intercept + rule.latency_factor * factor).clamp(f64::MIN, f64::MAX)
}
