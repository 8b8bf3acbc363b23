//! Who may write what.

use std::fmt;
use std::ops::Deref;

use crate::sync::{Arc, FirstWins, NumberSet};

/// A bounded number of places to write to, each with at most one holder at a time.
///
/// What is in a place is made when it is first taken, and stays. The place with the lowest number
/// is taken first, so as many are ever made as were held at once.
///
/// # Orderings
/// Giving a place back releases what its holder wrote; taking it acquires that, so the next holder
/// goes on where the last one stopped. The pair is inside [`NumberSet`].
///
/// # Progress
/// Lock-free, as [`NumberSet`] is.
pub(crate) struct Slots<T> {
    places: Box<[FirstWins<Arc<T>>]>,
    /// Those that nobody holds.
    free: NumberSet,
}

impl<T: Default> Slots<T> {
    /// `count` places, none of them made yet. 8 bytes and a bit each.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            places: (0..count).map(|_| FirstWins::default()).collect(),
            free: NumberSet::all(count),
        }
    }

    /// The free place with the lowest number; `None` where all are held. Makes what is in it where
    /// it was never held.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot<T>> {
        let number = self.free.take()?;
        let made: Result<_, std::convert::Infallible> =
            self.places[number].get_or_try(|| Ok(Arc::new(T::default())));
        let Ok(held) = made;
        Some(Slot { held: held.clone(), slots: self.clone(), number })
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
        self.slots.free.put(self.number);
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
    use super::{Arc, Slots};
    use crate::sync::AtomicU64;

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
