//! Who writes, hands over and reads, under every schedule.

use super::Slots;
use crate::observe::count::{Count, Track};
use crate::observe::distribution::Distribution;
use crate::sync::Arc;
use crate::sync::checker::{both, check, spawn};

/// As many places, each made.
fn places<T: Default>(count: usize) -> Arc<Slots<T>> {
    let slots = Arc::new(Slots::new(count));
    let all: Vec<_> = std::iter::from_fn(|| slots.take()).collect();
    drop(all);
    slots
}

fn sum(slots: &Arc<Slots<Count>>) -> u64 {
    slots.made().map(Count::get).sum()
}

/// Writes where there is a slot; how often it did.
fn write(slots: &Arc<Slots<Count>>) -> u64 {
    let Some(slot) = slots.take() else { return 0 };
    slot.add(1);
    1
}

/// A slot passes on with what was written.
#[test]
fn a_slot_passes_on_with_what_was_written() {
    check(30, || {
        let slots = places(1);
        let writing = || {
            let slots = Arc::clone(&slots);
            move || write(&slots)
        };
        let (one, other) = both(writing(), writing());
        assert_eq!(sum(&slots), one + other, "a count is lost");
    });
}

/// Where there is a slot for each thread, each has one, and nothing is lost.
#[test]
fn who_finds_a_slot_is_alone_in_it() {
    check(40, || {
        let slots = places::<Count>(2);
        let writing = || {
            let slots = Arc::clone(&slots);
            move || {
                let slot = slots.take().expect("one for each thread");
                slot.add(1);
                slot.add(1);
            }
        };
        both(writing(), writing());
        assert_eq!(sum(&slots), 4, "a count is lost");
    });
}

/// While one thread writes and hands over and another goes on, a third sees nothing fall.
#[test]
fn no_reader_sees_a_count_fall() {
    check(1000, || {
        let slots = places(1);
        let writing = |number| {
            let slots = Arc::clone(&slots);
            spawn(number, move || write(&slots))
        };
        let (one, other) = (writing(0), writing(1));
        let reading = Arc::clone(&slots);
        let reader = spawn(2, move || {
            let first = sum(&reading);
            assert!(first <= sum(&reading), "a count fell");
        });
        reader.join().unwrap();
        let written = one.join().unwrap() + other.join().unwrap();
        assert_eq!(sum(&slots), written, "a count is lost");
    });
}

/// A histogram in two shards is read while it is written: no cell or bucket is lost, none falls,
/// and at the end both tell the same.
#[test]
fn a_histogram_that_is_read_loses_nothing() {
    check(1000, || {
        let slots: Arc<Slots<Track>> = places(2);
        let recording = |number, nanos| {
            let slots = Arc::clone(&slots);
            spawn(number, move || slots.take().expect("one for each thread").record(nanos))
        };
        let (short, long) = (recording(0, 1), recording(1, 6));
        let reading = Arc::clone(&slots);
        let reader = spawn(2, move || {
            let first = Distribution::of(reading.made());
            let second = Distribution::of(reading.made());
            let grown = second.since(&first).count();
            assert_eq!(first.count() + grown, second.count(), "a cell fell");
        });
        reader.join().unwrap();
        short.join().unwrap();
        long.join().unwrap();
        let buckets = slots.made().flat_map(|track| &track.buckets.counts).map(Count::get);
        assert_eq!(buckets.sum::<u64>(), 2, "a bucket lost one");
        let sums: u64 = slots.made().map(|track| track.buckets.sum.get()).sum();
        let distribution = Distribution::of(slots.made());
        assert_eq!((distribution.count(), sums), (2, 7), "a cell lost one");
    });
}
