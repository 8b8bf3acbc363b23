//! The blocks that one reader has in hand.

use super::ahead::Ahead;
use super::block::{Kept, TierBlock};
use super::cache::{HotSet, Shelved, Tiers};
use crate::graph::error::DamagedBlock;
use crate::sync::{Arc, Ordering};

/// Rows that are looked at for one that is counted.
const COUNTED_IN: u32 = 16;

/// The blocks that one reader has in hand, so that rows can be borrowed from them: of each section
/// the one it asked for last. Takes one word until a block must be held; of a graph that is in
/// memory, none must.
///
/// What it holds cannot be freed: drop or clear it where a spread ends.
#[derive(Debug, Default)]
pub struct EdgeHold(Option<Box<InHand>>);

/// What a reader of a graph with tiers has.
#[derive(Debug)]
pub(crate) struct InHand {
    tiers: Arc<Tiers>,
    hot: Arc<HotSet>,
    rows: Hand,
    relations: Hand,
    times: Hand,
    chance: u32,
    ahead: Ahead,
}

/// One block in hand.
#[derive(Debug, Default)]
struct Hand {
    index: usize,
    kept: Option<Arc<Kept>>,
}

/// Which columns of a row are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) relations: bool,
    pub(crate) times: bool,
}

impl Columns {
    /// Both.
    pub(crate) const ALL: Self = Self { relations: true, times: true };
}

/// A row's blocks: rows, relations, times.
pub(crate) type HeldBlocks<'h, R, I, T> = (&'h R, Option<&'h I>, Option<&'h T>);

impl EdgeHold {
    /// Nothing in hand.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// What is in hand of the graph of `tiers`.
    pub(crate) fn of(&mut self, tiers: &Arc<Tiers>) -> &mut InHand {
        if self.0.as_ref().is_some_and(|held| !Arc::ptr_eq(&held.tiers, tiers)) {
            self.0 = None;
        }
        self.0.get_or_insert_with(|| Box::new(InHand::new(Arc::clone(tiers))))
    }
}

impl InHand {
    fn new(tiers: Arc<Tiers>) -> Self {
        let hot = tiers.hot.load();
        Self {
            tiers,
            hot,
            rows: Hand::default(),
            relations: Hand::default(),
            times: Hand::default(),
            chance: 0,
            ahead: Ahead::default(),
        }
    }

    /// The block of rows at `position` of `shelf`.
    pub(crate) fn rows<T: TierBlock>(
        &mut self,
        shelf: usize,
        position: usize,
    ) -> Result<&T, DamagedBlock> {
        let Self { tiers, hot, rows, chance, ahead, .. } = self;
        block(Look { tiers, hot, chance, ahead: Some(ahead) }, rows, (shelf, position))
    }

    /// The blocks of a row: those of its columns where there are any that are wanted.
    pub(crate) fn all<R: TierBlock, I: TierBlock, T: TierBlock>(
        &mut self,
        rows: &Shelved,
        relations: Option<&Shelved>,
        times: Option<&Shelved>,
        position: usize,
    ) -> Result<HeldBlocks<'_, R, I, T>, DamagedBlock> {
        let Self { tiers, hot, rows: row_hand, relations: relation_hand, .. } = self;
        let (time_hand, chance, ahead) = (&mut self.times, &mut self.chance, &mut self.ahead);
        let look = Look { tiers, hot, chance, ahead: Some(ahead) };
        let row = block(look, row_hand, (rows.shelf, position))?;
        let relations = match relations {
            Some(Shelved { shelf, .. }) => {
                let look = Look { tiers, hot, chance, ahead: None };
                Some(block(look, relation_hand, (*shelf, position))?)
            }
            None => None,
        };
        let times = match times {
            Some(Shelved { shelf, .. }) => {
                let look = Look { tiers, hot, chance, ahead: None };
                Some(block(look, time_hand, (*shelf, position))?)
            }
            None => None,
        };
        Ok((row, relations, times))
    }

    /// Whether the block at `position` of `shelf` was hot when this reader began.
    pub(crate) fn is_hot(&self, shelf: usize, position: usize) -> bool {
        self.hot.blocks[self.tiers.index(shelf, position)].is_some()
    }

    /// Notes that the blocks at `positions` of `shelf`, ascending, will be needed in this order.
    pub(crate) fn plan(&mut self, shelf: usize, positions: impl Iterator<Item = usize>) {
        let Self { tiers, hot, ahead, .. } = self;
        let is_read = |position: &usize| {
            let index = tiers.index(shelf, *position);
            hot.blocks[index].is_none() && !tiers.slots[index].is_full()
        };
        ahead.plan(tiers, shelf, positions.filter(is_read));
    }
}

/// How a block is looked for.
struct Look<'t, 'h> {
    tiers: &'t Tiers,
    hot: &'h HotSet,
    chance: &'t mut u32,
    ahead: Option<&'t mut Ahead>,
}

#[inline]
fn block<'h, T: TierBlock>(
    look: Look<'_, 'h>,
    hand: &'h mut Hand,
    (shelf, position): (usize, usize),
) -> Result<&'h T, DamagedBlock> {
    let Look { tiers, hot, chance, ahead } = look;
    let index = tiers.index(shelf, position);
    // A linear congruential sequence: which looks are counted has no period that a spread's has.
    *chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    if *chance < u32::MAX / COUNTED_IN {
        // Relaxed: a count that decides nothing but where blocks lie.
        tiers.heat[index].fetch_add(u64::from(COUNTED_IN), Ordering::Relaxed);
    }
    if let Some(kept) = &hot.blocks[index] {
        return Ok(T::of(&kept.block));
    }
    if hand.index != index || hand.kept.is_none() {
        fetch(tiers, hand, (shelf, position), ahead)?;
    }
    let kept = hand.kept.as_ref().expect("fetched where it was not there");
    Ok(T::of(&kept.block))
}

#[inline(never)]
fn fetch(
    tiers: &Tiers,
    hand: &mut Hand,
    (shelf, position): (usize, usize),
    ahead: Option<&mut Ahead>,
) -> Result<(), DamagedBlock> {
    let index = tiers.index(shelf, position);
    // Let go of first, so that no reader holds more than it needs while it waits for a disk.
    hand.kept = None;
    // Relaxed: see `block`. Whoever reads a block is counted whether by chance or not.
    tiers.heat[index].fetch_add(1, Ordering::Relaxed);
    if let Some(ahead) = ahead {
        ahead.reach(tiers, shelf, position);
    }
    hand.kept = Some(tiers.get(shelf, position)?);
    hand.index = index;
    Ok(())
}
