//! The warm segment: uncompressed copies of blocks in a file of their own.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::options::WarmSegment;
use crate::graph::error::Damage;
use crate::graph::native::{ReadAt, checksum};
use crate::sync::{Arc, Ring, failpoint};

/// Files of one process that may be made in one directory at once.
const FILES_MAX: u32 = 10_000;

/// Where bytes lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Extent {
    offset: u64,
    bytes: u64,
}

/// A copy of one block.
///
/// Its bytes are given to another copy only after the last holder of this one has let go, so
/// nobody reads bytes that are being replaced.
#[derive(Debug)]
pub(crate) struct WarmCopy {
    file: Arc<SpillFile>,
    extent: Extent,
    checksum: u64,
    returned: Arc<Ring<Extent>>,
}

impl WarmCopy {
    pub(super) const fn bytes(&self) -> u64 {
        self.extent.bytes
    }

    /// The bytes that were written, as far as their checksum tells.
    pub(super) fn read(&self) -> Result<Vec<u8>, Damage> {
        failpoint!(crate::sync::fault::WARM, Err(Damage::Unreadable(io::ErrorKind::Other)));
        let length = usize::try_from(self.extent.bytes).expect("it was in memory when written");
        let mut bytes = vec![0; length];
        let read = self.file.file.read_exact_at(&mut bytes, self.extent.offset);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::Truncated,
            kind => Damage::Unreadable(kind),
        })?;
        if checksum(&bytes) == self.checksum { Ok(bytes) } else { Err(Damage::Checksum) }
    }

    /// Asks the system to read it.
    pub(super) fn will_need(&self) -> u64 {
        self.file.file.will_need(self.extent.offset, self.extent.bytes);
        self.extent.bytes
    }
}

impl Drop for WarmCopy {
    fn drop(&mut self) {
        // There is a place for each block; what found none would be room on a disk left unused.
        let _ = self.returned.push(self.extent);
    }
}

/// The file; it has no name from the start where the system allows that, else until it is closed.
#[derive(Debug)]
struct SpillFile {
    file: File,
    path: Option<PathBuf>,
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Nobody is left who could be told.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The file, and which of its bytes are free.
#[derive(Debug)]
pub(super) struct Spill {
    file: Arc<SpillFile>,
    bytes_max: u64,
    /// Where nothing has been written yet.
    end: u64,
    /// Bytes before the end that are free, ascending, no two of them side by side.
    free: Vec<Extent>,
    returned: Arc<Ring<Extent>>,
}

impl Spill {
    /// A file in the directory of `segment`, for copies of up to `blocks` blocks.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn create(segment: &WarmSegment, blocks: usize) -> io::Result<Self> {
        let (path, file) = create_new(&segment.directory)?;
        let is_gone = cfg!(unix) && std::fs::remove_file(&path).is_ok();
        Ok(Self {
            file: Arc::new(SpillFile { file, path: (!is_gone).then_some(path) }),
            bytes_max: segment.bytes,
            end: 0,
            free: Vec::new(),
            returned: Arc::new(Ring::new(2 * blocks.max(1))),
        })
    }

    /// Writes a copy; `None` where there is no room for it in one piece.
    ///
    /// # Errors
    /// What the system said; the room is free again.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<WarmCopy>> {
        let Some(extent) = self.take(bytes.len() as u64) else { return Ok(None) };
        if let Err(error) = write_all_at(&self.file.file, bytes, extent.offset) {
            self.give_back(extent);
            return Err(error);
        }
        Ok(Some(WarmCopy {
            file: Arc::clone(&self.file),
            extent,
            checksum: checksum(bytes),
            returned: Arc::clone(&self.returned),
        }))
    }

    /// The first free bytes that suffice.
    fn take(&mut self, bytes: u64) -> Option<Extent> {
        while let Some(extent) = self.returned.pop() {
            self.give_back(extent);
        }
        if let Some(position) = self.free.iter().position(|extent| extent.bytes >= bytes) {
            let found = &mut self.free[position];
            let taken = Extent { offset: found.offset, bytes };
            *found = Extent { offset: found.offset + bytes, bytes: found.bytes - bytes };
            if found.bytes == 0 {
                self.free.remove(position);
            }
            return Some(taken);
        }
        let end = self.end.checked_add(bytes).filter(|end| *end <= self.bytes_max)?;
        let taken = Extent { offset: self.end, bytes };
        self.end = end;
        Some(taken)
    }

    fn give_back(&mut self, extent: Extent) {
        let position = self.free.partition_point(|free| free.offset < extent.offset);
        self.free.insert(position, extent);
        let ends_at = |free: &[Extent], at: usize| free[at].offset + free[at].bytes;
        if position + 1 < self.free.len()
            && ends_at(&self.free, position) == self.free[position + 1].offset
        {
            self.free[position].bytes += self.free.remove(position + 1).bytes;
        }
        if position > 0 && ends_at(&self.free, position - 1) == self.free[position].offset {
            self.free[position - 1].bytes += self.free.remove(position).bytes;
        }
        if self.free.last().is_some_and(|last| last.offset + last.bytes == self.end) {
            self.end = self.free.pop().map_or(self.end, |last| last.offset);
        }
    }
}

fn create_new(directory: &Path) -> io::Result<(PathBuf, File)> {
    let process = std::process::id();
    for number in 0..FILES_MAX {
        let path = directory.join(format!(".emanate-{process}-{number}.warm"));
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        match file {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// One thread writes at a time, and reads name their place.
#[cfg(not(unix))]
fn write_all_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek as _, Write as _};

    file.seek(io::SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Spill;
    use crate::graph::tiers::WarmSegment;

    fn spill(bytes: u64) -> Spill {
        let segment = WarmSegment { directory: std::env::temp_dir(), bytes };
        Spill::create(&segment, 100).unwrap()
    }

    #[test]
    fn room_that_comes_back_is_used_again_in_one_piece() {
        let mut spill = spill(100);
        let first = spill.write(&[1; 40]).unwrap().unwrap();
        let second = spill.write(&[2; 40]).unwrap().unwrap();
        assert!(spill.write(&[3; 30]).unwrap().is_none(), "20 bytes are left");
        assert_eq!(first.read().unwrap(), [1; 40]);
        drop(first);
        drop(second);
        let whole = spill.write(&[4; 100]).unwrap().unwrap();
        assert_eq!((whole.read().unwrap(), whole.bytes()), (vec![4; 100], 100));
    }

    proptest! {
        #[test]
        fn no_copy_is_written_over_another(
            steps in prop::collection::vec((1..40usize, 0..9u8), 1..80),
        ) {
            let mut spill = spill(200);
            let mut copies = BTreeMap::new();
            for (turn, (bytes, slot)) in steps.into_iter().enumerate() {
                let byte = u8::try_from(turn % 251).unwrap();
                copies.remove(&slot);
                if let Some(copy) = spill.write(&vec![byte; bytes]).unwrap() {
                    copies.insert(slot, (copy, byte, bytes));
                }
                let used: usize = copies.values().map(|(.., bytes)| bytes).sum();
                prop_assert!(used <= 200);
                for (copy, byte, bytes) in copies.values() {
                    prop_assert_eq!(copy.read().unwrap(), vec![*byte; *bytes]);
                }
            }
        }
    }
}
