//! What each way of running a hop costs, measured on the graph at hand.

use std::time::Instant;

use super::{Compiled, InstructionSet, Sum, add_dense};
use crate::graph::{DenseEdges, Edges, PushCosts};
use crate::spread::conditions::Conditions;
use crate::spread::pulses::{Cells, Finding, Pulses, Visit};
use crate::spread::request::Bounds;
use crate::spread::watch::Watch;
use crate::terms::{NodeId, StopReason};

/// Edges that are followed to learn what following costs.
const SAMPLE_EDGES: usize = 1 << 16;
/// Times a cost is measured; the least counts, since what disturbs only adds.
const REPEATS: usize = 3;
/// The share of an edge's cost that one of the dense layout costs before it is measured.
const DENSE_SHARE: f64 = 0.4;

/// A hop whose cost is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Edges of the nodes that fire.
    pub(crate) edges: u64,
    /// Edges of the graph.
    pub(crate) all_edges: u64,
    /// Nodes of the graph.
    pub(crate) nodes: u64,
    /// Threads that share a hop in which cells are not listed.
    pub(crate) threads: usize,
}

/// A hop that follows fewer edges is run by one thread: waking others takes about as long.
pub(crate) const SHARED_EDGES: u64 = 1 << 14;

impl Work {
    /// Whether looking at all cells costs less than listing those that are touched.
    pub(crate) fn is_scanned(self, costs: PushCosts) -> bool {
        self.listed(costs) > self.scanned(costs)
    }

    /// Whether going through all edges costs less than following those of the frontier.
    pub(crate) fn is_dense(self, costs: PushCosts, dense_edge: Option<f64>) -> bool {
        let dense_edge = dense_edge.unwrap_or(costs.push_edge * DENSE_SHARE);
        let edges = self.all_edges as f64 * dense_edge / self.threads as f64;
        let dense = edges + self.nodes as f64 * costs.scan_node;
        self.listed(costs).min(self.scanned(costs)) > dense
    }

    fn listed(self, costs: PushCosts) -> f64 {
        self.edges as f64 * (costs.push_edge + costs.list_edge)
    }

    fn scanned(self, costs: PushCosts) -> f64 {
        let threads = if self.edges < SHARED_EDGES { 1 } else { self.threads };
        let edges = self.edges as f64 * costs.push_edge / threads as f64;
        edges + self.nodes as f64 * costs.scan_node
    }
}

/// Measures following about [`SAMPLE_EDGES`] edges of rows all over the graph; `None` while so few
/// of its rows are in memory that they would tell nothing.
pub(crate) fn measured_push_costs(
    edges: &Edges,
    nodes: usize,
    instructions: InstructionSet,
) -> Option<PushCosts> {
    let rows = sample(edges, nodes)?;
    let mut pulses = Pulses::<f64>::default();
    pulses.prepare(nodes);
    let bounds = Bounds::default();
    let mut watch = Watch::start(&bounds, &Conditions::alone());
    let mut least = [f64::INFINITY; 3];
    let mut followed = 1;
    for _ in 0..REPEATS {
        pulses.find_by(Finding::List);
        let started = Instant::now();
        let follow = Follow { edges, rows: &rows, pulses: &mut pulses, watch: &mut watch };
        followed = instructions.run(follow).max(1);
        pulses.take_listed::<Sum>(|_, _| false);
        least[0] = least[0].min(started.elapsed().as_secs_f64());
        pulses.find_by(Finding::Scan);
        let started = Instant::now();
        let follow = Follow { edges, rows: &rows, pulses: &mut pulses, watch: &mut watch };
        instructions.run(follow);
        least[1] = least[1].min(started.elapsed().as_secs_f64());
        let started = Instant::now();
        pulses.take_scanned::<Sum, _>(instructions, &mut Nothing);
        least[2] = least[2].min(started.elapsed().as_secs_f64());
    }
    let [list, push, scan] = least;
    Some(PushCosts {
        push_edge: push / followed as f64,
        list_edge: (list - push).max(0.0) / followed as f64,
        scan_node: scan / nodes as f64,
    })
}

/// Rows from all over the graph, ascending, with about [`SAMPLE_EDGES`] edges.
fn sample(edges: &Edges, nodes: usize) -> Option<Vec<u32>> {
    let mut rows = Vec::new();
    let mut sampled = 0;
    // Multiples of an odd number, cut to the range: spread evenly, and the same every time.
    for turn in 0..nodes.min(SAMPLE_EDGES) as u64 {
        let node = ((turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) * nodes as u64) >> 32;
        let node = u32::try_from(node).expect("below the number of nodes");
        // A measurement is no reason to read a file.
        if !edges.is_held(node) {
            continue;
        }
        let Ok(row) = edges.row(NodeId::new(node)) else { continue };
        sampled += row.len();
        rows.push(node);
        if sampled >= SAMPLE_EDGES {
            break;
        }
    }
    rows.sort_unstable();
    (sampled >= SAMPLE_EDGES / 4).then_some(rows)
}

/// Follows rows; gives their edges.
struct Follow<'a, 'w> {
    edges: &'a Edges,
    rows: &'a [u32],
    pulses: &'a mut Pulses<f64>,
    watch: &'a mut Watch<'w>,
}

impl Compiled for Follow<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let mut followed = 0;
        for &node in self.rows {
            // What cannot be read is left out, and whoever needs it is told.
            if let Ok(row) = self.edges.row(NodeId::new(node)) {
                followed += row.len();
                let added: Result<(), StopReason> =
                    self.pulses.add_row::<Sum>(row, 1.0, self.watch);
                debug_assert!(added.is_ok(), "nothing bounds it");
            }
        }
        followed
    }
}

/// Does nothing with what was touched.
struct Nothing;

impl<S> Visit<S> for Nothing {
    #[inline(always)]
    fn visit(&mut self, _: u32, _: &Cells<S>, _: u64) {}
}

/// Measures a dense hop; the cost of one edge.
pub(crate) fn measured_dense_cost(
    dense: &DenseEdges,
    nodes: usize,
    instructions: InstructionSet,
) -> f64 {
    let factors = vec![1.0f64; nodes];
    let mut cells = vec![0.0; nodes];
    let bounds = Bounds::default();
    let mut least = f64::INFINITY;
    for _ in 0..REPEATS {
        let mut watch = Watch::start(&bounds, &Conditions::alone());
        let started = Instant::now();
        let added =
            add_dense::<f64, Sum>(instructions, dense, &factors, &mut cells, &mut watch, None);
        debug_assert!(added.is_ok(), "nothing bounds it");
        least = least.min(started.elapsed().as_secs_f64());
    }
    least / dense.codes().max(1) as f64
}
