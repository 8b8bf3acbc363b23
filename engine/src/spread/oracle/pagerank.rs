//! Rule `pagerank` (personalised; Page et al. 1999, Haveliwala 2002; push: Andersen, Chung, Lang
//! 2006).
//!
//! `s` = seeds scaled to sum 1; `P` = `e` divided by its row sum, self-loops kept; a dead end (row
//! sum 0) sends its mass to `s`.

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::sum::{Sum, sum};
use super::{Finished, Seeds, reported};
use crate::spread::{PageRank, PageRankMethod};
use crate::terms::StopReason;

/// Runs the rule.
pub(super) fn spread(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    rule: &PageRank,
    journal: &mut Journal<'_>,
) -> Finished {
    let mut seeds = seeds.at_once();
    let total = sum(seeds.values().copied());
    for (&v, amount) in &mut seeds {
        *amount /= total;
        journal.reach(v);
    }
    let mut start = vec![0.0; graph.node_count()];
    for (&v, &amount) in &seeds {
        start[v] = amount;
    }
    let (x, residual, stop_reason) = match rule.method {
        PageRankMethod::Power { tolerance, iterations_max } => {
            journal.stats.hop_limit = iterations_max;
            let (x, reason) =
                power(graph, start, rule.damping, (tolerance, iterations_max), journal);
            (x, None, reason)
        }
        PageRankMethod::Push { epsilon } => {
            let (x, r, reason) = push(graph, start, rule.damping, epsilon, journal);
            (x, Some(sum(r)), reason)
        }
    };
    let hop = graph.distances(seeds.keys().copied());
    Finished { reported: reported(&x, &hop, 0.0), walks: None, stop_reason, residual }
}

/// `P^T y` over the nodes of `firing`, and the mass of those that are dead ends.
fn along(graph: &EffectiveGraph, y: &[f64], firing: &[usize]) -> (Vec<f64>, f64) {
    let mut received = vec![Sum::default(); y.len()];
    let mut dead = Sum::default();
    for &v in firing {
        let row_sum = graph.row_sum(v);
        if row_sum == 0.0 {
            dead.add(y[v]);
            continue;
        }
        for edge in graph.row(v) {
            received[edge.target].add(y[v] * graph.fraction(v, edge.e));
        }
    }
    (received.iter().map(|sum| sum.value()).collect(), dead.value())
}

/// `x = d (P^T x + dead * s) + (1 - d) s` from `x = s`, until the L1 change is below the
/// tolerance or the limit is reached.
fn power(
    graph: &EffectiveGraph,
    start: Vec<f64>,
    damping: f64,
    (tolerance, limit): (f64, u32),
    journal: &mut Journal<'_>,
) -> (Vec<f64>, StopReason) {
    let mut x = start.clone();
    let mut held: Vec<bool> = x.iter().map(|&x| x > 0.0).collect();
    journal.step(0, &x);
    while journal.stats.hops < limit {
        let firing: Vec<usize> = (0..x.len()).filter(|&v| x[v] > 0.0).collect();
        let fan = graph.fan_sum(&firing);
        if !journal.may_follow(fan) {
            return (x, StopReason::EdgeBudget);
        }
        let (pulse, dead) = along(graph, &x, &firing);
        let mut next: Vec<f64> = pulse
            .iter()
            .zip(&start)
            .map(|(p, s)| damping * (p + dead * s) + (1.0 - damping) * s)
            .collect();
        if next.iter().any(|x| !x.is_finite()) {
            return (x, StopReason::Overflow);
        }
        let over = drop_weakest(graph, &held, &mut next, journal);
        pulses(&pulse, damping, &next, journal);
        let change = sum(x.iter().zip(&next).map(|(before, after)| (after - before).abs()));
        x = next;
        hold(&mut held, &x);
        journal.completed(fan);
        journal.step(journal.stats.hops, &x);
        if over {
            return (x, StopReason::NodeBudget);
        }
        journal.compared(change, tolerance, tolerance);
        if change < tolerance {
            return (x, StopReason::Converged);
        }
    }
    (x, StopReason::HopLimit)
}

/// From `x = 0`, `r = s`, in rounds: every node with `r >= epsilon * max(1, fan)` keeps
/// `(1 - d) r` in `x` and sends `d r` along `P` (a dead end: to `s`), until none is left. Gives
/// `x` and `r`.
fn push(
    graph: &EffectiveGraph,
    start: Vec<f64>,
    damping: f64,
    epsilon: f64,
    journal: &mut Journal<'_>,
) -> (Vec<f64>, Vec<f64>, StopReason) {
    let mut x = vec![0.0; start.len()];
    let mut r = start.clone();
    let mut held: Vec<bool> = r.iter().map(|&r| r > 0.0).collect();
    journal.step(0, &x);
    loop {
        let firing = pushing(graph, &r, epsilon, journal);
        if firing.is_empty() {
            return (x, r, StopReason::Exhausted);
        }
        let fan = graph.fan_sum(&firing);
        if !journal.may_follow(fan) {
            return (x, r, StopReason::EdgeBudget);
        }
        let (pulse, dead) = along(graph, &r, &firing);
        let mut left = r.clone();
        let mut kept = x.clone();
        for &v in &firing {
            kept[v] += (1.0 - damping) * r[v];
            left[v] = 0.0;
        }
        for (v, left) in left.iter_mut().enumerate() {
            *left += damping * (pulse[v] + dead * start[v]);
        }
        if kept.iter().chain(&left).any(|x| !x.is_finite()) {
            return (x, r, StopReason::Overflow);
        }
        let over = drop_weakest(graph, &held, &mut left, journal);
        pulses(&pulse, damping, &left, journal);
        (x, r) = (kept, left);
        hold(&mut held, &r);
        journal.completed(fan);
        journal.step(journal.stats.hops, &x);
        if over {
            return (x, r, StopReason::NodeBudget);
        }
    }
}

/// `{ v : r(v) >= epsilon * max(1, fan(v)) }`.
fn pushing(
    graph: &EffectiveGraph,
    r: &[f64],
    epsilon: f64,
    journal: &mut Journal<'_>,
) -> Vec<usize> {
    (0..r.len())
        .filter(|&v| r[v] > 0.0)
        .filter(|&v| {
            #[expect(clippy::cast_precision_loss, reason = "no node has 2^53 edges")]
            let least = epsilon * graph.fan(v).max(1) as f64;
            journal.compared(r[v], least, least);
            r[v] >= least
        })
        .collect()
}

/// Where `mass` has more nodes above 0 than allowed, empties the weakest of those not `held`.
fn drop_weakest(
    graph: &EffectiveGraph,
    held: &[bool],
    mass: &mut [f64],
    journal: &mut Journal<'_>,
) -> bool {
    let fresh =
        (0..mass.len()).filter(|&v| !held[v] && mass[v] > 0.0).map(|v| (v, mass[v])).collect();
    let already = held.iter().filter(|&&held| held).count() as u64;
    let dropped = journal.dropped(graph, already, fresh);
    for &v in dropped.iter().flatten() {
        mass[v] = 0.0;
    }
    dropped.is_some()
}

/// Counts what came along edges, `d P^T y`, at the nodes that were not dropped.
fn pulses(pulse: &[f64], damping: f64, mass: &[f64], journal: &mut Journal<'_>) {
    for (v, pulse) in pulse.iter().enumerate() {
        if damping * pulse > 0.0 && mass[v] > 0.0 {
            journal.pulse(v);
        }
    }
}

fn hold(held: &mut [bool], mass: &[f64]) {
    for (held, &mass) in held.iter_mut().zip(mass) {
        *held |= mass > 0.0;
    }
}
