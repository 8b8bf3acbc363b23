//! Iterations in which most nodes have probability: all nodes, all edges, no lists.
//!
//! Every operation of an iteration by lists is done in the same order; for nodes without
//! probability `+0` is added, which changes nothing.

use super::{Round, cached_sum};
use crate::graph::{DenseEdges, Edges};
use crate::spread::choice::{Chosen, choose};
use crate::spread::kernel::{Compiled, Sum, add_dense};
use crate::spread::ledger::Ledger;
use crate::spread::marks::places;
use crate::spread::pulses::{CELLS_PER_LOOK, Cells, Finding, bits_of};
use crate::spread::rules::flow::{Given, has_plain_sum, row_sum};
use crate::spread::rules::linear::make_room;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::State;
use crate::terms::{NodeId, StopReason};

/// One node in so many has probability at least where a dense iteration is thought of.
const FEWEST: usize = 8;

/// Whether the iterations from now on are run over all nodes.
pub(super) fn pays(run: &mut Run<'_>, state: &mut State<f64>) -> Result<bool, Halt> {
    let bounds = &run.request.bounds;
    let Some(edges) = run.view.plain_edges() else { return Ok(false) };
    if bounds.nodes_max.is_some() || bounds.edges_max.is_some() {
        return Ok(false);
    }
    let nodes = run.view.graph().node_count();
    // Counting edges in every iteration costs more than it gains while few have probability.
    if state.frontier.nodes.len() < nodes / FEWEST {
        return Ok(false);
    }
    let followed = run.fan_sum(&state.frontier.nodes);
    if !matches!(choose(run, edges, followed)?, Chosen::Dense(_)) {
        return Ok(false);
    }
    // Rows whose weights must be scaled are followed one by one.
    let mut plain = true;
    state.second_of_all = true;
    for (node, cell) in (0u32..).zip(&mut state.second[..nodes]) {
        // A node without probability may be one whose edges nobody needs.
        let Ok(row) = edges.row(NodeId::new(node)) else { return Ok(false) };
        plain &= has_plain_sum(cached_sum(cell, || row_sum(row)));
    }
    Ok(plain)
}

/// One iteration. `followed` are the edges of the nodes that have probability, where known.
pub(super) fn one_round(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
    followed: &mut Option<u64>,
) -> Result<Round, Halt> {
    run.before_hop(|_| 0)?;
    let edges = run.view.plain_edges().expect("`pays` has seen them");
    let Some(dense) = edges.dense.get() else { unreachable!("`pays` has seen the layout") };
    let count = match *followed {
        Some(count) => count,
        None => edges_of(edges, run.view.graph().node_count(), &state.ledger)?,
    };
    let dangling = fire(run, state, damping)?;
    add(run, state, dense)?;

    let instructions = run.execution.instructions;
    let given = Given::by(run.seeds);
    let State { ledger, pulses, factors, .. } = state;
    let looks = pulses.looks();
    let kept = &mut factors[..looks.len() * CELLS_PER_LOOK];
    // The probabilities are kept aside until all are known to be finite.
    let receive = Receive { looks, kept, ledger, given, dangling, damping };
    let Received { change, finite, revisits, moved } = instructions.run(receive);
    pulses.find_by(Finding::List);
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    instructions.run(Keep { kept, ledger });
    run.stats.revisits += revisits;
    run.stats.nodes_reached = ledger.reached_count() as u64;
    *followed = (!moved).then_some(count);
    Ok(Round { edges: count, change, full: false })
}

/// The edges of the nodes that have probability.
fn edges_of(edges: &Edges, nodes: usize, ledger: &Ledger<f64>) -> Result<u64, Halt> {
    let mut count = 0;
    for node in (0u32..).take(nodes) {
        if ledger.activation(node) > 0.0 {
            count += edges.row(NodeId::new(node))?.len() as u64;
        }
    }
    Ok(count)
}

/// Makes the factor of every node. Returns what nodes without edges hand back to the seeds.
fn fire(run: &Run<'_>, state: &mut State<f64>, damping: f64) -> Result<f64, Halt> {
    let State { ledger, second, factors, .. } = state;
    let all = run.view.graph().node_count().next_multiple_of(CELLS_PER_LOOK);
    make_room(factors, all);
    let fire = Fire { ledger, sums: &second[..all], factors: &mut factors[..all], damping };
    let (dangling, finite) = run.execution.instructions.run(fire);
    if finite { Ok(dangling) } else { Err(StopReason::Overflow.into()) }
}

struct Fire<'a> {
    ledger: &'a Ledger<f64>,
    /// Of each row's weights.
    sums: &'a [f64],
    factors: &'a mut [f64],
    damping: f64,
}

impl Compiled for Fire<'_> {
    /// What is handed back, and whether every factor is finite.
    type Output = (f64, bool);

    #[inline(always)]
    fn run(self) -> (f64, bool) {
        let Self { ledger, sums, factors, damping } = self;
        let (mut dangling, mut finite) = (0.0, true);
        let looks = factors.as_chunks_mut().0.iter_mut().zip(sums.as_chunks().0);
        for (first, (factors, sums)) in (0u32..).step_by(CELLS_PER_LOOK).zip(looks) {
            let (factors, sums): (&mut Cells<f64>, &Cells<f64>) = (factors, sums);
            let held = ledger.activations(first);
            for ((factor, held), sum) in factors.iter_mut().zip(&held).zip(sums) {
                // A node without probability has the factor +0.
                *factor = if *sum > 0.0 { damping * held / sum } else { 0.0 };
            }
            finite &= factors.iter().all(|factor| factor.is_finite());
            let dead = bits_of(&held, |held| held > 0.0) & !bits_of(sums, |sum| sum > 0.0);
            for place in places(dead) {
                dangling += damping * held[place as usize];
            }
        }
        (dangling, finite)
    }
}

fn add(run: &mut Run<'_>, state: &mut State<f64>, dense: &DenseEdges) -> Result<(), Halt> {
    let State { pulses, factors, .. } = state;
    pulses.find_by(Finding::Scan);
    let cells = pulses.all_cells();
    let instructions = run.execution.instructions;
    let watch = &mut run.watch;
    Ok(add_dense::<f64, Sum>(instructions, dense, factors, cells, watch, run.team)?)
}

/// Makes the probability of every node from what it received, and empties its cell.
struct Receive<'a> {
    looks: &'a mut [Cells<f64>],
    kept: &'a mut [f64],
    ledger: &'a Ledger<f64>,
    given: Given<'a>,
    dangling: f64,
    damping: f64,
}

/// How the probabilities differ from those before.
struct Received {
    change: f64,
    finite: bool,
    revisits: u64,
    /// Whether other nodes have probability than before.
    moved: bool,
}

impl Compiled for Receive<'_> {
    type Output = Received;

    #[inline(always)]
    fn run(self) -> Received {
        let Self { looks, kept, ledger, mut given, dangling, damping } = self;
        let mut received = Received { change: 0.0, finite: true, revisits: 0, moved: false };
        let looks = looks.iter_mut().zip(kept.as_chunks_mut().0);
        for (first, (cells, kept)) in (0u32..).step_by(CELLS_PER_LOOK).zip(looks) {
            let kept: &mut Cells<f64> = kept;
            let held = ledger.activations(first);
            let mut seeds = [0.0; CELLS_PER_LOOK];
            if given.any_before(first + CELLS_PER_LOOK as u32) {
                for (node, seed) in (first..).zip(&mut seeds) {
                    *seed = given.to(node);
                }
            }
            let arrived = bits_of(cells, |cell| cell > 0.0);
            for ((kept, cell), seed) in kept.iter_mut().zip(&mut *cells).zip(&seeds) {
                *kept = (*cell + 0.0) + dangling * seed + (1.0 - damping) * seed;
                *cell = -0.0;
            }
            let mut changes = held;
            for (change, kept) in changes.iter_mut().zip(&*kept) {
                *change = (kept - *change).abs();
            }
            // In this order, whatever the instruction set.
            received.change = changes.iter().fold(received.change, |sum, change| sum + change);
            received.finite &= kept.iter().all(|kept| kept.is_finite());
            received.revisits += u64::from((arrived & ledger.reached_bits(first)).count_ones());
            received.moved |= bits_of(kept, |kept| kept > 0.0) != bits_of(&held, |held| held > 0.0);
        }
        received
    }
}

/// Puts the probabilities into the ledger.
struct Keep<'a> {
    kept: &'a [f64],
    ledger: &'a mut Ledger<f64>,
}

impl Compiled for Keep<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { kept, ledger } = self;
        for (first, kept) in (0u32..).step_by(CELLS_PER_LOOK).zip(kept.as_chunks().0) {
            let changed = bits_of(kept, |kept| kept > 0.0) | ledger.reached_bits(first);
            if changed != 0 {
                ledger.set_each(first, changed, |place, _| kept[place] + 0.0);
            }
        }
    }
}
