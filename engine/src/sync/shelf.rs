//! A bounded store in which what is used most lies in front.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::mutated;
use super::number_set::NumberSet;
use super::place::Place;

/// A bounded number of places for values that are taken, used and put back by any number of
/// threads. Whoever takes one takes that of the first place that has one, and it is put back into
/// the first place that is empty: so a few values are used again and again, while their memory is
/// in the caches, and the last only where many are out at once.
///
/// # Cost
/// As of four numbers of a [`NumberSet`], two of which are taken, for a value that is taken and put
/// back. Nothing is allocated after [`Shelf::new`].
///
/// # Orderings
/// What was written before a value was put back is seen by who takes it. A value that was put back
/// before a look began, seen so by any chain of orderings, is found by it, unless others take it or
/// move it meanwhile.
///
/// # Progress
/// Lock-free, as [`NumberSet`] is: a thread that stands still keeps a place to itself, nothing
/// else.
pub(crate) struct Shelf<T> {
    places: Box<[Place<T>]>,
    free: NumberSet,
    full: NumberSet,
}

// SAFETY: a place is used only by the thread that took its number out of `free` or `full`, so no
// value is ever reached by two threads at once; values move between threads, so `T` must be `Send`.
#[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
unsafe impl<T: Send> Send for Shelf<T> {}
// SAFETY: as above; no shared reference to a value is ever given out, so `T` need not be `Sync`.
#[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
unsafe impl<T: Send> Sync for Shelf<T> {}
// A panic cannot come in between: no code of the value's runs inside.
impl<T> UnwindSafe for Shelf<T> {}
impl<T> RefUnwindSafe for Shelf<T> {}

impl<T> Shelf<T> {
    /// An empty one with `room` places.
    pub(crate) fn new(room: usize) -> Self {
        let places = (0..room).map(|_| Place::empty()).collect();
        Self { places, free: NumberSet::all(room), full: NumberSet::none(room) }
    }

    /// Puts `value` into the first empty place.
    ///
    /// # Errors
    /// The value, where there is none.
    #[expect(unsafe_code, reason = "the number says whose the place is")]
    pub(crate) fn put(&self, value: T) -> Result<(), T> {
        let Some(number) = self.free.take() else { return Err(value) };
        if mutated("place_is_full_before_it_is_filled") {
            self.full.put(number);
        }
        // SAFETY: the number came out of `free`, which nobody else gets before it is in `full`
        // and taken out there; where it came from, the place was emptied or never filled.
        unsafe { self.places[number].fill(value) };
        if !mutated("place_is_full_before_it_is_filled") {
            self.full.put(number);
        }
        Ok(())
    }

    /// Takes the first value.
    pub(crate) fn take(&self) -> Option<T> {
        self.full.take().map(|number| self.empty_out(number))
    }

    /// Takes the last value.
    pub(crate) fn take_last(&self) -> Option<T> {
        self.full.take_last().map(|number| self.empty_out(number))
    }

    /// The value in the place of `number`, which came out of `full`.
    #[expect(unsafe_code, reason = "the number says whose the place is")]
    fn empty_out(&self, number: usize) -> T {
        // SAFETY: the number came out of `full`, into which only `put` puts it after it filled
        // the place, and nobody else gets it before it is in `free`.
        let value = unsafe { self.places[number].empty_out() };
        self.free.put(number);
        value
    }

    /// How many values there are; about, while others take and put.
    pub(crate) fn len(&self) -> usize {
        self.full.len()
    }
}

impl<T> Drop for Shelf<T> {
    fn drop(&mut self) {
        while let Some(value) = self.take() {
            drop(value);
        }
    }
}

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = self.places.len();
        f.debug_struct("Shelf").field("room", &room).field("len", &self.len()).finish()
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::Shelf;
    use crate::sync::{Arc, AtomicUsize, Ordering};

    #[test]
    fn the_first_are_used_again_and_what_has_no_place_comes_back() {
        let shelf = Shelf::new(70);
        (0..70).for_each(|value| assert_eq!(shelf.put(value), Ok(())));
        assert_eq!((shelf.put(70), shelf.len()), (Err(70), 70));
        for _ in 0..100 {
            let both = [shelf.take(), shelf.take()];
            both.into_iter().flatten().for_each(|value| assert_eq!(shelf.put(value), Ok(())));
        }
        assert_eq!(shelf.len(), 70);
        let last = shelf.take_last().unwrap();
        assert!(last > 60, "{last}");
        assert_eq!(shelf.put(last), Ok(()));
        let mut all: Vec<i32> = std::iter::from_fn(|| shelf.take()).collect();
        assert!(all[..2].iter().all(|value| *value < 2), "{all:?}");
        all.sort_unstable();
        assert_eq!(all, (0..70).collect::<Vec<_>>());
    }

    #[test]
    fn values_are_whole_whoever_takes_them_and_dropped_with_the_shelf() {
        const TURNS: usize = if cfg!(miri) { 40 } else { 20_000 };
        let shelf = Shelf::new(3);
        let dropped = Arc::new(());
        (0..3).for_each(|_| assert!(shelf.put((Arc::clone(&dropped), vec![0_usize; 4])).is_ok()));
        let turns = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..TURNS {
                        let Some((held, mut counts)) = shelf.take() else { continue };
                        assert!(counts.iter().all(|count| *count == counts[0]), "torn");
                        counts.iter_mut().for_each(|count| *count += 1);
                        // Relaxed: read when all threads have ended.
                        turns.fetch_add(1, Ordering::Relaxed);
                        assert!(shelf.put((held, counts)).is_ok(), "as many as there were");
                    }
                });
            }
        });
        let values: Vec<_> = std::iter::from_fn(|| shelf.take()).collect();
        let counted: usize = values.iter().map(|(_, counts)| counts[0]).sum();
        assert_eq!((values.len(), counted), (3, turns.into_inner()));
        values.into_iter().for_each(|value| assert!(shelf.put(value).is_ok()));
        assert_eq!(Arc::strong_count(&dropped), 4);
        drop(shelf);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }
}
