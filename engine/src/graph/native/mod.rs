//! The native file: a graph that opens in milliseconds, however large, and is read as needed.

use super::error::DamagedBlock;

/// A block of a native file as it is used in memory.
pub(crate) trait Decode: Sized {}

impl Decode for super::edges::EdgeBlock {}
impl Decode for super::names::LabelBlock {}
impl Decode for Box<[u32]> {}
impl Decode for Box<[u64]> {}
impl Decode for Box<[u128]> {}
impl Decode for Box<[f64]> {}

/// One section of an open native file.
#[derive(Debug)]
pub(crate) struct FileSection {}

impl FileSection {
    pub(crate) fn block_count(&self) -> usize {
        0
    }

    pub(crate) fn read<T: Decode>(&self, position: usize) -> Result<T, DamagedBlock> {
        unreachable!("{position}")
    }
}
