//! How much is left of two limits that are taken and given back together.

use std::fmt;

use crate::sync::{AtomicU64, Ordering, mutated};

/// Bits of the word that hold bytes; the rest holds slots.
const BYTES_BITS: u32 = 48;

/// Most bytes a [`Room`] can hold.
pub(crate) const BYTES_MAX: u64 = (1 << BYTES_BITS) - 1;

/// Most slots a [`Room`] can hold.
pub(crate) const SLOTS_MAX: u64 = (1 << (u64::BITS - BYTES_BITS)) - 1;

/// Slots and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) slots: u64, // in [0, SLOTS_MAX]
    pub(crate) bytes: u64, // in [0, BYTES_MAX]
}

impl Amount {
    pub(crate) const SLOT: Self = Self { slots: 1, bytes: 0 };

    pub(crate) const fn bytes(bytes: u64) -> Self {
        Self { slots: 0, bytes }
    }

    const fn packed(self) -> u64 {
        (self.slots << BYTES_BITS) | self.bytes
    }

    const fn unpacked(word: u64) -> Self {
        Self { slots: word >> BYTES_BITS, bytes: word & BYTES_MAX }
    }

    fn less(self, other: Self) -> Option<Self> {
        let slots = self.slots.checked_sub(other.slots)?;
        Some(Self { slots, bytes: self.bytes.checked_sub(other.bytes)? })
    }
}

/// What is left of a number of slots and bytes.
///
/// # Orderings
/// Every operation, a failed `take` too, is a read-modify-write of one word with AcqRel, so all of
/// them are in one order, and each sees what was written before those that precede it. Who gives
/// back and then looks whether anybody waits, and who says that it waits and then takes once more,
/// therefore cannot miss each other: either the take comes later and finds what was given, or it
/// comes earlier and the look finds the one who waits.
///
/// # Progress
/// Lock-free: an operation is repeated only where another one succeeded.
pub(crate) struct Room(AtomicU64);

impl Room {
    /// All of `amount` is left.
    pub(crate) fn new(amount: Amount) -> Self {
        Self(AtomicU64::new(amount.packed()))
    }

    /// Takes `amount`, whole or not at all; what is left then.
    pub(crate) fn take(&self, amount: Amount) -> Option<Amount> {
        // Relaxed: only a guess, which the exchange below confirms.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let left = Amount::unpacked(word).less(amount);
            let next = left.map_or(word, Amount::packed);
            if left.is_none() && mutated("room_refuses_without_exchange") {
                return None;
            }
            if mutated("room_is_stored") {
                self.0.store(next, Ordering::Release);
                return left;
            }
            // AcqRel: see the type's protocol; Relaxed on failure, for the loop tries again.
            match self.0.compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return left,
                Err(newer) => word = newer,
            }
        }
    }

    /// Gives back `amount`, which must have been taken.
    pub(crate) fn give(&self, amount: Amount) {
        // AcqRel: see the type's protocol. No carry: what is given was taken before.
        let before = self.0.fetch_add(amount.packed(), Ordering::AcqRel);
        debug_assert!(
            Amount::unpacked(before).bytes + amount.bytes <= BYTES_MAX,
            "more bytes came back than were taken"
        );
    }

    /// What is left, as one of the operations: what precedes it is seen.
    pub(crate) fn left(&self) -> Amount {
        // AcqRel: a read-modify-write that changes nothing; see the type's protocol.
        Amount::unpacked(self.0.fetch_add(0, Ordering::AcqRel))
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Room").field(&self.left()).finish()
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{Amount, BYTES_MAX, Room, SLOTS_MAX};

    #[test]
    fn both_are_taken_or_neither() {
        let room = Room::new(Amount { slots: 2, bytes: 100 });
        assert_eq!(room.take(Amount { slots: 1, bytes: 60 }), Some(Amount { slots: 1, bytes: 40 }));
        assert_eq!(room.take(Amount { slots: 1, bytes: 41 }), None);
        assert_eq!(room.take(Amount { slots: 2, bytes: 1 }), None);
        assert_eq!(room.left(), Amount { slots: 1, bytes: 40 });
        room.give(Amount { slots: 1, bytes: 60 });
        assert_eq!(room.left(), Amount { slots: 2, bytes: 100 });
    }

    #[test]
    fn the_largest_amounts_fit() {
        let all = Amount { slots: SLOTS_MAX, bytes: BYTES_MAX };
        let room = Room::new(all);
        assert!(room.take(Amount::bytes(BYTES_MAX)).is_some());
        assert!(room.take(Amount::bytes(1)).is_none());
        assert!(room.take(Amount { slots: SLOTS_MAX, bytes: 0 }).is_some());
        room.give(all);
        assert_eq!(room.left(), all);
    }
}
