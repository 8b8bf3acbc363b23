//! Checkpoints: a generation becomes a segment, and the sets that led to it can go.
//!
//! # Order
//! 1. The log is cut: what comes from now on goes to a new file.
//! 2. The generation is written beside, synced, and takes the segment's name.
//! 3. The log is synced at least as far as the generation.
//! 4. The manifest is replaced. Until here the store opens with the old segment, from here on with
//!    the new one, to the same generation.
//! 5. The old segment and the logs that nothing needs are removed; a crash leaves them for the
//!    next opening to remove.

use std::io;

use super::disk::Disk;
use super::error::{CheckpointError, DiskFailure, OpenStoreError};
use super::log;
use super::manifest::SegmentIdentity;
use super::names;
use super::open::{Files, Store, lock_empty};
use super::segment::{Pace, SegmentWriter};

/// A generation that can be written as a segment.
pub trait Segment {
    /// Its number.
    fn generation(&self) -> u64;

    /// Writes it. What is written is what is read back when the store is opened.
    ///
    /// # Errors
    /// What the writer said, or why the generation cannot be read.
    fn write(&self, into: &mut SegmentWriter) -> io::Result<()>;
}

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointReport {
    /// The generation that is a segment now.
    pub generation: u64,
    /// Bytes of the segment.
    pub bytes: u64,
    /// Logs that were removed.
    pub logs_removed: u64,
}

impl Store {
    /// Makes a segment of the generation that `take` returns. It is called after the log is cut,
    /// and best returns the generation published last: then no log but the new one is needed.
    ///
    /// Sets are stored meanwhile; they wait while the log is cut, for about three syncs. Takes the
    /// time of writing the generation, at the rate that the options allow.
    ///
    /// # Errors
    /// [`CheckpointError`]; what was stored before is stored still.
    pub fn checkpoint<S: Segment>(
        &self,
        take: impl FnOnce() -> S,
    ) -> Result<CheckpointReport, CheckpointError> {
        let mut files = self.files.try_take().ok_or(CheckpointError::UnderWay)?;
        let base = self.log.cut()?;
        if files.logs.last() != Some(&base) {
            files.logs.push(base);
        }
        let segment = take();
        let generation = segment.generation();
        let last = self.log.place().generation;
        if generation > last {
            return Err(CheckpointError::NotStored { generation, last });
        }
        if let Some(current) = files.segment.filter(|current| current.generation >= generation) {
            let (generation, bytes) = (current.generation, current.bytes);
            return Ok(CheckpointReport { generation, bytes, logs_removed: 0 });
        }
        let rate = self.options.checkpoint_bytes_per_second;
        let pace = rate.map(|rate| Pace::new(&self.clock, rate));
        let identity = write_segment(&*self.disk, &segment, pace)?;
        self.log.sync()?;
        let mut next = Files { segment: Some(identity), logs: needed(&files.logs, generation) };
        self.write_manifest(&next)?;
        std::mem::swap(&mut *files, &mut next);
        let idle = next.logs.iter().filter(|base| !files.logs.contains(base));
        let logs_removed = idle.clone().count() as u64;
        let idle = idle.map(|base| names::log(*base));
        let old = next.segment.map(|old| names::segment(old.generation));
        for name in idle.chain(old) {
            // What stays is removed when the store is opened next.
            let _ = self.disk.remove(&name);
        }
        Ok(CheckpointReport { generation, bytes: identity.bytes, logs_removed })
    }
}

/// Makes the segment of a generation; it is on the disk, whole and by its name, once this returns.
fn write_segment(
    disk: &dyn Disk,
    segment: &dyn Segment,
    pace: Option<Pace>,
) -> Result<SegmentIdentity, DiskFailure> {
    let generation = segment.generation();
    let name = names::segment(generation);
    let partial = names::partial(&name);
    let written = || -> io::Result<SegmentIdentity> {
        let mut writer = SegmentWriter::new(disk.create(&partial)?, pace);
        segment.write(&mut writer)?;
        writer.finish()?;
        // Read back through a handle of its own: what was written is what will be read.
        let identity = SegmentIdentity::of(generation, &*disk.open_to_read(&partial)?)?;
        disk.rename(&partial, &name)?;
        disk.sync_directory()?;
        Ok(identity)
    };
    written().map_err(|error| {
        // What cannot be removed now is removed when the store is opened next.
        let _ = disk.remove(&partial);
        DiskFailure::new(disk, &name, &error)
    })
}

/// Makes a store on `disk`, which is empty, that begins with the generation of `segment`. Open it
/// afterwards. A crash leaves nothing, or the whole store.
///
/// # Errors
/// [`OpenStoreError::NotEmpty`], [`OpenStoreError::NotFound`], [`OpenStoreError::InUse`] or
/// [`OpenStoreError::Disk`].
pub fn import(disk: &dyn Disk, segment: &dyn Segment) -> Result<CheckpointReport, OpenStoreError> {
    let _held = lock_empty(disk)?;
    let identity = write_segment(disk, segment, None)?;
    let generation = identity.generation;
    // A segment without a log is a store to which nothing was added, so the crash that comes
    // before the log takes nothing away.
    log::create(disk, generation, 0).map_err(DiskFailure::at(disk, &names::log(generation)))?;
    Ok(CheckpointReport { generation, bytes: identity.bytes, logs_removed: 0 })
}

/// Those of the logs that have sets after `generation`, and the last in any case.
fn needed(logs: &[u64], generation: u64) -> Vec<u64> {
    let ends = logs.iter().skip(1).copied().map(Some).chain([None]);
    let both = logs.iter().copied().zip(ends);
    both.filter(|(_, end)| end.is_none_or(|end| end > generation)).map(|(base, _)| base).collect()
}
