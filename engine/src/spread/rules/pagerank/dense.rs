//! Iterations in which most nodes have probability: all nodes, all edges, no lists.
//!
//! Every operation of an iteration by lists is done in the same order; for nodes without
//! probability `+0` is added, which changes nothing.

use super::{Round, cached_sum};
use crate::graph::DenseEdges;
use crate::spread::choice::{Chosen, choose};
use crate::spread::kernel::{Compiled, Sum, add_dense};
use crate::spread::ledger::Ledger;
use crate::spread::pulses::Finding;
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

pub(super) fn one_round(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    damping: f64,
) -> Result<Round, Halt> {
    run.before_hop(|_| 0)?;
    let edges = run.view.plain_edges().expect("`pays` has seen them");
    let Some(dense) = edges.dense.get() else { unreachable!("`pays` has seen the layout") };
    let (followed, dangling) = fire(run, state, damping)?;
    add(run, state, dense)?;

    let nodes = run.view.graph().node_count();
    let instructions = run.execution.instructions;
    let given = Given::by(run.seeds);
    let State { ledger, pulses, factors, .. } = state;
    let cells = &mut pulses.cells_in_blocks(nodes)[..nodes];
    // The probabilities are kept aside until all are known to be finite.
    let receive = Receive { cells, kept: factors, ledger, given, dangling, damping };
    let Received { change, finite, revisits } = instructions.run(receive);
    if finite {
        for (node, probability) in (0u32..).zip(&factors[..nodes]) {
            if *probability > 0.0 || ledger.is_reached(node) {
                ledger.set(node, *probability + 0.0);
            }
        }
        run.stats.revisits += revisits;
        run.stats.nodes_reached = ledger.reached_count() as u64;
    }
    factors[..nodes].fill(0.0);
    pulses.find_by(Finding::List);
    if finite {
        Ok(Round { edges: followed, change, full: false })
    } else {
        Err(StopReason::Overflow.into())
    }
}

/// Makes the probability of every node from what it received, and empties its cell.
struct Receive<'a> {
    cells: &'a mut [f64],
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
}

impl Compiled for Receive<'_> {
    type Output = Received;

    #[inline(always)]
    fn run(self) -> Received {
        let Self { cells, kept, ledger, mut given, dangling, damping } = self;
        let (mut change, mut finite, mut revisits) = (0.0, true, 0);
        for (node, (cell, kept)) in (0u32..).zip(cells.iter_mut().zip(kept)) {
            let received = *cell + 0.0;
            *cell = -0.0;
            let seed = given.to(node);
            let probability = received + dangling * seed + (1.0 - damping) * seed;
            let reached = ledger.is_reached(node);
            change += (probability - ledger.activation(node)).abs();
            finite &= probability.is_finite();
            revisits += u64::from(received > 0.0 && reached);
            *kept = probability;
        }
        Received { change, finite, revisits }
    }
}

/// Makes the factor of every node. Returns the edges of those that have probability, and what
/// nodes without edges hand back to the seeds.
fn fire(run: &Run<'_>, state: &mut State<f64>, damping: f64) -> Result<(u64, f64), Halt> {
    let graph = run.view.graph();
    let nodes = graph.node_count();
    let edges = run.view.plain_edges().expect("`pays` has seen them");
    let State { ledger, second, factors, .. } = state;
    make_room(factors, nodes);
    let (mut followed, mut dangling, mut finite) = (0, 0.0, true);
    for (node, (factor, sum)) in (0u32..).zip(factors[..nodes].iter_mut().zip(&*second)) {
        let probability = ledger.activation(node);
        if probability > 0.0 {
            followed += edges.row(NodeId::new(node))?.len() as u64;
            if *sum > 0.0 {
                *factor = damping * probability / sum;
                finite &= factor.is_finite();
            } else {
                dangling += damping * probability;
            }
        }
    }
    if !finite {
        factors[..nodes].fill(0.0);
        return Err(StopReason::Overflow.into());
    }
    Ok((followed, dangling))
}

fn add(run: &mut Run<'_>, state: &mut State<f64>, dense: &DenseEdges) -> Result<(), Halt> {
    let nodes = run.view.graph().node_count();
    let State { pulses, factors, .. } = state;
    pulses.find_by(Finding::Scan);
    let cells = pulses.cells_in_blocks(nodes);
    let instructions = run.execution.instructions;
    let added =
        add_dense::<f64, Sum>(instructions, dense, factors, cells, &mut run.watch, run.workers);
    if added.is_err() {
        factors[..nodes].fill(0.0);
    }
    Ok(added?)
}
