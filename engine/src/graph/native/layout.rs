//! The fixed parts of a native file: header, section table, block tables.

use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of every native file.
pub(super) const MAGIC: [u8; 8] = *b"EMANATE\0";
/// The format of files in which nothing is compressed.
pub(super) const PLAIN_FORMAT: u32 = 2;
/// The format of files in which blocks of edges may be compressed, and the newest that is read.
pub(super) const FORMAT: u32 = 3;
/// Set beside the count of a block's items where the block is compressed.
const COMPRESSED: u64 = 1 << 63;
/// Reads as this number only where bytes are taken in the order they were written in.
const BYTE_ORDER_MARK: u32 = 0x0A0B_0C0D;

/// Bytes of the header before the section table.
pub(super) const PREAMBLE_BYTES: usize = 32;
/// Bytes of one entry of the section table.
const SECTION_ENTRY_BYTES: usize = 32;
/// Bytes of one entry of a block table.
pub(super) const BLOCK_ENTRY_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 8;

/// The checksum of `bytes`.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Facts,
    Names,
    Order,
    OutRows,
    OutRelations,
    OutTimes,
    InRows,
    InRelations,
    InTimes,
}

impl Section {
    /// All of them, in the order they have in a file.
    pub(super) const ALL: [Self; 9] = [
        Self::Facts,
        Self::Names,
        Self::Order,
        Self::OutRows,
        Self::OutRelations,
        Self::OutTimes,
        Self::InRows,
        Self::InRelations,
        Self::InTimes,
    ];

    /// The name in errors and in what `info` prints.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Names => "names",
            Self::Order => "order",
            Self::OutRows => "out-edges",
            Self::OutRelations => "out-relations",
            Self::OutTimes => "out-times",
            Self::InRows => "in-edges",
            Self::InRelations => "in-relations",
            Self::InTimes => "in-times",
        }
    }

    /// Whether its blocks may be compressed: those of edges.
    pub(super) fn holds_edges(self) -> bool {
        self > Self::Order
    }

    /// The number that stands for it in a file.
    const fn code(self) -> u32 {
        self as u32 + 1
    }

    fn of_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.code() == code)
    }
}

/// One entry of the section table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SectionEntry {
    pub(super) section: Section,
    /// Bytes of a key or of a weight, where a section may have several; see `write`.
    pub(super) width: u32,
    pub(super) blocks: u64,
    /// Where the block table begins; it follows the section's last block.
    pub(super) table_offset: u64,
    pub(super) table_checksum: u64,
}

impl SectionEntry {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend(self.section.code().to_le_bytes());
        into.extend(self.width.to_le_bytes());
        into.extend(self.blocks.to_le_bytes());
        into.extend(self.table_offset.to_le_bytes());
        into.extend(self.table_checksum.to_le_bytes());
    }

    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            section: Section::of_code(fields.u32()?)?,
            width: fields.u32()?,
            blocks: fields.u64()?,
            table_offset: fields.u64()?,
            table_checksum: fields.u64()?,
        })
    }
}

/// One entry of a block table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockEntry {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// Names, ids or edges of the block.
    pub(super) items: u64,
    /// Whether `bytes` are compressed. The checksum is that of the bytes as they lie in the file.
    pub(super) compressed: bool,
    pub(super) checksum: u64,
}

impl BlockEntry {
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        into.extend(self.offset.to_le_bytes());
        into.extend(self.bytes.to_le_bytes());
        let compressed = if self.compressed { COMPRESSED } else { 0 };
        into.extend((self.items | compressed).to_le_bytes());
        into.extend(self.checksum.to_le_bytes());
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let [offset, bytes, items] = [fields.u64()?, fields.u64()?, fields.u64()?];
        Some(Self {
            offset,
            bytes,
            items: items & !COMPRESSED,
            compressed: items & COMPRESSED != 0,
            checksum: fields.u64()?,
        })
    }
}

/// The part of the header whose place and meaning every format keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Preamble {
    pub(super) format: u32,
    pub(super) byte_order_is_ours: bool,
    /// Bytes of the header, with section table and checksum.
    pub(super) header_bytes: u32,
    pub(super) sections: u32,
    pub(super) file_bytes: u64,
}

impl Preamble {
    /// `None` where `bytes` do not begin with [`MAGIC`] or are too few.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.bytes(MAGIC.len())? != MAGIC {
            return None;
        }
        Some(Self {
            format: fields.u32()?,
            byte_order_is_ours: fields.u32()? == BYTE_ORDER_MARK,
            header_bytes: fields.u32()?,
            sections: fields.u32()?,
            file_bytes: fields.u64()?,
        })
    }
}

/// Bytes of the whole header of a file with this many sections.
pub(super) fn header_bytes(sections: usize) -> usize {
    PREAMBLE_BYTES + sections * SECTION_ENTRY_BYTES + CHECKSUM_BYTES
}

/// The whole header: preamble, section table, checksum.
pub(super) fn encode_header(format: u32, entries: &[SectionEntry], file_bytes: u64) -> Vec<u8> {
    let header_bytes = header_bytes(entries.len());
    let small = |count: usize| u32::try_from(count).expect("a file has at most nine sections");
    let mut bytes = Vec::with_capacity(header_bytes);
    bytes.extend(MAGIC);
    bytes.extend(format.to_le_bytes());
    bytes.extend(BYTE_ORDER_MARK.to_le_bytes());
    bytes.extend(small(header_bytes).to_le_bytes());
    bytes.extend(small(entries.len()).to_le_bytes());
    bytes.extend(file_bytes.to_le_bytes());
    for entry in entries {
        entry.encode(&mut bytes);
    }
    let sum = checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The section table of a whole header whose preamble was read; `None` where the checksum is
/// wrong or an entry has no meaning.
pub(super) fn decode_section_table(header: &[u8]) -> Option<Vec<SectionEntry>> {
    let (covered, sum) = header.split_at_checked(header.len().checked_sub(CHECKSUM_BYTES)?)?;
    if Fields(sum).u64()? != checksum(covered) {
        return None;
    }
    let mut fields = Fields(covered.get(PREAMBLE_BYTES..)?);
    let mut entries = Vec::new();
    while !fields.0.is_empty() {
        entries.push(SectionEntry::decode(&mut fields)?);
    }
    entries.is_sorted_by(|a, b| a.section < b.section).then_some(entries)
}

/// Takes numbers off the front of bytes; `None` where there are too few.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The bytes of `count` numbers of `N` bytes.
    pub(super) fn numbers<const N: usize>(&mut self, count: usize) -> Option<&'a [[u8; N]]> {
        let (numbers, rest) = self.bytes(count.checked_mul(N)?)?.as_chunks();
        rest.is_empty().then_some(numbers)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }
}
