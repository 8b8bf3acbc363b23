//! Rows of one node after the other, asked for before they are needed.

use super::edges::{Edges, Row};
use super::error::DamagedBlock;
use super::overlay::{PatchedRow, RowParts};
use crate::terms::NodeId;

/// Rows between the one that is read and the one whose first edges are asked for.
const EDGES_AHEAD: usize = 6;
/// The same for what leads to the edges of a row that stands over its block: where a long row is
/// whole, the long row, and the row's own entry. Each is found in the one before it.
const WHOLE_AHEAD: usize = 9;
const LONG_AHEAD: usize = 12;
const ENTRY_AHEAD: usize = 15;
/// Entries that are kept from when they are asked for until their rows are read.
const KEPT: usize = 16;

/// Reads the rows of `nodes` in turn.
///
/// The edges of a row in a block are two reads away, those of a row that stands over its block up
/// to seven, each of which waits for the one before. So those are looked up once, some rows ahead,
/// and then followed a step at a time while other rows are read.
#[derive(Debug)]
pub(crate) struct RowsAhead<'e, 'n> {
    edges: &'e Edges,
    nodes: &'n [u32],
    /// What stands over the blocks of the next nodes, each at its position modulo [`KEPT`].
    over: [Option<&'e PatchedRow>; KEPT],
}

impl<'e, 'n> RowsAhead<'e, 'n> {
    pub(crate) fn of(edges: &'e Edges, nodes: &'n [u32]) -> Self {
        let mut rows = Self { edges, nodes, over: [None; KEPT] };
        if edges.is_overlaid() {
            (0..ENTRY_AHEAD).for_each(|position| rows.look_up(position));
        }
        rows
    }

    /// The row of the node at `position`, which must be the one after that of the call before.
    ///
    /// # Errors
    /// [`DamagedBlock`] where its block had to be read and could not be.
    #[inline(always)]
    pub(crate) fn at(&mut self, position: usize) -> Result<Row<'e>, DamagedBlock> {
        let node = NodeId::new(self.nodes[position]);
        if self.edges.is_overlaid() {
            return self.over_or_block(position, node);
        }
        if let Some(&ahead) = self.nodes.get(position + EDGES_AHEAD) {
            self.edges.prefetch_block_row(ahead);
        }
        self.edges.block_row(node)
    }

    #[inline]
    fn over_or_block(&mut self, position: usize, node: NodeId) -> Result<Row<'e>, DamagedBlock> {
        self.look_up(position + ENTRY_AHEAD);
        // After the last node these are earlier rows, and nothing but time is lost.
        if let Some(row) = self.over[(position + LONG_AHEAD) % KEPT] {
            row.prefetch_long();
        }
        if let Some(row) = self.over[(position + WHOLE_AHEAD) % KEPT] {
            row.prefetch_whole();
        }
        if let Some(&ahead) = self.nodes.get(position + EDGES_AHEAD) {
            match self.over[(position + EDGES_AHEAD) % KEPT] {
                Some(row) => row.row().prefetch(),
                None => self.edges.prefetch_block_row(ahead),
            }
        }
        match self.over[position % KEPT] {
            Some(row) => Ok(row.row()),
            None if node.index() >= self.edges.block_nodes() => Ok(RowParts::EMPTY.row),
            None => self.edges.block_row(node),
        }
    }

    /// Finds what stands over the block of the node at `position`, if there is one.
    #[inline(always)]
    fn look_up(&mut self, position: usize) {
        let Some(&node) = self.nodes.get(position) else { return };
        let row = self.edges.patches().get(node);
        if let Some(row) = row {
            row.prefetch_entry();
        }
        self.over[position % KEPT] = row;
    }
}
