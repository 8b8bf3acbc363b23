//! Edges once more, grouped by blocks of targets.
//!
//! Where most nodes fire, following rows adds to cells all over memory, and each addition waits
//! for its cell. Here the edges of at most [`TARGETS_MAX`] neighbouring targets lie together, by
//! source, so the cells of a block stay in the first cache while the sources stream by. Within a
//! block the sources ascend, so every cell is summed in the same order as by rows.
//!
//! Threads share a hop by blocks. Nodes are numbered by their edges, so blocks of as many targets
//! would leave one thread with most of the work: where many edges lead, a block has fewer targets.
//!
//! # Source
//! Zhang et al. Making caches work for graph analytics (segmenting). BigData 2017; Lakhotia et al.
//! Accelerating PageRank using partition-centric processing. USENIX ATC 2018.

use std::ops::Range;

use super::builder::WeightColumn;
use super::edges::{Edges, Row, WeightSlice, Weights};
use super::error::DamagedBlock;
use crate::sync::{AtomicBool, AtomicU64, FirstWins, Ordering};
use crate::terms::NodeId;

/// Bits of a code that are the target's place in its block.
pub(crate) const TARGET_BITS: u32 = 13;
/// The most targets of one block: 64 KB of cells in double precision.
const TARGETS_MAX: usize = 1 << TARGET_BITS;
/// Blocks begin at multiples of this, so that no two share a cache line of cells.
const TARGETS_MIN: usize = 1 << 6;
/// The greatest step from one source to the next that one code holds.
const STEP_MAX: u32 = u32::MAX >> TARGET_BITS;
/// No block has more than one part in so many of all edges, but where [`TARGETS_MIN`] targets have.
const BLOCKS_MIN: usize = 12;
/// So many edges a block may have, however few there are in all.
const BLOCK_EDGES: usize = 1 << 14;

/// The edges into neighbouring nodes, ascending by source, then as in its row.
#[derive(Debug)]
pub(crate) struct TargetBlock {
    /// How many targets there are, at most [`TARGETS_MAX`]; they follow on those of the block
    /// before.
    pub(crate) targets: usize,
    /// For each edge, the step from the source of the one before (from 0 for the first) above
    /// [`TARGET_BITS`] bits for the target within the block.
    pub(crate) codes: Box<[u32]>,
    /// Parallel to the codes. An edge that only carries a long step on has weight 0.
    pub(crate) weights: Weights,
}

/// All edges of a graph in one direction, grouped by blocks of targets.
#[derive(Debug)]
pub(crate) struct DenseEdges {
    /// Ascending; together they have every node as a target once.
    pub(crate) blocks: Box<[TargetBlock]>,
}

impl DenseEdges {
    /// The layout of `edges` on `nodes` nodes. Costs two passes over the edges and 8 bytes an edge
    /// (12 with weights in double precision).
    fn of(edges: &Edges, nodes: usize) -> Result<Self, DamagedBlock> {
        let single = edges.weights_are_single();
        let mut begun: Vec<Begun> = divided(&edges_into(edges, nodes)?, nodes)
            .map(|(targets, edges)| Begun::new(targets, edges, nodes, single))
            .collect();
        // The block of each of the smallest blocks there may be.
        let mut block_of = vec![0; nodes.div_ceil(TARGETS_MIN)];
        for (position, block) in begun.iter().enumerate() {
            let parts = block.targets.div_ceil(TARGETS_MIN);
            block_of[block.first as usize / TARGETS_MIN..][..parts].fill(position);
        }
        for_each_row(edges, nodes, |source, row| {
            let mut start = 0;
            while let Some(target) = row.targets.get(start) {
                let block = &mut begun[block_of[*target as usize / TARGETS_MIN]];
                let others = row.targets[start..].iter().position(|target| !block.has(*target));
                let end = others.map_or(row.len(), |len| start + len);
                block.append(source, &row.targets[start..end], row.weights.range(start..end));
                start = end;
            }
        })?;
        Ok(Self { blocks: begun.into_iter().map(Begun::ended).collect() })
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
}

/// How many edges lead to each of the smallest blocks there may be.
fn edges_into(edges: &Edges, nodes: usize) -> Result<Vec<usize>, DamagedBlock> {
    let mut counts = vec![0; nodes.div_ceil(TARGETS_MIN)];
    for_each_row(edges, nodes, |_, row| {
        for target in row.targets {
            counts[*target as usize / TARGETS_MIN] += 1;
        }
    })?;
    Ok(counts)
}

/// The blocks for `counts` edges into each of the smallest there may be: their targets and edges.
fn divided(counts: &[usize], nodes: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let edges_max = (counts.iter().sum::<usize>() / BLOCKS_MIN).max(BLOCK_EDGES);
    let mut next = 0;
    std::iter::from_fn(move || {
        let (first, mut edges) = (next, *counts.get(next)?);
        next += 1;
        while let Some(more) = counts.get(next)
            && (next - first) < TARGETS_MAX / TARGETS_MIN
            && edges + more <= edges_max
        {
            edges += more;
            next += 1;
        }
        Some((first * TARGETS_MIN..nodes.min(next * TARGETS_MIN), edges))
    })
}

/// A block of targets whose edges are not all there yet.
struct Begun {
    first: u32,
    targets: usize,
    codes: Vec<u32>,
    weights: WeightColumn,
    /// The source of the last edge.
    source: u32,
}

impl Begun {
    /// A block of `targets`, with room for `edges`.
    fn new(targets: Range<usize>, edges: usize, nodes: usize, single: bool) -> Self {
        // A step takes more than one code at most once in so many nodes.
        let codes = edges + nodes / STEP_MAX as usize;
        let weights = WeightColumn::with_room(single, codes);
        let first = u32::try_from(targets.start).expect("a graph has fewer than 2^32 nodes");
        Self { first, targets: targets.len(), codes: Vec::with_capacity(codes), weights, source: 0 }
    }

    fn has(&self, target: u32) -> bool {
        (target.wrapping_sub(self.first) as usize) < self.targets
    }

    fn append(&mut self, source: u32, targets: &[u32], weights: WeightSlice<'_>) {
        let step = source - self.source;
        self.source = source;
        let fillers = step / STEP_MAX;
        let mut step = step % STEP_MAX;
        for _ in 0..fillers {
            self.codes.push(STEP_MAX << TARGET_BITS);
            self.weights.push(0.0);
        }
        self.codes.extend(
            targets
                .iter()
                .map(|target| std::mem::take(&mut step) << TARGET_BITS | (target - self.first)),
        );
        self.weights.extend(weights);
    }

    fn ended(self) -> TargetBlock {
        let (codes, weights) = (self.codes.into_boxed_slice(), self.weights.into());
        TargetBlock { targets: self.targets, codes, weights }
    }
}

/// Calls `visit` with every row, ascending.
fn for_each_row(
    edges: &Edges,
    nodes: usize,
    mut visit: impl FnMut(u32, Row<'_>),
) -> Result<(), DamagedBlock> {
    for node in 0..nodes {
        let node = u32::try_from(node).expect("a graph has fewer than 2^32 nodes");
        visit(node, edges.row(NodeId::new(node))?);
    }
    Ok(())
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
    use super::{
        BLOCK_EDGES, BLOCKS_MIN, STEP_MAX, TARGET_BITS, TARGETS_MAX, TARGETS_MIN, Weights, divided,
    };
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
        let mut first = 0;
        for (position, block) in dense.blocks.iter().enumerate() {
            let Weights::Single(weights) = &block.weights else { panic!("weights are single") };
            let mut source = 0;
            for (code, weight) in block.codes.iter().zip(weights) {
                source += code >> TARGET_BITS;
                let place = *code as usize & (TARGETS_MAX - 1);
                assert!(place < block.targets, "{place} is no target of block {position}");
                if *weight > 0.0 {
                    found.push((position, source, first + place, *weight));
                }
            }
            first += block.targets;
        }
        assert_eq!(first, graph.node_count(), "every node is a target once");
        let in_order = found.is_sorted_by_key(|(block, source, ..)| (*block, *source));
        assert!(in_order, "sources ascend within a block");
        let mut expected = 0;
        for node in 0..graph.node_count() {
            let node = NodeId::new(u32::try_from(node).unwrap());
            let row = graph.out_row(node).unwrap();
            expected += row.len();
            for (position, target) in row.targets.iter().enumerate() {
                let weight = row.weights.at(position);
                let edge = (node.get(), *target as usize);
                let held = found.iter().any(|f| (f.1, f.2) == edge && f64::from(f.3) == weight);
                assert!(held, "{edge:?} is missing");
            }
        }
        assert_eq!(found.len(), expected);
    }

    #[test]
    fn blocks_into_which_many_edges_lead_have_fewer_targets() {
        let parts = 3 * TARGETS_MAX / TARGETS_MIN;
        let mut counts = vec![10; parts];
        let hub = 2 * BLOCK_EDGES * BLOCKS_MIN;
        counts[..3].copy_from_slice(&[hub, hub / BLOCKS_MIN, hub / BLOCKS_MIN]);
        let nodes = parts * TARGETS_MIN - 5;
        let blocks: Vec<_> = divided(&counts, nodes).collect();
        let edges: usize = blocks.iter().map(|(_, edges)| edges).sum();
        assert_eq!(edges, counts.iter().sum());
        assert_eq!(blocks[0], (0..TARGETS_MIN, hub), "one part is never divided");
        let all = counts.iter().sum::<usize>();
        assert!(blocks.iter().skip(1).all(|(_, edges)| *edges <= all / BLOCKS_MIN));
        assert!(blocks.iter().all(|(targets, _)| targets.len() <= TARGETS_MAX));
        assert!(blocks.is_sorted_by(|one, other| one.0.end == other.0.start));
        assert_eq!(blocks.last().unwrap().0.end, nodes);
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
