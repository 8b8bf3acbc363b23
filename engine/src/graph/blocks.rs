//! A long array cut into blocks that may still lie in a file.

use std::ops::Deref;

use super::error::DamagedBlock;
use super::native::{FileSection, Stored};
use super::reads::Reads;
use crate::sync::{Arc, FirstWins};

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
}

impl<T> Clone for Blocks<T> {
    fn clone(&self) -> Self {
        Self { cells: Arc::clone(&self.cells), file: self.file.clone() }
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
        Self { cells: blocks.into_iter().map(FirstWins::full).collect(), file: None }
    }

    /// Blocks that are read from `section` one by one.
    pub(crate) fn in_file(section: FileSection) -> Self {
        let cells = (0..section.block_count()).map(|_| FirstWins::default()).collect();
        Self { cells, file: Some(Arc::new(section)) }
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

    /// Where the blocks come from; `None` where they were made in memory.
    pub(crate) fn file(&self) -> Option<&FileSection> {
        self.file.as_deref()
    }

    /// Bytes of the blocks that are in memory now.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.cells.iter().filter_map(FirstWins::get).map(T::resident_bytes).sum()
    }

    #[cold]
    fn read(&self, position: usize) -> Result<&T, DamagedBlock> {
        self.cells[position].get_or_try(|| Reads::counted(|| self.section().read(position)))
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
