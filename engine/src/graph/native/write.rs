//! Writing: block by block into a file beside, which then takes the place of the old one.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::compress::compress;
use super::content::Stored;
use super::error::WriteError;
use super::facts;
use super::layout::{
    BLOCK_ENTRY_BYTES, BlockEntry, FORMAT, PLAIN_FORMAT, Section, SectionEntry, checksum,
    encode_header, header_bytes,
};
use crate::graph::blocks::Blocks;
use crate::graph::edges::Edges;
use crate::graph::error::DamagedBlock;
use crate::graph::generation::Generation;
use crate::graph::names::NameBlocks;
use crate::graph::overlay::MergeError;

/// Files of one process that may be under way in one directory, counting those that a killed
/// process of the same number left behind.
const PARTIAL_FILES_MAX: u32 = 10_000;

/// Writes `graph` as a native file.
///
/// It goes to a hidden file in the same directory, is flushed to the disk and then takes the name
/// `path`: who opens `path` meanwhile, or after a crash, finds the old file or the new one, whole.
/// A symbolic link is followed; the permissions of a file that is replaced are kept. On an error
/// the hidden file is removed; a killed process leaves it behind, as `.emanate-*.partial`.
///
/// Costs one pass over the graph and the memory of one block; turns the edges round first, in
/// memory, where the graph does not have its in-edges yet. Changes that are not merged yet are
/// merged for it first, which takes the memory of the graph once more.
///
/// # Errors
/// [`WriteError`]; nothing is changed then.
pub fn write(graph: &Generation, path: impl AsRef<Path>) -> Result<(), WriteError> {
    write_with(graph, path, &WriteOptions::default())
}

/// Which blocks of edges are compressed in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColdEdges {
    /// None: all are warm.
    #[default]
    None,
    /// All.
    All,
    /// Those of a graph with a memory budget that nobody has asked for of late, and those that are
    /// pinned to the cold tier; all that are compressed already of any other graph.
    Idle,
}

/// How a native file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Which blocks of edges are compressed.
    pub cold: ColdEdges,
}

impl WriteOptions {
    /// Sets [`WriteOptions::cold`].
    #[must_use]
    pub const fn cold(mut self, cold: ColdEdges) -> Self {
        self.cold = cold;
        self
    }
}

/// Writes `graph` as [`write()`] does, with blocks compressed as `options` say. Such a file takes
/// less of the disk and more work to read; its blocks are [cold](crate::Tier::Cold).
///
/// # Errors
/// As [`write()`].
pub fn write_with(
    graph: &Generation,
    path: impl AsRef<Path>,
    options: &WriteOptions,
) -> Result<(), WriteError> {
    let path = path.as_ref();
    replace(graph, path, *options).map_err(|failure| match failure {
        Failure::Damaged(block) => WriteError::Damaged(block),
        Failure::TooLarge => WriteError::TooLarge,
        Failure::NotAFile => WriteError::NotAFile { file: path.into() },
        Failure::Unwritable(error) => {
            WriteError::Unwritable { file: path.into(), kind: error.kind() }
        }
    })
}

enum Failure {
    Unwritable(io::Error),
    NotAFile,
    Damaged(DamagedBlock),
    TooLarge,
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Damaged(block) => Self::Damaged(block),
            MergeError::TooLarge => Self::TooLarge,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unwritable(error)
    }
}

impl From<DamagedBlock> for Failure {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

/// Writes `graph` to `file`, which is empty, as [`write`] does to a file of its own.
///
/// # Errors
/// What `file` said; `InvalidData` with the [`DamagedBlock`] where the graph comes from a file and
/// a part of it cannot be read, `FileTooLarge` where changes have made it too large for its format.
pub(crate) fn write_to(graph: &Generation, file: impl Write + Seek) -> io::Result<()> {
    put(graph, file).map_err(|failure| match failure {
        Failure::Unwritable(error) => error,
        Failure::Damaged(block) => io::Error::new(ErrorKind::InvalidData, block),
        Failure::TooLarge => ErrorKind::FileTooLarge.into(),
        Failure::NotAFile => unreachable!("the caller has opened it"),
    })
}

fn put(graph: &Generation, file: impl Write + Seek) -> Result<(), Failure> {
    let merged = merged(graph)?;
    let graph = merged.as_ref().unwrap_or(graph);
    let in_edges = graph.in_edges()?;
    let mut writer = Writer::new(file, graph, in_edges)?;
    writer.graph(graph, in_edges)?;
    writer.finish()?;
    Ok(())
}

/// The graph with all changes in its blocks, where any stand over them.
fn merged(graph: &Generation) -> Result<Option<Generation>, Failure> {
    if graph.is_overlaid() { Ok(Some(graph.merged()?)) } else { Ok(None) }
}

fn replace(graph: &Generation, path: &Path, options: WriteOptions) -> Result<(), Failure> {
    let (path, old) = match fs::canonicalize(path) {
        Ok(path) => {
            let old = fs::metadata(&path)?;
            if !old.is_file() {
                return Err(Failure::NotAFile);
            }
            (path, Some(old))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_path_buf(), None),
        Err(error) => return Err(error.into()),
    };
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let merged = merged(graph)?;
    let graph = merged.as_ref().unwrap_or(graph);
    let in_edges = graph.in_edges()?;
    let (partial, file) = PartialFile::create(directory)?;
    if let Some(old) = old {
        file.set_permissions(old.permissions())?;
    }
    let mut writer = Writer::new(BufWriter::new(file), graph, in_edges)?;
    writer.cold = options.cold;
    writer.graph(graph, in_edges)?;
    let file = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    partial.rename(&path)?;
    #[cfg(unix)]
    // The new file is in place and whole. Should the directory not reach the disk before a crash,
    // the old file is there again, as whole; that is no reason to call the write failed.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

/// A file under way, which is removed unless it is renamed.
struct PartialFile {
    path: PathBuf,
    renamed: bool,
}

impl PartialFile {
    fn create(directory: &Path) -> io::Result<(Self, File)> {
        let process = std::process::id();
        for number in 0..PARTIAL_FILES_MAX {
            let path = directory.join(format!(".emanate-{process}-{number}.partial"));
            match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => {
                    return created.map(|file| (Self { path, renamed: false }, file));
                }
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.renamed {
            // The error that led here is reported; that of tidying up would hide it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes the parts in their order and notes where they lie.
struct Writer<W> {
    file: W,
    /// Bytes written so far.
    end: u64,
    header_bytes: usize,
    entries: Vec<SectionEntry>,
    cold: ColdEdges,
    /// Whether any block was compressed.
    any_compressed: bool,
}

impl<W: Write + Seek> Writer<W> {
    fn new(mut file: W, graph: &Generation, in_edges: &Edges) -> io::Result<Self> {
        let columns = |edges: &Edges| {
            usize::from(edges.relations.is_some()) + usize::from(edges.times.is_some())
        };
        // Facts, names, order and two of rows are always there.
        let sections = 5 + columns(&graph.out_edges) + columns(in_edges);
        let header_bytes = header_bytes(sections);
        // The header holds checksums of all that follows, so it is written last.
        file.write_all(&vec![0; header_bytes])?;
        let end = header_bytes as u64;
        Ok(Self {
            file,
            end,
            header_bytes,
            entries: Vec::with_capacity(sections),
            cold: ColdEdges::None,
            any_compressed: false,
        })
    }

    fn graph(&mut self, graph: &Generation, in_edges: &Edges) -> Result<(), Failure> {
        let facts = facts::encode(
            &graph.facts,
            graph.relation_names.by_id(),
            &graph.names.overlay.removed(),
        );
        let block = self.block(&facts, 1)?;
        self.table(Section::Facts, 1, &[block])?;
        match &graph.names.by_node {
            NameBlocks::Labels(blocks) => self.section(Section::Names, 1, blocks)?,
            NameBlocks::Keys(blocks) => self.section(Section::Names, 8, blocks)?,
            NameBlocks::WideKeys(blocks) => self.section(Section::Names, 16, blocks)?,
        }
        self.section(Section::Order, 4, &graph.names.order)?;
        let width = if graph.facts.single_weights { 4 } else { 8 };
        let out = [Section::OutRows, Section::OutRelations, Section::OutTimes];
        self.edges(out, width, &graph.out_edges)?;
        let into = [Section::InRows, Section::InRelations, Section::InTimes];
        self.edges(into, width, in_edges)
    }

    fn edges(
        &mut self,
        [rows, relations, times]: [Section; 3],
        width: u32,
        edges: &Edges,
    ) -> Result<(), Failure> {
        self.section(rows, width, &edges.rows)?;
        if let Some(blocks) = &edges.relations {
            self.section(relations, 4, blocks)?;
        }
        if let Some(blocks) = &edges.times {
            self.section(times, 8, blocks)?;
        }
        Ok(())
    }

    fn section<T: Stored>(
        &mut self,
        section: Section,
        width: u32,
        blocks: &Blocks<T>,
    ) -> Result<(), Failure> {
        let mut table = Vec::with_capacity(blocks.len());
        let mut bytes = Vec::new();
        let idle = match self.cold {
            ColdEdges::Idle => Some(blocks.idle()),
            _ => None,
        };
        for position in 0..blocks.len() {
            let block = blocks.passing(position)?;
            bytes.clear();
            block.encode(&mut bytes);
            let is_cold = match (self.cold, &idle) {
                (ColdEdges::None, _) => false,
                (_, Some(idle)) => idle[position],
                (_, None) => true,
            };
            let entry = if is_cold && section.holds_edges() {
                self.any_compressed = true;
                let entry = self.block(&compress(&bytes), block.items() as u64)?;
                BlockEntry { compressed: true, ..entry }
            } else {
                self.block(&bytes, block.items() as u64)?
            };
            table.push(entry);
        }
        Ok(self.table(section, width, &table)?)
    }

    fn block(&mut self, bytes: &[u8], items: u64) -> io::Result<BlockEntry> {
        let offset = self.end;
        self.append(bytes)?;
        let (length, checksum) = (bytes.len() as u64, checksum(bytes));
        Ok(BlockEntry { offset, bytes: length, items, compressed: false, checksum })
    }

    fn table(&mut self, section: Section, width: u32, table: &[BlockEntry]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(table.len() * BLOCK_ENTRY_BYTES);
        for block in table {
            block.encode(&mut bytes);
        }
        self.entries.push(SectionEntry {
            section,
            width,
            blocks: table.len() as u64,
            table_offset: self.end,
            table_checksum: checksum(&bytes),
        });
        self.append(&bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        let format = if self.any_compressed { FORMAT } else { PLAIN_FORMAT };
        let header = encode_header(format, &self.entries, self.end);
        assert_eq!(header.len(), self.header_bytes, "the room left was for as many sections");
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        Ok(self.file)
    }
}
