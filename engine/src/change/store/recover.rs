//! Finding out what a store holds, without changing it.
//!
//! 1. The manifest names the segment and the oldest log that follows it. Where it is damaged or
//!    missing, the names of the files say the same.
//! 2. The segment is given to the host. Where the host refuses it, the next older one that is
//!    still there is tried.
//! 3. The logs are read in order, and each whole set that leads beyond the segment is given to the
//!    host. Each log must follow the one before: same generation, same checksum.
//!
//! # Torn or damaged
//! A log may end in bytes that are no whole set, when the machine stopped before they were synced.
//! They are left out. But where anything shows that they had been on the disk, they are damage, and
//! the store is refused: the manifest, which says how far its log was synced; a record further on,
//! which says the same; a log that follows, which is begun only after the one before was synced.
//! What no trace shows is a set at the very end that was synced and then damaged before the log was
//! closed, continued or noted as synced ([`Store::maintain`](super::Store::maintain)).

use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk::{Disk, DiskFile};
use super::error::{DamagedFile, DiskFailure, OpenStoreError, StoreDamage, path};
use super::manifest::{MANIFEST_BYTES, Manifest, SegmentIdentity};
use super::names::{self, FileKind, MANIFEST};
use super::record::{LOG_HEADER_BYTES, LogHeader, Unlike};
use super::scan::{self, Scan, ScanError};
use crate::sync::Arc;

/// The file of a segment, open.
#[derive(Clone, Debug)]
pub struct SegmentFile {
    /// Where it lies, for messages.
    pub path: Arc<Path>,
    /// The file.
    pub file: Arc<dyn DiskFile>,
}

/// The host cannot use what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Takes what a store holds: a graph to begin with, then every set that follows it, in order.
pub trait Replay {
    /// Begins anew with generation `generation`: what `segment` holds, or the graph without nodes.
    ///
    /// # Errors
    /// [`Refused`] where the segment is damaged; an older one may follow then.
    fn begin(&mut self, generation: u64, segment: Option<SegmentFile>) -> Result<(), Refused>;

    /// Applies a set, which leads to `generation`. Its bytes are those that were appended.
    ///
    /// # Errors
    /// [`Refused`] where it cannot be applied; the store is refused then.
    fn set(&mut self, generation: u64, set: &[u8]) -> Result<(), Refused>;
}

/// What opening put right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// The manifest was missing or damaged; the names of the files say the same.
    Manifest {
        /// The manifest.
        file: Arc<Path>,
    },
    /// The newest segment was damaged; an older one (or the graph without nodes) and the logs
    /// since then lead to the same generation.
    OlderSegment {
        /// The segment that is damaged.
        damaged: Arc<Path>,
    },
}

/// A log that was read.
#[derive(Debug)]
pub(super) struct ReadLog {
    pub(super) name: String,
    pub(super) base: u64,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) scan: Scan,
}

/// What a store holds.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) segment: Option<(SegmentIdentity, SegmentFile)>,
    /// The logs from the oldest one needed on.
    pub(super) logs: Vec<ReadLog>,
    pub(super) generation: u64,
    pub(super) sets_replayed: u64,
    /// Bytes at the end of the last log that are no whole set.
    pub(super) bytes_dropped: u64,
    pub(super) repairs: Vec<Repair>,
    /// Files that are not needed: older, under way when the process was stopped, or begun and
    /// never used.
    pub(super) idle: Vec<String>,
}

/// The files there are, by kind.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) has_manifest: bool,
    /// Generations, ascending.
    pub(super) segments: Vec<u64>,
    /// Generations they follow, ascending.
    pub(super) logs: Vec<u64>,
    pub(super) partials: Vec<String>,
    pub(super) strange: bool,
}

impl Inventory {
    pub(super) fn of(disk: &dyn Disk) -> Result<Self, OpenStoreError> {
        let names = disk.list().map_err(|error| match error.kind() {
            ErrorKind::NotFound => OpenStoreError::NotFound { directory: path(disk, "") },
            _ => DiskFailure::new(disk, "", &error).into(),
        })?;
        let mut inventory = Self::default();
        for name in names {
            match names::kind(&name) {
                FileKind::Manifest => inventory.has_manifest = true,
                FileKind::Segment(generation) => inventory.segments.push(generation),
                FileKind::Log(base) => inventory.logs.push(base),
                FileKind::Partial => inventory.partials.push(name),
                FileKind::Strange => inventory.strange = true,
            }
        }
        inventory.segments.sort_unstable();
        inventory.logs.sort_unstable();
        Ok(inventory)
    }

    /// Whether there is no store. What is left of one that was begun and never finished is none.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_manifest && self.segments.is_empty() && self.logs.is_empty()
    }
}

fn damaged(disk: &dyn Disk, name: &str, offset: u64, damage: StoreDamage) -> OpenStoreError {
    OpenStoreError::Damaged(DamagedFile { file: path(disk, name), offset, damage })
}

fn unlike(disk: &dyn Disk, name: &str, unlike: Unlike) -> OpenStoreError {
    match unlike {
        Unlike::Damaged => damaged(disk, name, 0, StoreDamage::Header),
        Unlike::Newer(format) => OpenStoreError::NewerFormat { file: path(disk, name), format },
    }
}

fn unread(disk: &dyn Disk, name: &str, error: &io::Error) -> OpenStoreError {
    match error.kind() {
        ErrorKind::NotFound => damaged(disk, name, 0, StoreDamage::Missing),
        _ => DiskFailure::new(disk, name, error).into(),
    }
}

/// The manifest; `None` where it is missing or damaged.
pub(super) fn read_manifest(disk: &dyn Disk) -> Result<Option<Manifest>, OpenStoreError> {
    let file = match disk.open_to_read(MANIFEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(DiskFailure::at(disk, MANIFEST))?,
    };
    let length = file.length().map_err(DiskFailure::at(disk, MANIFEST))?;
    let mut bytes = vec![0; length.min(MANIFEST_BYTES + 1) as usize];
    file.read_exact_at(&mut bytes, 0).map_err(DiskFailure::at(disk, MANIFEST))?;
    match Manifest::decode(&bytes) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(Unlike::Damaged) => Ok(None),
        Err(newer) => Err(unlike(disk, MANIFEST, newer)),
    }
}

/// Reads all that `disk` holds, which is not empty, and gives it to `replay`.
pub(super) fn recover(
    disk: &dyn Disk,
    inventory: &Inventory,
    replay: &mut dyn Replay,
) -> Result<Recovered, OpenStoreError> {
    let manifest = read_manifest(disk)?;
    let mut repairs = Vec::new();
    if manifest.is_none() {
        repairs.push(Repair::Manifest { file: path(disk, MANIFEST) });
    }
    let logs = open_logs(disk, inventory)?;
    if let Some(manifest) = &manifest
        && position(&logs.open, manifest.log.base).is_none()
    {
        // Its header was synced before the manifest named it.
        let name = names::log(manifest.log.base);
        let is_cut = logs.torn.contains(&name);
        let damage = if is_cut { StoreDamage::Header } else { StoreDamage::Missing };
        return Err(damaged(disk, &name, 0, damage));
    }
    let begin = choose_segment(disk, inventory, manifest.as_ref(), &logs.open, replay)?;
    if let Some(file) = begin.refused {
        repairs.push(Repair::OlderSegment { damaged: file });
    }
    let mut recovered = Recovered {
        generation: begin.segment.as_ref().map_or(0, |(identity, _)| identity.generation),
        segment: begin.segment,
        logs: Vec::new(),
        sets_replayed: 0,
        bytes_dropped: 0,
        repairs,
        idle: logs.torn,
    };
    replay_logs(disk, &mut recovered, &logs.open[begin.first_log..], manifest.as_ref(), replay)?;
    note_idle(&mut recovered, inventory, &logs.open[..begin.first_log]);
    Ok(recovered)
}

/// A log that was opened, and its header read.
struct OpenLog {
    name: String,
    header: LogHeader,
    length: u64,
    file: Arc<dyn DiskFile>,
}

impl OpenLog {
    /// Whether no record was ever begun in it.
    const fn is_bare(&self) -> bool {
        self.length <= LOG_HEADER_BYTES
    }
}

struct OpenLogs {
    /// Ascending by the generation they follow.
    open: Vec<OpenLog>,
    /// Names of those that were being made when the machine stopped: their header was not synced,
    /// so nothing was ever written after it.
    torn: Vec<String>,
}

fn open_logs(disk: &dyn Disk, inventory: &Inventory) -> Result<OpenLogs, OpenStoreError> {
    let mut logs = OpenLogs { open: Vec::new(), torn: Vec::new() };
    for &base in &inventory.logs {
        let name = names::log(base);
        let file = disk.open_to_read(&name).map_err(|error| unread(disk, &name, &error))?;
        let length = file.length().map_err(DiskFailure::at(disk, &name))?;
        match scan::header(&*file) {
            Ok(header) if header.base == base => {
                logs.open.push(OpenLog { name, header, length, file });
            }
            Ok(_) => return Err(damaged(disk, &name, 0, StoreDamage::Sequence)),
            Err(ScanError::Unlike(Unlike::Damaged)) if length <= LOG_HEADER_BYTES => {
                logs.torn.push(name);
            }
            Err(ScanError::Unlike(other)) => return Err(unlike(disk, &name, other)),
            Err(ScanError::Io(error)) => return Err(unread(disk, &name, &error)),
            Err(ScanError::Refused(())) => unreachable!("a header holds no set"),
        }
    }
    Ok(logs)
}

/// Where replaying begins.
struct Begin {
    segment: Option<(SegmentIdentity, SegmentFile)>,
    /// Position of the first log to read.
    first_log: usize,
    /// A newer segment that could not be used.
    refused: Option<Arc<Path>>,
}

/// The newest segment that the host takes and that a log follows.
fn choose_segment(
    disk: &dyn Disk,
    inventory: &Inventory,
    manifest: Option<&Manifest>,
    logs: &[OpenLog],
    replay: &mut dyn Replay,
) -> Result<Begin, OpenStoreError> {
    let mut refused = None;
    let named = manifest.map(|manifest| manifest.segment);
    // A segment newer than the manifest's was being made when the process stopped. Its sets are
    // in the logs, too.
    let newest = named.map_or(u64::MAX, |segment| segment.map_or(0, |found| found.generation));
    let mut candidates: Vec<u64> =
        inventory.segments.iter().copied().filter(|found| *found <= newest).collect();
    if let Some(Some(segment)) = named
        && candidates.last() != Some(&segment.generation)
    {
        candidates.push(segment.generation);
    }
    for generation in candidates.into_iter().rev() {
        let identity = named.flatten().filter(|segment| segment.generation == generation);
        let first = match (identity, manifest) {
            (Some(_), Some(manifest)) => position(logs, manifest.oldest_log),
            _ => first_log(logs, generation),
        };
        let name = names::segment(generation);
        match take_segment(disk, generation, identity, replay)? {
            Some(segment) => {
                let first_log = first.ok_or_else(|| missing_log(disk, manifest, generation))?;
                return Ok(Begin { segment: Some(segment), first_log, refused });
            }
            None => drop(refused.get_or_insert_with(|| path(disk, &name))),
        }
    }
    // Without a segment, the logs must begin with the graph without nodes.
    match (position(logs, 0), refused) {
        (Some(first_log), refused) => {
            let begun = replay.begin(0, None);
            begun.map_err(|Refused| missing_log(disk, manifest, 0))?;
            Ok(Begin { segment: None, first_log, refused })
        }
        (None, Some(file)) => {
            let (offset, damage) = (0, StoreDamage::Segment);
            Err(OpenStoreError::Damaged(DamagedFile { file, offset, damage }))
        }
        (None, None) => Err(missing_log(disk, manifest, 0)),
    }
}

fn missing_log(disk: &dyn Disk, manifest: Option<&Manifest>, generation: u64) -> OpenStoreError {
    let base = manifest.map_or(generation, |manifest| manifest.oldest_log);
    damaged(disk, &names::log(base), 0, StoreDamage::Missing)
}

fn position(logs: &[OpenLog], base: u64) -> Option<usize> {
    logs.iter().position(|log| log.header.base == base)
}

/// Position of the log that holds the sets after `generation`, where no manifest says it. A bare
/// log may have been begun and never used, so one with records is preferred.
fn first_log(logs: &[OpenLog], generation: u64) -> Option<usize> {
    let before = |log: &&OpenLog| log.header.base <= generation;
    let count = logs.iter().take_while(before).count();
    logs[..count].iter().rposition(|log| !log.is_bare()).or_else(|| (count > 0).then_some(0))
}

/// The segment of `generation` where it is what `identity` says and the host takes it.
fn take_segment(
    disk: &dyn Disk,
    generation: u64,
    identity: Option<SegmentIdentity>,
    replay: &mut dyn Replay,
) -> Result<Option<(SegmentIdentity, SegmentFile)>, OpenStoreError> {
    let name = names::segment(generation);
    let file = match disk.open_to_read(&name) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(DiskFailure::at(disk, &name))?,
    };
    let found = SegmentIdentity::of(generation, &*file).map_err(DiskFailure::at(disk, &name))?;
    if identity.is_some_and(|identity| identity != found) {
        return Ok(None);
    }
    let segment = SegmentFile { path: path(disk, &name), file };
    let taken = replay.begin(generation, Some(segment.clone()));
    Ok(taken.ok().map(|()| (found, segment)))
}

/// Reads `logs` in order, the first of which holds the first set after the segment.
fn replay_logs(
    disk: &dyn Disk,
    recovered: &mut Recovered,
    logs: &[OpenLog],
    manifest: Option<&Manifest>,
    replay: &mut dyn Replay,
) -> Result<(), OpenStoreError> {
    let segment_generation = recovered.generation;
    for log in logs {
        if let Some(before) = recovered.logs.last() {
            let scan = &before.scan;
            if log.header.base < scan.generation && log.is_bare() {
                recovered.idle.push(log.name.clone());
                continue;
            }
            if log.header.base > scan.generation {
                let damage = StoreDamage::Set { after: scan.generation };
                return Err(damaged(disk, &before.name, scan.end, damage));
            }
            if log.header.base < scan.generation || log.header.previous != scan.checksum {
                return Err(damaged(disk, &log.name, 0, StoreDamage::Sequence));
            }
        }
        let scan = scan::scan(&*log.file, &mut |offset, generation, set| {
            if generation <= segment_generation {
                return Ok(());
            }
            recovered.sets_replayed += 1;
            replay.set(generation, set).map_err(|Refused| (offset, generation))
        });
        let scan = scan.map_err(|error| match error {
            ScanError::Io(error) => unread(disk, &log.name, &error),
            ScanError::Unlike(what) => unlike(disk, &log.name, what),
            ScanError::Refused((offset, generation)) => {
                damaged(disk, &log.name, offset, StoreDamage::Refused { generation })
            }
        })?;
        if scan.end < witnessed(&scan, manifest) {
            let damage = StoreDamage::Set { after: scan.generation };
            return Err(damaged(disk, &log.name, scan.end, damage));
        }
        recovered.bytes_dropped += scan.length - scan.end;
        recovered.generation = recovered.generation.max(scan.generation);
        recovered.logs.push(ReadLog {
            name: log.name.clone(),
            base: log.header.base,
            file: Arc::clone(&log.file),
            scan,
        });
    }
    behind_the_segment(disk, recovered, segment_generation)
}

/// How far the log was on the disk once, by all there is to tell.
fn witnessed(scan: &Scan, manifest: Option<&Manifest>) -> u64 {
    let noted = manifest.map(|manifest| manifest.log);
    let noted = noted.filter(|log| log.base == scan.header.base).map_or(0, |log| log.synced);
    scan.witnessed.max(noted)
}

/// The log is synced before a segment is made current, so it reaches at least as far.
fn behind_the_segment(
    disk: &dyn Disk,
    recovered: &Recovered,
    segment_generation: u64,
) -> Result<(), OpenStoreError> {
    let last = recovered.logs.last().expect("replaying begins with a log that is there");
    if last.scan.generation >= segment_generation {
        return Ok(());
    }
    let damage = StoreDamage::Set { after: last.scan.generation };
    Err(damaged(disk, &last.name, last.scan.end, damage))
}

fn note_idle(recovered: &mut Recovered, inventory: &Inventory, older: &[OpenLog]) {
    let current = recovered.segment.as_ref().map(|(identity, _)| identity.generation);
    let segments = inventory.segments.iter().filter(|found| Some(**found) != current);
    recovered.idle.extend(segments.map(|generation| names::segment(*generation)));
    recovered.idle.extend(older.iter().map(|log| log.name.clone()));
    recovered.idle.extend(inventory.partials.iter().cloned());
}
