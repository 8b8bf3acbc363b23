//! Writing a segment: through a buffer, at a bounded rate, synced as it goes.

use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroU64;
use std::time::Duration;

use super::disk::DiskFile;
use crate::sync::{Arc, Clock, park_timeout};

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;
/// Bytes written between two syncs, so that the log's syncs never wait behind many.
const SYNC_BYTES: u64 = 16 << 20;

/// A file under way, for whoever writes a segment.
#[derive(Debug)]
pub struct SegmentWriter {
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    /// Where the buffer's first byte goes.
    offset: u64,
    /// Bytes written since the last sync.
    unsynced: u64,
    pace: Option<Pace>,
}

/// A bound on bytes a second.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Arc<dyn Clock>,
    bytes_per_second: NonZeroU64,
    begun_ns: u64,
    written: u64,
}

impl Pace {
    pub(super) fn new(clock: &Arc<dyn Clock>, bytes_per_second: NonZeroU64) -> Self {
        let clock = Arc::clone(clock);
        Self { begun_ns: clock.now_ns(), clock, bytes_per_second, written: 0 }
    }

    /// How far what was written is ahead of the bound.
    fn ahead(&self) -> Duration {
        let seconds = self.written as f64 / self.bytes_per_second.get() as f64;
        let elapsed = self.clock.now_ns().saturating_sub(self.begun_ns);
        Duration::from_secs_f64(seconds).saturating_sub(Duration::from_nanos(elapsed))
    }

    /// Waits until the bound has caught up, then counts `bytes` more. A wake-up before that only
    /// makes one write come early.
    fn wait(&mut self, bytes: u64) {
        let ahead = self.ahead();
        if !ahead.is_zero() {
            park_timeout(ahead);
        }
        self.written += bytes;
    }
}

impl SegmentWriter {
    pub(super) fn new(file: Arc<dyn DiskFile>, pace: Option<Pace>) -> Self {
        Self { file, buffer: Vec::with_capacity(BUFFER_BYTES), offset: 0, unsynced: 0, pace }
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let bytes = self.buffer.len() as u64;
        if bytes == 0 {
            return Ok(());
        }
        if let Some(pace) = &mut self.pace {
            pace.wait(bytes);
        }
        self.file.write_all_at(&self.buffer, self.offset)?;
        self.offset += bytes;
        self.buffer.clear();
        self.unsynced += bytes;
        if self.unsynced >= SYNC_BYTES {
            self.file.sync()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Returns once all that was written is on the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.write_buffer()?;
        self.file.sync()
    }
}

impl Write for SegmentWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BUFFER_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == BUFFER_BYTES {
            self.write_buffer()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_buffer()
    }
}

impl Seek for SegmentWriter {
    /// Moves to a place within what was written.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.write_buffer()?;
        let (from, by) = match to {
            SeekFrom::Start(offset) => (offset, 0),
            SeekFrom::Current(by) => (self.offset, by),
            SeekFrom::End(by) => (self.file.length()?, by),
        };
        let place = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        self.offset = place;
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::num::NonZeroU64;
    use std::time::Duration;

    use super::{BUFFER_BYTES, Pace, SegmentWriter};
    use crate::change::store::{Disk, SimulatedDisk};
    use crate::sync::{Arc, Clock, ManualClock};

    #[test]
    fn what_is_written_faster_than_allowed_waits() {
        let manual = ManualClock::new();
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        let mut pace = Pace::new(&clock, NonZeroU64::new(1_000).unwrap());
        assert_eq!(pace.ahead(), Duration::ZERO);
        pace.wait(500);
        assert_eq!(pace.ahead(), Duration::from_millis(500));
        manual.advance(Duration::from_millis(200));
        assert_eq!(pace.ahead(), Duration::from_millis(300));
        manual.advance(Duration::from_secs(1));
        assert_eq!(pace.ahead(), Duration::ZERO);
    }

    #[test]
    fn a_place_written_before_can_be_written_again() {
        let disk = SimulatedDisk::new(1);
        let mut writer = SegmentWriter::new(disk.create("x").unwrap(), None);
        let mut expected = vec![0; 16];
        writer.write_all(&[0; 16]).unwrap();
        for part in 0..5 {
            let bytes = vec![part; BUFFER_BYTES / 2 + 3];
            writer.write_all(&bytes).unwrap();
            expected.extend(bytes);
        }
        assert_eq!(writer.stream_position().unwrap(), expected.len() as u64);
        writer.seek(SeekFrom::Start(4)).unwrap();
        writer.write_all(b"head").unwrap();
        expected[4..8].copy_from_slice(b"head");
        assert_eq!(writer.seek(SeekFrom::End(-1)).unwrap(), expected.len() as u64 - 1);
        writer.write_all(b"!?").unwrap();
        expected.pop();
        expected.extend(b"!?");
        writer.finish().unwrap();
        assert_eq!(disk.contents("x").unwrap(), expected);
        disk.lose_power();
        assert!(disk.contents("x").is_none_or(|bytes| bytes == expected));
    }
}
