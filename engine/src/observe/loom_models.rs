//! Every interleaving of who writes, hands over and reads, in small.
//!
//! A slot is checked with a stand-in for what is in it, one number: the memory of a real one is
//! many of them, each by itself. Each model has a twin that breaks the rule it rests on, and must
//! fail.

use super::count::Count;
use super::slots::{Slot, Slots};
use crate::sync::Arc;

type Shared = Arc<Slots<Count>>;

fn sum(slots: &Shared) -> u64 {
    slots.made().map(Count::get).sum()
}

/// Two threads each take a slot, write once and give it back, as often as `write` does.
fn two_writers(places: usize, write: fn(&Shared) -> u64) {
    loom::model(move || {
        let slots: Shared = Arc::new(Slots::new(places));
        let writers = [0, 1].map(|_| {
            let slots = slots.clone();
            loom::thread::spawn(move || write(&slots))
        });
        let written: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(sum(&slots), written, "a count is lost");
    });
}

/// Writes where there is a slot; how often it did.
fn write_where_free(slots: &Shared) -> u64 {
    slots.take().map_or(0, |slot| {
        slot.add(1);
        1
    })
}

#[test]
fn loom_a_slot_passes_on_with_what_was_written() {
    two_writers(1, write_where_free);
}

#[test]
fn loom_two_slots_lose_nothing() {
    two_writers(2, |slots| {
        let slot = slots.take().expect("one for each thread");
        slot.add(1);
        slot.add(1);
        2
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_two_who_write_one_slot_lose_counts() {
    two_writers(1, |slots| {
        // Writes whether or not it was let in.
        let held = slots.take();
        slots.made().for_each(|count| count.add(1));
        drop(held);
        slots.made().count() as u64
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_giving_back_before_writing_loses_counts() {
    two_writers(1, |slots| {
        let Some(slot) = slots.take() else { return 0 };
        slot.give_back_early();
        slot.add(1);
        1
    });
}

#[test]
#[should_panic(expected = "a count is lost")]
fn loom_finds_that_a_relaxed_hand_over_loses_counts() {
    two_writers(1, |slots| {
        let Some(slot) = slots.take() else { return 0 };
        slot.add(1);
        slot.give_back_relaxed();
        1
    });
}

/// While one thread writes, hands over and another writes, a third reads twice.
#[test]
fn loom_no_reader_sees_a_count_fall() {
    loom::model(|| {
        let slots: Shared = Arc::new(Slots::new(1));
        let writer = |slots: &Shared| {
            let slots = slots.clone();
            loom::thread::spawn(move || write_where_free(&slots))
        };
        let writers = [writer(&slots), writer(&slots)];
        let reader = loom::thread::spawn({
            let slots = slots.clone();
            move || {
                let first = sum(&slots);
                assert!(first <= sum(&slots), "a count fell");
            }
        });
        reader.join().unwrap();
        let written: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        assert_eq!(sum(&slots), written);
    });
}

impl Slot<Count> {
    /// Gives the place back while it is still used.
    fn give_back_early(&self) {
        self.slots().give_back(self.number());
        self.forget();
    }
}
