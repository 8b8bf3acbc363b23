//! What the nodes of a frontier contribute to their targets.

use std::marker::PhantomData;

use super::Params;
use super::weigh::{Load, parts, scatter, weigh};
use crate::graph::{DenseEdges, Edges, RowsAhead};
use crate::spread::choice::{Chosen, choose};
use crate::spread::kernel::{Compiled, Join, OwnedRows, SHARED_EDGES, add_dense};
use crate::spread::pulses::{Finding, Pulses};
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::{Frontier, State};
use crate::spread::watch::Watch;
use crate::terms::StopReason;

/// Adds the contributions of the frontier, by the kernel that costs least. The frontier's pulses
/// are lost.
pub(super) fn contribute<S: Real, J: Join<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
) -> Result<Load, Halt> {
    state.pulses.find_by(Finding::List);
    let mut load = match run.view.plain_edges() {
        Some(edges) => {
            let load = weigh(run, edges, &mut state.frontier, params)?;
            drop_unread(run, &mut state.frontier);
            follow::<S, J>(run, edges, state, load)?;
            load
        }
        None => follow_made::<S, J>(run, &mut state.pulses, &state.frontier, params)?,
    };
    if load.bound.is_nan() {
        load.bound = f64::INFINITY;
    }
    Ok(load)
}

/// Takes the nodes out of the frontier whose edges could not be read.
fn drop_unread<S: Real>(run: &Run<'_>, frontier: &mut Frontier<S>) {
    if run.view.unread().is_none() {
        return;
    }
    let mut kept = 0;
    for position in 0..frontier.nodes.len() {
        if !run.view.unread().contains(frontier.nodes[position]) {
            frontier.nodes[kept] = frontier.nodes[position];
            frontier.pulses[kept] = frontier.pulses[position];
            kept += 1;
        }
    }
    frontier.nodes.truncate(kept);
    frontier.pulses.truncate(kept);
}

/// Adds what the frontier contributes along rows as they lie in the graph.
fn follow<S: Real, J: Join<S>>(
    run: &mut Run<'_>,
    edges: &Edges,
    state: &mut State<S>,
    load: Load,
) -> Result<(), Halt> {
    match choose(run, edges, load.edges)? {
        Chosen::List => {}
        Chosen::Scan => state.pulses.find_by(Finding::Scan),
        Chosen::Dense(dense) => {
            state.pulses.find_by(Finding::Scan);
            return fire_all::<S, J>(run, dense, state);
        }
    }
    let join = PhantomData::<J>;
    let State { pulses, frontier, .. } = state;
    let watch = &mut run.watch;
    if let Some(team) = run.team
        && pulses.finding() == Finding::Scan
        && load.edges >= SHARED_EDGES
    {
        watch.look()?;
        let Frontier { nodes, pulses: factors } = &*frontier;
        let instructions = run.execution.instructions;
        let rows = OwnedRows { instructions, edges, nodes, factors, join };
        return Ok(rows.follow(pulses.all_cells(), load.edges, team)?);
    }
    run.execution.instructions.run(FollowRows { edges, frontier, pulses, watch, join })
}

/// Follows the row of each node of a frontier.
struct FollowRows<'a, 'w, S, J> {
    edges: &'a Edges,
    frontier: &'a Frontier<S>,
    pulses: &'a mut Pulses<S>,
    watch: &'a mut Watch<'w>,
    join: PhantomData<J>,
}

impl<S: Real, J: Join<S>> Compiled for FollowRows<'_, '_, S, J> {
    type Output = Result<(), Halt>;

    #[inline(always)]
    fn run(self) -> Result<(), Halt> {
        let Self { edges, frontier: Frontier { nodes, pulses: factors }, pulses, watch, .. } = self;
        let mut rows = RowsAhead::of(edges, nodes);
        for (position, &factor) in factors[..nodes.len()].iter().enumerate() {
            pulses.add_row::<J>(rows.at(position)?, factor, watch)?;
        }
        Ok(())
    }
}

/// Adds what every node contributes, those outside the frontier nothing.
fn fire_all<S: Real, J: Join<S>>(
    run: &mut Run<'_>,
    dense: &DenseEdges,
    state: &mut State<S>,
) -> Result<(), Halt> {
    let State { pulses, frontier, factors, .. } = state;
    let nodes = run.view.graph().node_count();
    make_room(factors, nodes);
    let factors = &mut factors[..nodes];
    factors.fill(S::ZERO);
    scatter(&frontier.nodes, &frontier.pulses, 0, factors, parts(run, frontier.nodes.len()));
    let cells = pulses.all_cells();
    let instructions = run.execution.instructions;
    Ok(add_dense::<S, J>(instructions, dense, factors, cells, &mut run.watch, run.team)?)
}

/// Makes room for a factor of each node.
pub(in crate::spread::rules) fn make_room<S: Real>(factors: &mut Vec<S>, nodes: usize) {
    if factors.len() < nodes {
        factors.resize(nodes, S::ZERO);
    }
}

/// Adds what the frontier contributes along rows that are made for this spread.
fn follow_made<S: Real, J: Join<S>>(
    run: &mut Run<'_>,
    pulses: &mut Pulses<S>,
    frontier: &Frontier<S>,
    params: &Params<'_, S>,
) -> Result<Load, Halt> {
    let weight_bound = run.view.weight_bound();
    let mut load = Load::default();
    run.view.plan_reads(&frontier.nodes, &mut run.lists.buffer);
    for (&node, &pulse) in frontier.nodes.iter().zip(&frontier.pulses) {
        let row = run.view.row(node, &mut run.lists.buffer);
        if !row.is_empty() {
            let factor = load.factor(row, pulse, weight_bound, params);
            if !factor.wide().is_finite() {
                return Err(StopReason::Overflow.into());
            }
            pulses.add_row::<J>(row, factor, &mut run.watch)?;
        }
    }
    Ok(load)
}
