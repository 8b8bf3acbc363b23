//! Reading an open native file, piece by piece.

use std::fmt;
use std::io::{self, ErrorKind};
use std::panic::RefUnwindSafe;
use std::path::Path;

use super::compress::decompress;
use super::content::{Shape, Stored};
use super::layout::{BLOCK_ENTRY_BYTES, BlockEntry, Section, checksum};
use crate::graph::blocks::ROWS_PER_BLOCK;
use crate::graph::error::{Damage, DamagedBlock};
use crate::sync::{Arc, failpoint};
use crate::terms::Tier;

/// Bytes that any number of threads may read at any place at once.
pub(crate) trait ReadAt: fmt::Debug + Send + Sync + RefUnwindSafe {
    /// How many there are now.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on; `UnexpectedEof` where there are too few.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Says that `length` bytes from `offset` on will be read soon. Nothing need happen.
    fn will_need(&self, _offset: u64, _length: u64) {}
}

#[cfg(unix)]
impl ReadAt for std::fs::File {
    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, offset)
    }

    #[cfg(target_os = "linux")]
    fn will_need(&self, offset: u64, length: u64) {
        // Advice that is not taken costs time alone, so nobody is told.
        let length = std::num::NonZeroU64::new(length);
        let _ = rustix::fs::fadvise(self, offset, length, rustix::fs::Advice::WillNeed);
    }
}

/// A file that is opened anew for every read, for systems without positioned reads: a handle's
/// clones share one position, which threads would move under each other.
#[cfg(any(test, not(unix)))]
#[derive(Debug)]
pub(super) struct Reopened(pub(super) std::path::PathBuf);

#[cfg(any(test, not(unix)))]
impl ReadAt for Reopened {
    fn length(&self) -> io::Result<u64> {
        std::fs::metadata(&self.0).map(|metadata| metadata.len())
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Read as _, Seek as _};

        let mut file = std::fs::File::open(&self.0)?;
        file.seek(io::SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}

/// A way to read the file at `path`.
#[cfg(unix)]
pub(super) fn reader(path: &Path) -> io::Result<Arc<dyn ReadAt>> {
    Ok(Arc::new(std::fs::File::open(path)?))
}

/// A way to read the file at `path`.
#[cfg(not(unix))]
pub(super) fn reader(path: &Path) -> io::Result<Arc<dyn ReadAt>> {
    std::fs::File::open(path)?;
    Ok(Arc::new(Reopened(path.into())))
}

/// An open native file.
#[derive(Debug)]
pub(crate) struct NativeFile {
    pub(crate) path: Arc<Path>,
    pub(super) reader: Arc<dyn ReadAt>,
    /// Bytes from the beginning to the end of the section of facts; set once that is known.
    pub(crate) facts_bytes: u64,
    /// Whether any block of edges is compressed.
    pub(crate) has_cold: bool,
}

impl NativeFile {
    /// `length` bytes from `offset` on. The caller has compared both with the file's length, so
    /// that a lie about them allocates nothing.
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, Damage> {
        let too_large = Damage::Unreadable(ErrorKind::OutOfMemory);
        let length = usize::try_from(length).map_err(|_| too_large)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| too_large)?;
        bytes.resize(length, 0);
        match self.reader.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Damage::Truncated),
            Err(error) => Err(Damage::Unreadable(error.kind())),
        }
    }

    /// The bytes of one block, which have the checksum its table gives.
    pub(super) fn block(&self, entry: &BlockEntry) -> Result<Vec<u8>, Damage> {
        let bytes = self.read(entry.offset, entry.bytes)?;
        if checksum(&bytes) == entry.checksum { Ok(bytes) } else { Err(Damage::Checksum) }
    }
}

/// One section of an open native file.
#[derive(Debug)]
pub(crate) struct FileSection {
    pub(super) file: Arc<NativeFile>,
    pub(super) section: Section,
    pub(super) table: Box<[BlockEntry]>,
    /// Nodes of the graph.
    pub(super) nodes: usize,
    /// See [`Shape::width`].
    pub(super) width: u32,
    /// See [`Shape::id_end`].
    pub(super) id_end: u64,
    /// See [`Shape::has_parallel_edges`].
    pub(super) has_parallel_edges: bool,
}

impl FileSection {
    /// Bytes of a weight or a name, where they have one length.
    pub(crate) const fn width(&self) -> u32 {
        self.width
    }

    pub(crate) fn block_count(&self) -> usize {
        self.table.len()
    }

    /// Bytes of the block at `position` in the file.
    pub(crate) fn block_bytes(&self, position: usize) -> u64 {
        self.table[position].bytes
    }

    /// Bytes of all blocks and their table in the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.table.iter().map(|entry| entry.bytes + BLOCK_ENTRY_BYTES as u64).sum()
    }

    /// Reads the block at `position`, checks it and decodes it.
    pub(crate) fn read<T: Stored>(&self, position: usize) -> Result<T, DamagedBlock> {
        self.decoded(position).map_err(|damage| self.damaged(position, damage))
    }

    /// Decodes the block at `position` from `raw`, its bytes uncompressed, wherever they come from.
    pub(crate) fn decode<T: Stored>(
        &self,
        position: usize,
        raw: Result<Vec<u8>, Damage>,
    ) -> Result<T, DamagedBlock> {
        raw.and_then(|raw| self.content(position, &raw))
            .map_err(|damage| self.damaged(position, damage))
    }

    fn damaged(&self, position: usize, damage: Damage) -> DamagedBlock {
        DamagedBlock {
            file: Arc::clone(&self.file.path),
            section: self.section.name(),
            block: position as u64,
            damage,
        }
    }

    fn decoded<T: Stored>(&self, position: usize) -> Result<T, Damage> {
        failpoint!(self.section.name(), Err(Damage::Unreadable(ErrorKind::Other)));
        let entry = &self.table[position];
        if !entry.compressed {
            return self.content(position, &self.file.block(entry)?);
        }
        failpoint!(crate::sync::fault::COLD, Err(Damage::Unreadable(ErrorKind::Other)));
        let raw = decompress(self.file.block(entry)?, self.raw_bytes(position));
        self.content(position, &raw.ok_or(Damage::Content)?)
    }

    fn content<T: Stored>(&self, position: usize, raw: &[u8]) -> Result<T, Damage> {
        T::decode(raw, &self.shape(position, &self.table[position])).ok_or(Damage::Content)
    }

    /// Where the block lies: cold where it is compressed, else warm.
    pub(crate) fn tier(&self, position: usize) -> Tier {
        if self.table[position].compressed { Tier::Cold } else { Tier::Warm }
    }

    /// How many blocks are compressed.
    pub(crate) fn cold_count(&self) -> usize {
        self.table.iter().filter(|entry| entry.compressed).count()
    }

    /// Bytes of the block at `position`, uncompressed.
    pub(crate) fn raw_bytes(&self, position: usize) -> usize {
        let entry = &self.table[position];
        if !entry.compressed {
            return usize::try_from(entry.bytes).unwrap_or(usize::MAX);
        }
        let Shape { rows, items, .. } = self.shape(position, entry);
        let width = match self.section {
            Section::OutRows | Section::InRows => 4 + self.width as usize,
            Section::OutTimes | Section::InTimes => size_of::<f64>(),
            _ => size_of::<u32>(),
        };
        let is_rows = matches!(self.section, Section::OutRows | Section::InRows);
        let offsets = if is_rows { (rows + 1) * size_of::<u32>() } else { 0 };
        items.saturating_mul(width).saturating_add(offsets)
    }

    /// Says that the block will be read soon; its bytes in the file.
    pub(crate) fn will_need(&self, position: usize) -> u64 {
        let entry = &self.table[position];
        self.file.reader.will_need(entry.offset, entry.bytes);
        entry.bytes
    }

    fn shape(&self, position: usize, entry: &BlockEntry) -> Shape {
        Shape {
            rows: ROWS_PER_BLOCK.min(self.nodes - (position * ROWS_PER_BLOCK).min(self.nodes)),
            items: usize::try_from(entry.items).unwrap_or(usize::MAX),
            width: self.width,
            id_end: self.id_end,
            has_parallel_edges: self.has_parallel_edges,
        }
    }
}
