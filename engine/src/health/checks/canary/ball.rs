//! The part of a graph that a small spread saw.

use std::collections::BTreeSet;

use crate::graph::{DamagedBlock, Edge, EdgeHold, Generation, GraphBuilder};
use crate::terms::{Label, NodeId};

/// What is needed to repeat a spread that ended after some hops: the rows of the nodes that can
/// have fired, and of the fan-out of the next ones so much that it can be seen whether another hop
/// would have passed the bound on edges.
#[derive(Debug)]
pub(super) struct Ball<'a> {
    graph: &'a Generation,
    edges_max: u64,
    known: BTreeSet<u32>,
    rows: Vec<(u32, Vec<(u32, f64)>)>,
}

impl<'a> Ball<'a> {
    /// What lies within `hops` hops of `seed`, without the rows of the nodes in `unread`, which
    /// are not asked for.
    ///
    /// Reads the rows that a spread of so many hops reads, and rows of the next hop until they
    /// hold more than `edges_max` edges.
    pub(super) fn around(
        graph: &'a Generation,
        seed: NodeId,
        hops: u32,
        edges_max: u64,
        unread: &[NodeId],
    ) -> Result<Self, DamagedBlock> {
        let known = BTreeSet::from([seed.get()]);
        let mut ball = Self { graph, edges_max, known, rows: Vec::new() };
        let mut frontier = vec![seed.get()];
        for _ in 0..hops {
            let mut next = Vec::new();
            for &node in frontier.iter().filter(|&&node| !unread.contains(&NodeId::new(node))) {
                let row = ball.row(node, usize::MAX)?;
                let known = &mut ball.known;
                next.extend(row.iter().map(|&(target, _)| target).filter(|&u| known.insert(u)));
                ball.rows.push((node, row));
            }
            frontier = next;
        }
        ball.add_next(&frontier);
        Ok(ball)
    }

    /// Adds rows of `frontier`, none longer than is needed to pass the bound.
    fn add_next(&mut self, frontier: &[u32]) {
        let most = usize::try_from(self.edges_max).unwrap_or(usize::MAX).saturating_add(1);
        let mut edges = 0;
        for &node in frontier {
            if edges >= most {
                return;
            }
            // A row that cannot be read has no fan-out, there as here.
            if let Ok(row) = self.row(node, most) {
                edges += row.len();
                self.rows.push((node, row));
            }
        }
    }

    fn row(&self, node: u32, most: usize) -> Result<Vec<(u32, f64)>, DamagedBlock> {
        let mut hold = EdgeHold::new();
        let row = self.graph.out_row_in(NodeId::new(node), &mut hold)?;
        let weights = (0..row.len()).map(|at| row.weights.at(at));
        Ok(row.targets.iter().copied().zip(weights).take(most).collect())
    }

    /// The same as a graph of its own, whose keys are the nodes' numbers. Edges between the same
    /// nodes stay apart, as they are in the large graph.
    pub(super) fn to_graph(&self, seed: NodeId) -> Option<Generation> {
        let mut builder = GraphBuilder::with_keys();
        builder.node(key(seed.get())).ok()?;
        for (node, edges) in &self.rows {
            for (position, &(target, weight)) in edges.iter().enumerate() {
                let (source, target) = (Label::Key(key(*node)), Label::Key(key(target)));
                // A time of its own keeps an edge from being added to its neighbour.
                let time = Some(position as f64);
                builder.add(&Edge { source, target, weight, relation: None, time }).ok()?;
            }
        }
        builder.build().ok()
    }
}

/// A node of the large graph, as the small one names it.
pub(super) fn key(node: u32) -> u64 {
    u64::from(node)
}
