//! What the nodes of a frontier contribute to their targets.

use std::marker::PhantomData;

use super::Params;
use crate::graph::{DenseEdges, Edges, Row, WeightSlice};
use crate::spread::choice::{Chosen, choose};
use crate::spread::kernel::{Compiled, Join, add_dense};
use crate::spread::params::Share;
use crate::spread::pulses::{Finding, Pulses};
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::{Frontier, State};
use crate::spread::watch::Watch;
use crate::terms::{NodeId, StopReason};

/// Rows between the one that is followed and the one whose place is asked for.
const RANGES_AHEAD: usize = 16;
/// Rows between the one that is followed and the one whose first edges are asked for.
const ROWS_AHEAD: usize = 6;

/// What a hop adds.
#[derive(Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) edges: u64,
    /// What no pulse of the hop exceeds.
    pub(super) bound: f64,
}

impl Load {
    /// Takes a row into account; gives its factor, `pulse * hop_decay * share`, which may be too
    /// large to be finite.
    #[inline(always)]
    fn factor<S: Real>(
        &mut self,
        row: Row<'_>,
        pulse: S,
        weight_bound: f64,
        params: &Params<'_, S>,
    ) -> S {
        let mut factor = pulse * params.hop_decay;
        if params.raw.share != Share::None {
            factor = factor * S::of(share(params.raw.share, row));
        }
        self.edges += row.len() as u64;
        let bound = factor.wide() * weight_bound * row.len() as f64;
        self.bound += if row.is_empty() { 0.0 } else { bound };
        factor
    }
}

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

/// Replaces every pulse of the frontier by the node's factor, 0 where it has no edges. No branch
/// hangs on that, which in a large frontier of nodes with and without edges cost more than all the
/// rest.
fn weigh<S: Real>(
    run: &Run<'_>,
    edges: &Edges,
    frontier: &mut Frontier<S>,
    params: &Params<'_, S>,
) -> Result<Load, Halt> {
    let weight_bound = run.view.weight_bound();
    let (mut load, mut finite) = (Load::default(), true);
    let Frontier { nodes, pulses } = frontier;
    for (position, (&node, pulse)) in nodes.iter().zip(&mut *pulses).enumerate() {
        if let Some(&ahead) = nodes.get(position + RANGES_AHEAD) {
            edges.prefetch_range(ahead);
        }
        let Ok(row) = edges.row(NodeId::new(node)) else {
            run.view.unread().note(node);
            *pulse = S::ZERO;
            continue;
        };
        let is_empty = row.is_empty();
        let factor = load.factor(row, *pulse, weight_bound, params);
        finite &= is_empty | factor.wide().is_finite();
        *pulse = if is_empty { S::ZERO } else { factor };
    }
    if finite { Ok(load) } else { Err(StopReason::Overflow.into()) }
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
    let State { pulses, frontier, .. } = state;
    let join = PhantomData::<J>;
    let watch = &mut run.watch;
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
        for (position, (&node, &factor)) in nodes.iter().zip(factors).enumerate() {
            if let Some(&ahead) = nodes.get(position + ROWS_AHEAD) {
                edges.prefetch_row(ahead);
            }
            let row = edges.row(NodeId::new(node))?;
            pulses.add_row::<J>(row, factor, watch)?;
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
    for (&node, &factor) in frontier.nodes.iter().zip(&frontier.pulses) {
        factors[node as usize] = factor;
    }
    let cells = pulses.cells_in_blocks(nodes);
    let instructions = run.execution.instructions;
    let added = add_dense::<S, J>(instructions, dense, factors, cells, &mut run.watch, run.workers);
    for &node in &frontier.nodes {
        factors[node as usize] = S::ZERO;
    }
    Ok(added?)
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
