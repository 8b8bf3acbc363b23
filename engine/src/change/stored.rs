//! A graph in a store: generations as segments, change sets as what the log keeps.

use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Deref;

use super::edit::edit;
use super::encode::ChangeSetError;
use super::error::ChangeError;
use super::journal::{Journal, StorageError};
use super::set::ChangeSet;
use super::store::{
    AppendError, CheckReport, CheckpointError, CheckpointReport, Disk, DiskFile, OpenStoreError,
    Opened, Refused, Replay, Segment, SegmentFile, SegmentWriter, Store, StoreOptions, check, read,
};
use crate::graph::{
    DamagedBlock, Draft, Generation, GraphBuilder, OpenError, ReadAt, VerifyError, open_reader,
    verify, write_to,
};
use crate::sync::{Arc, Clock};

/// Why the graph in a store was not opened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OpenGraphError {
    /// The store was not opened.
    Store(OpenStoreError),
    /// The segment is not a native file that can be opened.
    Segment(OpenError),
    /// A part of the segment is damaged.
    Damaged(VerifyError),
    /// The log is whole, but a set in it is none: written by a newer Emanate, perhaps.
    Set {
        /// The store's own account, with file and place.
        store: OpenStoreError,
        /// What is wrong with the set.
        cause: ChangeSetError,
    },
    /// The log is whole, but a set in it cannot be applied.
    Change {
        /// The store's own account, with file and place.
        store: OpenStoreError,
        /// What is wrong with it.
        cause: Box<ChangeError>,
    },
}

impl fmt::Display for OpenGraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Segment(error) => error.fmt(f),
            Self::Damaged(error) => error.fmt(f),
            Self::Set { store, cause } => write!(f, "{store} ({cause})"),
            Self::Change { store, cause } => write!(f, "{store} ({cause})"),
        }
    }
}

impl std::error::Error for OpenGraphError {}

impl From<OpenStoreError> for OpenGraphError {
    fn from(error: OpenStoreError) -> Self {
        Self::Store(error)
    }
}

/// A graph and the store that keeps it.
#[derive(Debug)]
pub struct StoredGraph {
    /// The last generation stored.
    pub generation: Generation,
    /// The store: the [`Journal`] of the graph's change sets.
    pub store: Arc<Store>,
}

/// Opens the store on `disk` and the graph in it: the segment, and every set after it.
///
/// Costs reading the logs, and of the segment its tables and what the sets touch; what a spread
/// needs of it is read then.
///
/// # Errors
/// [`OpenGraphError`].
pub fn open_graph(
    disk: Arc<dyn Disk>,
    options: &StoreOptions,
    clock: Arc<dyn Clock>,
) -> Result<(StoredGraph, Opened), OpenGraphError> {
    let mut replay = GraphReplay::new(Verify::Tables);
    let result = Store::open(disk, options, clock, &mut replay);
    let (generation, (store, opened)) = replay.end(result)?;
    Ok((StoredGraph { generation, store: Arc::new(store) }, opened))
}

/// The graph in the store on `disk` as it is now, also while others write to it.
///
/// # Errors
/// [`OpenGraphError`].
pub fn read_graph(disk: &dyn Disk) -> Result<(Generation, Opened), OpenGraphError> {
    let mut replay = GraphReplay::new(Verify::Tables);
    let result = read(disk, &mut replay);
    replay.end(result)
}

/// Reads all of the store on `disk`: every block of the segment is verified, and every set applied.
/// Changes nothing.
///
/// # Errors
/// [`OpenGraphError`]: the first thing found wrong.
pub fn check_graph(disk: &dyn Disk) -> Result<(Generation, CheckReport), OpenGraphError> {
    let mut replay = GraphReplay::new(Verify::Everything);
    let result = check(disk, &mut replay);
    replay.end(result)
}

/// A generation, to be written as a segment.
#[derive(Clone, Debug)]
pub struct GraphSegment<'a>(pub &'a Generation);

impl Segment for GraphSegment<'_> {
    fn generation(&self) -> u64 {
        self.0.number()
    }

    /// Where changes stand over the generation's blocks, they are merged first, in memory.
    fn write(&self, into: &mut SegmentWriter) -> io::Result<()> {
        write_to(self.0, into)
    }
}

impl Store {
    /// Makes a segment of the generation that `take` returns: [`Store::checkpoint`] for graphs.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn checkpoint_graph<G: Deref<Target = Generation>>(
        &self,
        take: impl FnOnce() -> G,
    ) -> Result<CheckpointReport, CheckpointError> {
        struct Taken<G>(G);

        impl<G: Deref<Target = Generation>> Segment for Taken<G> {
            fn generation(&self) -> u64 {
                self.0.number()
            }

            fn write(&self, into: &mut SegmentWriter) -> io::Result<()> {
                write_to(&self.0, into)
            }
        }

        self.checkpoint(|| Taken(take()))
    }
}

impl Journal for Store {
    fn append(&self, changes: &ChangeSet, generation: u64) -> Result<(), StorageError> {
        let mut set = Vec::new();
        changes.encode(&mut set);
        let stored = self.append(generation, &set).and_then(|ticket| self.wait(ticket));
        stored.map_err(|error| {
            let transient = match &error {
                AppendError::Disk(failure) => matches!(
                    failure.kind,
                    ErrorKind::Interrupted
                        | ErrorKind::TimedOut
                        | ErrorKind::WouldBlock
                        | ErrorKind::ResourceBusy
                ),
                _ => false,
            };
            StorageError { transient, cause: Arc::new(error) }
        })
    }
}

/// Reads a segment's file as the native file it is.
#[derive(Debug)]
struct SegmentReader(Arc<dyn DiskFile>);

impl ReadAt for SegmentReader {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }
}

/// How much of a segment is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verify {
    Tables,
    Everything,
}

/// What is wrong with what the store holds.
#[derive(Debug)]
enum Wrong {
    Segment(OpenError),
    Damaged(VerifyError),
    Set(ChangeSetError),
    Change(ChangeError),
}

impl From<DamagedBlock> for Wrong {
    fn from(block: DamagedBlock) -> Self {
        Self::Change(block.into())
    }
}

/// Makes a graph of what a store holds.
#[derive(Debug)]
struct GraphReplay {
    verify: Verify,
    /// What was begun with.
    begun: Option<Generation>,
    /// What the sets have made of it, with the number of the last one.
    draft: Option<(Draft, u64)>,
    wrong: Option<Wrong>,
}

impl GraphReplay {
    const fn new(verify: Verify) -> Self {
        Self { verify, begun: None, draft: None, wrong: None }
    }

    fn open(&self, number: u64, segment: SegmentFile) -> Result<Generation, Wrong> {
        let reader = Arc::new(SegmentReader(segment.file));
        let mut graph = open_reader(reader, segment.path).map_err(Wrong::Segment)?;
        graph.number = number;
        if self.verify == Verify::Everything {
            verify(&graph).map_err(Wrong::Damaged)?;
        }
        Ok(graph)
    }

    fn apply(&mut self, generation: u64, set: &[u8]) -> Result<(), Wrong> {
        let changes = ChangeSet::decode(set).map_err(Wrong::Set)?;
        if self.draft.is_none() {
            let begun = self.begun.as_ref().expect("replaying begins with a graph");
            self.draft = Some((Draft::of(begun)?, generation));
        }
        let (draft, last) = self.draft.as_mut().expect("made where it was not there");
        *last = generation;
        for change in changes.changes() {
            edit(draft, change).map_err(Wrong::Change)?;
        }
        Ok(())
    }

    /// The graph, and what the store said.
    fn end<T>(self, result: Result<T, OpenStoreError>) -> Result<(Generation, T), OpenGraphError> {
        let said = match (result, self.wrong) {
            (Ok(said), _) => said,
            (Err(store @ OpenStoreError::Damaged(_)), Some(wrong)) => {
                return Err(match wrong {
                    Wrong::Segment(error) => OpenGraphError::Segment(error),
                    Wrong::Damaged(error) => OpenGraphError::Damaged(error),
                    Wrong::Set(cause) => OpenGraphError::Set { store, cause },
                    Wrong::Change(cause) => {
                        OpenGraphError::Change { store, cause: Box::new(cause) }
                    }
                });
            }
            (Err(store), _) => return Err(store.into()),
        };
        let begun = self.begun.expect("replaying begins with a graph");
        let generation = match self.draft {
            None => begun,
            Some((draft, number)) => {
                let mut generation = draft.finish();
                generation.number = number;
                generation
            }
        };
        Ok((generation, said))
    }

    fn note<T>(&mut self, result: Result<T, Wrong>) -> Result<T, Refused> {
        result.map_err(|wrong| {
            self.wrong = Some(wrong);
            Refused
        })
    }
}

impl Replay for GraphReplay {
    fn begin(&mut self, generation: u64, segment: Option<SegmentFile>) -> Result<(), Refused> {
        (self.begun, self.draft) = (None, None);
        let begun = match segment {
            Some(segment) => self.open(generation, segment),
            None => {
                let mut empty =
                    GraphBuilder::new().build().expect("a graph without nodes breaks no rule");
                empty.number = generation;
                Ok(empty)
            }
        };
        self.begun = Some(self.note(begun)?);
        // A newer segment that was refused is made up for: it is not what stops the opening.
        self.wrong = None;
        Ok(())
    }

    fn set(&mut self, generation: u64, set: &[u8]) -> Result<(), Refused> {
        let applied = self.apply(generation, set);
        self.note(applied)
    }
}

#[cfg(test)]
mod tests;
