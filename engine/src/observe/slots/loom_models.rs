//! Every interleaving of who writes, hands over and reads, in small.
//!
//! What is in a slot is one number here; a real one has many, each by itself. Each model has twins
//! that break what it rests on, and must fail.

use std::mem::forget;
use std::sync::atomic::AtomicUsize;

use super::{BITS, Slot, Slots};
use crate::observe::count::Count;
use crate::sync::{Arc, Ordering};

type Shared = Arc<Slots<Count>>;

/// As many places, each made.
fn places(count: usize) -> Shared {
    let slots: Shared = Arc::new(Slots::new(count));
    let all: Vec<_> = std::iter::from_fn(|| slots.take()).collect();
    drop(all);
    slots
}

fn sum(slots: &Shared) -> u64 {
    slots.made().map(Count::get).sum()
}

/// Runs `model` on every interleaving, which must be at least `least`.
fn explore(least: usize, model: impl Fn() + Send + Sync + 'static) {
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = executions.clone();
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let executions = executions.load(Ordering::Relaxed);
    assert!(executions >= least, "only {executions} interleavings");
}

/// Two threads each write as `write` does, which says how often it did.
fn two_writers(least: usize, count: usize, write: fn(&Shared) -> u64) {
    explore(least, move || {
        let slots = places(count);
        let writers = [0, 1].map(|_| {
            let slots = slots.clone();
            loom::thread::spawn(move || write(&slots))
        });
        let written: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(sum(&slots), written, "a count is lost");
    });
}

/// Writes where there is a slot.
fn write_where_free(slots: &Shared) -> u64 {
    let Some(slot) = slots.take() else { return 0 };
    slot.add(1);
    1
}

#[test]
fn loom_a_slot_passes_on_with_what_was_written() {
    two_writers(10, 1, write_where_free);
}

#[test]
fn loom_two_slots_lose_nothing() {
    two_writers(10, 2, |slots| {
        let slot = slots.take().expect("one for each thread");
        slot.add(1);
        slot.add(1);
        2
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_writing_without_holding_loses_counts() {
    two_writers(0, 1, |slots| {
        let _held = slots.take();
        slots.made().for_each(|count| count.add(1));
        1
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_giving_back_before_writing_loses_counts() {
    two_writers(0, 1, |slots| {
        let Some(slot) = slots.take() else { return 0 };
        slots.give_back(slot.number);
        slot.add(1);
        forget(slot);
        1
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_a_relaxed_hand_over_loses_counts() {
    two_writers(0, 1, |slots| {
        let Some(slot) = slots.take() else { return 0 };
        slot.add(1);
        give_back_relaxed(slot);
        1
    });
}

fn give_back_relaxed(slot: Slot<Count>) {
    slot.slots.free[slot.number / BITS].fetch_or(1 << (slot.number % BITS), Ordering::Relaxed);
    forget(slot);
}

/// While one thread writes, hands over and another writes, a third reads twice.
fn a_reader_beside_writers(read: fn(&Shared) -> u64) {
    explore(100, move || {
        let slots = places(1);
        let writers = [0, 1].map(|_| {
            let slots = slots.clone();
            loom::thread::spawn(move || write_where_free(&slots))
        });
        let reader = loom::thread::spawn({
            let slots = slots.clone();
            move || {
                let first = read(&slots);
                assert!(first <= read(&slots), "a count fell");
            }
        });
        reader.join().unwrap();
        let written: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(sum(&slots), written, "a count is lost");
    });
}

#[test]
fn loom_no_reader_sees_a_count_fall() {
    a_reader_beside_writers(sum);
}

#[test]
#[should_panic(expected = "a count fell")]
fn loom_finds_that_reading_and_clearing_makes_counts_fall() {
    a_reader_beside_writers(|slots| {
        let counted = sum(slots);
        // An interval taken by clearing, as recorders that exchange their histograms do.
        slots.made().for_each(|count| count.add(counted.wrapping_neg()));
        counted
    });
}
