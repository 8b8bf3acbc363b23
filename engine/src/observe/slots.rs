//! Who may write what.

use std::fmt;
use std::ops::Deref;

use crate::sync::{Arc, AtomicU64, FirstWins, Ordering, mutated};

/// A bounded number of places to write to, each with at most one holder at a time.
///
/// What is in a place is made when it is first taken, and stays. The place with the lowest number
/// is taken first, so as many are ever made as were held at once.
///
/// # Orderings
/// Giving a place back releases what its holder wrote; taking it acquires that, so the next holder
/// goes on where the last one stopped. The pair is on the word of [`Slots::free`] that holds the
/// place; changes of other bits in between continue the release.
///
/// # Progress
/// Lock-free: who fails to take a place failed because another took or gave one.
pub(crate) struct Slots<T> {
    places: Box<[FirstWins<Arc<T>>]>,
    /// A bit for each place, 1 where nobody holds it.
    free: Box<[AtomicU64]>,
}

const BITS: usize = u64::BITS as usize;

impl<T: Default> Slots<T> {
    /// `count` places, none of them made yet. 8 bytes and a bit each.
    pub(crate) fn new(count: usize) -> Self {
        let word = |at: usize| {
            let left = count - at * BITS;
            AtomicU64::new(if left >= BITS { u64::MAX } else { (1 << left) - 1 })
        };
        Self {
            places: (0..count).map(|_| FirstWins::default()).collect(),
            free: (0..count.div_ceil(BITS)).map(word).collect(),
        }
    }

    /// The free place with the lowest number; `None` where all are held. Makes what is in it where
    /// it was never held.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot<T>> {
        let number = self.take_number()?;
        let made: Result<_, std::convert::Infallible> =
            self.places[number].get_or_try(|| Ok(Arc::new(T::default())));
        let Ok(held) = made;
        Some(Slot { held: held.clone(), slots: self.clone(), number })
    }

    fn take_number(&self) -> Option<usize> {
        for (at, word) in self.free.iter().enumerate() {
            // Relaxed: a guess, which the exchange checks.
            let mut bits = word.load(Ordering::Relaxed);
            while bits != 0 {
                let rest = bits & (bits - 1);
                if mutated("slot_is_taken_unasked") {
                    word.store(rest, Ordering::Relaxed);
                    return Some(at * BITS + bits.trailing_zeros() as usize);
                }
                // Acquire: pairs with the Release in `give_back`; who takes a place sees what its
                // last holder wrote.
                let taken = word.compare_exchange(bits, rest, Ordering::Acquire, Ordering::Relaxed);
                match taken {
                    Ok(_) => return Some(at * BITS + bits.trailing_zeros() as usize),
                    Err(now) => bits = now,
                }
            }
        }
        None
    }
}

impl<T> Slots<T> {
    /// What is in the places that were ever taken.
    pub(crate) fn made(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|place| place.get().map(Deref::deref))
    }

    /// How many places there are.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    fn give_back(&self, number: usize) {
        let (word, bit) = (&self.free[number / BITS], 1 << (number % BITS));
        if mutated("slot_is_given_back_relaxed") {
            word.fetch_or(bit, Ordering::Relaxed);
            return;
        }
        // Release: pairs with the Acquire in `take_number`.
        word.fetch_or(bit, Ordering::Release);
    }
}

impl<T> fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("count", &self.count()).finish_non_exhaustive()
    }
}

/// A place, held until this is dropped.
pub(crate) struct Slot<T> {
    held: Arc<T>,
    slots: Arc<Slots<T>>,
    number: usize,
}

impl<T> Deref for Slot<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.slots.give_back(self.number);
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{Arc, AtomicU64, Slots};

    #[test]
    fn as_many_places_are_made_as_were_held_at_once() {
        let slots: Arc<Slots<AtomicU64>> = Arc::new(Slots::new(130));
        for _ in 0..3 {
            let held = [slots.take().unwrap(), slots.take().unwrap()];
            assert_eq!([held[0].number, held[1].number], [0, 1]);
        }
        assert_eq!((slots.made().count(), slots.count()), (2, 130));
    }

    #[test]
    fn a_place_has_one_holder() {
        for count in [0, 1, 63, 64, 65, 128, 130] {
            let slots: Arc<Slots<AtomicU64>> = Arc::new(Slots::new(count));
            let mut held: Vec<_> = std::iter::from_fn(|| slots.take()).collect();
            let numbers: Vec<usize> = held.iter().map(|slot| slot.number).collect();
            assert_eq!(numbers, (0..count).collect::<Vec<_>>());
            if count > 0 {
                let given = held.remove(count / 2);
                let number = given.number;
                drop(given);
                assert_eq!(slots.take().unwrap().number, number);
            }
        }
    }
}
