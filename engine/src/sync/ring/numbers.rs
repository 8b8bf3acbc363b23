//! A queue of small numbers.

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU64, Ordering, mutated};

/// Most threads that may be inside at once.
const THREADS_MAX: u64 = 1 << 16;

/// What stands at one place of the line: for which lap it was written last, whether who puts a
/// number there may trust that nobody came for it before, and a number or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    lap: u64,
    trusted: bool,
    number: u64,
}

/// A queue of the numbers below its room, each in it at most once, so that it is never full.
///
/// Positions are handed out in turn, to who puts at the tail and to who takes at the head; the same
/// entries are used lap after lap. Who takes and finds that nobody has put anything at its position
/// yet marks the entry as passed, and takes the next position; who comes late with a number sees
/// that and puts it at a later position. There are twice as many entries as numbers, so that one
/// is free in every lap. How often anybody passes by in vain is bounded by `patience`, which
/// whoever puts a number fills up again: where it is used up, there was nothing.
///
/// Source: Nikolaev (2019), section 4, figure 8 ("SCQ"): `patience` is its threshold, `lap` its
/// cycle, `trusted` its safe bit. There no more threads are inside than there are numbers; here
/// there may be, so that `patience` is greater.
///
/// # Orderings
/// Every write is a read-modify-write with `AcqRel`, and so is each read on which somebody gives
/// up, since only a read-modify-write reads what is newest; all pairs are those of two on the same
/// word. The paper's proof supposes one order of everything, and rests on it in two places: who
/// puts reads `patience` after it wrote the entry, who takes writes `patience` after it read the
/// entry; and who takes in vain reads the tail. Both are read-modify-writes here. A head that is
/// read too old in `Numbers::enter` does no harm: where somebody passed the position, the mark it
/// left was acquired with the entry, and the head it took with the mark.
pub(super) struct Numbers {
    entries: Box<[AtomicU64]>,
    head: CachePadded<AtomicU64>,
    tail: CachePadded<AtomicU64>,
    /// Two's complement; below 0, there is nothing.
    patience: CachePadded<AtomicU64>,
}

impl Numbers {
    /// Without any of the numbers below `room`.
    pub(super) fn none(room: usize) -> Self {
        Self::new(room, 0)
    }

    /// With all numbers below `room`, in their order.
    pub(super) fn all(room: usize) -> Self {
        Self::new(room, room)
    }

    fn new(room: usize, count: usize) -> Self {
        let size = 2 * room.next_power_of_two();
        let mut numbers = Self {
            entries: Box::default(),
            head: CachePadded::new(AtomicU64::new(size as u64)),
            tail: CachePadded::new(AtomicU64::new((size + count) as u64)),
            patience: CachePadded::new(AtomicU64::new(u64::MAX)),
        };
        let entry = |at: usize| {
            let number = if at < count { at } else { size - 1 };
            let entry = Entry { lap: u64::from(at < count), trusted: true, number: number as u64 };
            AtomicU64::new(pack(entry, size))
        };
        numbers.entries = (0..size).map(entry).collect();
        if count > 0 {
            numbers.patience = CachePadded::new(AtomicU64::new(numbers.patience_max()));
        }
        numbers
    }

    /// What stands where no number does.
    fn nothing(&self) -> u64 {
        self.entries.len() as u64 - 1
    }

    /// Positions that may be passed by although a number is in the line, one less than entries and
    /// threads together: the last in line is at most as many positions behind the head as there
    /// are entries, and every other thread may have passed one by before and not counted it yet.
    fn patience_max(&self) -> u64 {
        let entries = self.entries.len() as u64;
        let threads = if mutated("patience_forgets_the_crowd") { 0 } else { THREADS_MAX };
        entries + threads - 1
    }

    /// The entry of `position`, and the lap.
    fn at(&self, position: u64) -> (&AtomicU64, u64) {
        let size = self.entries.len() as u64;
        (&self.entries[(position & (size - 1)) as usize], position >> size.trailing_zeros())
    }

    /// Puts `number`, which is not in it, at the end.
    #[inline]
    pub(super) fn put(&self, number: usize) {
        // AcqRel, here and below: see the type.
        while !self.enter(self.tail.fetch_add(1, Ordering::AcqRel), number as u64) {}
        if mutated("patience_is_not_filled_up") {
            return;
        }
        self.patience.swap(self.patience_max(), Ordering::AcqRel);
    }

    /// Whether `number` could be put at `position`.
    fn enter(&self, position: u64, number: u64) -> bool {
        let (entry, lap) = self.at(position);
        let size = self.entries.len();
        let new = pack(Entry { lap, trusted: true, number }, size);
        let to =
            if mutated("number_is_put_relaxed") { Ordering::Relaxed } else { Ordering::AcqRel };
        let mut word = entry.load(Ordering::Acquire);
        loop {
            let seen = unpack(word, size);
            let is_free = seen.lap < lap && seen.number == self.nothing();
            let may_be_passed = || !seen.trusted && self.head.load(Ordering::Acquire) > position;
            if !is_free || (may_be_passed() && !mutated("passed_entries_are_trusted")) {
                return false;
            }
            match entry.compare_exchange(word, new, to, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Takes the first number.
    #[inline]
    pub(super) fn take(&self) -> Option<usize> {
        if !self.may_have_some() {
            return None;
        }
        loop {
            let position = self.head.fetch_add(1, Ordering::AcqRel);
            if let Some(number) = self.leave(position) {
                return Some(number as usize);
            }
            let tail = self.tail.fetch_add(0, Ordering::AcqRel);
            if tail <= position + 1 {
                self.catch_up(tail, position + 1);
                self.patience.fetch_sub(1, Ordering::AcqRel);
                return None;
            }
            if self.patience.fetch_sub(1, Ordering::AcqRel).cast_signed() <= 0 {
                return None;
            }
        }
    }

    /// Whether it is worth while to look for a number.
    fn may_have_some(&self) -> bool {
        // Acquire: pairs with the swap in `put`. Where it says no, what is newest is read.
        self.patience.load(Ordering::Acquire).cast_signed() >= 0
            || self.patience.fetch_add(0, Ordering::AcqRel).cast_signed() >= 0
    }

    /// The number at `position`, which is the caller's alone; where there is none yet, nobody can
    /// put one there any more.
    fn leave(&self, position: u64) -> Option<u64> {
        let (entry, lap) = self.at(position);
        let size = self.entries.len();
        let mut word = entry.load(Ordering::Acquire);
        loop {
            let seen = unpack(word, size);
            if seen.lap == lap {
                entry.fetch_or(self.nothing(), Ordering::AcqRel);
                return Some(seen.number);
            }
            if seen.lap > lap {
                return None;
            }
            let passed = if seen.number == self.nothing() {
                Entry { lap, ..seen }
            } else {
                Entry { trusted: false, ..seen }
            };
            let passed = pack(passed, size);
            match entry.compare_exchange(word, passed, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return None,
                Err(now) => word = now,
            }
        }
    }

    /// Moves the tail, which was at `tail`, up to the head, which was at `head`, so that nobody
    /// puts a number where all have passed by.
    fn catch_up(&self, tail: u64, head: u64) {
        let (mut tail, mut head) = (tail, head);
        while let Err(now) =
            self.tail.compare_exchange(tail, head, Ordering::AcqRel, Ordering::Acquire)
        {
            (tail, head) = (now, self.head.load(Ordering::Acquire));
            if tail >= head {
                return;
            }
        }
    }

    /// How many there are, about.
    pub(super) fn len(&self) -> usize {
        // Acquire, all: a number that was put is seen where the swap that ended `put` is.
        if !self.may_have_some() {
            return 0;
        }
        let (tail, head) = (self.tail.load(Ordering::Acquire), self.head.load(Ordering::Acquire));
        usize::try_from(tail.saturating_sub(head)).unwrap_or(usize::MAX)
    }
}

/// `entry` as one word: the lap, the mark, the number in as many bits as `size` entries take.
fn pack(entry: Entry, size: usize) -> u64 {
    let bits = size.trailing_zeros();
    entry.lap << (bits + 1) | u64::from(entry.trusted) << bits | entry.number
}

fn unpack(word: u64, size: usize) -> Entry {
    let (bits, number) = (size.trailing_zeros(), size as u64 - 1);
    Entry { lap: word >> (bits + 1), trusted: word >> bits & 1 == 1, number: word & number }
}
