//! Verifying a store, and copying one while it is written.

use std::io;

use super::disk::{Disk, DiskFile};
use super::error::{DiskFailure, OpenStoreError, path};
use super::manifest::{Manifest, SyncedLog};
use super::names::{self, FileKind, MANIFEST};
use super::open::{Opened, lock, lock_empty, opened};
use super::recover::{Inventory, Recovered, Refused, Replay, SegmentFile, read_manifest, recover};

/// Bytes copied at a time.
const CHUNK_BYTES: u64 = 1 << 20;
/// How often a store that changes under the reader is read anew.
const ATTEMPTS: u32 = 8;

/// What a check found: all of it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// What opening would find.
    pub opened: Opened,
    /// Bytes of the segment; 0 where there is none.
    pub segment_bytes: u64,
    /// Files that are not needed, and would be removed.
    pub idle_files: u64,
}

/// What a backup copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// The generation the copy opens with.
    pub generation: u64,
    /// Bytes copied.
    pub bytes: u64,
}

/// Reads all of the store on `disk`, as opening it does, and changes nothing; `replay` verifies the
/// segment as far as it likes. Nobody else may have the store open.
///
/// # Errors
/// [`OpenStoreError`] where the store would be refused.
pub fn check(disk: &dyn Disk, replay: &mut dyn Replay) -> Result<CheckReport, OpenStoreError> {
    let inventory = store_on(disk)?;
    let _held = lock(disk)?;
    let recovered = recover(disk, &inventory, replay)?;
    Ok(CheckReport {
        opened: opened(&recovered),
        segment_bytes: recovered.segment.as_ref().map_or(0, |(identity, _)| identity.bytes),
        idle_files: recovered.idle.len() as u64,
    })
}

/// Reads the store on `disk` as it is now, and gives it to `replay`, while others may write to it:
/// all sets up to some generation, those among them that are not synced yet.
///
/// # Errors
/// [`OpenStoreError`].
pub fn read(disk: &dyn Disk, replay: &mut dyn Replay) -> Result<Opened, OpenStoreError> {
    recover_live(disk, replay).map(|recovered| opened(&recovered))
}

/// Copies the store on `from` to `to`, which is empty, while others may write to it. The copy holds
/// all sets up to some generation, is synced, and was read back.
///
/// The manifest goes first, so that what there is of a copy that was not finished is refused.
///
/// # Errors
/// [`OpenStoreError`]; what was copied is removed then.
pub fn backup(from: &dyn Disk, to: &dyn Disk) -> Result<BackupReport, OpenStoreError> {
    let _held = lock_empty(to)?;
    let recovered = recover_live(from, &mut Anything)?;
    let copied = copy_store(&recovered, to);
    if copied.is_err() {
        let ours = |name: &String| names::kind(name) != FileKind::Strange;
        for name in to.list().unwrap_or_default().into_iter().filter(ours) {
            // The first error is the one to tell.
            let _ = to.remove(&name);
        }
    }
    copied
}

fn copy_store(recovered: &Recovered, to: &dyn Disk) -> Result<BackupReport, OpenStoreError> {
    let last = recovered.logs.last().expect("recovering reads at least one log");
    let manifest = Manifest {
        segment: recovered.segment.as_ref().map(|(identity, _)| *identity),
        oldest_log: recovered.logs[0].base,
        log: SyncedLog { base: last.base, synced: last.scan.end },
    };
    manifest.write(to).map_err(DiskFailure::at(to, MANIFEST))?;
    let bytes = copy_files(recovered, to)?;
    let copy = recover(to, &Inventory::of(to)?, &mut Anything)?;
    assert_eq!(copy.generation, recovered.generation, "every file was copied whole");
    Ok(BackupReport { generation: recovered.generation, bytes })
}

/// The files of a store that is there.
fn store_on(disk: &dyn Disk) -> Result<Inventory, OpenStoreError> {
    let inventory = Inventory::of(disk)?;
    if inventory.is_empty() {
        return Err(OpenStoreError::NoStore { directory: path(disk, "") });
    }
    Ok(inventory)
}

/// Recovers from files that others write to. A file that is open stays as it was when its name
/// goes, so one pass that finds all of them holds a generation. A pass that fails while a
/// checkpoint moved the files under it is made again.
fn recover_live(disk: &dyn Disk, replay: &mut dyn Replay) -> Result<Recovered, OpenStoreError> {
    let mut attempt = 1;
    loop {
        let before = read_manifest(disk)?;
        let inventory = store_on(disk)?;
        match recover(disk, &inventory, replay) {
            Ok(recovered) => return Ok(recovered),
            Err(error) => {
                let moved =
                    read_manifest(disk)? != before || Inventory::of(disk)?.logs != inventory.logs;
                if !moved || attempt == ATTEMPTS {
                    return Err(error);
                }
                attempt += 1;
            }
        }
    }
}

fn copy_files(recovered: &Recovered, to: &dyn Disk) -> Result<u64, DiskFailure> {
    let mut copied = 0;
    if let Some((identity, segment)) = &recovered.segment {
        let name = names::segment(identity.generation);
        copied += copy(&*segment.file, identity.bytes, to, &name)?;
    }
    for log in &recovered.logs {
        copied += copy(&*log.file, log.scan.end, to, &log.name)?;
    }
    to.sync_directory().map_err(DiskFailure::at(to, ""))?;
    Ok(copied)
}

/// Copies the first `bytes` of `from` to a new file.
fn copy(from: &dyn DiskFile, bytes: u64, to: &dyn Disk, name: &str) -> Result<u64, DiskFailure> {
    let copied = || -> io::Result<()> {
        let file = to.create(name)?;
        let mut chunk = vec![0; CHUNK_BYTES.min(bytes) as usize];
        let mut offset = 0;
        while offset < bytes {
            let taken = &mut chunk[..CHUNK_BYTES.min(bytes - offset) as usize];
            from.read_exact_at(taken, offset)?;
            file.write_all_at(taken, offset)?;
            offset += taken.len() as u64;
        }
        file.sync()
    };
    copied().map_err(DiskFailure::at(to, name))?;
    Ok(bytes)
}

/// Takes everything: the records' own checksums are looked at all the same.
struct Anything;

impl Replay for Anything {
    fn begin(&mut self, _generation: u64, _file: Option<SegmentFile>) -> Result<(), Refused> {
        Ok(())
    }

    fn set(&mut self, _generation: u64, _set: &[u8]) -> Result<(), Refused> {
        Ok(())
    }
}
