//! Rule `linear`: activation spreads hop by hop, and what arrives is added up.
//!
//! ```text
//! p_0(v) = sum of x_s over seeds at v;  A(v) = min(ceiling, p_0(v))
//! for h = 1 .. hop_limit:
//!   F      = { v : p_{h-1}(v) > 0, p_{h-1}(v) >= firing_threshold, fan(v) <= fan_out_limit,
//!              and (firing = once  =>  v has not fired before) };  F empty: exhausted
//!   p_h(u) = sum over v in F and effective edges (v,u) of
//!            (p_{h-1}(v) * hop_decay * share(v)) * e(v,u)
//!   A(u)   = min(ceiling, max(0, A(u) + p_h(u)))     for every u with a contribution
//! ```
//!
//! `share(v)` is 1, `1 / sum of |e(v,.)|`, `1 / sqrt(fan)` or `1 / (1 + ln fan)`; `combine`
//! replaces the two sums, see [`Combine`]. Activations and pulses have no unit. After the last hop
//! come lateral inhibition, the logistic and the report threshold, where asked for. With
//! `share = weight` and threshold 0 this is the truncated Katz series.
//!
//! # Source
//! 1. Collins, Loftus. A spreading-activation theory of semantic processing. Psychological Review
//!    1975.
//! 2. Crestani. Application of spreading activation techniques in information retrieval.
//!    Artificial Intelligence Review 1997: thresholds, fan-out and distance constraints.
//!
//! # Cost
//! Time: the edges of the nodes that fire, once for each time they fire, and the nodes they reach.
//! Memory: two numbers and two node numbers per node of the graph, used again by the next spread.

use crate::graph::{Row, WeightSlice};
use crate::spread::error::SpreadError;
use crate::spread::params::{Combine, Firing, Hops, Linear, Share};
use crate::spread::pulses::{Join, Largest, NoisyOr, Pulses, Sum};
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run, entry};
use crate::spread::scratch::{Frontier, State};
use crate::spread::shape;
use crate::terms::{NodeId, StopReason};

/// How a pulse changes an activation.
trait Accumulate<S>: Join<S> {
    /// The activation after a pulse, before `max(0, .)` and the ceiling.
    fn accumulate(held: S, pulse: S) -> S;
}

impl<S: Real> Accumulate<S> for Sum {
    #[inline(always)]
    fn accumulate(held: S, pulse: S) -> S {
        held + pulse
    }
}

impl<S: Real> Accumulate<S> for Largest {
    #[inline(always)]
    fn accumulate(held: S, pulse: S) -> S {
        if pulse > held { pulse } else { held }
    }
}

impl<S: Real> Accumulate<S> for NoisyOr {
    #[inline(always)]
    fn accumulate(held: S, pulse: S) -> S {
        S::ONE - (S::ONE - held) * (S::ONE - pulse)
    }
}

/// The parameters in the state's width.
struct Params<'a, S> {
    raw: &'a Linear,
    hop_limit: u32,
    hop_decay: S,
    firing_threshold: S,
    /// The greatest number where there is no ceiling.
    ceiling: S,
    once: bool,
}

impl<S: Real> Params<'_, S> {
    #[inline(always)]
    fn capped(&self, activation: S) -> S {
        if activation < self.ceiling { activation } else { self.ceiling }
    }
}

/// Spreads; leaves the activations in `state`.
pub(crate) fn run<S: Real>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    linear: &Linear,
) -> Result<StopReason, SpreadError> {
    let hop_limit = match linear.hops {
        Hops::Limit(limit) => limit,
        Hops::Auto => run.hop_limit_auto,
    };
    run.stats.hop_limit = hop_limit;
    let params = Params {
        raw: linear,
        hop_limit,
        hop_decay: S::of(linear.hop_decay),
        firing_threshold: S::of(linear.firing_threshold),
        ceiling: S::of(linear.ceiling.unwrap_or(S::LARGEST).min(S::LARGEST)),
        once: linear.firing == Firing::Once,
    };
    match linear.combine {
        Combine::Sum => hops::<S, Sum>(run, state, &params),
        Combine::Max => hops::<S, Largest>(run, state, &params),
        Combine::NoisyOr => hops::<S, NoisyOr>(run, state, &params),
    }
}

fn hops<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
) -> Result<StopReason, SpreadError> {
    let mut bound = plant(run, state, params)?;
    for hop in 0.. {
        if hop == params.hop_limit {
            return Ok(StopReason::HopLimit);
        }
        let last = hop + 1 == params.hop_limit;
        match one_hop::<S, J>(run, state, params, last, &mut bound) {
            Ok(Hop { edges, full }) => {
                run.end_hop(hop + 1, edges, &mut state.ledger);
                if full {
                    return Ok(StopReason::NodeBudget);
                }
            }
            Err(Halt::Stop(reason)) => {
                state.pulses.clear();
                return Ok(reason);
            }
            Err(Halt::Fail(error)) => return Err(error),
        }
    }
    unreachable!("the hop limit is a u32")
}

/// Hop 0. Returns the sum of the seeds, which no activation exceeds.
fn plant<S: Real>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
) -> Result<f64, SpreadError> {
    let mut sum = 0.0;
    for seed in run.seeds {
        let pulse = S::of(seed.activation);
        let activation = pulse.wide();
        if !(activation.is_finite() && activation > 0.0) {
            let node = run.view.graph().label(NodeId::new(seed.node))?.to_key();
            return Err(SpreadError::SeedPrecision { node, activation: seed.activation });
        }
        sum += activation;
        state.ledger.set(seed.node, params.capped(pulse));
        if pulse >= params.firing_threshold {
            state.frontier.push(seed.node, pulse);
        }
    }
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    run.end_hop(0, 0, &mut state.ledger);
    Ok(sum)
}

/// What one hop did.
struct Hop {
    edges: u64,
    /// Whether more nodes would have been reached than allowed.
    full: bool,
}

/// One hop, whole or not at all. `bound` is raised so that no activation exceeds it.
fn one_hop<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
    bound: &mut f64,
) -> Result<Hop, Halt> {
    drop_above_fan_limit(run, &mut state.frontier, params)?;
    if state.frontier.nodes.is_empty() {
        return Err(StopReason::Exhausted.into());
    }
    run.before_hop(|run| run.fan_sum(&state.frontier.nodes))?;
    if run.request.explain {
        run.lists.trace.push_frontier(&state.frontier.nodes);
    }
    let (edges, pulse_bound) = push::<S, J>(run, &mut state.pulses, &state.frontier, params)?;
    let bound_after = *bound + pulse_bound;
    if params.once {
        state.frontier.nodes.iter().for_each(|&node| run.lists.fired.insert(node));
    }

    // With nothing negative, nothing near overflow and room for every node, each touched node is
    // listed once and can be taken in any order.
    let simple = !run.view.has_negative()
        && state.pulses.is_listed()
        && bound_after < S::LARGEST / 4.0
        && state.pulses.listed_len() <= run.nodes_left(state.ledger.reached_count());
    let ascending = state.frontier.nodes.len() == 1;
    state.frontier.clear();
    let mut full = false;
    if simple {
        commit_listed::<S, J>(run, state, params, last, ascending);
    } else {
        full = commit_sorted::<S, J>(run, state, params, last)?;
    }
    *bound = bound_after;
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    Ok(Hop { edges, full })
}

fn drop_above_fan_limit<S: Real>(
    run: &mut Run<'_>,
    frontier: &mut Frontier<S>,
    params: &Params<'_, S>,
) -> Result<(), Halt> {
    let Some(limit) = params.raw.fan_out_limit else { return Ok(()) };
    let mut kept = 0;
    for position in 0..frontier.nodes.len() {
        let node = frontier.nodes[position];
        if run.view.fan(node, &mut run.lists.buffer)? <= limit {
            frontier.nodes[kept] = node;
            frontier.pulses[kept] = frontier.pulses[position];
            kept += 1;
        }
    }
    frontier.nodes.truncate(kept);
    frontier.pulses.truncate(kept);
    Ok(())
}

/// Adds the contributions of the frontier. Returns its edges, and what no pulse exceeds.
fn push<S: Real, J: Join<S>>(
    run: &mut Run<'_>,
    pulses: &mut Pulses<S>,
    frontier: &Frontier<S>,
    params: &Params<'_, S>,
) -> Result<(u64, f64), Halt> {
    let weight_bound = run.view.weight_bound();
    let (mut edges, mut bound) = (0, 0.0);
    for (&node, &pulse) in frontier.nodes.iter().zip(&frontier.pulses) {
        let row = run.view.row(node, &mut run.lists.buffer)?;
        if row.is_empty() {
            continue;
        }
        let mut factor = pulse * params.hop_decay;
        if params.raw.share != Share::None {
            factor = factor * S::of(share(params.raw.share, row));
        }
        if !factor.wide().is_finite() {
            return Err(StopReason::Overflow.into());
        }
        edges += row.len() as u64;
        bound += factor.wide() * weight_bound * row.len() as f64;
        pulses.add_row::<J>(row, factor, &mut run.watch)?;
    }
    Ok((edges, if bound.is_nan() { f64::INFINITY } else { bound }))
}

/// `share(v)` of the node whose row this is; 0 where it shares by weights that are all 0.
pub(crate) fn share(share: Share, row: Row<'_>) -> f64 {
    let fan = row.len() as f64;
    match share {
        Share::None => 1.0,
        Share::Weight => {
            let sum = absolute_sum(row.weights);
            match sum {
                0.0 => 0.0,
                // The spread then ends, rather than that all activation is lost.
                f64::INFINITY => f64::INFINITY,
                sum => 1.0 / sum,
            }
        }
        Share::Sqrt => 1.0 / libm::sqrt(fan),
        Share::Log => 1.0 / (1.0 + libm::log(fan)),
    }
}

/// The sum of `|weight|`, in the order of the row.
fn absolute_sum(weights: WeightSlice<'_>) -> f64 {
    match weights {
        WeightSlice::Single(weights) => {
            weights.iter().fold(0.0, |sum, weight| sum + f64::from(weight.abs()))
        }
        WeightSlice::Double(weights) => weights.iter().fold(0.0, |sum, weight| sum + weight.abs()),
    }
}

/// Adds the pulses to the ledger and makes the next frontier. Nodes come in any order; those that
/// fire are put in ascending order through a bitmap, unless they are already.
fn commit_listed<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
    ascending: bool,
) {
    let State { ledger, pulses, frontier, .. } = state;
    let mut revisits = 0;
    let fired = &run.lists.fired;
    pulses.take_listed::<J>(|node, pulse| {
        // Without negative weights a pulse is at least +0, and +0 changes nothing.
        if pulse <= S::ZERO {
            return false;
        }
        let held = ledger.activation(node);
        let new = ledger.set(node, params.capped(J::accumulate(held, pulse)));
        revisits += u64::from(!new);
        if last || pulse < params.firing_threshold || (params.once && fired.contains(node)) {
            return false;
        }
        if ascending {
            frontier.push(node, pulse);
        }
        !ascending
    });
    if !last && !ascending {
        pulses.take_firing(|node, pulse| frontier.push(node, pulse));
    }
    run.stats.revisits += revisits;
}

/// The same for every other case: nodes come in ascending order, each once, after all of them
/// were found finite, and of the new ones only the strongest where there are too many.
fn commit_sorted<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
) -> Result<bool, Halt> {
    let State { ledger, pulses, frontier, .. } = state;
    let mut finite = true;
    run.lists.entries.clear();
    pulses.for_each::<J>(|node, pulse| {
        finite &= J::accumulate(ledger.activation(node), pulse).wide().is_finite();
        if pulse > S::ZERO && !ledger.is_reached(node) {
            run.note_new(node, pulse.wide());
        }
    });
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    let room = run.nodes_left(ledger.reached_count());
    let full = run.lists.entries.len() > room;
    if full {
        run.keep_strongest(room)?;
    }
    run.lists.entries.clear();

    let mut revisits = 0;
    let (fired, kept) = (&run.lists.fired, &run.lists.order);
    pulses.take_sorted::<J>(|node, pulse| {
        let reached = ledger.is_reached(node);
        if pulse <= S::ZERO {
            if reached && pulse < S::ZERO {
                let left = J::accumulate(ledger.activation(node), pulse);
                ledger.set(node, if left > S::ZERO { left } else { S::ZERO });
            }
            return;
        }
        if !reached && full && kept.binary_search(&node).is_err() {
            return;
        }
        let held = ledger.activation(node);
        ledger.set(node, params.capped(J::accumulate(held, pulse)));
        revisits += u64::from(reached);
        if !last && pulse >= params.firing_threshold && !(params.once && fired.contains(node)) {
            frontier.push(node, pulse);
        }
    });
    run.stats.revisits += revisits;
    Ok(full)
}

/// Offers what was reached to the report, after inhibition and the logistic.
pub(crate) fn report<S: Real>(
    run: &mut Run<'_>,
    state: &State<S>,
    linear: &Linear,
) -> Result<(), SpreadError> {
    let reported = |activation: f64| activation > 0.0 && activation >= linear.report_threshold;
    if linear.inhibit.is_none() && linear.squash.is_none() {
        for (node, activation, hop) in state.ledger.entries() {
            if reported(activation.wide()) {
                run.offer(entry(node, activation.wide(), hop));
            }
        }
        return Ok(());
    }
    let mut entries = std::mem::take(&mut run.lists.entries);
    entries.clear();
    entries.extend(state.ledger.entries().map(|(node, a, hop)| entry(node, a.wide(), hop)));
    if let Some(inhibit) = linear.inhibit {
        shape::inhibit(run.view.graph(), &mut entries, inhibit, &mut run.lists.ranking)?;
        run.start_ranking();
    }
    for found in &mut entries {
        if let Some(squash) = linear.squash {
            found.activation = shape::squash(found.activation, squash);
        }
        if reported(found.activation) {
            run.offer(*found);
        }
    }
    run.lists.entries = entries;
    Ok(())
}
