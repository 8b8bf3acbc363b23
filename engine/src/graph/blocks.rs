//! A long array cut into blocks that may still lie in a file.

use super::error::DamagedBlock;
use super::native::{Decode, FileSection};
use crate::sync::FirstWins;

/// Rows of a block of edges, and names of a block of names.
pub(crate) const ROWS_PER_BLOCK: usize = 1 << ROWS_PER_BLOCK_BITS;
/// `log2` of [`ROWS_PER_BLOCK`].
pub(crate) const ROWS_PER_BLOCK_BITS: usize = 10;

/// Blocks of one section. A block is in memory from the start, or is read, checked and kept when
/// it is first needed.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    cells: Box<[FirstWins<T>]>,
    file: Option<FileSection>,
}

impl<T: Decode> Blocks<T> {
    /// Blocks that are all in memory.
    pub(crate) fn in_memory(blocks: impl IntoIterator<Item = T>) -> Self {
        Self { cells: blocks.into_iter().map(FirstWins::full).collect(), file: None }
    }

    /// Blocks that are read from `section` one by one.
    pub(crate) fn in_file(section: FileSection) -> Self {
        let cells = (0..section.block_count()).map(|_| FirstWins::default()).collect();
        Self { cells, file: Some(section) }
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

    /// The blocks that are in memory now.
    pub(crate) fn resident(&self) -> impl Iterator<Item = &T> {
        self.cells.iter().filter_map(FirstWins::get)
    }

    #[cold]
    fn read(&self, position: usize) -> Result<&T, DamagedBlock> {
        let section = self.file.as_ref().expect("a block without a file is full from the start");
        self.cells[position].get_or_try(|| section.read(position))
    }
}
