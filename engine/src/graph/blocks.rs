//! A long array cut into blocks that may still lie in a file.

use std::ops::Deref;

use super::error::DamagedBlock;
use super::native::{FileSection, Stored};
use super::reads::Reads;
use super::tiers::Shelved;
use crate::sync::{Arc, FirstWins};
use crate::terms::Tier;

/// Rows of a block of edges, and names of a block of names.
pub(crate) const ROWS_PER_BLOCK: usize = 1 << ROWS_PER_BLOCK_BITS;
/// `log2` of [`ROWS_PER_BLOCK`].
pub(crate) const ROWS_PER_BLOCK_BITS: usize = 10;

/// Blocks of one section. A block is in memory from the start, or is read, checked and kept when
/// it is first needed.
/// A clone shares them.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    cells: Arc<[FirstWins<T>]>,
    file: Option<Arc<FileSection>>,
    /// Where blocks come and go, in a graph with a memory budget; its cells hold only blocks that
    /// were asked for without being held.
    tiers: Option<Shelved>,
}

impl<T> Clone for Blocks<T> {
    fn clone(&self) -> Self {
        Self { cells: Arc::clone(&self.cells), file: self.file.clone(), tiers: self.tiers.clone() }
    }
}

impl<T> Blocks<T> {
    /// Whether both are the very same blocks.
    pub(crate) fn are(&self, others: &Self) -> bool {
        Arc::ptr_eq(&self.cells, &others.cells)
    }
}

impl<T: Stored> Blocks<T> {
    /// Blocks that are all in memory.
    pub(crate) fn in_memory(blocks: impl IntoIterator<Item = T>) -> Self {
        Self { cells: blocks.into_iter().map(FirstWins::full).collect(), file: None, tiers: None }
    }

    /// Blocks that are read from `section` one by one.
    pub(crate) fn in_file(section: FileSection) -> Self {
        let cells = (0..section.block_count()).map(|_| FirstWins::default()).collect();
        Self { cells, file: Some(Arc::new(section)), tiers: None }
    }

    /// Number of blocks.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The block at `position`.
    ///
    /// # Errors
    /// [`DamagedBlock`] where it had to be read and could not be. The next call tries again.
    ///
    /// # Panics
    /// Where `position >= len()`.
    #[inline]
    pub(crate) fn get(&self, position: usize) -> Result<&T, DamagedBlock> {
        match self.cells[position].get() {
            Some(block) => Ok(block),
            None => self.read(position),
        }
    }

    /// The block at `position`, where it is in memory.
    #[inline(always)]
    pub(crate) fn held(&self, position: usize) -> Option<&T> {
        self.cells.get(position).and_then(FirstWins::get)
    }

    /// The block at `position`, for one pass over all: if it had to be read, it is not kept.
    ///
    /// # Errors
    /// As [`Blocks::get`].
    ///
    /// # Panics
    /// As [`Blocks::get`].
    pub(crate) fn passing(&self, position: usize) -> Result<Passing<'_, T>, DamagedBlock> {
        match self.cells[position].get() {
            Some(block) => Ok(Passing::Held(block)),
            None => self.section().read(position).map(Passing::Read),
        }
    }

    /// The same as [`Blocks::passing`], but read from the file even where it is in memory.
    ///
    /// # Errors
    /// As [`Blocks::get`].
    ///
    /// # Panics
    /// As [`Blocks::get`].
    pub(crate) fn reread(&self, position: usize) -> Result<Passing<'_, T>, DamagedBlock> {
        match &self.file {
            Some(section) => section.read(position).map(Passing::Read),
            None => self.passing(position),
        }
    }

    /// Whether blocks come and go within a budget.
    #[inline(always)]
    pub(crate) const fn shelved(&self) -> Option<&Shelved> {
        self.tiers.as_ref()
    }

    /// Lets blocks come and go in tiers.
    pub(crate) fn shelve(&mut self, shelved: Shelved) {
        self.tiers = Some(shelved);
    }

    /// Which blocks are to be compressed where idle ones are.
    pub(crate) fn idle(&self) -> Vec<bool> {
        let positions = 0..self.len();
        match (&self.tiers, &self.file) {
            (Some(shelved), _) => shelved.idle(self.len()),
            (None, Some(file)) => positions.map(|at| file.tier(at) == Tier::Cold).collect(),
            (None, None) => vec![false; positions.len()],
        }
    }

    /// From where the block would be read now; hot where it is in memory.
    pub(crate) fn tier(&self, position: usize) -> Tier {
        match (&self.tiers, &self.file) {
            _ if self.held(position).is_some() => Tier::Hot,
            (Some(shelved), _) => shelved.tiers.tier(shelved.shelf, position),
            (None, Some(file)) => file.tier(position),
            (None, None) => Tier::Hot,
        }
    }

    /// Where the blocks come from, to be shared.
    pub(crate) const fn shared_file(&self) -> Option<&Arc<FileSection>> {
        self.file.as_ref()
    }

    /// Where the blocks come from; `None` where they were made in memory.
    pub(crate) fn file(&self) -> Option<&FileSection> {
        self.file.as_deref()
    }

    /// Bytes of the blocks that are in memory now.
    pub(crate) fn resident_bytes(&self) -> usize {
        let kept: usize = self.cells.iter().filter_map(FirstWins::get).map(T::resident_bytes).sum();
        kept + self.tiers.as_ref().map_or(0, |shelved| shelved.resident_bytes(self.len()))
    }

    #[cold]
    fn read(&self, position: usize) -> Result<&T, DamagedBlock> {
        let section = self.section();
        self.cells[position].get_or_try(|| {
            if let Some(Shelved { tiers, shelf }) = &self.tiers {
                tiers.lend(*shelf, position);
            }
            Reads::counted(section.tier(position), || section.read(position))
        })
    }

    fn section(&self) -> &FileSection {
        self.file.as_ref().expect("a block without a file is full from the start")
    }
}

/// A block during one pass: borrowed where it is in memory, else read for the pass alone.
#[derive(Debug)]
pub(crate) enum Passing<'a, T> {
    Held(&'a T),
    Read(T),
}

impl<T> Deref for Passing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Held(block) => block,
            Self::Read(block) => block,
        }
    }
}
