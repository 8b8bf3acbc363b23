//! A block of any of the sections of edges.

use super::Room;
use crate::graph::edges::{Column, EdgeBlock};
use crate::graph::native::Stored;
use crate::sync::FirstWins;

/// Which section of one direction's edges a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Rows: other ends and weights.
    Rows,
    /// Relations of the rows' edges.
    Relations,
    /// Times of the rows' edges.
    Times,
}

/// One block.
#[derive(Debug)]
pub(crate) enum AnyBlock {
    Rows(EdgeBlock),
    Relations(Column<u32>),
    Times(Column<f64>),
}

/// A block of which [`AnyBlock`] is one.
pub(crate) trait TierBlock: Stored {
    /// Its section.
    const KIND: ColumnKind;

    /// The block itself.
    ///
    /// # Panics
    /// Where it is one of another section.
    fn of(any: &AnyBlock) -> &Self;
}

const OTHER: &str = "an index names a block of the section it was made for";

impl TierBlock for EdgeBlock {
    const KIND: ColumnKind = ColumnKind::Rows;

    #[inline(always)]
    fn of(any: &AnyBlock) -> &Self {
        match any {
            AnyBlock::Rows(block) => block,
            _ => unreachable!("{OTHER}"),
        }
    }
}

impl TierBlock for Column<u32> {
    const KIND: ColumnKind = ColumnKind::Relations;

    #[inline(always)]
    fn of(any: &AnyBlock) -> &Self {
        match any {
            AnyBlock::Relations(block) => block,
            _ => unreachable!("{OTHER}"),
        }
    }
}

impl TierBlock for Column<f64> {
    const KIND: ColumnKind = ColumnKind::Times;

    #[inline(always)]
    fn of(any: &AnyBlock) -> &Self {
        match any {
            AnyBlock::Times(block) => block,
            _ => unreachable!("{OTHER}"),
        }
    }
}

/// A block in memory, and the room it takes.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(super) block: AnyBlock,
    pub(super) room: Room,
    /// Its part of what hot blocks may take, once it was one: given back when nobody holds it any
    /// more, not when it is hot no longer.
    pub(super) hot_room: FirstWins<Room>,
}
