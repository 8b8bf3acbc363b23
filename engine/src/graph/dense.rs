//! Edges once more, grouped by blocks of targets.
//!
//! Where most nodes fire, following rows adds to cells all over memory, and each addition waits
//! for its cell. Here the edges of [`TARGETS_PER_BLOCK`] neighbouring targets lie together, by
//! source, so the cells of a block stay in the first cache while the sources stream by. Within a
//! block the sources ascend, so every cell is summed in the same order as by rows.
//!
//! # Source
//! Zhang et al. Making caches work for graph analytics (segmenting). BigData 2017; Lakhotia et al.
//! Accelerating PageRank using partition-centric processing. USENIX ATC 2018.

use super::blocks::{ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use super::edges::{Edges, WeightSlice, Weights};
use super::error::DamagedBlock;
use crate::sync::{AtomicBool, AtomicU64, FirstWins, Ordering};
use crate::terms::NodeId;

/// `log2` of [`TARGETS_PER_BLOCK`].
pub(crate) const TARGETS_PER_BLOCK_BITS: u32 = 13;
/// Targets of one block: 64 KB of cells in double precision.
pub(crate) const TARGETS_PER_BLOCK: usize = 1 << TARGETS_PER_BLOCK_BITS;
/// The greatest step from one source to the next that one code holds.
const STEP_MAX: u32 = u32::MAX >> TARGETS_PER_BLOCK_BITS;

/// The edges into [`TARGETS_PER_BLOCK`] neighbouring nodes, ascending by source, then as in its
/// row.
#[derive(Debug)]
pub(crate) struct TargetBlock {
    /// For each edge, the step from the source of the one before (from 0 for the first) above
    /// [`TARGETS_PER_BLOCK_BITS`] bits for the target within the block.
    pub(crate) codes: Box<[u32]>,
    /// Parallel to the codes. An edge that only carries a long step on has weight 0.
    pub(crate) weights: Weights,
}

/// All edges of a graph in one direction, grouped by blocks of targets.
#[derive(Debug)]
pub(crate) struct DenseEdges {
    pub(crate) blocks: Box<[TargetBlock]>,
}

/// What a block needs to know of what it already holds.
#[derive(Clone, Copy, Default)]
struct Tail {
    len: usize,
    source: u32,
}

impl Tail {
    /// Carries the source on to `source`. Returns how many codes that takes before the edge's own,
    /// and the step left for it.
    fn step_to(&mut self, source: u32) -> (usize, u32) {
        let step = source - self.source;
        self.source = source;
        ((step / STEP_MAX) as usize, step % STEP_MAX)
    }
}

impl DenseEdges {
    /// The layout of `edges` on `nodes` nodes. Costs two passes over the edges and 8 bytes an edge
    /// (12 with weights in double precision).
    fn of(edges: &Edges, nodes: usize) -> Result<Self, DamagedBlock> {
        let mut tails = vec![Tail::default(); nodes.div_ceil(TARGETS_PER_BLOCK)];
        for_each_run(edges, nodes, |source, block, run, _| {
            let tail = &mut tails[block];
            let (fillers, _) = tail.step_to(source);
            tail.len += fillers + run.len();
        })?;
        let single = edges.weights_are_single();
        let mut blocks: Vec<TargetBlock> =
            tails.iter().map(|tail| TargetBlock::empty(tail.len, single)).collect();
        tails.fill(Tail::default());
        for_each_run(edges, nodes, |source, block, run, weights| {
            blocks[block].append(&mut tails[block], source, run, weights);
        })?;
        Ok(Self { blocks: blocks.into_boxed_slice() })
    }

    /// Bytes it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(TargetBlock::bytes).sum()
    }

    /// Codes in all blocks: edges, and the few that only carry a step on.
    pub(crate) fn codes(&self) -> usize {
        self.blocks.iter().map(|block| block.codes.len()).sum()
    }
}

impl TargetBlock {
    fn bytes(&self) -> usize {
        let weights = match &self.weights {
            Weights::Single(weights) => size_of_val(&**weights),
            Weights::Double(weights) => size_of_val(&**weights),
        };
        size_of_val(&*self.codes) + weights
    }

    fn empty(len: usize, single: bool) -> Self {
        let weights = if single {
            Weights::Single(vec![0.0; len].into_boxed_slice())
        } else {
            Weights::Double(vec![0.0; len].into_boxed_slice())
        };
        Self { codes: vec![0; len].into_boxed_slice(), weights }
    }

    fn append(&mut self, tail: &mut Tail, source: u32, targets: &[u32], weights: WeightSlice<'_>) {
        let (fillers, mut step) = tail.step_to(source);
        let codes = &mut self.codes[tail.len..][..fillers + targets.len()];
        let (carry, codes) = codes.split_at_mut(fillers);
        carry.fill(STEP_MAX << TARGETS_PER_BLOCK_BITS);
        for (code, target) in codes.iter_mut().zip(targets) {
            let place = target & (TARGETS_PER_BLOCK as u32 - 1);
            *code = std::mem::take(&mut step) << TARGETS_PER_BLOCK_BITS | place;
        }
        let range = tail.len + fillers..tail.len + fillers + targets.len();
        match (&mut self.weights, weights) {
            (Weights::Single(to), WeightSlice::Single(from)) => {
                to[range.clone()].copy_from_slice(from);
            }
            (Weights::Double(to), WeightSlice::Double(from)) => {
                to[range.clone()].copy_from_slice(from);
            }
            _ => unreachable!("all weights of a graph have one type"),
        }
        tail.len = range.end;
    }
}

/// Calls `visit` with every run of a row whose targets lie in one block: the row's node, the
/// block, the targets and their weights; rows ascending.
fn for_each_run(
    edges: &Edges,
    nodes: usize,
    mut visit: impl FnMut(u32, usize, &[u32], WeightSlice<'_>),
) -> Result<(), DamagedBlock> {
    for position in 0..nodes.div_ceil(ROWS_PER_BLOCK) {
        let first = position << ROWS_PER_BLOCK_BITS;
        for node in first..nodes.min(first + ROWS_PER_BLOCK) {
            let node = u32::try_from(node).expect("a graph has fewer than 2^32 nodes");
            let row = edges.row(NodeId::new(node))?;
            let mut start = 0;
            for run in row.targets.chunk_by(|a, b| block_of(*a) == block_of(*b)) {
                let end = start + run.len();
                visit(node, block_of(run[0]), run, row.weights.range(start..end));
                start = end;
            }
        }
    }
    Ok(())
}

const fn block_of(target: u32) -> usize {
    (target >> TARGETS_PER_BLOCK_BITS) as usize
}

/// The layout of one direction's edges: absent until it has paid for itself.
///
/// Making it costs about as much as following every edge [`WORTH`] times, so it is made once that
/// many edges were followed in hops that it would have made faster: whatever comes, at most twice
/// the work of the better of the two choices is done.
#[derive(Debug, Default)]
pub(crate) struct DenseCell {
    layout: FirstWins<DenseEdges>,
    /// Edges followed one by one in hops that the layout is faster for.
    followed: AtomicU64,
    claimed: AtomicBool,
    /// What following rows costs, once measured.
    pub(crate) push_costs: FirstWins<PushCosts>,
    /// What an edge of the layout costs, in seconds, once measured.
    pub(crate) edge_cost: FirstWins<f64>,
}

/// What following rows costs on a graph, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PushCosts {
    /// Following an edge and adding to its cell.
    pub(crate) push_edge: f64,
    /// Noting where an edge leads to, and going there again.
    pub(crate) list_edge: f64,
    /// Looking at one cell.
    pub(crate) scan_node: f64,
}

impl Default for PushCosts {
    /// About what they are while everything lies in the first two caches.
    fn default() -> Self {
        Self { push_edge: 1.5e-9, list_edge: 1.5e-9, scan_node: 0.3e-9 }
    }
}

/// How many times every edge may be followed for the price of making the layout.
const WORTH: u64 = 8;

impl DenseCell {
    /// The layout, where it was made.
    #[inline]
    pub(crate) fn get(&self) -> Option<&DenseEdges> {
        self.layout.get()
    }

    /// Makes the layout if it is not there.
    ///
    /// # Errors
    /// [`DamagedBlock`] where a row could not be read. The next call tries again.
    pub(crate) fn make(&self, edges: &Edges, nodes: usize) -> Result<&DenseEdges, DamagedBlock> {
        self.layout.get_or_try(|| DenseEdges::of(edges, nodes))
    }

    /// Notes that `edges` of `all` were followed one by one in a hop that the layout is faster
    /// for. Returns whether the caller should make it now; tells so one caller only.
    pub(crate) fn note(&self, edges: u64, all: u64) -> bool {
        // Relaxed: a count that decides nothing but when to do work that has no effect on results.
        let followed = self.followed.fetch_add(edges, Ordering::Relaxed).saturating_add(edges);
        followed >= all.saturating_mul(WORTH) && !self.claimed.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{STEP_MAX, TARGETS_PER_BLOCK, TARGETS_PER_BLOCK_BITS, Weights};
    use crate::graph::GraphBuilder;
    use crate::terms::NodeId;

    #[test]
    fn every_edge_is_there_once_in_order_of_its_source() {
        let mut builder = GraphBuilder::with_keys();
        // More nodes than one code can step over, and edges far apart.
        let nodes = if cfg!(miri) { 20_000 } else { u64::from(STEP_MAX) * 2 + 10 };
        for node in 0..nodes {
            builder.node(node).unwrap();
        }
        let mut next = 1u64;
        for _ in 0..if cfg!(miri) { 50 } else { 5000 } {
            next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (source, target) = ((next >> 33) % nodes, (next >> 13) % nodes);
            builder.edge(source, target, ((next >> 40) % 1000) as f64 + 0.5).unwrap();
        }
        let graph = builder.build().unwrap();
        let dense = graph.out_edges.dense.make(&graph.out_edges, graph.node_count()).unwrap();
        let mut found = Vec::new();
        for (position, block) in dense.blocks.iter().enumerate() {
            let Weights::Single(weights) = &block.weights else { panic!("weights are single") };
            let mut source = 0;
            for (code, weight) in block.codes.iter().zip(weights) {
                source += code >> TARGETS_PER_BLOCK_BITS;
                let place = *code as usize & (TARGETS_PER_BLOCK - 1);
                if *weight > 0.0 {
                    found.push((position, source, position * TARGETS_PER_BLOCK + place, *weight));
                }
            }
        }
        let in_order = found.is_sorted_by_key(|(block, source, ..)| (*block, *source));
        assert!(in_order, "sources ascend within a block");
        let mut expected = 0;
        for node in 0..graph.node_count() {
            let node = NodeId::new(u32::try_from(node).unwrap());
            let row = graph.out_row(node).unwrap();
            expected += row.len();
            for (position, target) in row.targets.iter().enumerate() {
                let weight = row.weights.at(position);
                let edge = (*target as usize / TARGETS_PER_BLOCK, node.get(), *target as usize);
                let held =
                    found.iter().any(|f| (f.0, f.1, f.2) == edge && f64::from(f.3) == weight);
                assert!(held, "{edge:?} is missing");
            }
        }
        assert_eq!(found.len(), expected);
    }

    #[test]
    fn one_caller_is_told_to_make_it_once_it_has_paid() {
        let graph = GraphBuilder::new().build().unwrap();
        let cell = &graph.out_edges.dense;
        assert!(!cell.note(79, 10));
        assert!(cell.note(1, 10));
        assert!(!cell.note(1, 10));
    }
}
