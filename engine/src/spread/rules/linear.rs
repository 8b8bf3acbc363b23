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

mod commit;
mod contribute;
mod report;
mod weigh;

use commit::{commit_last, commit_listed, commit_scanned, commit_sorted};
use contribute::contribute;
pub(in crate::spread::rules) use contribute::make_room;
use report::{Reporting, report};
pub(crate) use weigh::share;

use crate::spread::error::SpreadError;
use crate::spread::kernel::{Join, Largest, NoisyOr, Sum};
use crate::spread::params::{Combine, Firing, Hops, Linear};
use crate::spread::pulses::Finding;
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::{Frontier, State};
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

/// Spreads, and offers what was reached to the report.
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
    let (reason, reporting) = match linear.combine {
        Combine::Sum => hops::<S, Sum>(run, state, &params),
        Combine::Max => hops::<S, Largest>(run, state, &params),
        Combine::NoisyOr => hops::<S, NoisyOr>(run, state, &params),
    }?;
    report(run, state, linear, reporting)?;
    Ok(reason)
}

fn hops<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
) -> Result<(StopReason, Reporting), SpreadError> {
    let mut reporting = Reporting::NotBegun;
    let mut bound = plant(run, state, params)?;
    for hop in 0.. {
        if hop == params.hop_limit {
            return Ok((StopReason::HopLimit, reporting));
        }
        match one_hop::<S, J>(run, state, params, hop + 1, &mut bound) {
            Ok(ended) => {
                run.end_hop(hop + 1, ended.edges, &mut state.ledger);
                reporting = ended.reporting;
                if ended.full {
                    return Ok((StopReason::NodeBudget, reporting));
                }
            }
            Err(Halt::Stop(reason)) => {
                state.pulses.clear();
                return Ok((reason, reporting));
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
    reporting: Reporting,
}

/// One hop, whole or not at all. `bound` is raised so that no activation exceeds it.
fn one_hop<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    hop: u32,
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
    let load = contribute::<S, J>(run, state, params)?;
    let bound_after = *bound + load.bound;
    if params.once {
        state.frontier.nodes.iter().for_each(|&node| run.lists.fired.insert(node));
    }
    let ascending = state.frontier.nodes.len() == 1;
    state.frontier.clear();

    // With nothing negative, nothing near overflow and room for every node, each touched node is
    // found once and can be taken in any order.
    let any_order = !run.view.has_negative() && bound_after < S::LARGEST / 4.0;
    let last = hop == params.hop_limit;
    let mut ended = Hop { edges: load.edges, full: false, reporting: Reporting::NotBegun };
    let mut unlisted = 0;
    match state.pulses.finding() {
        Finding::List if !any_order || !fits(run, state) => {
            ended.full = commit_sorted::<S, J>(run, state, params, last)?;
        }
        Finding::Scan if !any_order => {
            ended.full = commit_sorted::<S, J>(run, state, params, last)?;
        }
        _ if last && is_reported_as_is(run, params.raw) => {
            unlisted = commit_last::<S, J>(run, state, params, hop);
            ended.reporting = Reporting::Begun;
        }
        Finding::List => commit_listed::<S, J>(run, state, params, last, ascending),
        Finding::Scan => commit_scanned::<S, J>(run, state, params, last),
    }
    *bound = bound_after;
    run.stats.nodes_reached = state.ledger.reached_count() as u64 + unlisted;
    Ok(ended)
}

/// Whether every node that was touched is listed once and may be reached.
fn fits<S: Real>(run: &Run<'_>, state: &State<S>) -> bool {
    let State { pulses, ledger, .. } = state;
    pulses.is_listed() && pulses.listed_len() <= run.nodes_left(ledger.reached_count())
}

/// Whether an activation is final when its last pulse has arrived.
fn is_reported_as_is(run: &Run<'_>, linear: &Linear) -> bool {
    linear.inhibit.is_none() && linear.squash.is_none() && !run.request.by_step
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
        if run.view.fan(node, &mut run.lists.buffer) <= limit {
            frontier.nodes[kept] = node;
            frontier.pulses[kept] = frontier.pulses[position];
            kept += 1;
        }
    }
    frontier.nodes.truncate(kept);
    frontier.pulses.truncate(kept);
    Ok(())
}
