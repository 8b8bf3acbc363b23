//! What changes have put over the blocks of a graph, and how it gets into them.
//!
//! A generation that changes have made shares the blocks of the one before. Over them lie whole
//! rows: each row that differs from its block stands in a sparse array by node, in the order of
//! every row, so a spread that follows it adds the same numbers in the same order as one that
//! follows a merged row. The array is persistent: making the next generation copies the path to
//! what changes and nothing else, and the one before stays as it was, to the bit.
//!
//! - Nodes that changes add get the next ids. They have no row in the blocks; without one over
//!   them they have no edges. A node that is removed keeps its id, and nothing else.
//! - Relations that changes add get the next ids, since an edge's place in its row depends on it.
//! - In-edges are those of the blocks, turned round once for all generations that share them, and
//!   rows over them for every target whose in-edges differ. They are kept up with each change once
//!   anybody has asked for them.
//! - Bounds among the facts (weights, fans) are only ever widened; counts are exact.
//!
//! [`Merge`] makes blocks of a generation, slice by slice, under the same ids; [`rebased`] puts
//! what was changed meanwhile over the new blocks.

mod draft;
mod load;
mod merge;
mod names;
mod patched;
mod row;
mod sparse;

use super::edges::Edges;
use super::error::DamagedBlock;
use super::generation::Generation;
use super::tiers::{Columns, EdgeHold};
use crate::terms::NodeId;

pub(crate) use draft::Draft;
pub(crate) use load::{LoadFailure, Loaded};
pub use merge::MergeError;
pub(crate) use merge::{Merge, rebased};
pub(crate) use names::Name;
pub(super) use names::NameOverlay;
pub(crate) use patched::PatchedRow;
pub(crate) use row::{EdgeAt, RowParts};
pub(super) use sparse::Sparse;

/// The in-edges of a generation whose out-edges have rows over their blocks: those of the blocks,
/// and what the rows over them change.
///
/// Costs one look at every edge of those rows and of the rows they stand for.
pub(super) fn in_edges(graph: &Generation) -> Result<Edges, DamagedBlock> {
    let mut edges = graph.block_in_edges()?.blocks_alone();
    edges.overlay();
    let mut turned = Ok(());
    graph.out_edges.patches().for_each(|node, row| {
        if turned.is_ok() {
            turned = turn(&graph.out_edges, node, row.parts(), &mut edges);
        }
    });
    turned.map(|()| edges)
}

/// Changes the in-edges of those targets whose edge from `source` differs from the blocks.
fn turn(
    blocks: &Edges,
    source: u32,
    after: RowParts<'_>,
    edges: &mut Edges,
) -> Result<(), DamagedBlock> {
    let mut hold = EdgeHold::new();
    let before = blocks.block_parts_in(NodeId::new(source), &mut hold, Columns::ALL)?;
    let turned = |edge: EdgeAt| EdgeAt { other: source, ..edge };
    for (edge, weight) in after.edges() {
        if before.weight(edge).is_none_or(|held| held.to_bits() != weight.to_bits()) {
            edges.edit(edge.other)?.put(turned(edge), weight);
        }
    }
    for (edge, _) in before.edges() {
        if after.find(edge).is_err() {
            edges.edit(edge.other)?.take(turned(edge));
        }
    }
    Ok(())
}
