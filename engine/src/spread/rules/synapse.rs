//! Rule `synapse`: an agent memory's spreading, with lateral inhibition and a logistic in each
//! step.
//!
//! ```text
//! u_i = (1 - delta) a_i(t) + sum over effective edges (j,i) of S e(j,i) a_j(t) / fan(j)
//! v_i = max(0, u_i - beta * sum over k in T, u_k > u_i, of (u_k - u_i))
//!       T = the M nodes with the largest u (ties: label)
//! a_i(t+1) = 1 / (1 + exp(-gamma (v_i - theta))) where v_i > 0, else 0
//! a(0) = seeds; `steps` steps; then nodes with a < gate are dropped
//! ```
//!
//! Activations have no unit and, after the first step, lie in `[0, 1)`.
//!
//! # Source
//! Jiang et al. Synapse: empowering LLM agents with episodic-semantic memory via spreading
//! activation. 2026, arXiv 2601.02744.
//!
//! # Cost
//! Time: in each step, the edges of every active node, and `M` for each node reached. Memory: as
//! `linear`.

use super::flow::settle;
use crate::spread::error::SpreadError;
use crate::spread::kernel::Sum;
use crate::spread::params::Synapse;
use crate::spread::run::{Halt, Run, entry};
use crate::spread::scratch::State;
use crate::spread::shape;
use crate::terms::StopReason;

/// Spreads; leaves the activations in `state`.
pub(crate) fn run(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    synapse: &Synapse,
) -> Result<StopReason, SpreadError> {
    run.stats.hop_limit = synapse.steps;
    for seed in run.seeds {
        state.ledger.set(seed.node, seed.activation);
        state.frontier.push(seed.node, seed.activation);
    }
    run.stats.nodes_reached = state.ledger.reached_count() as u64;
    run.end_hop(0, 0, &mut state.ledger);
    for step in 0..synapse.steps {
        match one_step(run, state, synapse) {
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
    Ok(StopReason::HopLimit)
}

fn one_step(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    synapse: &Synapse,
) -> Result<(u64, bool), Halt> {
    if state.frontier.nodes.is_empty() {
        return Err(StopReason::Exhausted.into());
    }
    run.before_hop(|run| run.fan_sum(&state.frontier.nodes))?;
    let mut edges = 0;
    run.view.plan_reads(&state.frontier.nodes, &mut run.lists.buffer);
    for (&node, &activation) in state.frontier.nodes.iter().zip(&state.frontier.pulses) {
        let row = run.view.row(node, &mut run.lists.buffer);
        edges += row.len() as u64;
        if row.is_empty() {
            continue;
        }
        let factor = synapse.spread * activation / row.len() as f64;
        if !factor.is_finite() {
            return Err(StopReason::Overflow.into());
        }
        state.pulses.add_row::<Sum>(row, factor, &mut run.watch)?;
    }
    let mixed = |held: f64, received: f64| (1.0 - synapse.time_decay) * held + received;

    // Inhibition needs every `u`, so all are listed before any node is given its activation.
    state.frontier.nodes.iter().for_each(|&node| state.pulses.touch(node));
    let mut entries = std::mem::take(&mut run.lists.entries);
    entries.clear();
    state.pulses.for_each::<Sum>(|node, received| {
        entries.push(entry(node, mixed(state.ledger.activation(node), received), 0));
    });
    if entries.iter().any(|entry| !entry.activation.is_finite()) {
        return Err(StopReason::Overflow.into());
    }
    shape::inhibit(run.view.graph(), &mut entries, synapse.inhibit, &mut run.lists.ranking)?;
    let mut place = 0;
    // `settle` visits the same nodes in the same order.
    let full = settle(run, state, |_, _, _| {
        place += 1;
        shape::squash(entries[place - 1].activation, synapse.squash)
    })?;
    entries.clear();
    run.lists.entries = entries;
    Ok((edges, full))
}

/// Offers every node that passes the gate to the report.
pub(crate) fn report(run: &mut Run<'_>, state: &State<f64>, synapse: &Synapse) {
    for (node, activation, hop) in state.ledger.entries() {
        if activation > 0.0 && activation >= synapse.gate {
            run.offer(entry(node, activation, hop));
        }
    }
}
