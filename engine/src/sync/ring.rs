//! A bounded queue in which a thread that stands still stops no other.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::mutated;

mod numbers;

use super::place::Place;
use numbers::Numbers;

/// A bounded queue: first in, first out, for any number of threads at both ends.
///
/// A queue whose positions are handed out in turn and then filled, as that of `crossbeam-queue` is
/// (after Vyukov), stands still with the thread that got a position and has not filled it: whoever
/// comes to that position waits for it. Here positions carry only the numbers of places, and one
/// that is late is passed by. A number is taken from those of free places, its place is filled,
/// and the number is put in line; who stands still anywhere keeps a place to itself, nothing else.
///
/// Source: Nikolaev, "A Scalable, Portable, and Memory-Efficient Lock-Free FIFO Queue" (2019),
/// section 5, the queue of pointers as two queues of numbers.
///
/// # Cost
/// Eight read-modify-writes for a push and a pop together; nothing is allocated after
/// [`Ring::new`], which takes the room in values and 32 bytes each, rounded up to a power of two.
///
/// # Orderings
/// What was written before a push is seen after the pop that takes the value, and a push or pop
/// that ended before another began, seen so by any chain of orderings, is seen by it.
///
/// # Progress
/// Lock-free: while one thread stands still at any point, all others go on. At most 65,536 threads
/// may be inside at once.
pub struct Ring<T> {
    places: Box<[Place<T>]>,
    free: Numbers,
    full: Numbers,
}

// SAFETY: a place is used only by the thread that took its number out of `free` or `full`, so no
// value is ever reached by two threads at once; values move between threads, so `T` must be `Send`.
#[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as above; no shared reference to a value is ever given out, so `T` need not be `Sync`.
#[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
unsafe impl<T: Send> Sync for Ring<T> {}
// A panic cannot come in between: no code of the value's runs inside.
impl<T> UnwindSafe for Ring<T> {}
impl<T> RefUnwindSafe for Ring<T> {}

impl<T> Ring<T> {
    /// An empty ring for `room` values.
    ///
    /// # Panics
    /// Where `room` is 0.
    #[must_use]
    pub fn new(room: usize) -> Self {
        assert!(room > 0, "a ring without room holds nothing");
        let places = (0..room).map(|_| Place::empty()).collect();
        Self { places, free: Numbers::all(room), full: Numbers::none(room) }
    }

    /// Adds `value` at the end.
    ///
    /// # Errors
    /// The value, where there is no room.
    #[expect(unsafe_code, reason = "the number says whose the place is")]
    pub fn push(&self, value: T) -> Result<(), T> {
        let Some(number) = self.free.take() else { return Err(value) };
        // SAFETY: the number came out of `free`, which nobody else gets before it is in `full`
        // and taken out there; where it came from, the place was emptied or never filled.
        unsafe { self.places[number].fill(value) };
        self.full.put(number);
        Ok(())
    }

    /// Takes the first value.
    #[expect(unsafe_code, reason = "the number says whose the place is")]
    pub fn pop(&self) -> Option<T> {
        let number = self.full.take()?;
        if mutated("place_is_free_before_it_is_empty") {
            self.free.put(number);
        }
        // SAFETY: the number came out of `full`, into which only `push` puts it after it filled
        // the place, and nobody else gets it before it is in `free`.
        let value = unsafe { self.places[number].empty_out() };
        if !mutated("place_is_free_before_it_is_empty") {
            self.free.put(number);
        }
        Some(value)
    }

    /// Adds `value` at the end; where there is no room, in place of the first. Returns how many
    /// values are lost: none, some of the first, or `value` itself where others take every place
    /// that is made.
    pub fn push_over(&self, value: T) -> u64 {
        let (mut value, mut lost) = (value, 0);
        // As often as others may take the place that was made; not for ever.
        for _ in 0..=self.places.len() {
            match self.push(value) {
                Ok(()) => return lost,
                Err(back) => value = back,
            }
            lost += u64::from(self.pop().is_some());
        }
        lost + 1
    }

    /// Whether there is nothing to pop. A push that has not ended does not count.
    pub fn is_empty(&self) -> bool {
        self.full.len() == 0
    }

    /// How many values there are; about, while others push and pop.
    pub fn len(&self) -> usize {
        self.full.len().min(self.places.len())
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        while let Some(value) = self.pop() {
            drop(value);
        }
    }
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = self.places.len();
        f.debug_struct("Ring").field("room", &room).field("len", &self.len()).finish()
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests;
