//! In-edges made from out-edges.

use super::blocks::{Blocks, ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use super::edges::{Column, EdgeBlock, Edges, WeightSlice, Weights};
use super::error::DamagedBlock;
use super::generation::Generation;
use super::overlay::RowParts;
use crate::terms::NodeId;

/// The edges in the blocks of `graph` by target, then source, then relation and time: a counting
/// sort. What changes have put over the blocks is not in it.
///
/// Costs two passes over the out-edges and, beside the result, 4 bytes a node.
pub(super) fn in_edges(graph: &Generation) -> Result<Edges, DamagedBlock> {
    let edges = &graph.out_edges;
    let nodes = edges.block_nodes();
    let mut ends = vec![0u32; nodes];
    for node in nodes_of(nodes) {
        for &target in edges.block_parts(node)?.row.targets {
            // A block of more than 2^32 - 1 in-edges would wrap here; see `block`.
            ends[target as usize] += 1;
        }
    }
    let has_relations = edges.relations.is_some();
    let has_times = edges.times.is_some();
    let mut blocks: Vec<EdgeBlock> = ends
        .chunks_mut(ROWS_PER_BLOCK)
        .map(|counts| block(counts, edges.weights_are_single()))
        .collect();
    let mut relations: Vec<Column<u32>> = columns(&blocks, has_relations, 0);
    let mut times: Vec<Column<f64>> = columns(&blocks, has_times, 0.0);

    // `ends[v]` is now where the next edge of row `v` goes.
    for node in nodes_of(nodes) {
        let RowParts { row, relations: row_relations, times: row_times } =
            edges.block_parts(node)?;
        for (position, &target) in row.targets.iter().enumerate() {
            let place = target as usize >> ROWS_PER_BLOCK_BITS;
            let slot = ends[target as usize] as usize;
            ends[target as usize] += 1;
            let block = &mut blocks[place];
            block.targets[slot] = node.get();
            match (&mut block.weights, row.weights) {
                (Weights::Single(to), WeightSlice::Single(from)) => to[slot] = from[position],
                (Weights::Double(to), WeightSlice::Double(from)) => to[slot] = from[position],
                _ => unreachable!("all weights of a graph have one type"),
            }
            if has_relations {
                relations[place][slot] = row_relations[position];
            }
            if has_times {
                times[place][slot] = row_times[position];
            }
        }
    }
    Ok(Edges::new(
        nodes,
        Blocks::in_memory(blocks),
        has_relations.then(|| Blocks::in_memory(relations)),
        has_times.then(|| Blocks::in_memory(times)),
    ))
}

fn nodes_of(count: usize) -> impl Iterator<Item = NodeId> {
    let count = u32::try_from(count).expect("a graph has fewer than 2^32 nodes");
    (0..count).map(NodeId::new)
}

/// An empty block with room for `counts` edges a row; turns `counts` into the rows' starts.
fn block(counts: &mut [u32], single: bool) -> EdgeBlock {
    let mut offsets = Vec::with_capacity(counts.len() + 1);
    let mut end = 0u32;
    offsets.push(0);
    for count in counts {
        let start = end;
        end = end.checked_add(*count).expect("1024 nodes have fewer than 2^32 in-edges");
        offsets.push(end);
        *count = start;
    }
    let edges = end as usize;
    EdgeBlock {
        offsets: offsets.into_boxed_slice(),
        targets: vec![0; edges].into_boxed_slice(),
        weights: if single {
            Weights::Single(vec![0.0; edges].into_boxed_slice())
        } else {
            Weights::Double(vec![0.0; edges].into_boxed_slice())
        },
    }
}

fn columns<T: Copy>(blocks: &[EdgeBlock], wanted: bool, empty: T) -> Vec<Column<T>> {
    if !wanted {
        return Vec::new();
    }
    blocks.iter().map(|block| vec![empty; block.targets.len()].into_boxed_slice()).collect()
}
