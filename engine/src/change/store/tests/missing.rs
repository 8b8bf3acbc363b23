//! Files that are missing, bare, or of another place: which segment and which logs are taken then,
//! and by which name a store is refused.

use super::FIRST_LOG;
use super::model::{Model, lived_in, open, store_set};
use crate::change::store::record::LogHeader;
use crate::change::store::{
    Disk, OpenStoreError, Refused, Repair, Replay, SegmentFile, SimulatedDisk, StoreDamage, check,
    read,
};

const SECOND_LOG: &str = "log-00000000000000000004.emlog";
const SEGMENT: &str = "segment-00000000000000000003.emg";

/// What is wrong with which file, and from which byte on, by whoever looks: each must say the same.
#[track_caller]
fn damage(disk: &SimulatedDisk) -> (String, u64, StoreDamage) {
    let looked = [
        check(disk, &mut Model::default()).unwrap_err(),
        read(disk, &mut Model::default()).unwrap_err(),
        open(disk).unwrap_err(),
    ];
    let [OpenStoreError::Damaged(file), others @ ..] = &looked else { panic!("{looked:?}") };
    assert!(others.iter().all(|other| *other == looked[0]), "{looked:?}");
    let name = file.file.file_name().unwrap().to_str().unwrap();
    (name.to_owned(), file.offset, file.damage)
}

fn without(names: &[&str]) -> SimulatedDisk {
    let (disk, _) = lived_in();
    for name in names {
        disk.remove(name).unwrap();
    }
    disk
}

#[test]
fn a_log_that_the_manifest_names_is_missed_by_name() {
    let last = damage(&without(&[SECOND_LOG]));
    assert_eq!(last, (SECOND_LOG.into(), 0, StoreDamage::Missing));
    let oldest = damage(&without(&[FIRST_LOG]));
    assert_eq!(oldest, (FIRST_LOG.into(), 0, StoreDamage::Missing));
}

#[test]
fn a_segment_without_the_log_that_follows_it_is_not_enough() {
    let log = "log-00000000000000000003.emlog";
    let damage = damage(&without(&["manifest", FIRST_LOG]));
    assert_eq!(damage, (log.into(), 0, StoreDamage::Missing));
}

#[test]
fn logs_that_do_not_begin_with_the_empty_graph_need_a_segment() {
    let damage = damage(&without(&["manifest", FIRST_LOG, SEGMENT]));
    assert_eq!(damage, (FIRST_LOG.into(), 0, StoreDamage::Missing));
}

/// A store whose only log follows its segment; no older file is left to fall back on.
fn bare_of_history() -> (SimulatedDisk, Model) {
    let disk = SimulatedDisk::new(1);
    let (store, _, mut model) = open(&disk).unwrap();
    store_set(&store, &mut model, b"one");
    store.checkpoint(|| model.clone()).unwrap();
    store_set(&store, &mut model, b"two");
    store.close().unwrap();
    (disk, model)
}

#[test]
fn another_segment_under_the_name_is_not_taken() {
    let (disk, model) = bare_of_history();
    let name = "segment-00000000000000000001.emg";
    let other = SimulatedDisk::new(2);
    let (store, _, mut of_other) = open(&other).unwrap();
    store_set(&store, &mut of_other, b"another");
    store.checkpoint(|| of_other.clone()).unwrap();
    store.close().unwrap();
    let whole = disk.contents(name).unwrap();
    disk.put(name, &other.contents(name).unwrap());
    assert_eq!(damage(&disk), (name.into(), 0, StoreDamage::Segment));
    disk.remove(name).unwrap();
    assert_eq!(damage(&disk), (name.into(), 0, StoreDamage::Segment));
    disk.put(name, &whole);
    assert_eq!(open(&disk).unwrap().2, model);
}

#[test]
fn logs_that_end_before_the_segment_have_lost_sets() {
    let disk = without(&["manifest", SECOND_LOG]);
    let whole = disk.contents(FIRST_LOG).unwrap();
    // The header and one set, `one`; no later record is left to say that there was more.
    let end = 48 + 56 + 3;
    disk.put(FIRST_LOG, &whole[..end]);
    let expected = (FIRST_LOG.into(), end as u64, StoreDamage::Set { after: 1 });
    assert_eq!(damage(&disk), expected);
}

#[test]
fn a_log_under_the_name_of_another_continues_nothing() {
    let (disk, _) = lived_in();
    let later = "log-00000000000000000008.emlog";
    disk.put(later, &disk.contents(SECOND_LOG).unwrap());
    assert_eq!(damage(&disk), (later.into(), 0, StoreDamage::Sequence));
}

/// What is left of a cut that failed after the new log was made: nothing was written to it.
#[test]
fn a_bare_log_inside_another_is_passed_over_and_removed() {
    for with_manifest in [true, false] {
        let (disk, model) = lived_in();
        for base in [2, 6] {
            let name = format!("log-{base:020}.emlog");
            disk.put(&name, &LogHeader::new(base, 77).encode());
        }
        if !with_manifest {
            disk.remove("manifest").unwrap();
        }
        assert_eq!(check(&disk, &mut Model::default()).unwrap().idle_files, 2);
        let (_, opened, found) = open(&disk).unwrap();
        assert_eq!((found, opened.repairs.is_empty()), (model, with_manifest));
        let logs: Vec<_> =
            disk.list().unwrap().into_iter().filter(|name| name.starts_with("log")).collect();
        assert_eq!(logs, [FIRST_LOG, SECOND_LOG]);
    }
}

#[test]
fn a_log_inside_another_that_was_written_to_is_damage() {
    let (disk, _) = lived_in();
    let name = "log-00000000000000000002.emlog";
    disk.put(name, &[LogHeader::new(2, 77).encode(), vec![0]].concat());
    assert_eq!(damage(&disk), (name.into(), 0, StoreDamage::Sequence));
}

#[test]
fn what_was_put_right_is_told_with_the_files_names() {
    let (disk, _) = lived_in();
    disk.remove("manifest").unwrap();
    disk.put(SEGMENT, b"rubbish");
    let torn = [disk.contents(SECOND_LOG).unwrap(), vec![7; 5]].concat();
    disk.put(SECOND_LOG, &torn);
    let (_, opened, _) = open(&disk).unwrap();
    assert_eq!((opened.segment_generation, opened.bytes_dropped), (0, 5));
    assert!(matches!(opened.repairs[..], [Repair::Manifest { .. }, Repair::OlderSegment { .. }]));
    let said = opened.to_string();
    let end = format!(
        "; dropped 5 bytes of an unfinished set; simulated/manifest was damaged or missing and is \
         made anew; simulated/{SEGMENT} is damaged, so an older segment was used"
    );
    assert!(
        said.starts_with("opened generation 8: segment of generation 0 and 8 change"),
        "{said}"
    );
    assert!(said.ends_with(&end), "{said}");
}

/// A host that cannot use the generation it is given, or no set that leads beyond it.
struct Picky {
    takes_empty: bool,
    takes_sets_to: u64,
}

impl Replay for Picky {
    fn begin(&mut self, _generation: u64, segment: Option<SegmentFile>) -> Result<(), Refused> {
        if segment.is_none() && self.takes_empty { Ok(()) } else { Err(Refused) }
    }

    fn set(&mut self, generation: u64, _set: &[u8]) -> Result<(), Refused> {
        if generation <= self.takes_sets_to { Ok(()) } else { Err(Refused) }
    }
}

#[test]
fn what_the_host_refuses_is_named_by_log_place_and_generation() {
    let (disk, _) = lived_in();
    let refused = |takes_empty, takes_sets_to| {
        let error = check(&disk, &mut Picky { takes_empty, takes_sets_to }).unwrap_err();
        let OpenStoreError::Damaged(file) = error else { panic!("{error:?}") };
        let name = file.file.file_name().unwrap().to_str().unwrap().to_owned();
        (name, file.offset, file.damage)
    };
    let place = |sets: &[&str]| 48 + sets.iter().map(|set| 56 + set.len() as u64).sum::<u64>();
    let third = StoreDamage::Refused { generation: 3 };
    assert_eq!(refused(true, 2), (FIRST_LOG.into(), place(&["one", "two"]), third));
    let sixth = StoreDamage::Refused { generation: 6 };
    assert_eq!(refused(true, 5), (SECOND_LOG.into(), place(&["five"]), sixth));
    assert_eq!(refused(false, 9), (FIRST_LOG.into(), 0, StoreDamage::Missing));
}

#[test]
fn nothing_is_no_store_to_check_read_or_copy() {
    let disk = SimulatedDisk::new(1);
    for error in [
        check(&disk, &mut Model::default()).unwrap_err(),
        read(&disk, &mut Model::default()).unwrap_err(),
    ] {
        assert!(matches!(error, OpenStoreError::NoStore { .. }), "{error:?}");
    }
    assert!(disk.list().unwrap().is_empty());
}
