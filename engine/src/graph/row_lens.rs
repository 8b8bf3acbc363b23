//! How many edges nodes have, one node after the other.

use super::blocks::{ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use super::edges::Edges;
use super::error::DamagedBlock;
use crate::terms::NodeId;

/// Reads how many edges rows have without reading the rows. It keeps the block it looked into
/// last, so for nodes that ascend a block is looked up once.
#[derive(Debug)]
pub(crate) struct RowLens<'e> {
    edges: &'e Edges,
    position: usize,
    /// Where the rows of the block at `position` begin and end.
    offsets: &'e [u32],
}

impl<'e> RowLens<'e> {
    pub(crate) const fn of(edges: &'e Edges) -> Self {
        Self { edges, position: usize::MAX, offsets: &[] }
    }

    /// Edges in the row of `node`.
    ///
    /// # Errors
    /// [`DamagedBlock`] where its block had to be read and could not be.
    #[inline(always)]
    pub(crate) fn len(&mut self, node: NodeId) -> Result<usize, DamagedBlock> {
        if self.edges.is_overlaid() {
            match self.edges.patches().get(node.get()) {
                Some(row) => return Ok(row.len()),
                None if node.index() >= self.edges.block_nodes() => return Ok(0),
                None => {}
            }
        }
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        if position != self.position {
            self.offsets = &self.edges.rows.get(position)?.offsets;
            self.position = position;
        }
        let row = node.index() & (ROWS_PER_BLOCK - 1);
        Ok((self.offsets[row + 1] - self.offsets[row]) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::RowLens;
    use crate::graph::GraphBuilder;
    use crate::graph::blocks::ROWS_PER_BLOCK;
    use crate::terms::NodeId;

    #[test]
    fn lens_are_those_of_the_rows_in_whatever_order() {
        let mut builder = GraphBuilder::with_keys();
        let nodes = 2 * ROWS_PER_BLOCK as u64 + 3;
        for source in 0..nodes {
            for target in 0..source % 4 {
                builder.edge(source, target + 7, 1.0).unwrap();
            }
        }
        let graph = builder.build().unwrap();
        let mut lens = RowLens::of(&graph.out_edges);
        let all = (0..u32::try_from(graph.node_count()).unwrap()).map(NodeId::new);
        for node in all.clone().chain(all.rev()) {
            let row = graph.out_row(node).unwrap();
            assert_eq!(lens.len(node).unwrap(), row.len(), "{node:?}");
        }
    }
}
