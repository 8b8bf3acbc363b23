//! Personalised PageRank by forward push, all nodes of a round at once.

use super::flow::{Given, ScaledWeights, keep_new, row_sum};
use crate::spread::NodeActivation;
use crate::spread::error::SpreadError;
use crate::spread::kernel::Sum;
use crate::spread::run::{Halt, Lists, Run};
use crate::spread::scratch::State;
use crate::terms::StopReason;

/// Pushes until no residual is large enough. Probabilities end up in the ledger, residuals in the
/// second number; returns the sum of the residuals.
pub(super) fn run(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
    epsilon: f64,
) -> Result<(StopReason, f64), SpreadError> {
    for seed in run.seeds.iter().filter(|seed| seed.activation > 0.0) {
        state.ledger.set(seed.node, 0.0);
        state.second[seed.node as usize] = seed.activation;
        state.next.push(seed.node, seed.activation);
    }
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    run.end_hop(0, 0, &mut state.ledger);
    let mut reason = StopReason::HopLimit;
    for round in 0..u32::MAX {
        match one_round(run, state, damping, epsilon) {
            Ok((edges, full)) => {
                run.end_hop(round + 1, edges, &mut state.ledger);
                if full {
                    reason = StopReason::NodeBudget;
                    break;
                }
            }
            Err(Halt::Stop(stopped)) => {
                state.pulses.clear();
                reason = stopped;
                break;
            }
            Err(Halt::Fail(error)) => return Err(error),
        }
    }
    Ok((reason, residual_sum(run, state)))
}

/// One round over the nodes of `state.next`, the only ones whose residual has changed.
fn one_round(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
    epsilon: f64,
) -> Result<(u64, bool), Halt> {
    select(run, state, epsilon)?;
    if state.frontier.nodes.is_empty() {
        return Err(StopReason::Exhausted.into());
    }
    run.before_hop(|run| run.fan_sum(&state.frontier.nodes))?;
    let (mut edges, mut dangling) = (0, 0.0);
    let State { ledger, pulses, frontier, next, second, .. } = state;
    run.view.plan_reads(&frontier.nodes, &mut run.lists.buffer);
    for (&node, &residual) in frontier.nodes.iter().zip(&frontier.pulses) {
        let row = run.view.row(node, &mut run.lists.buffer);
        edges += row.len() as u64;
        let sum = row_sum(row);
        if sum > 0.0 {
            let scaled = ScaledWeights::of(row, sum);
            let (row, sum) = scaled.as_ref().map_or((row, sum), |scaled| {
                let row = scaled.row(row);
                (row, row_sum(row))
            });
            let factor = damping * residual / sum;
            if !factor.is_finite() {
                return Err(StopReason::Overflow.into());
            }
            pulses.add_row::<Sum>(row, factor, &mut run.watch)?;
        } else {
            dangling += damping * residual;
        }
        pulses.touch(node);
    }
    if dangling > 0.0 {
        run.seeds.iter().for_each(|seed| pulses.touch(seed.node));
    }

    next.clear();
    let mut given = Given::by(run.seeds);
    let mut pushed = frontier.nodes.iter().copied().peekable();
    let (mut finite, mut revisits, mut new) = (true, 0, 0);
    pulses.take_sorted::<Sum>(|node, received| {
        let was_pushed = pushed.next_if_eq(&node).is_some();
        let held = if was_pushed { 0.0 } else { second[node as usize] + 0.0 };
        let residual = held + received + dangling * given.to(node);
        let reached = ledger.is_reached(node);
        finite &= residual.is_finite();
        revisits += u64::from(received > 0.0 && reached);
        new += usize::from(residual > 0.0 && !reached);
        next.push(node, residual);
    });
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    let full = keep_new(run, ledger, next, new)?;
    commit(run, state, damping, full);
    run.stats.revisits += revisits;
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    Ok((edges, full))
}

/// Makes the frontier of those nodes of `next` whose residual is large enough.
fn select(run: &mut Run<'_>, state: &mut State<f64>, epsilon: f64) -> Result<(), Halt> {
    let State { frontier, next, .. } = state;
    frontier.clear();
    for (&node, &residual) in next.nodes.iter().zip(&next.pulses) {
        // No fan-out is below 1 here, so most nodes are decided without reading their row.
        if residual >= epsilon {
            let fan = run.view.fan(node, &mut run.lists.buffer).max(1);
            if residual >= epsilon * fan as f64 {
                frontier.push(node, residual);
            }
        }
    }
    Ok(())
}

/// Keeps `(1 - d) r` of every pushed node and the new residuals.
fn commit(run: &Run<'_>, state: &mut State<f64>, damping: f64, full: bool) {
    let State { ledger, frontier, next, second, .. } = state;
    for (&node, &residual) in frontier.nodes.iter().zip(&frontier.pulses) {
        let held = ledger.activation(node);
        ledger.set(node, held + (1.0 - damping) * residual);
    }
    for (&node, &residual) in next.nodes.iter().zip(&next.pulses) {
        if !ledger.is_reached(node) {
            if residual <= 0.0 || full && run.is_dropped(node) {
                continue;
            }
            ledger.set(node, 0.0);
        }
        second[node as usize] = residual;
    }
}

/// The sum of all residuals, in ascending order of nodes.
fn residual_sum(run: &mut Run<'_>, state: &State<f64>) -> f64 {
    let order = &mut run.lists.order;
    order.clear();
    order.extend_from_slice(state.ledger.reached());
    order.sort_unstable();
    order.iter().fold(0.0, |sum, &node| sum + (state.second[node as usize] + 0.0))
}

/// Replaces the hop of every reported node by its distance from the nearest seed along edges of
/// positive weight. Reads rows breadth-first until every reported node is found.
pub(crate) fn distances(
    run: &mut Run<'_>,
    reported: &mut [NodeActivation],
) -> Result<(), SpreadError> {
    let Lists { buffer, wanted, layer, next_layer, fired, .. } = &mut *run.lists;
    wanted.clear();
    wanted.extend(reported.iter().enumerate().map(|(place, entry)| (entry.node.get(), place)));
    wanted.sort_unstable();
    let mut missing = wanted.len();
    layer.clear();
    layer.extend(run.seeds.iter().map(|seed| seed.node));
    layer.iter().for_each(|&node| fired.insert(node));
    for distance in 0.. {
        for &node in &*layer {
            if let Ok(found) = wanted.binary_search_by_key(&node, |entry| entry.0) {
                reported[wanted[found].1].hop = distance;
                missing -= 1;
            }
        }
        if missing == 0 || layer.is_empty() {
            break;
        }
        next_layer.clear();
        for &node in &*layer {
            let row = run.view.row(node, buffer);
            for (position, &target) in row.targets.iter().enumerate() {
                if row.weights.at(position) > 0.0 && !fired.contains(target) {
                    fired.insert(target);
                    next_layer.push(target);
                }
            }
        }
        std::mem::swap(layer, next_layer);
    }
    fired.clear();
    Ok(())
}
