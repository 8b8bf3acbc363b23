//! Rule `act-r`: one step from sources to facts, where a source that has many facts gives less.
//!
//! ```text
//! A_i = B + sum over seeds j with an effective edge (j,i) of W_j (S - ln(fan(j) + 1))
//! latency_i = intercept + F exp(-A_i)
//! ```
//!
//! `W_j = W / number of distinct seeds`; weights and the amounts of the seeds are ignored; several
//! parallel edges count once. Every target of a seed is reported, negative ones too, unless a
//! report threshold is given. Activations have no unit; latency, intercept and `F` are seconds.
//!
//! # Source
//! 1. Anderson. Retrieval of propositional information from long-term memory. Cognitive Psychology
//!    1974: the fan effect.
//! 2. Anderson. The architecture of cognition. 1983.
//! 3. ACT-R 6, whose fan counts the chunk itself: `S_ji = S - ln(fan + 1)`.
//!
//! # Cost
//! The edges of the seeds.

use crate::spread::error::SpreadError;
use crate::spread::kernel::Sum;
use crate::spread::params::ActR;
use crate::spread::run::{Halt, Run, entry};
use crate::spread::scratch::State;
use crate::terms::StopReason;

/// Spreads; leaves the targets in the run's entries.
pub(crate) fn run(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    act_r: &ActR,
) -> Result<StopReason, SpreadError> {
    run.stats.hop_limit = 1;
    run.stats.nodes_reached = run.seeds.len() as u64;
    run.lists.entries.clear();
    run.end_hop(0, 0, &mut state.ledger);
    match one_step(run, state, act_r) {
        Ok((edges, full)) => {
            // The ledger holds no negative numbers, so it is not used, and steps are noted here.
            run.stats.hops = 1;
            run.view.unread().end_hop();
            run.stopwatch.lap(&mut run.lists.hop_times);
            run.stats.edges_traversed = edges;
            note_step(run);
            Ok(if full { StopReason::NodeBudget } else { StopReason::Exhausted })
        }
        Err(Halt::Stop(reason)) => {
            state.pulses.clear();
            run.lists.entries.clear();
            run.stats.revisits = 0;
            Ok(reason)
        }
        Err(Halt::Fail(error)) => Err(error),
    }
}

fn one_step(run: &mut Run<'_>, state: &mut State<f64>, act_r: &ActR) -> Result<(u64, bool), Halt> {
    run.before_hop(|run| {
        let buffer = &mut run.lists.buffer;
        run.seeds.iter().map(|seed| run.view.fan(seed.node, buffer)).sum()
    })?;
    let share = act_r.source_activation / run.seeds.len() as f64;
    let mut edges = 0;
    for seed in run.seeds {
        let row = run.view.row(seed.node, &mut run.lists.buffer);
        let fan = row.len() as f64;
        edges += row.len() as u64;
        let strength = share * (act_r.source_strength - libm::log(fan + 1.0));
        state.pulses.add_each::<Sum>(row.targets, strength, &mut run.watch)?;
    }
    let mut finite = true;
    let mut entries = std::mem::take(&mut run.lists.entries);
    state.pulses.take_sorted::<Sum>(|node, received| {
        let activation = act_r.base_level + received;
        let factor = libm::exp(-activation).min(f64::MAX);
        let latency = act_r.intercept + act_r.latency_factor * factor;
        finite &= activation.is_finite();
        let mut found = entry(node, activation, u32::from(!run.is_seed(node)));
        // The exponential of a very low activation is more than a number holds.
        found.latency_s = Some(latency.clamp(f64::MIN, f64::MAX));
        entries.push(found);
    });
    run.lists.entries = entries;
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    Ok((edges, bound_nodes(run)?))
}

/// Drops the weakest new targets where there are more than allowed; counts who was reached.
fn bound_nodes(run: &mut Run<'_>) -> Result<bool, Halt> {
    let mut entries = std::mem::take(&mut run.lists.entries);
    let new = entries.iter().filter(|entry| entry.hop == 1).count();
    let room = run.nodes_left(run.seeds.len());
    let full = new > room;
    if full {
        for found in entries.iter().filter(|entry| entry.hop == 1) {
            run.note_new(found.node.get(), found.activation);
        }
        run.keep_strongest(room)?;
        entries.retain(|entry| entry.hop == 0 || !run.is_dropped(entry.node.get()));
    }
    run.stats.revisits = (entries.iter().filter(|entry| entry.hop == 0).count()) as u64;
    run.stats.nodes_reached = (run.seeds.len() + new.min(room)) as u64;
    run.lists.entries = entries;
    Ok(full)
}

fn note_step(run: &mut Run<'_>) {
    if run.request.by_step {
        let entries = &run.lists.entries;
        let total: f64 = entries.iter().fold(0.0, |sum, entry| sum + entry.activation);
        let total = total.clamp(f64::MIN, f64::MAX);
        let active = entries.iter().filter(|entry| entry.activation > 0.0).count() as u64;
        run.steps.push(crate::spread::Step { t: 1, total, active });
    }
}

/// Offers every target to the report, negative ones too.
pub(crate) fn report(run: &mut Run<'_>, act_r: &ActR) {
    let entries = std::mem::take(&mut run.lists.entries);
    for found in &entries {
        if act_r.report_threshold.is_none_or(|threshold| found.activation >= threshold) {
            run.offer(*found);
        }
    }
    run.lists.entries = entries;
}
