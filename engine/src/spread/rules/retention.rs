//! Rule `retention`: a node keeps a part of its activation in every step and hands on the rest.
//!
//! With `d_i` the sum of `w_ij` over `j`, the diagonal included, `r_i` the retention, `delta` the
//! time decay and `theta` the suppress level:
//!
//! ```text
//! b_j = keep_j a_j(t-1) + sum over i != j, d_i > 0 of (1 - r_i) (w_ij / d_i) a_i(t-1)
//!       keep_j = r_j if d_j > 0, else 1
//! b_j <- (1 - delta) b_j;  b_j <- 0 where b_j < theta;  a_j(t) = b_j + (injected at t)
//! stop at t = time, or when every a_j(t) < stop_threshold, whichever is set and comes first
//! ```
//!
//! Activations have no unit; `t` counts steps. The test for the end is made after `t = 0` too. A
//! spread without `time` gives up after [`RETENTION_STEPS_MAX`] steps.
//!
//! # Source
//! Siew. spreadr: an R package to simulate spreading activation in a network. Behavior Research
//! Methods 2019; Vitevitch, Ercal, Adagarla. Simulating retrieval from a highly clustered network.
//! Frontiers in Psychology 2011. The results are those of the R package.
//!
//! # Cost
//! Time: in each step, the edges of every active node. Memory: as `linear`, and one more number
//! per node, its `d_i`.

use super::flow::{Given, ScaledWeights, row_sum, settle, without_loop};
use crate::spread::error::SpreadError;
use crate::spread::kernel::Sum;
use crate::spread::params::{RETENTION_STEPS_MAX, Retention};
use crate::spread::plan::{SeedAt, resolve_retentions};
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::State;
use crate::terms::StopReason;

/// Spreads; leaves the activations in `state`.
pub(crate) fn run(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    retention: &Retention,
) -> Result<StopReason, SpreadError> {
    resolve_retentions(run.view.graph(), &retention.per_node, &mut run.lists.retentions)?;
    let steps_max = retention.time.unwrap_or(RETENTION_STEPS_MAX);
    run.stats.hop_limit = steps_max;
    for seed in given_at(run.seeds, 0) {
        state.ledger.set(seed.node, seed.activation);
        state.frontier.push(seed.node, seed.activation);
    }
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    run.end_hop(0, 0, &mut state.ledger);
    for step in 0.. {
        if step == steps_max {
            return Ok(StopReason::HopLimit);
        }
        if let Some(threshold) = retention.stop_threshold
            && state.frontier.pulses.iter().all(|activation| *activation < threshold)
        {
            return Ok(StopReason::Converged);
        }
        match one_step(run, state, retention, step + 1) {
            Ok((edges, full)) => {
                run.end_hop(step + 1, edges, &mut state.ledger);
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
    unreachable!("the number of steps is a u32")
}

/// The seeds injected at `time`, ascending by node.
fn given_at(seeds: &[SeedAt], time: u32) -> &[SeedAt] {
    let start = seeds.partition_point(|seed| seed.time < time);
    let end = seeds.partition_point(|seed| seed.time <= time);
    &seeds[start..end]
}

fn one_step(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    retention: &Retention,
    t: u32,
) -> Result<(u64, bool), Halt> {
    run.before_hop(|run| run.fan_sum(&state.frontier.nodes))?;
    let retentions = std::mem::take(&mut run.lists.retentions);
    let kept_by = |node: u32| match retentions.binary_search_by_key(&node, |entry| entry.0) {
        Ok(position) => retentions[position].1,
        Err(_) => retention.retention,
    };
    let result = (|| {
        let edges = push(run, state, kept_by)?;
        let given = given_at(run.seeds, t);
        given.iter().for_each(|seed| state.pulses.touch(seed.node));
        let mut given = Given::by(given);
        let sums = std::mem::take(&mut state.second);
        let full = settle(run, state, |node, held, received| {
            let keep = if sums[node as usize] > 0.0 { kept_by(node) } else { 1.0 };
            let mixed = (1.0 - retention.time_decay) * (keep * held + received);
            let left = if mixed < retention.suppress { 0.0 } else { mixed };
            left + given.to(node)
        });
        state.second = sums;
        Ok((edges, full?))
    })();
    run.lists.retentions = retentions;
    result
}

/// Hands on what nodes do not keep. Notes every active node's `d_i` in the second number.
fn push(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    kept_by: impl Fn(u32) -> f64,
) -> Result<u64, Halt> {
    let State { pulses, frontier, second, .. } = state;
    let mut edges = 0;
    run.view.plan_reads(&frontier.nodes, &mut run.lists.buffer);
    for (&node, &activation) in frontier.nodes.iter().zip(&frontier.pulses) {
        let row = run.view.row(node, &mut run.lists.buffer);
        edges += row.len() as u64;
        let sum = row_sum(row);
        second[node as usize] = sum;
        if sum > 0.0 {
            let scaled = ScaledWeights::of(row, sum);
            let (row, sum) = scaled.as_ref().map_or((row, sum), |scaled| {
                let row = scaled.row(row);
                (row, row_sum(row))
            });
            let factor = (1.0 - kept_by(node)) * activation / sum;
            if !factor.is_finite() {
                return Err(StopReason::Overflow.into());
            }
            for part in without_loop(row, node) {
                pulses.add_row::<Sum>(part, factor, &mut run.watch)?;
            }
        }
    }
    Ok(edges)
}

/// Offers every node with activation to the report.
pub(crate) fn report(run: &mut Run<'_>, state: &State<f64>) {
    super::offer_above_zero(run, state);
}
