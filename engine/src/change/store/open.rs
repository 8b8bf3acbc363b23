//! A store: opening, storing sets, closing.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::disk::{Disk, Held};
use super::error::{AppendError, DiskFailure, OpenStoreError, path};
use super::log::{self, Log, Ticket};
use super::manifest::{Manifest, SegmentIdentity, SyncedLog};
use super::names;
use super::options::StoreOptions;
use super::record::LOG_HEADER_BYTES;
use super::recover::{Inventory, Recovered, Repair, Replay, recover};
use super::scan;
use crate::sync::{Arc, Clock, Exclusive};

/// What opening found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whether the store was made now.
    pub created: bool,
    /// The last generation stored; 0 for the graph without nodes.
    pub generation: u64,
    /// The generation of the segment on which sets were replayed; 0 where there is none.
    pub segment_generation: u64,
    /// Sets that were replayed on it.
    pub sets_replayed: u64,
    /// Bytes of the logs that were read for them.
    pub log_bytes: u64,
    /// Bytes at the end of the log that are no whole set and were cut off: of sets that were never
    /// acknowledged, or that the flush policy allows to be lost.
    pub bytes_dropped: u64,
    /// What was put right.
    pub repairs: Vec<Repair>,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.created {
            return f.write_str("made an empty store");
        }
        let Self { generation, segment_generation, sets_replayed, log_bytes, .. } = self;
        write!(
            f,
            "opened generation {generation}: segment of generation {segment_generation} and \
             {sets_replayed} change sets replayed from {log_bytes} bytes of log"
        )?;
        if self.bytes_dropped > 0 {
            write!(f, "; dropped {} bytes of an unfinished set", self.bytes_dropped)?;
        }
        for repair in &self.repairs {
            match repair {
                Repair::Manifest { file } => {
                    write!(f, "; {} was damaged or missing and is made anew", file.display())?;
                }
                Repair::OlderSegment { damaged } => {
                    write!(f, "; {} is damaged, so an older segment was used", damaged.display())?
                }
            }
        }
        Ok(())
    }
}

/// The files a store consists of.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) segment: Option<SegmentIdentity>,
    /// The generations that the logs follow, ascending; sets are appended to the last.
    pub(super) logs: Vec<u64>,
}

/// A directory that keeps a graph: a segment, which is a whole generation, and the change sets
/// since then.
///
/// Shared by reference between any number of threads.
#[derive(Debug)]
pub struct Store {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: StoreOptions,
    pub(super) log: Log,
    /// Held while a checkpoint, a backup or closing changes or reads the set of files.
    pub(super) files: Exclusive<Files>,
    is_closed: bool,
    _held: Box<dyn Held>,
}

impl Store {
    /// Opens the store on `disk` and gives what it holds to `replay`; `clock` says when a set has
    /// waited long enough for [`FlushPolicy::Every`](super::FlushPolicy::Every).
    ///
    /// Costs reading the logs, and of the segment what `replay` reads. What is whole is on the disk
    /// once this returns, whatever the process before had synced.
    ///
    /// # Errors
    /// [`OpenStoreError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        options: &StoreOptions,
        clock: Arc<dyn Clock>,
        replay: &mut dyn Replay,
    ) -> Result<(Self, Opened), OpenStoreError> {
        if Inventory::of(&*disk)?.is_empty() && !options.create {
            return Err(OpenStoreError::NoStore { directory: path(&*disk, "") });
        }
        let (held, is_new) = match lock_empty(&*disk) {
            Ok(held) => (held, true),
            Err(OpenStoreError::NotEmpty { .. }) if !Inventory::of(&*disk)?.is_empty() => {
                (lock(&*disk)?, false)
            }
            Err(error) => return Err(error),
        };
        if is_new {
            log::create(&*disk, 0, 0).map_err(DiskFailure::at(&*disk, ""))?;
        }
        let inventory = inventory_to_open(&*disk)?;
        let recovered = recover(&*disk, &inventory, replay)?;
        let mut opened = opened(&recovered);
        if is_new {
            opened = Opened { created: true, repairs: Vec::new(), ..opened };
        }
        let (log, files) = settle(&disk, options, &clock, recovered)?;
        let files = Exclusive::new(files);
        let options = *options;
        let is_closed = false;
        Ok((Self { disk, clock, options, log, files, is_closed, _held: held }, opened))
    }

    /// Writes a change set that leads to `generation` after all others; it is stored once
    /// [`Store::wait`] returns. Takes as long as copying the bytes to the operating system.
    ///
    /// # Errors
    /// [`AppendError`]; no trace of the set is left then, unless it is [`AppendError::Failed`].
    pub fn append(&self, generation: u64, set: &[u8]) -> Result<Ticket, AppendError> {
        self.log.append(generation, set)
    }

    /// Returns once the set is as safe as the flush policy promises. Sets that wait at once share
    /// a sync.
    ///
    /// # Errors
    /// [`AppendError::Failed`] where the sync failed: nobody knows then whether the set is stored.
    pub fn wait(&self, ticket: Ticket) -> Result<(), AppendError> {
        self.log.wait(ticket)
    }

    /// Returns once everything appended is on the disk, whatever the policy.
    ///
    /// # Errors
    /// [`AppendError::Failed`].
    pub fn sync(&self) -> Result<(), AppendError> {
        self.log.sync()
    }

    /// What is to be done now and then while nothing is appended: syncs where the policy says it
    /// is time, and notes in the log how far it was synced. Returns how long until it should be
    /// called again; `None` for when something was appended.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn maintain(&self) -> Result<Option<Duration>, AppendError> {
        let again = self.log.flush_if_due()?;
        self.log.note_synced()?;
        Ok(again)
    }

    /// The last generation stored.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.log.place().generation
    }

    /// Bytes of the log since it was last cut: what tells whether a checkpoint is worth making.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        self.log.place().end - LOG_HEADER_BYTES
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.disk.directory()
    }

    /// Brings everything to the disk and notes that nothing is missing. Dropping a store does the
    /// same, and tells nobody where it fails.
    ///
    /// # Errors
    /// [`AppendError`]; the store can be opened again nevertheless.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.is_closed = true;
        self.settle_down()
    }

    fn settle_down(&self) -> Result<(), AppendError> {
        self.log.sync()?;
        self.write_manifest(&self.files.take()).map_err(AppendError::Disk)
    }

    pub(super) fn write_manifest(&self, files: &Files) -> Result<(), DiskFailure> {
        let place = self.log.place();
        let manifest = Manifest {
            segment: files.segment,
            oldest_log: files.logs.first().copied().unwrap_or(place.base),
            log: SyncedLog { base: place.base, synced: place.synced },
        };
        manifest.write(&*self.disk).map_err(DiskFailure::at(&*self.disk, names::MANIFEST))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if !self.is_closed {
            // Whoever wants to know calls `close`.
            let _ = self.settle_down();
        }
    }
}

/// Takes the directory for this process.
pub(super) fn lock(disk: &dyn Disk) -> Result<Box<dyn Held>, OpenStoreError> {
    disk.lock().map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => OpenStoreError::InUse { directory: path(disk, "") },
        _ => DiskFailure::new(disk, "", &error).into(),
    })
}

/// Takes the directory for this process, and refuses it where it holds any file: nothing is ever
/// written over.
pub(super) fn lock_empty(disk: &dyn Disk) -> Result<Box<dyn Held>, OpenStoreError> {
    let check = || {
        let there = Inventory::of(disk)?;
        if there.is_empty() && !there.strange {
            return Ok(());
        }
        Err(OpenStoreError::NotEmpty { directory: path(disk, "") })
    };
    // A directory of somebody else's does not even get a lock.
    check()?;
    let held = lock(disk)?;
    check()?;
    Ok(held)
}

/// The files of a store that is about to be opened. Where the machine stopped while the store was
/// made, its first log may be missing, or be without a whole header; nothing was stored then.
fn inventory_to_open(disk: &dyn Disk) -> Result<Inventory, OpenStoreError> {
    let inventory = Inventory::of(disk)?;
    if inventory.has_manifest {
        return Ok(inventory);
    }
    let base = inventory.segments.last().copied().unwrap_or(0);
    let name = names::log(base);
    let never_used = match &inventory.logs[..] {
        [] => true,
        [only] if *only == base => {
            let file = disk.open_to_read(&name).map_err(DiskFailure::at(disk, &name))?;
            file.length().map_err(DiskFailure::at(disk, &name))? <= LOG_HEADER_BYTES
        }
        _ => false,
    };
    if never_used {
        log::create(disk, base, 0).map_err(DiskFailure::at(disk, &name))?;
    }
    Inventory::of(disk)
}

pub(super) fn opened(recovered: &Recovered) -> Opened {
    let segment = recovered.segment.as_ref();
    Opened {
        created: false,
        generation: recovered.generation,
        segment_generation: segment.map_or(0, |(identity, _)| identity.generation),
        sets_replayed: recovered.sets_replayed,
        log_bytes: recovered.logs.iter().map(|log| log.scan.end).sum(),
        bytes_dropped: recovered.bytes_dropped,
        repairs: recovered.repairs.clone(),
    }
}

/// Cuts off what is torn, brings the rest to the disk, removes what is not needed, and goes on
/// with the last log.
fn settle(
    disk: &Arc<dyn Disk>,
    options: &StoreOptions,
    clock: &Arc<dyn Clock>,
    recovered: Recovered,
) -> Result<(Log, Files), OpenStoreError> {
    let segment = recovered.segment.map(|(identity, _)| identity);
    let logs: Vec<u64> = recovered.logs.iter().map(|log| log.base).collect();
    let last = recovered.logs.into_iter().next_back().expect("recovering reads at least one log");
    let at = DiskFailure::at(&**disk, &last.name);
    let file = disk.open(&last.name).map_err(&at)?;
    if last.scan.end < last.scan.length {
        file.truncate(last.scan.end).map_err(&at)?;
    }
    // A process that was killed leaves sets that were written and not synced; their readers must
    // not lose them later.
    file.sync().map_err(&at)?;
    for name in &recovered.idle {
        // Tidying up may fail without harm; the next opening tries again.
        let _ = disk.remove(name);
    }
    disk.sync_directory().map_err(DiskFailure::at(&**disk, ""))?;
    let manifest = Manifest {
        segment,
        oldest_log: logs[0],
        log: SyncedLog { base: last.base, synced: last.scan.end },
    };
    manifest.write(&**disk).map_err(DiskFailure::at(&**disk, names::MANIFEST))?;
    let scan = scan::Scan { length: last.scan.end, ..last.scan };
    let log = Log::resume(Arc::clone(disk), Arc::clone(clock), options.flush, file, &scan);
    Ok((log, Files { segment, logs }))
}
