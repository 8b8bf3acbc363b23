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
        Ok(())
    }

    fn set(&mut self, generation: u64, set: &[u8]) -> Result<(), Refused> {
        let applied = self.apply(generation, set);
        self.note(applied)
    }
}

#[cfg(test)]
mod tests {
    use super::{GraphSegment, OpenGraphError, StoredGraph, check_graph, open_graph, read_graph};
    use crate::change::edit::edit;
    use crate::change::store::{
        Disk, Fault, OpenStoreError, SimulatedDisk, StoreDamage, StoreOptions, import,
    };
    use crate::change::{ChangeError, ChangeSet, ChangeSetError, Journal};
    use crate::graph::{Draft, Generation, OpenError};
    use crate::sync::{Arc, ManualClock};

    const LOG: &str = "log-00000000000000000001.emlog";
    const SEGMENT: &str = "segment-00000000000000000001.emg";

    fn open(disk: &SimulatedDisk) -> Result<StoredGraph, OpenGraphError> {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let options = StoreOptions::default().create();
        open_graph(disk, &options, Arc::new(ManualClock::new())).map(|(stored, _)| stored)
    }

    fn next(graph: &Generation, changes: &ChangeSet) -> Generation {
        let mut draft = Draft::of(graph).unwrap();
        for change in changes.changes() {
            edit(&mut draft, change).unwrap();
        }
        draft.finish()
    }

    fn chased() -> ChangeSet {
        let mut changes = ChangeSet::new();
        changes.upsert_edge(("dog", "cat"), 0.5).upsert_edge(("cat", "mouse"), 0.25);
        changes
    }

    /// A store with a segment of one generation, whose log holds `set` after it, if that is given.
    fn stored(set: Option<&[u8]>) -> SimulatedDisk {
        let disk = SimulatedDisk::new(1);
        let StoredGraph { generation, store } = open(&disk).unwrap();
        let changes = chased();
        Journal::append(&*store, &changes, 1).unwrap();
        let first = next(&generation, &changes);
        store.checkpoint_graph(|| &first).unwrap();
        if let Some(set) = set {
            let ticket = store.append(2, set).unwrap();
            store.wait(ticket).unwrap();
        }
        Arc::into_inner(store).expect("nobody else has it").close().unwrap();
        disk
    }

    fn encoded(changes: &ChangeSet) -> Vec<u8> {
        let mut bytes = Vec::new();
        changes.encode(&mut bytes);
        bytes
    }

    /// What is said of `disk`, the same by whoever looks.
    #[track_caller]
    fn refused(disk: &SimulatedDisk) -> OpenGraphError {
        let error = open(disk).unwrap_err();
        assert_eq!(read_graph(disk).unwrap_err(), error);
        assert_eq!(check_graph(disk).unwrap_err(), error);
        error
    }

    #[test]
    fn a_set_that_is_none_is_told_from_one_that_cannot_be_applied() {
        let store = |set: &[u8], cause: &str| {
            let disk = stored(Some(set));
            let error = refused(&disk);
            let said = error.to_string();
            let begin = format!("simulated/{LOG}: the change set of generation 2 at byte 48");
            assert!(said.starts_with(&begin) && said.ends_with(&format!("({cause})")), "{said}");
            error
        };
        let cause = ChangeSetError::Encoding { found: 99 };
        let error = store(&[99, 0], &cause.to_string());
        assert!(matches!(error, OpenGraphError::Set { cause: found, .. } if found == cause));

        let mut changes = ChangeSet::new();
        changes.remove_node("wolf");
        let cause = ChangeError::UnknownNode { node: "wolf".into() };
        let error = store(&encoded(&changes), &cause.to_string());
        assert!(matches!(error, OpenGraphError::Change { cause: found, .. } if *found == cause));
    }

    #[test]
    fn a_segment_that_is_no_native_file_says_so_itself() {
        let disk = stored(None);
        let whole = disk.contents(SEGMENT).unwrap();
        disk.put(SEGMENT, &[b"mine".as_slice(), &whole[4..]].concat());
        // By the manifest alone it is known for another.
        let OpenGraphError::Store(OpenStoreError::Damaged(file)) = refused(&disk) else { panic!() };
        assert_eq!((file.offset, file.damage), (0, StoreDamage::Segment));
        assert!(file.file.ends_with(SEGMENT));
        disk.remove("manifest").unwrap();
        let error = refused(&disk);
        let OpenGraphError::Segment(OpenError::NotNative { file }) = &error else {
            panic!("{error:?}")
        };
        assert!(file.ends_with(SEGMENT));
        assert!(error.to_string().starts_with(&format!("simulated/{SEGMENT}")), "{error}");
    }

    /// Opening reads no more than it needs; checking reads all, and names what it finds.
    #[test]
    fn no_flipped_bit_of_a_segment_passes_a_check() {
        let mut changes = ChangeSet::new();
        changes.upsert_edge(("dog", "mouse"), 0.75);
        let disk = stored(Some(&encoded(&changes)));
        assert!(check_graph(&disk).is_ok());
        let whole = disk.contents(SEGMENT).unwrap();
        let (mut damaged, mut of_set) = (0, 0);
        let step = if cfg!(miri) { 997 } else { 7 };
        for at in (0..whole.len() * 8).step_by(step) {
            let mut bytes = whole.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let disk = disk.fork();
            disk.put(SEGMENT, &bytes);
            let Err(error) = check_graph(&disk) else {
                panic!("bit {at} of {} was not missed", whole.len() * 8)
            };
            assert!(error.to_string().contains(SEGMENT), "{error}");
            damaged += u32::from(matches!(error, OpenGraphError::Damaged(_)));
            match read_graph(&disk) {
                Err(OpenGraphError::Change { cause, .. }) => {
                    assert!(matches!(*cause, ChangeError::Damaged(_)), "{cause}");
                    of_set += 1;
                }
                Err(error) => assert!(!matches!(error, OpenGraphError::Damaged(_)), "{error}"),
                Ok((generation, _)) => assert_eq!(generation.number(), 2),
            }
        }
        assert!(cfg!(miri) || (damaged > 10 && of_set > 10), "{damaged} {of_set}");
    }

    #[test]
    fn an_imported_graph_is_the_segment_that_a_checkpoint_makes_of_it() {
        let disk = stored(None);
        let StoredGraph { generation, store } = open(&disk).unwrap();
        assert_eq!(generation.number(), 1);
        let copy = SimulatedDisk::new(2);
        import(&copy, &GraphSegment(&generation)).unwrap();
        assert_eq!(copy.contents(SEGMENT), disk.contents(SEGMENT));
        let again = open(&copy).unwrap().generation;
        assert_eq!((again.number(), again.edge_count()), (1, 2));
        drop(store);
    }

    /// A full disk stays full until somebody makes room.
    #[test]
    fn a_set_that_found_no_room_is_not_worth_another_try() {
        let disk = SimulatedDisk::new(1);
        let store = open(&disk).unwrap().store;
        disk.set(Fault::Full(0));
        let error = Journal::append(&*store, &chased(), 1).unwrap_err();
        assert!(!error.transient);
        assert!(error.to_string().contains("make room on the disk"), "{error}");
        disk.heal();
        let mut changes = ChangeSet::new();
        changes.add_node("dog");
        Journal::append(&*store, &changes, 1).unwrap();
        let error = Journal::append(&*store, &changes, 1).unwrap_err();
        assert!(!error.transient && error.to_string().contains("is stored already"), "{error}");
    }
}
