//! The manifest: which segment is current, and which log follows it.

use std::io;

use xxhash_rust::xxh3::xxh3_64;

use super::disk::{Disk, DiskFile};
use super::names::{self, MANIFEST};
use super::record::{self, Unlike, is_whole, preamble};

const MAGIC: [u8; 8] = *b"EMSTORE\0";
/// Bytes of a manifest.
pub(super) const MANIFEST_BYTES: u64 = 80;
/// Bytes at the beginning of a segment by which it is known; its header, which holds the checksums
/// of all the rest, is shorter.
const HEAD_BYTES: u64 = 512;

/// A segment, and how to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentIdentity {
    pub(super) generation: u64,
    pub(super) bytes: u64,
    /// Checksum of its first bytes.
    pub(super) head: u64,
}

impl SegmentIdentity {
    /// That of the segment of `generation` in `file`.
    pub(super) fn of(generation: u64, file: &dyn DiskFile) -> io::Result<Self> {
        let bytes = file.length()?;
        let mut head = vec![0; HEAD_BYTES.min(bytes) as usize];
        file.read_exact_at(&mut head, 0)?;
        Ok(Self { generation, bytes, head: xxh3_64(&head) })
    }
}

/// How far a log was known to be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyncedLog {
    /// The generation it follows, which names it.
    pub(super) base: u64,
    /// Bytes of it.
    pub(super) synced: u64,
}

/// What a manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The current segment; `None` for the graph without nodes, generation 0.
    pub(super) segment: Option<SegmentIdentity>,
    /// The oldest log that is still needed, by the generation it follows.
    pub(super) oldest_log: u64,
    /// The log that was written when the manifest was.
    pub(super) log: SyncedLog,
}

impl Manifest {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = record::begin(&MAGIC, MANIFEST_BYTES);
        let none = SegmentIdentity { generation: 0, bytes: 0, head: 0 };
        let segment = self.segment.unwrap_or(none);
        for number in [
            u64::from(self.segment.is_some()),
            segment.generation,
            segment.bytes,
            segment.head,
            self.oldest_log,
            self.log.base,
            self.log.synced,
        ] {
            bytes.extend(number.to_le_bytes());
        }
        record::seal(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unlike> {
        let mut numbers = preamble(bytes, &MAGIC)?;
        if bytes.len() as u64 != MANIFEST_BYTES || !is_whole(bytes) {
            return Err(Unlike::Damaged);
        }
        let mut next = || numbers.u64().ok_or(Unlike::Damaged);
        let has_segment = next()? == 1;
        let segment = SegmentIdentity { generation: next()?, bytes: next()?, head: next()? };
        Ok(Self {
            segment: has_segment.then_some(segment),
            oldest_log: next()?,
            log: SyncedLog { base: next()?, synced: next()? },
        })
    }

    /// Replaces the manifest of `disk`: after a crash there is the old one or this one, and once
    /// this returns there is this one.
    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        let partial = names::partial(MANIFEST);
        let file = disk.create(&partial)?;
        file.write_all_at(&self.encode(), 0)?;
        file.sync()?;
        disk.rename(&partial, MANIFEST)?;
        disk.sync_directory()
    }
}

#[cfg(test)]
mod tests {
    use super::{Manifest, SegmentIdentity, SyncedLog};
    use crate::change::store::record::Unlike;

    #[test]
    fn a_manifest_is_read_as_it_is_written_and_no_bit_of_it_may_differ() {
        let segment = SegmentIdentity { generation: 7, bytes: 9, head: 11 };
        let log = SyncedLog { base: 7, synced: 48 };
        for segment in [None, Some(segment)] {
            let manifest = Manifest { segment, oldest_log: 3, log };
            let bytes = manifest.encode();
            assert_eq!(bytes.len() as u64, super::MANIFEST_BYTES);
            assert_eq!(Manifest::decode(&bytes), Ok(manifest));
            for at in 0..bytes.len() * 8 {
                let mut bytes = bytes.clone();
                bytes[at / 8] ^= 1 << (at % 8);
                assert!(Manifest::decode(&bytes).is_err(), "bit {at}");
            }
            for length in 0..bytes.len() {
                assert_eq!(Manifest::decode(&bytes[..length]), Err(Unlike::Damaged));
            }
        }
    }
}
