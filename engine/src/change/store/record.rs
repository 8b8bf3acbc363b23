//! The bytes of a log: its header and its records.
//!
//! ```text
//! header   magic, format, byte-order mark, identity, base generation, previous, checksum
//! records  mark, kind, generation, synced, previous, set bytes, checksum of the set,
//!          checksum of all before (seeded with the log's identity and the record's place)
//!          the set
//! ```
//!
//! All numbers are little-endian. `previous` is the checksum of the record before (of the log
//! before, in a header), so that records form a chain: none is missing and none comes from
//! elsewhere. `synced` says how many bytes of the log had reached the disk when the record was
//! written; it is what tells a torn end, which no one was promised, from damage to what was.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const MAGIC: [u8; 8] = *b"EMANLOG\0";
/// The format this library writes, and the newest it reads.
const FORMAT: u32 = 1;
/// Reads as this number only where bytes are taken in the order they were written in.
const BYTE_ORDER_MARK: u32 = 0x0A0B_0C0D;
/// Bytes of a log before its first record.
pub(super) const LOG_HEADER_BYTES: u64 = 48;
/// Bytes of a record before its set.
pub(super) const RECORD_HEADER_BYTES: u64 = 56;
/// How each record begins.
pub(super) const RECORD_MARK: [u8; 4] = *b"EmSt";
/// Most bytes of one set.
pub const SET_BYTES_MAX: u64 = 1 << 30;

/// Takes numbers off the front of bytes; `None` where there are too few.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl Numbers<'_> {
    pub(super) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

/// Why the beginning of a file is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unlike {
    /// It is damaged, or no such file at all.
    Damaged,
    /// A newer Emanate wrote it.
    Newer(u32),
}

/// The beginning of a file, with room for `length` bytes of it.
pub(super) fn begin(magic: &[u8; 8], length: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length as usize);
    bytes.extend(magic);
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(BYTE_ORDER_MARK.to_le_bytes());
    bytes
}

/// `bytes` with their checksum behind them, by which [`is_whole`] knows them.
pub(super) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = xxh3_64(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// Magic and format at the beginning of `bytes`, and what follows them.
pub(super) fn preamble<'a>(bytes: &'a [u8], magic: &[u8; 8]) -> Result<Numbers<'a>, Unlike> {
    let mut numbers = Numbers(bytes.strip_prefix(magic).ok_or(Unlike::Damaged)?);
    match numbers.u32().ok_or(Unlike::Damaged)? {
        FORMAT => {}
        newer if newer > FORMAT => return Err(Unlike::Newer(newer)),
        _ => return Err(Unlike::Damaged),
    }
    match numbers.u32() {
        Some(BYTE_ORDER_MARK) => Ok(numbers),
        _ => Err(Unlike::Damaged),
    }
}

/// Whether the last eight of `bytes` are the checksum of the others.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<8>()
        .is_some_and(|(covered, sum)| u64::from_le_bytes(*sum) == xxh3_64(covered))
}

/// What the header of a log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogHeader {
    /// Tells this log's records from those of others.
    pub(super) identity: u64,
    /// The generation on which the first set was applied.
    pub(super) base: u64,
    /// Checksum of the last record of the log before; 0 where there is none.
    pub(super) previous: u64,
}

impl LogHeader {
    /// The header of the log that follows generation `base`.
    pub(super) fn new(base: u64, previous: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&base.to_le_bytes());
        bytes[8..].copy_from_slice(&previous.to_le_bytes());
        Self { identity: xxh3_64(&bytes), base, previous }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = begin(&MAGIC, LOG_HEADER_BYTES);
        for number in [self.identity, self.base, self.previous] {
            bytes.extend(number.to_le_bytes());
        }
        seal(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unlike> {
        let mut numbers = preamble(bytes, &MAGIC)?;
        if bytes.len() as u64 != LOG_HEADER_BYTES || !is_whole(bytes) {
            return Err(Unlike::Damaged);
        }
        let mut next = || numbers.u64().ok_or(Unlike::Damaged);
        Ok(Self { identity: next()?, base: next()?, previous: next()? })
    }

    /// What the first record's `previous` must be.
    pub(super) fn checksum(&self) -> u64 {
        xxh3_64(&self.encode())
    }
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// A change set.
    Set,
    /// Nothing but its `synced`: it says that all before it is on the disk.
    Witness,
}

impl RecordKind {
    const fn code(self) -> u32 {
        match self {
            Self::Set => 1,
            Self::Witness => 2,
        }
    }
}

/// A record but for its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) kind: RecordKind,
    /// The generation the set leads to; of a witness, the one that was reached.
    pub(super) generation: u64,
    /// Bytes of the log, from its beginning, known to be on the disk when this was written.
    pub(super) synced: u64,
    /// [`RecordHeader::checksum`] of the record before.
    pub(super) previous: u64,
    pub(super) set_bytes: u64,
    pub(super) set_checksum: u64,
}

impl RecordHeader {
    /// The header's bytes at `offset` of the log `identity`, and the checksum among them.
    pub(super) fn encode(&self, identity: u64, offset: u64, into: &mut Vec<u8>) -> u64 {
        let begin = into.len();
        into.extend(RECORD_MARK);
        into.extend(self.kind.code().to_le_bytes());
        let Self { generation, synced, previous, set_bytes, set_checksum, .. } = *self;
        for number in [generation, synced, previous, set_bytes, set_checksum] {
            into.extend(number.to_le_bytes());
        }
        let sum = xxh3_64_with_seed(&into[begin..], seed(identity, offset));
        into.extend(sum.to_le_bytes());
        sum
    }

    /// The header and its checksum; `None` where the bytes are no header at this place.
    pub(super) fn decode(bytes: &[u8], identity: u64, offset: u64) -> Option<(Self, u64)> {
        let (covered, sum) = bytes.split_last_chunk::<8>()?;
        let sum = u64::from_le_bytes(*sum);
        let mut numbers = Numbers(covered.strip_prefix(&RECORD_MARK)?);
        if xxh3_64_with_seed(covered, seed(identity, offset)) != sum {
            return None;
        }
        let kind = match numbers.u32()? {
            1 => RecordKind::Set,
            2 => RecordKind::Witness,
            _ => return None,
        };
        let mut next = || numbers.u64();
        let header = Self {
            kind,
            generation: next()?,
            synced: next()?,
            previous: next()?,
            set_bytes: next()?,
            set_checksum: next()?,
        };
        (header.set_bytes <= SET_BYTES_MAX).then_some((header, sum))
    }
}

fn seed(identity: u64, offset: u64) -> u64 {
    identity ^ offset.rotate_left(32)
}

/// The checksum of a set.
pub(super) fn set_checksum(set: &[u8]) -> u64 {
    xxh3_64(set)
}
