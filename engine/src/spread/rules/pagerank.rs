//! Rule `pagerank`: personalised PageRank, by power iteration or by forward push.
//!
//! With `v` the seeds scaled to sum 1, `P` the effective weights divided by their row sum
//! (self-loops kept), `d` the damping, and a node without out-edges sending its mass to `v`:
//!
//! ```text
//! power: x = v;  x <- d (P^T x + dangling(x) v) + (1 - d) v
//!        until the L1 change < tolerance (converged) or max_iterations (hop_limit)
//! push:  x = 0, r = v;  in rounds, every node with r >= epsilon max(1, fan) keeps (1 - d) r in x
//!        and sends d r along P (a dead end: to v), r read at the round's start,
//!        until none is left (exhausted)
//! ```
//!
//! Push gives a lower bound; the outcome's `residual` is the sum of `r`, which bounds its L1
//! error. Activations are probabilities: they sum to 1 in power, to `1 - residual` in push. A node
//! whose weights are all 0 counts as one without out-edges.
//!
//! # Source
//! 1. Page, Brin, Motwani, Winograd. The PageRank citation ranking. 1999.
//! 2. Haveliwala. Topic-sensitive PageRank. WWW 2002.
//! 3. Andersen, Chung, Lang. Local graph partitioning using PageRank vectors. FOCS 2006. Theirs
//!    pushes one node at a time on an undirected graph, ours all of a round at once, so that the
//!    order is fixed.
//!
//! # Cost
//! Power: in each iteration, the edges of every node reached. Push: at most
//! `1 / ((1 - d) epsilon)` edges in all, whatever the graph's size. Memory: as `linear`, and one
//! more number per node. A report of a push also costs a breadth-first search from the seeds until
//! every reported node is found, for its distance.

mod dense;

use super::flow::{Given, ScaledWeights, row_sum, settle};
use super::push;
use crate::spread::error::SpreadError;
use crate::spread::kernel::Sum;
use crate::spread::params::{PageRank, PageRankMethod};
use crate::spread::plan::SeedAt;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::State;
use crate::terms::StopReason;

/// Spreads; leaves the probabilities in `state`. Gives the residual where there is one.
pub(crate) fn run(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    pagerank: &PageRank,
) -> Result<(StopReason, Option<f64>), SpreadError> {
    match pagerank.method {
        PageRankMethod::Power { tolerance, iterations_max } => {
            let reason = power(run, state, pagerank.damping, tolerance, iterations_max)?;
            Ok((reason, None))
        }
        PageRankMethod::Push { epsilon } => {
            let (reason, residual) = push::run(run, state, pagerank.damping, epsilon)?;
            Ok((reason, Some(residual)))
        }
    }
}

/// Scales the seeds to sum 1.
pub(crate) fn scale_seeds(seeds: &mut [SeedAt]) {
    let sum: f64 = seeds.iter().map(|seed| seed.activation).sum();
    if sum.is_finite() {
        seeds.iter_mut().for_each(|seed| seed.activation /= sum);
    } else {
        // The sum of very large seeds is infinite although each is finite.
        let half = seeds.len() as f64;
        seeds.iter_mut().for_each(|seed| seed.activation /= half);
        scale_seeds(seeds);
    }
}

fn power(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
    tolerance: f64,
    iterations_max: u32,
) -> Result<StopReason, SpreadError> {
    run.stats.hop_limit = iterations_max;
    for seed in run.seeds.iter().filter(|seed| seed.activation > 0.0) {
        state.ledger.set(seed.node, seed.activation);
        state.frontier.push(seed.node, seed.activation);
    }
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    run.end_hop(0, 0, &mut state.ledger);
    let mut way = Way::Sparse;
    for round in 0..iterations_max {
        match next_round(run, state, damping, &mut way) {
            Ok(Round { edges, change, full }) => {
                run.end_hop(round + 1, edges, &mut state.ledger);
                if full {
                    return Ok(StopReason::NodeBudget);
                }
                if change < tolerance {
                    return Ok(StopReason::Converged);
                }
            }
            Err(Halt::Stop(reason)) => {
                state.pulses.clear();
                return Ok(reason);
            }
            Err(Halt::Fail(error)) => return Err(error),
        }
    }
    Ok(StopReason::HopLimit)
}

/// How iterations are run: nodes that have probability keep some, so what is dense stays dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From a list of the nodes that have probability.
    Sparse,
    /// From all nodes, whose edges are followed are so many, where known.
    Dense(Option<u64>),
}

fn next_round(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
    way: &mut Way,
) -> Result<Round, Halt> {
    if *way == Way::Sparse && dense::pays(run, state)? {
        *way = Way::Dense(None);
    }
    match way {
        Way::Sparse => one_round(run, state, damping),
        Way::Dense(followed) => dense::one_round(run, state, damping, followed),
    }
}

struct Round {
    edges: u64,
    change: f64,
    full: bool,
}

fn one_round(run: &mut Run<'_>, state: &mut State<f64>, damping: f64) -> Result<Round, Halt> {
    run.before_hop(|run| run.fan_sum(&state.frontier.nodes))?;
    let (mut edges, mut dangling) = (0, 0.0);
    {
        let State { pulses, frontier, second, .. } = &mut *state;
        run.view.plan_reads(&frontier.nodes, &mut run.lists.buffer);
        for (&node, &probability) in frontier.nodes.iter().zip(&frontier.pulses) {
            let row = run.view.row(node, &mut run.lists.buffer);
            edges += row.len() as u64;
            let sum = cached_sum(&mut second[node as usize], || row_sum(row));
            if sum > 0.0 {
                let scaled = ScaledWeights::of(row, sum);
                let (row, sum) = scaled.as_ref().map_or((row, sum), |scaled| {
                    let row = scaled.row(row);
                    (row, row_sum(row))
                });
                let factor = damping * probability / sum;
                if !factor.is_finite() {
                    return Err(StopReason::Overflow.into());
                }
                pulses.add_row::<Sum>(row, factor, &mut run.watch)?;
            } else {
                dangling += damping * probability;
            }
        }
        run.seeds.iter().for_each(|seed| pulses.touch(seed.node));
    }
    let mut given = Given::by(run.seeds);
    let mut change = 0.0;
    let full = settle(run, state, |node, held, received| {
        let seed = given.to(node);
        let probability = received + dangling * seed + (1.0 - damping) * seed;
        change += (probability - held).abs();
        probability
    })?;
    Ok(Round { edges, change, full })
}

/// The number in `cell`, computed where it is not there yet.
fn cached_sum(cell: &mut f64, sum: impl FnOnce() -> f64) -> f64 {
    if cell.to_bits() == (-0.0f64).to_bits() {
        *cell = sum() + 0.0;
    }
    *cell
}

/// Offers every node with probability to the report.
pub(crate) fn report(run: &mut Run<'_>, state: &State<f64>) {
    super::offer_above_zero(run, state);
}
