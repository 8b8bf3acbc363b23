//! The names of a graph's nodes, and the way from a name to its node.

use std::cmp::Ordering;

use super::blocks::{Blocks, ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use super::error::DamagedBlock;
use super::name_index::NameIndex;
use super::overlay::NameOverlay;
use crate::sync::Arc;
use crate::terms::{Key, Label, NodeId};

/// Entries of a block of the sorted order.
pub(crate) const ORDER_PER_BLOCK: usize = 4096;

/// Labels of [`ROWS_PER_BLOCK`] neighbouring nodes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelBlock {
    /// `offsets[i]..offsets[i + 1]` are the bytes of the block's label `i`.
    pub(crate) offsets: Box<[u32]>,
    pub(crate) text: Box<str>,
}

impl LabelBlock {
    /// The label of the block's node at `row`.
    #[inline]
    pub(crate) fn label(&self, row: usize) -> &str {
        &self.text[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

/// Names by node, in blocks of [`ROWS_PER_BLOCK`].
#[derive(Clone, Debug)]
pub(crate) enum NameBlocks {
    Labels(Blocks<LabelBlock>),
    Keys(Blocks<Box<[u64]>>),
    WideKeys(Blocks<Box<[u128]>>),
}

/// All names of a graph.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) by_node: NameBlocks,
    /// Ids of the nodes that were not removed when the blocks were made, in ascending order of
    /// their names, in blocks of [`ORDER_PER_BLOCK`].
    pub(crate) order: Blocks<Box<[u32]>>,
    /// Entries of the order.
    pub(crate) ordered: usize,
    /// Nodes, those among them that were removed.
    pub(crate) count: usize,
    /// What changes have given and taken.
    pub(crate) overlay: NameOverlay,
    /// The way into the blocks, once changes have made it pay.
    pub(crate) index: Arc<NameIndex>,
}

impl Names {
    /// The name of `node`; the last it had where it was removed.
    pub(crate) fn name(&self, node: NodeId) -> Result<Label<'_>, DamagedBlock> {
        if !self.overlay.is_empty()
            && let Some(name) = self.overlay.get(node.get()).and_then(|patch| patch.name.as_ref())
        {
            return Ok(name.label());
        }
        self.block_name(node)
    }

    /// The name of `node` in the blocks.
    pub(crate) fn block_name(&self, node: NodeId) -> Result<Label<'_>, DamagedBlock> {
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let row = node.index() & (ROWS_PER_BLOCK - 1);
        Ok(match &self.by_node {
            NameBlocks::Labels(blocks) => Label::Text(blocks.get(position)?.label(row)),
            NameBlocks::Keys(blocks) => Label::Key(blocks.get(position)?[row]),
            NameBlocks::WideKeys(blocks) => Label::WideKey(blocks.get(position)?[row]),
        })
    }

    /// The node at `rank` in the order of the blocks.
    pub(crate) fn at_rank(&self, rank: usize) -> Result<NodeId, DamagedBlock> {
        let block = self.order.get(rank / ORDER_PER_BLOCK)?;
        Ok(NodeId::new(block[rank % ORDER_PER_BLOCK]))
    }

    /// The node of this name: `log2(nodes)` comparisons, or a look into the index where there is
    /// one, and `log2` squared of those that changes have named.
    pub(crate) fn find(&self, key: &Key) -> Result<Option<NodeId>, DamagedBlock> {
        let wanted = match key {
            Key::Id(id) => {
                let is_there = id.index() < self.count && !self.overlay.is_removed(id.get());
                return Ok(is_there.then_some(*id));
            }
            Key::Label(label) => Label::Text(label),
            Key::Number(key) => Label::Key(*key),
            Key::Wide(key) => Label::WideKey(*key),
        };
        self.find_name(wanted)
    }

    /// The node of this name.
    pub(crate) fn find_name(&self, wanted: Label<'_>) -> Result<Option<NodeId>, DamagedBlock> {
        if !self.holds_kind_of(wanted) {
            return Ok(None);
        }
        if let Some(node) = self.overlay.find(wanted) {
            return Ok(Some(NodeId::new(node)));
        }
        let found = match self.index.find(self, wanted) {
            Some(found) => found?,
            None => match self.search(wanted)? {
                (rank, true) => Some(self.at_rank(rank)?),
                (_, false) => None,
            },
        };
        Ok(found.filter(|node| self.overlay.leaves(node.get())))
    }

    /// The first rank whose name is not below `wanted`, and whether it is `wanted` itself.
    pub(crate) fn search(&self, wanted: Label<'_>) -> Result<(usize, bool), DamagedBlock> {
        let (mut low, mut high) = (0, self.ordered);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.block_name(self.at_rank(middle)?)?.cmp(&wanted) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok((middle, true)),
                Ordering::Greater => high = middle,
            }
        }
        Ok((low, false))
    }

    /// Whether nodes of this graph have names of this kind.
    pub(crate) fn holds_kind_of(&self, name: Label<'_>) -> bool {
        matches!(
            (&self.by_node, name),
            (NameBlocks::Labels(_), Label::Text(_))
                | (NameBlocks::Keys(_), Label::Key(_))
                | (NameBlocks::WideKeys(_), Label::WideKey(_))
        )
    }
}
