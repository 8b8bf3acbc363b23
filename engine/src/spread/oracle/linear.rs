//! Rule `linear`.
//!
//! ```text
//! p_0(v) = sum of x_s over seeds at v;  A(v) = min(ceiling, p_0(v))
//! for h = 1 .. hop_limit:
//!   F   = { v : p_{h-1}(v) > 0, p_{h-1}(v) >= firing_threshold, fan(v) <= fan_out_limit,
//!               and (firing = once  =>  v has not fired before) }
//!   if F is empty: stop (exhausted)
//!   p_h(u) = sum over v in F and effective edges (v,u) of
//!            (p_{h-1}(v) * hop_decay * share(v)) * e(v,u)
//!   A(u)   = min(ceiling, max(0, A(u) + p_h(u)))     for every u with a contribution
//! report { u : A(u) > 0 and A(u) >= report_threshold }
//! ```

use std::collections::BTreeMap;

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::lateral;
use super::sum::sum;
use super::walks::Walks;
use super::{Finished, Seeds, node_id, reported};
use crate::spread::{
    Combine, DEFAULT_HOP_LIMIT, Firing, Hops, Linear, NodeActivation, Share, SpreadError,
};
use crate::terms::StopReason;

/// What one edge adds to its target.
#[derive(Clone, Copy, Debug)]
struct Contribution {
    /// `(p * hop_decay * share) * e`.
    amount: f64,
    /// The same with every weight on the way taken as positive: the scale of its rounding.
    gross: f64,
}

/// A pulse: what a node received in one hop, and the scale of its rounding.
#[derive(Clone, Copy, Debug, Default)]
struct Pulse {
    amount: f64,
    gross: f64,
}

/// Everything that changes from hop to hop.
#[derive(Debug)]
struct State {
    pulse: Vec<Pulse>,
    activation: Vec<f64>,
    /// Scale of the rounding of `activation`.
    gross: Vec<f64>,
    hop: Vec<Option<u32>>,
    fired: Vec<bool>,
}

/// Runs the rule.
pub(super) fn spread(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    rule: &Linear,
    explain: bool,
    journal: &mut Journal<'_>,
) -> Result<Finished, SpreadError> {
    let hop_limit = match rule.hops {
        Hops::Limit(hops) => hops,
        Hops::Auto => DEFAULT_HOP_LIMIT,
    };
    journal.stats.hop_limit = hop_limit;
    let seeds = seeds.at_once();
    for (&v, &activation) in &seeds {
        if rule.combine == Combine::NoisyOr && activation > 1.0 {
            return Err(SpreadError::SeedAboveOne { node: node_id(v).into(), activation });
        }
    }
    let mut state = start(graph, &seeds, rule, journal);
    let mut walks = explain.then(|| Walks::from_seeds(graph, &seeds));
    let mut stop_reason = None;
    if state.activation.iter().any(|a| !a.is_finite()) {
        state.activation.fill(0.0);
        stop_reason = Some(StopReason::Overflow);
    }
    journal.step(0, &state.activation);
    let stop_reason = loop {
        if let Some(reason) = stop_reason {
            break reason;
        }
        if journal.stats.hops == hop_limit {
            break StopReason::HopLimit;
        }
        let frontier = frontier(graph, &state, rule, journal);
        if frontier.is_empty() {
            break StopReason::Exhausted;
        }
        if !journal.may_follow(graph.fan_sum(&frontier)) {
            break StopReason::EdgeBudget;
        }
        let Some(mut pulses) = receive(graph, &state, &frontier, rule) else {
            break StopReason::Overflow;
        };
        stop_reason = drop_weakest(graph, &state, &mut pulses, journal);
        let hop = journal.stats.hops + 1;
        arrive(&mut state, &frontier, &pulses, rule, hop, journal);
        journal.completed(graph.fan_sum(&frontier));
        journal.step(hop, &state.activation);
        if let Some(walks) = &mut walks {
            walks.extend(graph, &frontier, |v| rule.hop_decay * share(graph, v, rule.share));
        }
    };
    let reported = last_stages(graph, &state, rule, journal);
    Ok(Finished { reported, walks, stop_reason, residual: None })
}

/// `p_0(v) = sum of x_s over seeds at v`, `A(v) = min(ceiling, p_0(v))`.
fn start(
    graph: &EffectiveGraph,
    seeds: &BTreeMap<usize, f64>,
    rule: &Linear,
    journal: &mut Journal<'_>,
) -> State {
    let nodes = graph.node_count();
    let mut state = State {
        pulse: vec![Pulse::default(); nodes],
        activation: vec![0.0; nodes],
        gross: vec![0.0; nodes],
        hop: vec![None; nodes],
        fired: vec![false; nodes],
    };
    for (&v, &amount) in seeds {
        state.pulse[v] = Pulse { amount, gross: amount };
        state.activation[v] = at_most(rule.ceiling, amount);
        state.gross[v] = amount;
        state.hop[v] = Some(0);
        journal.reach(v);
    }
    state
}

/// `F = { v : p(v) > 0, p(v) >= firing_threshold, fan(v) <= fan_out_limit, and (firing = once =>
/// v has not fired before) }`, ascending.
fn frontier(
    graph: &EffectiveGraph,
    state: &State,
    rule: &Linear,
    journal: &mut Journal<'_>,
) -> Vec<usize> {
    (0..graph.node_count())
        .filter(|&v| state.pulse[v].amount > 0.0)
        .filter(|&v| rule.fan_out_limit.is_none_or(|limit| graph.fan(v) <= limit))
        .filter(|&v| rule.firing == Firing::Repeat || !state.fired[v])
        .filter(|&v| {
            let Pulse { amount, gross } = state.pulse[v];
            if rule.firing_threshold > 0.0 {
                journal.compared(amount, rule.firing_threshold, gross);
            }
            amount >= rule.firing_threshold
        })
        .collect()
}

/// `share(v)`: `none` = 1; `weight` = `1 / sum of |e(v,.)|`; `sqrt` = `1 / sqrt(fan)`; `log` =
/// `1 / (1 + ln fan)`. 0 where there is nothing to share: no edges, or all of weight 0.
fn share(graph: &EffectiveGraph, v: usize, share: Share) -> f64 {
    let fan = graph.fan(v);
    if fan == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "no node has 2^53 edges")]
    let fan = fan as f64;
    match share {
        Share::None => 1.0,
        Share::Weight => match graph.row_magnitude(v) {
            0.0 => 0.0,
            // Ends the spread: nothing would be left of any pulse.
            f64::INFINITY => f64::INFINITY,
            magnitude => 1.0 / magnitude,
        },
        Share::Sqrt => 1.0 / libm::sqrt(fan),
        Share::Log => 1.0 / (1.0 + libm::log(fan)),
    }
}

/// `p_h(u)` of every `u` with a contribution from `frontier`; `None` where a number would not be
/// finite.
fn receive(
    graph: &EffectiveGraph,
    state: &State,
    frontier: &[usize],
    rule: &Linear,
) -> Option<BTreeMap<usize, Pulse>> {
    let mut contributions: BTreeMap<usize, Vec<Contribution>> = BTreeMap::new();
    for &v in frontier {
        let passed = rule.hop_decay * share(graph, v, rule.share);
        let Pulse { amount, gross } = state.pulse[v];
        for edge in graph.row(v) {
            contributions.entry(edge.target).or_default().push(Contribution {
                amount: (amount * passed) * edge.e,
                gross: (gross * passed) * edge.e.abs(),
            });
        }
    }
    contributions
        .into_iter()
        .map(|(u, received)| {
            let pulse = combined(&received, rule.combine);
            let all_finite = received.iter().all(|c| c.amount.is_finite())
                && pulse.amount.is_finite()
                && (state.activation[u] + pulse.amount).is_finite();
            all_finite.then_some((u, pulse))
        })
        .collect()
}

/// `sum`: their sum. `max`: the largest. `noisy-or`: `1 - product of (1 - c)`, `c` clamped to
/// `[0, 1]`, written as `p + c (1 - p)` for each `c` in turn, which keeps small pulses exact.
fn combined(received: &[Contribution], combine: Combine) -> Pulse {
    match combine {
        Combine::Sum => Pulse {
            amount: sum(received.iter().map(|c| c.amount)),
            gross: sum(received.iter().map(|c| c.gross)),
        },
        Combine::Max => {
            let largest = received.iter().map(|c| c.amount).fold(0.0, f64::max);
            Pulse { amount: largest, gross: largest }
        }
        Combine::NoisyOr => {
            let clamped = received.iter().map(|c| c.amount.clamp(0.0, 1.0));
            // A kernel takes the difference of the product from 1, so 1 is the scale.
            Pulse { amount: clamped.fold(0.0, noisy_or), gross: 1.0 }
        }
    }
}

/// `1 - (1 - a)(1 - b)`.
fn noisy_or(a: f64, b: f64) -> f64 {
    (a + b * (1.0 - a)).min(1.0)
}

fn at_most(ceiling: Option<f64>, activation: f64) -> f64 {
    ceiling.map_or(activation, |ceiling| activation.min(ceiling))
}

/// Where the hop would reach more nodes than allowed, takes the pulses of the weakest new ones
/// out, by `p_h` ascending, and says why the spread ends after it.
fn drop_weakest(
    graph: &EffectiveGraph,
    state: &State,
    pulses: &mut BTreeMap<usize, Pulse>,
    journal: &mut Journal<'_>,
) -> Option<StopReason> {
    let fresh = pulses
        .iter()
        .filter(|&(&u, pulse)| state.hop[u].is_none() && pulse.amount > 0.0)
        .map(|(&u, pulse)| (u, pulse.amount))
        .collect();
    let held = journal.stats.nodes_reached;
    let dropped = journal.dropped(graph, held, fresh)?;
    for u in dropped {
        pulses.remove(&u);
    }
    Some(StopReason::NodeBudget)
}

/// Ends hop `hop`: `A(u) = min(ceiling, max(0, A(u) + p_h(u)))` for every `u` with a contribution
/// (`max`: the larger of both; `noisy-or`: `1 - (1 - A)(1 - p_h)`), and `p_h` becomes the pulse.
fn arrive(
    state: &mut State,
    frontier: &[usize],
    pulses: &BTreeMap<usize, Pulse>,
    rule: &Linear,
    hop: u32,
    journal: &mut Journal<'_>,
) {
    for &v in frontier {
        state.fired[v] = true;
    }
    state.pulse.fill(Pulse::default());
    for (&u, &pulse) in pulses {
        journal.compared(pulse.amount, 0.0, pulse.gross);
        let before = state.activation[u];
        let after = match rule.combine {
            Combine::Sum => (before + pulse.amount).max(0.0),
            Combine::Max => before.max(pulse.amount),
            Combine::NoisyOr => noisy_or(before, pulse.amount),
        };
        state.gross[u] += pulse.gross;
        if pulse.amount < 0.0 && before > 0.0 {
            journal.compared(before + pulse.amount, 0.0, state.gross[u]);
        }
        state.activation[u] = at_most(rule.ceiling, after);
        state.pulse[u] = pulse;
        if pulse.amount > 0.0 {
            journal.pulse(u);
            state.hop[u].get_or_insert(hop);
        }
    }
}

/// `inhibit`, `squash`, then the report threshold.
fn last_stages(
    graph: &EffectiveGraph,
    state: &State,
    rule: &Linear,
    journal: &mut Journal<'_>,
) -> Vec<NodeActivation> {
    let mut activation = state.activation.clone();
    if let Some(inhibit) = rule.inhibit {
        let reached: Vec<usize> =
            (0..activation.len()).filter(|&v| state.hop[v].is_some()).collect();
        activation = lateral::inhibit(graph, &activation, &reached, inhibit, journal);
    }
    if let Some(squash) = rule.squash {
        activation = activation.iter().map(|&a| lateral::squash(a, squash)).collect();
    }
    if rule.report_threshold > 0.0 {
        for (&a, &gross) in activation.iter().zip(&state.gross) {
            if a > 0.0 {
                journal.compared(a, rule.report_threshold, gross);
            }
        }
    }
    reported(&activation, &state.hop, rule.report_threshold)
}
