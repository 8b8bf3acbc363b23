//! Flipped bits, cut ends and missing files: refused or repaired, never a wrong set.

use super::FIRST_LOG;
use super::model::{Model, lived_in, open, open_with, store_set};
use crate::change::store::{
    Disk, Fault, FlushPolicy, OpenStoreError, Repair, SimulatedDisk, StoreDamage, check,
};
use crate::sync::ManualClock;

/// What may come of damage to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Whole,
    Repaired,
    Refused,
}

/// Opens a disk on which the file called `name` is damaged. It must be refused by name, or hold
/// all of `model`.
#[track_caller]
fn fate(disk: &SimulatedDisk, name: &str, model: &Model) -> Fate {
    let checked = check(disk, &mut Model::default());
    match open(disk) {
        Ok((_, opened, found)) => {
            assert_eq!(found, *model, "{name}");
            assert_eq!(checked.unwrap().opened.generation, model.generation());
            if opened.repairs.is_empty() { Fate::Whole } else { Fate::Repaired }
        }
        Err(error) => {
            assert!(!matches!(error, OpenStoreError::Disk(_)), "{error:?}");
            assert_eq!(checked.unwrap_err(), error);
            Fate::Refused
        }
    }
}

/// Every fate of `disk` with each of the variants that `damage` makes of each file.
fn fates(
    disk: &SimulatedDisk,
    model: &Model,
    damage: impl Fn(&[u8]) -> Vec<Vec<u8>>,
) -> Vec<(String, Fate)> {
    let mut fates = Vec::new();
    for name in disk.list().unwrap() {
        let whole = disk.contents(&name).unwrap();
        for damaged in damage(&whole) {
            let disk = disk.fork();
            disk.put(&name, &damaged);
            fates.push((name.clone(), fate(&disk, &name, model)));
        }
    }
    fates
}

/// Every so many bits and lengths are tried; all of them but where each takes long.
const STEP: usize = if cfg!(miri) { 211 } else { 1 };

fn flips(whole: &[u8]) -> Vec<Vec<u8>> {
    let flipped = |at: usize| {
        let mut bytes = whole.to_vec();
        bytes[at / 8] ^= 1 << (at % 8);
        bytes
    };
    (0..whole.len() * 8).step_by(STEP).map(flipped).collect()
}

fn cuts(whole: &[u8]) -> Vec<Vec<u8>> {
    (0..whole.len()).step_by(STEP).map(|length| whole[..length].to_vec()).collect()
}

#[test]
fn a_closed_store_survives_no_flipped_bit_but_those_it_can_repair() {
    let (disk, model) = lived_in();
    let fates = fates(&disk, &model, flips);
    assert!(fates.len() > 5_000 / STEP, "{}", fates.len());
    for (name, fate) in fates {
        let expected: &[Fate] = match &*name {
            // Of another format, by its bytes.
            "manifest" => &[Fate::Repaired, Fate::Refused],
            // The log before it is still there.
            "segment-00000000000000000003.emg" => &[Fate::Repaired],
            _ => &[Fate::Refused],
        };
        assert!(expected.contains(&fate), "{name}: {fate:?}");
    }
}

#[test]
fn a_closed_store_misses_every_cut_end() {
    let (disk, model) = lived_in();
    for (name, fate) in fates(&disk, &model, cuts) {
        let repaired = ["manifest", "segment-00000000000000000003.emg"].contains(&&*name);
        let expected = if repaired { Fate::Repaired } else { Fate::Refused };
        assert_eq!(fate, expected, "{name}");
    }
}

#[test]
fn a_closed_store_misses_every_file() {
    let (disk, model) = lived_in();
    for name in disk.list().unwrap() {
        let disk = disk.fork();
        disk.remove(&name).unwrap();
        let repaired = ["manifest", "segment-00000000000000000003.emg"].contains(&&*name);
        let expected = if repaired { Fate::Repaired } else { Fate::Refused };
        assert_eq!(fate(&disk, &name, &model), expected, "{name}");
    }
}

#[test]
fn what_is_not_of_the_store_is_left_alone() {
    let (disk, model) = lived_in();
    disk.put("notes.txt", b"mine");
    disk.put("segment-00000000000000000099.emg.partial", b"half");
    disk.put("segment-00000000000000000099.emg", b"whole, but the manifest does not say so");
    assert_eq!(fate(&disk, "", &model), Fate::Whole);
    assert_eq!(disk.contents("notes.txt").unwrap(), b"mine");
    let names = disk.list().unwrap();
    assert!(!names.iter().any(|name| name.contains("99")), "{names:?}");
}

/// The machine stops without closing; the sets were synced, one by one.
fn stopped(maintained: bool) -> (SimulatedDisk, Model) {
    let disk = SimulatedDisk::new(7);
    let (store, _, mut model) = open(&disk).unwrap();
    for set in ["one", "two", "three", "four"] {
        store_set(&store, &mut model, set.as_bytes());
    }
    if maintained {
        assert_eq!(store.maintain(), Ok(None));
    }
    disk.set(Fault::StopAt(disk.operations() + 1));
    drop(store);
    disk.kill_process();
    (disk, model)
}

#[test]
fn a_flipped_bit_in_a_set_that_was_noted_as_synced_is_refused() {
    let (disk, model) = stopped(true);
    let name = FIRST_LOG;
    let whole = disk.contents(name).unwrap();
    let sets_end = whole.len() - 56;
    for (number, damaged) in flips(&whole).into_iter().enumerate() {
        let at = number * STEP;
        let disk = disk.fork();
        disk.put(name, &damaged);
        let expected = if at / 8 < sets_end { Fate::Refused } else { Fate::Whole };
        assert_eq!(fate(&disk, name, &model), expected, "bit {at}");
    }
}

/// Without a note only the last set, which nothing follows, can pass for one never finished.
#[test]
fn a_flipped_bit_costs_at_most_the_last_set() {
    let (disk, model) = stopped(false);
    let name = FIRST_LOG;
    let whole = disk.contents(name).unwrap();
    let last = whole.len() - 56 - "four".len();
    for (number, damaged) in flips(&whole).into_iter().enumerate() {
        let at = number * STEP;
        let disk = disk.fork();
        disk.put(name, &damaged);
        match open(&disk) {
            Err(OpenStoreError::Damaged(file)) => {
                assert!(at / 8 < last, "bit {at}");
                assert!(file.file.ends_with(name) && file.offset <= at as u64 / 8);
            }
            Err(OpenStoreError::NewerFormat { .. }) => assert!((8..12).contains(&(at / 8))),
            Err(error) => panic!("{error}"),
            Ok((_, opened, found)) => {
                assert!(at / 8 >= last, "bit {at}");
                assert_eq!(found.sets, model.sets[..3]);
                assert_eq!(opened.bytes_dropped, 60);
            }
        }
    }
}

#[test]
fn damage_is_named_with_its_place_and_what_to_do() {
    let (disk, _) = lived_in();
    let name = "log-00000000000000000004.emlog";
    let mut bytes = disk.contents(name).unwrap();
    bytes[48 + 60 + 56 + 3] ^= 1;
    disk.put(name, &bytes);
    let error = open(&disk).unwrap_err();
    let OpenStoreError::Damaged(file) = &error else { panic!("{error:?}") };
    assert_eq!((file.offset, file.damage), (108, StoreDamage::Set { after: 5 }));
    assert_eq!(
        error.to_string(),
        format!(
            "simulated/{name}: damaged at byte 108, after generation 5, where a change set had \
             been stored; restore the directory from a backup"
        )
    );
}

#[test]
fn an_older_segment_serves_where_the_newer_one_is_damaged() {
    let disk = SimulatedDisk::new(3);
    let (store, _, mut model) = open(&disk).unwrap();
    for set in ["one", "two"] {
        store_set(&store, &mut model, set.as_bytes());
    }
    store.checkpoint(|| model.clone()).unwrap();
    store_set(&store, &mut model, b"three");
    let before = disk.fork();
    store.checkpoint(|| model.clone()).unwrap();
    store.close().unwrap();
    // As if the machine had stopped before the older files were removed.
    for name in before.list().unwrap() {
        if name.contains("00002") {
            disk.put(&name, &before.contents(&name).unwrap());
        }
    }
    assert_eq!(fate(&disk.fork(), "", &model), Fate::Whole);
    let newer = "segment-00000000000000000003.emg";
    disk.put(newer, b"rubbish");
    let (_, opened, found) = open(&disk).unwrap();
    assert_eq!(found, model);
    assert_eq!((opened.segment_generation, opened.sets_replayed), (2, 1));
    let [Repair::OlderSegment { damaged }] = &opened.repairs[..] else { panic!("{opened:?}") };
    assert!(damaged.ends_with(newer));
}

/// A store whose second log follows one that had other sets, but as many.
#[test]
fn a_log_of_another_store_is_not_taken() {
    let stores = ["a", "b"].map(|set| {
        let disk = SimulatedDisk::new(1);
        let (store, _, mut model) = open(&disk).unwrap();
        store_set(&store, &mut model, set.as_bytes());
        // An older generation is made a segment, so the log before the cut stays.
        store.checkpoint(Model::default).unwrap();
        store_set(&store, &mut model, b"the same");
        store.close().unwrap();
        (disk, model)
    });
    let name = "log-00000000000000000001.emlog";
    let [(disk, model), (other, _)] = &stores;
    disk.put(name, &other.contents(name).unwrap());
    assert_eq!(fate(disk, name, model), Fate::Refused);
}

/// A log that could pass for another's, by its bytes: what it holds fits nowhere else.
#[test]
fn records_of_another_place_are_not_taken() {
    let clock = ManualClock::new();
    let logs: Vec<(SimulatedDisk, Model)> = ["a", "b"]
        .iter()
        .map(|set| {
            let disk = SimulatedDisk::new(1);
            let (store, _, mut model) = open_with(&disk, FlushPolicy::Always, &clock).unwrap();
            store_set(&store, &mut model, set.as_bytes());
            store_set(&store, &mut model, set.as_bytes());
            store.close().unwrap();
            (disk, model)
        })
        .collect();
    let name = FIRST_LOG;
    let [a, b] = [0, 1].map(|at: usize| logs[at].0.contents(name).unwrap());
    let half = 48 + 57;
    let mixed = [&a[..half], &b[half..]].concat();
    let disk = logs[0].0.fork();
    disk.put(name, &mixed);
    assert_eq!(fate(&disk, name, &logs[0].1), Fate::Refused);
}

/// A later format is told from rubbish, which may be no format at all.
#[test]
fn only_a_later_format_is_called_newer() {
    for (format, is_newer) in [(0u32, false), (2, true), (u32::MAX, true)] {
        for name in ["manifest", FIRST_LOG] {
            let (disk, model) = lived_in();
            let mut bytes = disk.contents(name).unwrap();
            bytes[8..12].copy_from_slice(&format.to_le_bytes());
            disk.put(name, &bytes);
            match open(&disk) {
                Err(OpenStoreError::NewerFormat { file, format: said }) => {
                    assert!(is_newer && file.ends_with(name) && said == format, "{name}: {said}");
                }
                Err(OpenStoreError::Damaged(file)) => {
                    assert!(!is_newer && name != "manifest", "{file}");
                    assert_eq!((file.offset, file.damage), (0, StoreDamage::Header));
                }
                Err(error) => panic!("{error}"),
                Ok((_, opened, found)) => {
                    assert!(!is_newer && name == "manifest", "{opened}");
                    assert_eq!((found, opened.repairs.len()), (model, 1));
                }
            }
        }
    }
}

/// The host may store bytes that are themselves of a log: that of another graph, say.
#[test]
fn records_inside_a_set_say_nothing_about_the_log_that_holds_it() {
    let name = FIRST_LOG;
    let (longer, _) = stopped(true);
    let records = longer.contents(name).unwrap().split_off(48);
    let disk = SimulatedDisk::new(7);
    let (store, _, mut model) = open(&disk).unwrap();
    store_set(&store, &mut model, b"one");
    disk.set(Fault::StopAt(disk.operations() + 2));
    let ticket = store.append(2, &records).unwrap();
    assert!(store.wait(ticket).is_err());
    drop(store);
    disk.kill_process();
    // All of it was written, and the sync never came: as good as any end is the one without the
    // last byte.
    let mut torn = disk.contents(name).unwrap();
    torn.pop();
    let dropped = torn.len() as u64 - (48 + 59);
    disk.put(name, &torn);
    let (_, opened, found) = open(&disk).unwrap();
    assert_eq!((found, opened.bytes_dropped), (model, dropped));
}
