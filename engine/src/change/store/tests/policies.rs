//! When the log is synced: as often as promised, and not oftener.

use std::time::Duration;

use super::hooked::Hooked;
use super::model::{Model, open, open_with, store_set};
use crate::change::store::{Disk, Fault, FlushPolicy, SimulatedDisk, Store, StoreOptions};
use crate::sync::{Arc, Clock, Exclusive, ManualClock};

const EVERY: Duration = Duration::from_millis(10);

/// Operations of the disk that `work` makes.
fn operations(disk: &SimulatedDisk, work: impl FnOnce()) -> u64 {
    let before = disk.operations();
    work();
    disk.operations() - before
}

fn append(store: &Store, model: &mut Model) {
    store_set(store, model, b"set");
}

#[test]
fn sets_that_wait_together_share_one_sync() {
    let disk = SimulatedDisk::new(1);
    let (store, _, _) = open(&disk).unwrap();
    let made = operations(&disk, || {
        let tickets: Vec<_> = (1..=10).map(|at| store.append(at, b"set").unwrap()).collect();
        for ticket in tickets.into_iter().rev() {
            store.wait(ticket).unwrap();
        }
    });
    assert_eq!(made, 10 + 1);
}

#[test]
fn writers_at_once_lose_nothing() {
    let disk = SimulatedDisk::new(1);
    let (store, _, _) = open(&disk).unwrap();
    let model = Exclusive::new(Model::default());
    let made = operations(&disk, || {
        std::thread::scope(|scope| {
            for writer in 0..4u8 {
                let (store, model) = (&store, &model);
                scope.spawn(move || {
                    for at in 0..100u8 {
                        let ticket = {
                            let mut model = model.take();
                            let generation = model.generation() + 1;
                            model.apply(generation, &[writer, at]);
                            store.append(generation, &[writer, at]).unwrap()
                        };
                        store.wait(ticket).unwrap();
                        if at == 50 && writer == 0 {
                            store.checkpoint(|| model.take().clone()).unwrap();
                        }
                    }
                });
            }
        });
    });
    // A checkpoint makes its own, one for each 100 bytes of the segment among them.
    assert!(made <= 400 * 2 + 100, "{made}");
    drop(store);
    disk.lose_power();
    let (_, opened, found) = open(&disk).unwrap();
    assert_eq!(found, *model.take());
    assert!(opened.segment_generation > 50 && opened.sets_replayed > 0, "{opened:?}");
}

/// What is appended while a sync is under way may have come too late for it.
#[test]
fn a_sync_counts_for_what_was_there_when_it_began() {
    let disk = SimulatedDisk::new(1);
    let hooked = Arc::new(Hooked { inner: disk.clone(), hook: Exclusive::new(None) });
    let mut model = Model::default();
    let options = StoreOptions::default().create();
    let clock = Arc::new(ManualClock::new());
    let shared: Arc<dyn Disk> = Arc::new(Arc::clone(&hooked));
    let (store, _) = Store::open(shared, &options, clock, &mut model).unwrap();
    let store = Arc::new(store);
    let late = Arc::new(Exclusive::new(None));
    let (of_hook, said) = (Arc::clone(&store), Arc::clone(&late));
    *hooked.hook.take() = Some(Box::new(move || {
        *said.take() = Some(of_hook.append(2, b"late").unwrap());
    }));
    let first = store.append(1, b"first").unwrap();
    store.wait(first).unwrap();
    let late = late.take().take().unwrap();
    assert_eq!(operations(&disk, || store.wait(late).unwrap()), 1);
    model.apply(1, b"first");
    model.apply(2, b"late");
    disk.set(Fault::StopAt(disk.operations() + 1));
    drop(store);
    disk.lose_power();
    assert_eq!(open(&disk).unwrap().2, model);
}

#[test]
fn every_so_often_means_half_of_it_and_no_oftener() {
    let (disk, clock) = (SimulatedDisk::new(1), ManualClock::new());
    let (store, _, mut model) = open_with(&disk, FlushPolicy::Every(EVERY), &clock).unwrap();
    assert_eq!(store.maintain(), Ok(None));
    assert_eq!(operations(&disk, || append(&store, &mut model)), 1);
    clock.advance(EVERY / 5);
    assert_eq!(operations(&disk, || append(&store, &mut model)), 1);
    assert_eq!(store.maintain(), Ok(Some(EVERY * 3 / 10)));
    clock.advance(EVERY * 3 / 10);
    // The sync, and a note of it in the log.
    assert_eq!(operations(&disk, || assert_eq!(store.maintain(), Ok(None))), 2);
    assert_eq!(operations(&disk, || assert_eq!(store.maintain(), Ok(None))), 0);
    // Without anybody to maintain it, the next set to come too late makes the sync.
    append(&store, &mut model);
    clock.advance(EVERY / 2);
    assert_eq!(operations(&disk, || append(&store, &mut model)), 2);
}

#[test]
fn every_zero_is_always() {
    let (disk, clock) = (SimulatedDisk::new(1), ManualClock::new());
    let policy = FlushPolicy::Every(Duration::ZERO);
    let (store, _, mut model) = open_with(&disk, policy, &clock).unwrap();
    assert_eq!(operations(&disk, || append(&store, &mut model)), 2);
}

#[test]
fn never_means_until_asked() {
    let (disk, clock) = (SimulatedDisk::new(1), ManualClock::new());
    let (store, _, mut model) = open_with(&disk, FlushPolicy::Never, &clock).unwrap();
    for _ in 0..10 {
        clock.advance(Duration::from_secs(100));
        let made = operations(&disk, || {
            append(&store, &mut model);
            assert_eq!(store.maintain(), Ok(None));
        });
        assert_eq!(made, 1);
    }
    assert_eq!(operations(&disk, || store.sync().unwrap()), 1);
    append(&store, &mut model);
    store.close().unwrap();
    disk.lose_power();
    assert_eq!(open(&disk).unwrap().2, model);
    assert_eq!(clock.now_ns(), 1_000_000_000_000);
}
