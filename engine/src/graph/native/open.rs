//! Opening: header, tables and facts are read and checked; no block of names or edges is.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::error::OpenError;
use super::facts::{self, Content};
use super::file::{FileSection, NativeFile, ReadAt, reader};
use super::layout::{
    self, BLOCK_ENTRY_BYTES, BlockEntry, FORMAT, Fields, MAGIC, PLAIN_FORMAT, PREAMBLE_BYTES,
    Preamble, Section, SectionEntry, checksum,
};
use crate::graph::blocks::{Blocks, ROWS_PER_BLOCK};
use crate::graph::edges::Edges;
use crate::graph::error::{Damage, DamagedBlock};
use crate::graph::generation::{Facts, Generation};
use crate::graph::names::{NameBlocks, Names, ORDER_PER_BLOCK};
use crate::graph::overlay::NameOverlay;
use crate::graph::tiers::{Refused, TierOptions, Tiers};
use crate::sync::{Arc, FirstWins};

/// What a graph takes beside its parts.
const FIXED_BYTES: u64 = 4096;
/// What the cells of a block of names take.
const CELL_BYTES: u64 = 64;

/// Opens a native file. Costs reading the header, 32 bytes per block and the relations' names;
/// names and edges are read when they are first needed.
///
/// The file must not be changed while the graph is in use; replacing it, as
/// [`write`](crate::graph::write) does, is fine, since the open one lives on. If it is changed or
/// cut short nevertheless, what is read from then on is a [`DamagedBlock`].
///
/// # Errors
/// [`OpenError`]; [`OpenError::NotNative`] where it may be an edge list.
pub fn open(path: impl AsRef<Path>) -> Result<Generation, OpenError> {
    let (reader, file) = reader_of(path.as_ref())?;
    open_reader(reader, file)
}

/// Opens a native file and keeps no more of it in memory than `options` say; see
/// [`TierOptions`]. What is kept of the edges follows what spreads ask for, and no outcome depends
/// on it: whoever holds the graph has its tiers maintained by
/// [`Engine::maintain`](crate::Engine::maintain) or [`Generation::maintain_tiers`].
///
/// Costs what [`open`] costs, and some 200 bytes of memory for each block of edges.
///
/// # Errors
/// [`OpenError`]; [`OpenError::BudgetTooSmall`] where tables, names and room to read in take more
/// than the budget.
pub fn open_within(path: impl AsRef<Path>, options: &TierOptions) -> Result<Generation, OpenError> {
    let (reader, file) = reader_of(path.as_ref())?;
    open_as(reader, file, Some(options))
}

/// A way to read the file at `path`, and its name for errors.
fn reader_of(path: &Path) -> Result<(Arc<dyn ReadAt>, Arc<Path>), OpenError> {
    let file: Arc<Path> = path.into();
    let refused = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => OpenError::NotFound { file: Arc::clone(&file) },
        kind => OpenError::Unreadable { file: Arc::clone(&file), kind },
    };
    let metadata = fs::metadata(path).map_err(refused)?;
    if metadata.is_dir() {
        return Err(OpenError::Directory { file });
    }
    if !metadata.is_file() {
        // Opening a pipe would wait for its writer and take bytes that are not ours.
        return Err(OpenError::NotNative { file });
    }
    let reader = reader(path).map_err(refused)?;
    Ok((reader, file))
}

/// Opens what `reader` reads; `path` is for errors alone.
pub(crate) fn open_reader(
    reader: Arc<dyn ReadAt>,
    path: Arc<Path>,
) -> Result<Generation, OpenError> {
    open_as(reader, path, None)
}

fn open_as(
    reader: Arc<dyn ReadAt>,
    path: Arc<Path>,
    options: Option<&TierOptions>,
) -> Result<Generation, OpenError> {
    let length = reader
        .length()
        .map_err(|error| OpenError::Unreadable { file: Arc::clone(&path), kind: error.kind() })?;
    let mut file = NativeFile { path, reader, facts_bytes: 0, has_cold: false };
    let header = header(&file, length)?;
    let tables = tables(&file, length, &header)?;
    let Content { facts, relation_names, removed } = match tables.first() {
        Some(Table { section: Section::Facts, blocks, .. }) if blocks.len() == 1 => {
            read_facts(&file, &blocks[0])?
        }
        _ => return Err(damaged_table(&file, Section::Facts)),
    };
    file.has_cold = tables.iter().flat_map(|table| &table.blocks).any(|block| block.compressed);
    file.facts_bytes = header.entries[0].table_offset + BLOCK_ENTRY_BYTES as u64;
    let file = Arc::new(file);
    let mut parts = Parts { file: &file, facts: &facts, tables };
    let names = parts.names(removed)?;
    let out = [Section::OutRows, Section::OutRelations, Section::OutTimes];
    let mut out_edges = parts.edges(out, relation_names.len())?;
    let into = [Section::InRows, Section::InRelations, Section::InTimes];
    let mut in_edges = parts.edges(into, relation_names.len())?;
    let tiers = match options {
        Some(options) => {
            let other = kept_bytes(&names) + file.facts_bytes + FIXED_BYTES;
            let tiers = Tiers::of(options, [&mut out_edges, &mut in_edges], other);
            Some(tiers.map_err(|why| refused(&file, options, why))?)
        }
        None => None,
    };
    Ok(Generation {
        number: 1,
        facts,
        relation_names: Arc::new(relation_names),
        names,
        out_edges,
        block_in_edges: Arc::new(FirstWins::full(in_edges)),
        overlaid_in_edges: FirstWins::default(),
        file: Some(file),
        tiers,
    })
}

/// Bytes of memory that names take once all of them were needed.
fn kept_bytes(names: &Names) -> u64 {
    let by_node = match &names.by_node {
        NameBlocks::Labels(blocks) => blocks.file(),
        NameBlocks::Keys(blocks) => blocks.file(),
        NameBlocks::WideKeys(blocks) => blocks.file(),
    };
    let sections = [by_node, names.order.file()].into_iter().flatten();
    sections.map(|section| section.file_bytes() + CELL_BYTES * section.block_count() as u64).sum()
}

fn refused(file: &NativeFile, options: &TierOptions, why: Refused) -> OpenError {
    match why {
        Refused::TooSmall { bytes_needed } => OpenError::BudgetTooSmall {
            file: Arc::clone(&file.path),
            bytes_needed,
            bytes: options.memory_bytes,
        },
        Refused::NoWarmSegment { directory, kind } => {
            OpenError::NoWarmSegment { directory: directory.into(), kind }
        }
    }
}

fn damaged_table(file: &NativeFile, section: Section) -> OpenError {
    OpenError::DamagedTable { file: Arc::clone(&file.path), section: section.name() }
}

/// The same failure of reading, as one of opening.
fn unread(file: &NativeFile, damage: Damage, expected: u64) -> OpenError {
    let path = Arc::clone(&file.path);
    match damage {
        Damage::Unreadable(kind) => OpenError::Unreadable { file: path, kind },
        // The file has become shorter since its length was taken.
        _ => {
            let bytes = file.reader.length().unwrap_or(0);
            OpenError::Truncated { file: path, bytes, expected }
        }
    }
}

/// What the header says.
struct Header {
    entries: Vec<SectionEntry>,
    /// Bytes of header and section table.
    bytes: u64,
    /// Whether blocks of edges may be compressed.
    may_be_compressed: bool,
}

fn header(file: &NativeFile, length: u64) -> Result<Header, OpenError> {
    let path = || Arc::clone(&file.path);
    let truncated = |expected| OpenError::Truncated { file: path(), bytes: length, expected };
    let read = |bytes: u64| file.read(0, bytes).map_err(|damage| unread(file, damage, bytes));

    let beginning = read(length.min(PREAMBLE_BYTES as u64))?;
    if !beginning.starts_with(&MAGIC) {
        return Err(OpenError::NotNative { file: path() });
    }
    let Some(preamble) = Preamble::decode(&beginning) else {
        return Err(truncated(PREAMBLE_BYTES as u64));
    };
    if preamble.format > FORMAT {
        return Err(OpenError::NewerFormat { file: path(), format: preamble.format });
    }
    let damaged = || OpenError::DamagedHeader { file: path() };
    let sections = preamble.sections as usize;
    let header_bytes = u64::from(preamble.header_bytes);
    if preamble.format < PLAIN_FORMAT
        || !preamble.byte_order_is_ours
        || sections > Section::ALL.len()
        || header_bytes != layout::header_bytes(sections) as u64
    {
        return Err(damaged());
    }
    if header_bytes > length {
        return Err(truncated(header_bytes));
    }
    let entries = layout::decode_section_table(&read(header_bytes)?).ok_or_else(damaged)?;
    if preamble.file_bytes > length {
        return Err(truncated(preamble.file_bytes));
    }
    if preamble.file_bytes < length {
        return Err(damaged());
    }
    let may_be_compressed = preamble.format > PLAIN_FORMAT;
    Ok(Header { entries, bytes: header_bytes, may_be_compressed })
}

/// One section and the table of its blocks.
struct Table {
    section: Section,
    width: u32,
    blocks: Box<[BlockEntry]>,
}

/// All block tables. Blocks and tables follow each other without gap from the end of the header
/// to the end of the file, so no byte of it is without a checksum.
fn tables(file: &NativeFile, length: u64, header: &Header) -> Result<Vec<Table>, OpenError> {
    let mut end = header.bytes;
    let mut tables = Vec::with_capacity(header.entries.len());
    for entry in &header.entries {
        let damaged = || damaged_table(file, entry.section);
        let table_bytes = entry.blocks.checked_mul(BLOCK_ENTRY_BYTES as u64);
        let table_bytes = table_bytes.ok_or_else(damaged)?;
        let table_end = entry.table_offset.checked_add(table_bytes).ok_or_else(damaged)?;
        if table_end > length {
            return Err(damaged());
        }
        let bytes = file
            .read(entry.table_offset, table_bytes)
            .map_err(|damage| unread(file, damage, table_end))?;
        if checksum(&bytes) != entry.table_checksum {
            return Err(damaged());
        }
        let blocks = decode_table(&bytes, &mut end).ok_or_else(damaged)?;
        let compressible = header.may_be_compressed && entry.section.holds_edges();
        let any_compressed = blocks.iter().any(|block| block.compressed);
        if end != entry.table_offset || (any_compressed && !compressible) {
            return Err(damaged());
        }
        end = table_end;
        tables.push(Table { section: entry.section, width: entry.width, blocks });
    }
    if end != length {
        return Err(OpenError::DamagedHeader { file: Arc::clone(&file.path) });
    }
    Ok(tables)
}

/// The entries of one table; moves `end` from where its first block begins to where its last ends.
fn decode_table(bytes: &[u8], end: &mut u64) -> Option<Box<[BlockEntry]>> {
    let mut fields = Fields(bytes);
    let mut blocks = Vec::with_capacity(bytes.len() / BLOCK_ENTRY_BYTES);
    while !fields.0.is_empty() {
        let block = BlockEntry::decode(&mut fields)?;
        if block.offset != *end || u32::try_from(block.items).is_err() {
            return None;
        }
        *end = end.checked_add(block.bytes)?;
        blocks.push(block);
    }
    Some(blocks.into_boxed_slice())
}

fn read_facts(file: &NativeFile, entry: &BlockEntry) -> Result<Content, OpenError> {
    file.block(entry).and_then(|bytes| facts::decode(&bytes).ok_or(Damage::Content)).map_err(
        |damage| {
            let (file, section) = (Arc::clone(&file.path), Section::Facts.name());
            OpenError::DamagedFacts(DamagedBlock { file, section, block: 0, damage })
        },
    )
}

/// Everything that was read, while it is compared and put together.
struct Parts<'a> {
    file: &'a Arc<NativeFile>,
    facts: &'a Facts,
    tables: Vec<Table>,
}

impl Parts<'_> {
    fn take(&mut self, section: Section) -> Option<Table> {
        let position = self.tables.iter().position(|table| table.section == section)?;
        Some(self.tables.swap_remove(position))
    }

    fn take_required(&mut self, section: Section) -> Result<Table, OpenError> {
        self.take(section).ok_or_else(|| damaged_table(self.file, section))
    }

    fn nodes(&self) -> usize {
        usize::try_from(self.facts.nodes).expect("decoding the facts refuses more than 2^32 - 1")
    }

    fn any_edge_has_a_relation(&self) -> bool {
        self.facts.relations[0].edges != self.facts.edges
    }

    fn section(&self, table: Table, id_end: u64) -> FileSection {
        FileSection {
            file: Arc::clone(self.file),
            section: table.section,
            table: table.blocks,
            nodes: self.nodes(),
            width: table.width,
            id_end,
            has_parallel_edges: self.facts.has_times || self.any_edge_has_a_relation(),
        }
    }

    /// Refuses a section that does not hold `items` items, `per_block` of them a block.
    fn check_items(&self, table: &Table, items: usize, per_block: usize) -> Result<(), OpenError> {
        let right = table.blocks.len() == items.div_ceil(per_block)
            && table.blocks.iter().enumerate().all(|(position, block)| {
                block.items == per_block.min(items - position * per_block) as u64
            });
        if right { Ok(()) } else { Err(damaged_table(self.file, table.section)) }
    }

    fn names(&mut self, removed: Vec<u32>) -> Result<Names, OpenError> {
        let table = self.take_required(Section::Names)?;
        self.check_items(&table, self.nodes(), ROWS_PER_BLOCK)?;
        let width = table.width;
        let section = self.section(table, 0);
        let by_node = match width {
            1 => NameBlocks::Labels(Blocks::in_file(section)),
            8 => NameBlocks::Keys(Blocks::in_file(section)),
            16 => NameBlocks::WideKeys(Blocks::in_file(section)),
            _ => return Err(damaged_table(self.file, Section::Names)),
        };
        let table = self.take_required(Section::Order)?;
        let ordered = self.nodes() - removed.len();
        self.check_items(&table, ordered, ORDER_PER_BLOCK)?;
        let order = Blocks::in_file(self.section(table, self.facts.nodes));
        let overlay = NameOverlay::of_removed(removed);
        let count = self.nodes();
        Ok(Names { by_node, order, ordered, count, overlay, index: Arc::default() })
    }

    /// The edges of one direction: rows, relations, times.
    fn edges(&mut self, sections: [Section; 3], relations: usize) -> Result<Edges, OpenError> {
        let rows = self.take_required(sections[0])?;
        let width = if self.facts.single_weights { 4 } else { 8 };
        let edges = rows.blocks.iter().try_fold(0u64, |sum, block| sum.checked_add(block.items));
        if rows.width != width
            || rows.blocks.len() != self.nodes().div_ceil(ROWS_PER_BLOCK)
            || edges != Some(self.facts.edges)
        {
            return Err(damaged_table(self.file, sections[0]));
        }
        let relation_table =
            self.take_column(&rows, sections[1], self.any_edge_has_a_relation())?;
        let time_table = self.take_column(&rows, sections[2], self.facts.has_times)?;
        Ok(Edges::new(
            self.nodes(),
            Blocks::in_file(self.section(rows, self.facts.nodes)),
            relation_table.map(|table| Blocks::in_file(self.section(table, relations as u64 + 1))),
            time_table.map(|table| Blocks::in_file(self.section(table, 0))),
        ))
    }

    /// A section with one value per edge of `rows`, which must be there where it is `needed`.
    fn take_column(
        &mut self,
        rows: &Table,
        section: Section,
        needed: bool,
    ) -> Result<Option<Table>, OpenError> {
        let items = |block: &BlockEntry| block.items;
        let table = self.take(section);
        let right = match &table {
            None => !needed,
            Some(table) => table.blocks.iter().map(items).eq(rows.blocks.iter().map(items)),
        };
        if right { Ok(table) } else { Err(damaged_table(self.file, section)) }
    }
}
