//! Numbers that stand for things in one graph.

use std::fmt;

/// The greatest number of nodes one graph can hold: `2^32 - 1`.
///
/// One value of `u32` is kept back, so that every node has an id and "no node" has one too.
pub const NODE_COUNT_MAX: u64 = u32::MAX as u64;

/// One node of one graph, in `0..node_count`.
///
/// An id stays valid for the node's life. It means nothing in another graph, and nothing in the
/// same edges imported again together with others: numbering is a function of the whole graph.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The node with this number. Whether the graph has it is checked where the id is used.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number as it is stored beside every edge.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as an array index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({})", self.0)
    }
}

/// One relation name of one graph; names are numbered in ascending order of their bytes.
///
/// The raw value `0` stands for "no relation", so that an array of raw values needs no second
/// array to say which edges have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(u32);

impl RelationId {
    /// An edge without a relation.
    pub const NONE: Self = Self(0);

    /// The relation whose name stands at `position` in the graph's sorted list of names.
    #[must_use]
    pub const fn at(position: u32) -> Self {
        Self(position + 1)
    }

    /// The raw value stored beside an edge.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The relation with this raw value.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Position in the graph's sorted list of names; `None` for [`RelationId::NONE`].
    #[must_use]
    pub const fn position(self) -> Option<usize> {
        match self.0 {
            0 => None,
            raw => Some(raw as usize - 1),
        }
    }
}
