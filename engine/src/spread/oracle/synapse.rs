//! Rule `synapse` (Jiang et al. 2026, arXiv 2601.02744).
//!
//! ```text
//! u_i = (1 - time_decay) a_i(t) + sum over effective edges (j,i) of spread e(j,i) a_j(t) / fan(j)
//! v_i = max(0, u_i - beta * sum over k in T, u_k > u_i, of (u_k - u_i)),
//!       T = the M nodes with the largest u above 0 (ties: label)
//! a_i(t+1) = 1 / (1 + exp(-gain (v_i - center))) where v_i > 0, else 0
//! a(0) = seeds; `steps` steps; then nodes with a < gate are dropped
//! ```

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::sum::Sum;
use super::{Finished, Seeds, lateral, reported};
use crate::spread::Synapse;
use crate::terms::StopReason;

/// Runs the rule.
pub(super) fn spread(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    rule: &Synapse,
    journal: &mut Journal<'_>,
) -> Finished {
    journal.stats.hop_limit = rule.steps;
    let mut activation = vec![0.0; graph.node_count()];
    let mut hop: Vec<Option<u32>> = vec![None; graph.node_count()];
    for (v, amount) in seeds.at_once() {
        activation[v] = amount;
        hop[v] = Some(0);
        journal.reach(v);
    }
    journal.step(0, &activation);
    let mut over = None;
    let stop_reason = loop {
        if let Some(reason) = over {
            break reason;
        }
        if journal.stats.hops == rule.steps {
            break StopReason::HopLimit;
        }
        let firing: Vec<usize> = (0..activation.len()).filter(|&v| activation[v] > 0.0).collect();
        if firing.is_empty() {
            break StopReason::Exhausted;
        }
        let fan = graph.fan_sum(&firing);
        if !journal.may_follow(fan) {
            break StopReason::EdgeBudget;
        }
        let mut pulse = receive(graph, &activation, &firing, rule);
        let Some(mut next) = respond(graph, &activation, &pulse, rule, journal) else {
            break StopReason::Overflow;
        };
        over = drop_weakest(graph, &hop, &mut next, &mut pulse, journal);
        activation = next;
        let t = journal.stats.hops + 1;
        for v in 0..activation.len() {
            if pulse[v] > 0.0 {
                journal.revisit(v);
            }
            if activation[v] > 0.0 {
                journal.reach(v);
                hop[v].get_or_insert(t);
            }
        }
        journal.completed(fan);
        journal.step(t, &activation);
    };
    for &a in activation.iter().filter(|&&a| a > 0.0 && rule.gate > 0.0) {
        journal.compared(a, rule.gate, a);
    }
    let reported = reported(&activation, &hop, rule.gate);
    Finished { reported, walks: None, stop_reason, residual: None }
}

/// `sum over effective edges (j,i) of spread e(j,i) a_j / fan(j)` for every `i`.
fn receive(
    graph: &EffectiveGraph,
    activation: &[f64],
    firing: &[usize],
    rule: &Synapse,
) -> Vec<f64> {
    let mut received = vec![Sum::default(); activation.len()];
    for &j in firing {
        #[expect(clippy::cast_precision_loss, reason = "no node has 2^53 edges")]
        let fan = graph.fan(j) as f64;
        for edge in graph.row(j) {
            received[edge.target].add(rule.spread * edge.e * activation[j] / fan);
        }
    }
    received.iter().map(|sum| sum.value()).collect()
}

/// `a(t+1)` from `a(t)` and what was received; `None` where a number would not be finite.
fn respond(
    graph: &EffectiveGraph,
    activation: &[f64],
    pulse: &[f64],
    rule: &Synapse,
    journal: &mut Journal<'_>,
) -> Option<Vec<f64>> {
    let u: Vec<f64> =
        activation.iter().zip(pulse).map(|(a, p)| (1.0 - rule.time_decay) * a + p).collect();
    if u.iter().any(|u| !u.is_finite()) {
        return None;
    }
    let among: Vec<usize> = (0..u.len()).filter(|&i| u[i] > 0.0).collect();
    let v = lateral::inhibit(graph, &u, &among, rule.inhibit, journal);
    Some(v.iter().map(|&v| lateral::squash(v, rule.squash)).collect())
}

/// Where the step would reach more nodes than allowed, empties the weakest of those that have
/// activation for the first time, and says why the spread ends after it.
fn drop_weakest(
    graph: &EffectiveGraph,
    hop: &[Option<u32>],
    activation: &mut [f64],
    pulse: &mut [f64],
    journal: &mut Journal<'_>,
) -> Option<StopReason> {
    let held = hop.iter().flatten().count() as u64;
    let fresh = (0..hop.len())
        .filter(|&v| hop[v].is_none() && activation[v] > 0.0)
        .map(|v| (v, activation[v]))
        .collect();
    for v in journal.dropped(graph, held, fresh)? {
        activation[v] = 0.0;
        pulse[v] = 0.0;
    }
    Some(StopReason::NodeBudget)
}
