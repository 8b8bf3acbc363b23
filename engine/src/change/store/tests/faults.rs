//! Disks that refuse: full, read-only, with a sync that fails.

use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;

use super::hooked::Hooked;
use super::model::{Model, lived_in, open, open_with, store_set};
use crate::change::store::{
    AppendError, CheckpointError, Disk, Fault, FlushPolicy, OpenStoreError, SimulatedDisk, Store,
    StoreOptions, backup,
};
use crate::sync::{Arc, Exclusive, ManualClock};

fn used(disk: &SimulatedDisk) -> u64 {
    let names = disk.list().unwrap();
    names.iter().map(|name| disk.contents(name).unwrap().len() as u64).sum()
}

fn append(store: &Store, model: &Model, set: &[u8]) -> Result<(), AppendError> {
    store.append(model.generation() + 1, set).and_then(|ticket| store.wait(ticket))
}

#[test]
fn a_set_that_found_no_room_leaves_no_trace_and_the_next_one_fits() {
    for room in 0..120 {
        let disk = SimulatedDisk::new(room);
        let (store, _, mut model) = open(&disk).unwrap();
        store_set(&store, &mut model, b"before");
        disk.set(Fault::Full(used(&disk) + room));
        let error = append(&store, &model, &[7; 64]).unwrap_err();
        let AppendError::Disk(failure) = &error else { panic!("{error:?}") };
        assert_eq!(failure.kind, ErrorKind::StorageFull);
        assert!(error.to_string().contains("make room on the disk"), "{error}");
        let crashed = disk.fork();
        crashed.lose_power();
        assert_eq!(open(&crashed).unwrap().2, model, "{room}");

        disk.heal();
        store_set(&store, &mut model, b"after");
        drop(store);
        disk.lose_power();
        assert_eq!(open(&disk).unwrap().2, model, "{room}");
    }
}

/// The worst of refusals: every byte is written, and the operating system says that it is not.
#[test]
fn a_set_that_was_refused_does_not_come_back() {
    let seeds = if cfg!(miri) { 4 } else { 600 };
    for seed in 0..seeds {
        let disk = SimulatedDisk::new(seed);
        let (store, _, mut model) = open(&disk).unwrap();
        store_set(&store, &mut model, b"before");
        disk.set(Fault::DenyWrite);
        assert!(matches!(append(&store, &model, b"refused"), Err(AppendError::Disk(_))));
        if seed % 2 == 0 {
            store_set(&store, &mut model, b"after");
        }
        disk.set(Fault::StopAt(disk.operations() + 1));
        drop(store);
        disk.lose_power();
        assert_eq!(open(&disk).unwrap().2, model, "{seed}");
    }
}

#[test]
fn a_medium_that_becomes_read_only_refuses_sets_and_keeps_what_it_has() {
    let disk = SimulatedDisk::new(1);
    let (store, _, mut model) = open(&disk).unwrap();
    store_set(&store, &mut model, b"before");
    disk.set(Fault::ReadOnly);
    for _ in 0..2 {
        // The bytes of the refused set cannot be taken back, so the store takes no more.
        let error = append(&store, &model, b"refused").unwrap_err();
        let AppendError::Failed(failure) = &error else { panic!("{error:?}") };
        assert_eq!(failure.kind, ErrorKind::ReadOnlyFilesystem);
        assert!(error.to_string().contains("writable"), "{error}");
    }
    assert!(matches!(store.checkpoint(|| model.clone()), Err(CheckpointError::Failed(_))));
    drop(store);
    let error = open(&disk).unwrap_err();
    assert!(matches!(error, OpenStoreError::Disk(_)), "{error:?}");
    disk.heal();
    assert_eq!(open(&disk).unwrap().2, model);
}

#[test]
fn after_a_sync_that_failed_nothing_is_acknowledged_until_the_store_is_opened_again() {
    for seed in 0..50 {
        let disk = SimulatedDisk::new(seed);
        let (store, _, mut model) = open(&disk).unwrap();
        store_set(&store, &mut model, b"before");
        disk.set(Fault::FailSyncAfter(0));
        assert!(matches!(append(&store, &model, b"unsure"), Err(AppendError::Failed(_))));
        assert!(matches!(append(&store, &model, b"later"), Err(AppendError::Failed(_))));
        assert!(matches!(store.sync(), Err(AppendError::Failed(_))));
        drop(store);
        disk.lose_power();
        let (store, _, found) = open(&disk).unwrap();
        let mut unsure = model.clone();
        unsure.apply(2, b"unsure");
        assert!(found == model || found == unsure, "{found:?}");
        model = found;
        store_set(&store, &mut model, b"on it goes");
    }
}

#[test]
fn a_checkpoint_that_finds_no_room_changes_nothing() {
    let disk = SimulatedDisk::new(1);
    let (store, _, mut model) = open(&disk).unwrap();
    for set in ["one", "two"] {
        store_set(&store, &mut model, set.as_bytes());
    }
    // A set more each time makes the segment longer, too, but by less.
    for room in (0..3_000).step_by(20) {
        disk.set(Fault::Full(used(&disk) + room));
        let result = store.checkpoint(|| model.clone());
        disk.heal();
        store_set(&store, &mut model, b"on it goes");
        let crashed = disk.fork();
        crashed.lose_power();
        let (_, opened, found) = open(&crashed).unwrap();
        assert_eq!(found, model, "{room}");
        match result {
            Ok(report) => {
                assert_eq!(opened.segment_generation, report.generation);
                assert_eq!((opened.sets_replayed, report.logs_removed > 0), (1, true));
                return;
            }
            Err(error) => assert!(matches!(error, CheckpointError::Disk(_)), "{error:?}"),
        }
    }
    panic!("3,000 bytes are room enough");
}

/// A step of a checkpoint fails, whichever it is, and the store goes on, also after a crash.
#[test]
fn a_checkpoint_may_fail_at_any_sync() {
    for syncs in 0..12 {
        let disk = SimulatedDisk::new(syncs);
        let (store, _, mut model) = open(&disk).unwrap();
        store_set(&store, &mut model, b"one");
        store.checkpoint(|| model.clone()).unwrap();
        store_set(&store, &mut model, b"two");
        disk.set(Fault::FailSyncAfter(syncs));
        let result = store.checkpoint(|| model.clone());
        disk.heal();
        if result.is_ok() {
            assert!(syncs > 5, "a checkpoint syncs six times or more");
        }
        if append(&store, &model, b"three").is_ok() {
            model.apply(3, b"three");
        }
        drop(store);
        disk.lose_power();
        let (_, _, found) = open(&disk).unwrap();
        assert!(found.sets.starts_with(&model.sets), "{syncs}: {found:?} {model:?}");
    }
}

#[test]
fn a_copy_needs_room_and_an_empty_place() {
    let (disk, model) = lived_in();
    let needed = used(&disk);
    for room in (0..needed).step_by(7) {
        let copy = SimulatedDisk::new(room);
        copy.set(Fault::Full(room));
        let error = backup(&disk, &copy).unwrap_err();
        assert!(matches!(error, OpenStoreError::Disk(_)), "{room}: {error:?}");
        assert!(copy.list().unwrap().is_empty(), "{room}");
    }
    let copy = SimulatedDisk::new(1);
    let report = backup(&disk, &copy).unwrap();
    assert_eq!(report.generation, model.generation());
    copy.lose_power();
    assert_eq!(open(&copy).unwrap().2, model);
    let error = backup(&disk, &copy).unwrap_err();
    assert!(error.to_string().contains("holds other files"), "{error}");
    let nothing = SimulatedDisk::new(1);
    assert!(matches!(
        backup(&nothing, &SimulatedDisk::new(2)),
        Err(OpenStoreError::NoStore { .. })
    ));
}

#[test]
fn sets_that_cannot_be_are_refused() {
    let clock = ManualClock::new();
    let (store, _, model) = open_with(&SimulatedDisk::new(1), FlushPolicy::Never, &clock).unwrap();
    assert_eq!(model, Model::default());
    let ticket = store.append(5, b"").unwrap();
    store.wait(ticket).unwrap();
    for generation in [0, 4, 5] {
        let error = store.append(generation, b"").unwrap_err();
        assert_eq!(error, AppendError::OutOfOrder { generation, last: 5 });
    }
    let mut far = Model::default();
    far.apply(6, b"");
    let error = store.checkpoint(|| far).unwrap_err();
    assert_eq!(error, CheckpointError::NotStored { generation: 6, last: 5 });
}

/// Whoever waited for that sync would wait for ever.
#[test]
fn a_panic_inside_a_sync_fails_the_store_and_leaves_nobody_waiting() {
    let disk = SimulatedDisk::new(1);
    let hooked = Arc::new(Hooked { inner: disk.clone(), hook: Exclusive::new(None) });
    let options = StoreOptions::default().create();
    let shared: Arc<dyn Disk> = Arc::new(Arc::clone(&hooked));
    let clock = Arc::new(ManualClock::new());
    let (store, _) = Store::open(shared, &options, clock, &mut Model::default()).unwrap();
    *hooked.hook.take() = Some(Box::new(|| panic!("the disk's driver has a bug")));
    let ticket = store.append(1, b"unsure").unwrap();
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| store.wait(ticket)));
    assert!(caught.is_err());
    let error = store.wait(ticket).unwrap_err();
    let AppendError::Failed(failure) = &error else { panic!("{error:?}") };
    assert_eq!(failure.kind, ErrorKind::Other);
    assert_eq!(store.append(2, b"later").unwrap_err(), error);
    drop(store);
    disk.lose_power();
    assert!(open(&disk).unwrap().2.generation() <= 1);
}
