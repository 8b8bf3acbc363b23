//! The part of a graph that a small spread reaches.

use std::collections::BTreeSet;

use crate::graph::{BuildError, DamagedBlock, Generation, GraphBuilder};
use crate::terms::NodeId;

/// All nodes within a number of hops of a seed, with the rows of those that can fire.
#[derive(Debug)]
pub(super) struct Ball {
    pub(super) seed: NodeId,
    /// Hops after which every edge that was followed is here.
    pub(super) hops: u32,
    pub(super) edges: u64,
    rows: Vec<(NodeId, Vec<(u32, f64)>)>,
}

impl Ball {
    /// What lies around `seed`: at most `hops` hops, and only as many as keep it to `edges_max`
    /// edges. Reads at most one row more than it keeps.
    pub(super) fn around(
        graph: &Generation,
        seed: NodeId,
        hops: u32,
        edges_max: u64,
    ) -> Result<Self, DamagedBlock> {
        let mut ball = Self { seed, hops: 0, edges: 0, rows: Vec::new() };
        let mut known = BTreeSet::from([seed.get()]);
        let mut frontier = vec![seed.get()];
        while ball.hops < hops {
            let (rows_before, edges_before) = (ball.rows.len(), ball.edges);
            let mut next = Vec::new();
            for &node in &frontier {
                let node = NodeId::new(node);
                let row = graph.out_row(node)?;
                ball.edges += row.len() as u64;
                if ball.edges > edges_max {
                    // This hop does not fit, so it is left out whole.
                    ball.rows.truncate(rows_before);
                    ball.edges = edges_before;
                    return Ok(ball);
                }
                let weights = (0..row.len()).map(|at| row.weights.at(at));
                let edges: Vec<(u32, f64)> = row.targets.iter().copied().zip(weights).collect();
                next.extend(edges.iter().map(|&(target, _)| target).filter(|&u| known.insert(u)));
                ball.rows.push((node, edges));
            }
            frontier = next;
            ball.hops += 1;
        }
        Ok(ball)
    }

    /// The same as a graph of its own, whose keys are the nodes' numbers; without the edges of
    /// the nodes in `emptied`.
    pub(super) fn graph(&self, emptied: &[NodeId]) -> Result<Generation, BuildError> {
        let mut builder = GraphBuilder::with_keys();
        builder.node(key(self.seed.get()))?;
        for (node, edges) in self.rows.iter().filter(|(node, _)| !emptied.contains(node)) {
            for &(target, weight) in edges {
                builder.edge(key(node.get()), key(target), weight)?;
            }
        }
        builder.build()
    }
}

/// A node of the large graph, as the small one names it.
pub(super) fn key(node: u32) -> u64 {
    u64::from(node)
}
