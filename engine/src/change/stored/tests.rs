//! Graphs in a store: what is wrong with one that is not opened, and what is stored of one.

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

/// What an older graph and the logs make up for is not blamed for damage to the logs.
#[test]
fn damage_to_a_log_is_named_where_a_damaged_segment_would_not_matter() {
    let log = "log-00000000000000000000.emlog";
    let disk = SimulatedDisk::new(1);
    let StoredGraph { generation, store } = open(&disk).unwrap();
    let changes = chased();
    Journal::append(&*store, &changes, 1).unwrap();
    Journal::append(&*store, &changes, 2).unwrap();
    // The generation is older than the cut, so the log before it stays.
    let first = next(&generation, &changes);
    store.checkpoint_graph(|| &first).unwrap();
    Arc::into_inner(store).expect("nobody else has it").close().unwrap();
    disk.remove("manifest").unwrap();
    disk.put(SEGMENT, b"no native file");
    assert_eq!(read_graph(&disk).unwrap().0.edge_count(), 2);

    let mut bytes = disk.contents(log).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    disk.put(log, &bytes);
    let error = refused(&disk);
    let OpenGraphError::Store(OpenStoreError::Damaged(file)) = &error else { panic!("{error:?}") };
    assert!(file.file.ends_with(log), "{error}");
    assert_eq!(file.damage, StoreDamage::Set { after: 1 });
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
