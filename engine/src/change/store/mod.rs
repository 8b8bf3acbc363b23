//! The store: a directory that keeps a graph through crashes.
//!
//! ```text
//! manifest                       which segment is current, and from which log on sets follow it
//! segment-<generation>.emg       a whole generation, as a native file
//! log-<generation>.emlog         the change sets after that generation
//! lock                           taken by the process that has the store open
//! ```
//!
//! A change set is appended to the log before its generation is published, and acknowledged once
//! it is as safe as [`FlushPolicy`] says. A checkpoint makes the current generation a segment, and
//! then removes the log that led to it. Opening reads the segment and applies the sets after it.
//!
//! To the store a set is bytes, and a segment is whatever [`Segment`] writes and [`Replay`] reads;
//! that keeps it apart from graphs, so that a model of three lines can stand in for one when
//! crashes are tried out by the thousand.
//!
//! # What a crash can do
//! The disk is [`Disk`]: a small trait, which the file system implements ([`Folder`]) and, for
//! tests, [`SimulatedDisk`], which loses, reorders and tears everything not synced. How the files
//! are read after a crash, and how a torn end is told from damage, stands in `recover`; in which
//! order a checkpoint goes about it, in `checkpoint`.
//!
//! # Why a log of our own
//! An embedded store could hold the sets, too. `bench/record` has the comparison: redb's syncs take
//! twice as long, being of pages of a tree rather than of one append; fjall is as fast as syncs
//! are, but reaches the file system by itself, so that no simulated disk can be put under it. What
//! is needed of either is an append and a scan.
//!
//! # Progress
//! Blocking, among writers. Readers of a graph never come here.

mod backup;
mod checkpoint;
mod disk;
mod error;
mod log;
mod manifest;
mod names;
mod open;
mod options;
mod record;
mod recover;
mod scan;
mod segment;
mod simulated;

#[cfg(test)]
mod tests;

pub use backup::{BackupReport, CheckReport, backup, check, read};
pub use checkpoint::{CheckpointReport, Segment, import};
pub use disk::{Disk, DiskFile, Folder, Held};
pub use error::{
    AppendError, CheckpointError, DamagedFile, DiskFailure, OpenStoreError, StoreDamage,
};
pub use log::Ticket;
pub use open::{Opened, Store};
pub use options::{FlushPolicy, StoreOptions};
pub use record::SET_BYTES_MAX;
pub use recover::{Refused, Repair, Replay, SegmentFile};
pub use segment::SegmentWriter;
pub use simulated::{Fault, SimulatedDisk};
