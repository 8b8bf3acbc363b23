//! Reading a log from its beginning to the last set that is whole.

use std::io;

use super::disk::DiskFile;
use super::record::{
    LOG_HEADER_BYTES, LogHeader, RECORD_HEADER_BYTES, RECORD_MARK, RecordHeader, RecordKind,
    Unlike, set_checksum,
};

/// Bytes read at a time.
const CHUNK_BYTES: u64 = 1 << 20;

/// A window of a file that moves forward.
struct Window<'a> {
    file: &'a dyn DiskFile,
    length: u64,
    begin: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    fn new(file: &'a dyn DiskFile) -> io::Result<Self> {
        Ok(Self { file, length: file.length()?, begin: 0, bytes: Vec::new() })
    }

    /// `count` bytes from `offset` on; `None` where the file ends before.
    fn get(&mut self, offset: u64, count: u64) -> io::Result<Option<&[u8]>> {
        let Some(end) = offset.checked_add(count).filter(|end| *end <= self.length) else {
            return Ok(None);
        };
        let held = self.begin..self.begin + self.bytes.len() as u64;
        if offset < held.start || end > held.end {
            let wanted = count.max(CHUNK_BYTES).min(self.length - offset);
            self.bytes.resize(wanted as usize, 0);
            self.begin = offset;
            if let Err(error) = self.file.read_exact_at(&mut self.bytes, offset) {
                self.bytes.clear();
                return Err(error);
            }
        }
        let at = (offset - self.begin) as usize;
        Ok(Some(&self.bytes[at..at + count as usize]))
    }
}

/// What was found in a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    pub(super) header: LogHeader,
    /// Bytes of the file.
    pub(super) length: u64,
    /// Where the last whole record ends.
    pub(super) end: u64,
    /// Bytes that were on the disk once, by what whole records say, those after `end` among them.
    pub(super) witnessed: u64,
    /// The generation the last whole set leads to; that of the header where there is none.
    pub(super) generation: u64,
    /// Checksum of the last whole record, or of the header.
    pub(super) checksum: u64,
    /// Whole sets.
    pub(super) sets: u64,
    /// Whether the last whole record is a set.
    pub(super) ends_with_set: bool,
}

/// Whether a set is taken, and how the caller's failure looks.
pub(super) enum ScanError<E> {
    /// The file cannot be read.
    Io(io::Error),
    /// Its beginning is not that of a log.
    Unlike(Unlike),
    /// The caller refused a set.
    Refused(E),
}

impl<E> From<io::Error> for ScanError<E> {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The header of the log in `file`.
pub(super) fn header(file: &dyn DiskFile) -> Result<LogHeader, ScanError<()>> {
    let mut window = Window::new(file)?;
    read_header(&mut window)
}

fn read_header<E>(window: &mut Window<'_>) -> Result<LogHeader, ScanError<E>> {
    let bytes = window.get(0, LOG_HEADER_BYTES)?.ok_or(ScanError::Unlike(Unlike::Damaged))?;
    LogHeader::decode(bytes).map_err(ScanError::Unlike)
}

/// Takes a set: its record's place, the generation it leads to, its bytes.
type Visit<'a, E> = dyn FnMut(u64, u64, &[u8]) -> Result<(), E> + 'a;

/// Reads the log in `file` and gives each whole set, with its place and generation, to `visit`.
/// Ends at the first record that is not whole or does not follow the one before.
///
/// One pass over the file, in memory of the longest set or a chunk.
pub(super) fn scan<E>(file: &dyn DiskFile, visit: &mut Visit<'_, E>) -> Result<Scan, ScanError<E>> {
    let mut window = Window::new(file)?;
    let header = read_header(&mut window)?;
    let mut scan = Scan {
        header,
        length: window.length,
        end: LOG_HEADER_BYTES,
        witnessed: 0,
        generation: header.base,
        checksum: header.checksum(),
        sets: 0,
        ends_with_set: false,
    };
    while let Some((record, checksum)) = next(&mut window, &scan)? {
        let place = scan.end + RECORD_HEADER_BYTES;
        if record.kind == RecordKind::Set {
            let Some(set) = window.get(place, record.set_bytes)? else { break };
            if set_checksum(set) != record.set_checksum {
                break;
            }
            visit(scan.end, record.generation, set).map_err(ScanError::Refused)?;
            scan.sets += 1;
        }
        scan.end = place + record.set_bytes;
        scan.witnessed = scan.witnessed.max(record.synced);
        scan.generation = record.generation;
        scan.checksum = checksum;
        scan.ends_with_set = record.kind == RecordKind::Set;
    }
    scan.witnessed = scan.witnessed.max(witnessed_beyond(&mut window, &scan)?);
    Ok(scan)
}

/// The record at the end of what is whole so far; `None` where there is none that follows it.
fn next(window: &mut Window<'_>, scan: &Scan) -> io::Result<Option<(RecordHeader, u64)>> {
    let Some(bytes) = window.get(scan.end, RECORD_HEADER_BYTES)? else { return Ok(None) };
    let decoded = RecordHeader::decode(bytes, scan.header.identity, scan.end);
    Ok(decoded.filter(|(record, _)| {
        let ascends = match record.kind {
            RecordKind::Set => record.generation > scan.generation,
            RecordKind::Witness => record.generation == scan.generation && record.set_bytes == 0,
        };
        ascends && record.previous == scan.checksum
    }))
}

/// How much was on the disk by what the records after the first bad one say. A record that follows
/// damage was written later, and so knows of syncs that came before it.
fn witnessed_beyond(window: &mut Window<'_>, scan: &Scan) -> io::Result<u64> {
    let mut witnessed = 0;
    let mut from = scan.end;
    while from < window.length {
        // Windows overlap by one header, so that none is cut in two.
        let count = (CHUNK_BYTES + RECORD_HEADER_BYTES).min(window.length - from);
        let Some(bytes) = window.get(from, count)? else { break };
        let mark = RECORD_MARK[0];
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == mark) {
            let Some(candidate) = bytes.get(at..at + RECORD_HEADER_BYTES as usize) else { break };
            let offset = from + at as u64;
            if let Some((record, _)) = RecordHeader::decode(candidate, scan.header.identity, offset)
            {
                witnessed = witnessed.max(record.synced.min(offset));
            }
        }
        from += CHUNK_BYTES;
    }
    Ok(witnessed)
}
