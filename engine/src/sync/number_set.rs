//! Numbers of which whoever comes takes the lowest, or the highest.

use super::{AtomicU64, Ordering, mutated};

/// A set of numbers below a bound, out of which any thread takes the lowest, or the highest, and
/// puts back what it took.
///
/// # Cost
/// A bit for each number. Taking one reads a word for each 64 numbers up to it, and is one
/// read-modify-write where nobody comes between, as putting one back is.
///
/// # Orderings
/// Putting a number back releases what was written before; taking it acquires that. The pair is on
/// the word that has its bit; changes of other bits in between continue the release.
///
/// # Progress
/// Lock-free: who fails to take a number failed because another took one or put one back. Nothing
/// may be found where others take what is in words ahead and put back into words that were passed.
#[derive(Debug)]
pub(crate) struct NumberSet(Box<[AtomicU64]>);

const BITS: usize = u64::BITS as usize;

impl NumberSet {
    /// All numbers below `count`.
    pub(crate) fn all(count: usize) -> Self {
        let word = |at: usize| {
            let left = count - at * BITS;
            if left >= BITS { u64::MAX } else { (1 << left) - 1 }
        };
        Self((0..count.div_ceil(BITS)).map(|at| AtomicU64::new(word(at))).collect())
    }

    /// None of those below `count`, which are what may be put in.
    pub(crate) fn none(count: usize) -> Self {
        Self((0..count.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Takes the lowest; `None` where there is none.
    pub(crate) fn take(&self) -> Option<usize> {
        take_of(self.0.iter().enumerate(), u64::trailing_zeros)
    }

    /// Takes the highest; `None` where there is none.
    pub(crate) fn take_last(&self) -> Option<usize> {
        take_of(self.0.iter().enumerate().rev(), |bits| bits.ilog2())
    }

    /// Puts in `number`, which is not there.
    pub(crate) fn put(&self, number: usize) {
        let (word, bit) = (&self.0[number / BITS], 1 << (number % BITS));
        if mutated("number_is_put_back_relaxed") {
            word.fetch_or(bit, Ordering::Relaxed);
            return;
        }
        // Release: pairs with the Acquire in `take`.
        word.fetch_or(bit, Ordering::Release);
    }

    /// How many there are; about, while others take and put.
    pub(crate) fn len(&self) -> usize {
        // Relaxed: nothing is read by what is found.
        self.0.iter().map(|word| word.load(Ordering::Relaxed).count_ones() as usize).sum()
    }
}

/// Takes of the first of `words` that has any the number whose bit `which` says.
#[inline]
fn take_of<'a>(
    words: impl Iterator<Item = (usize, &'a AtomicU64)>,
    which: impl Fn(u64) -> u32,
) -> Option<usize> {
    for (at, word) in words {
        // Relaxed: a guess, which the exchange checks.
        let mut bits = word.load(Ordering::Relaxed);
        while bits != 0 {
            let bit = which(bits);
            let (rest, number) = (bits & !(1 << bit), at * BITS + bit as usize);
            if mutated("number_is_taken_unasked") {
                word.store(rest, Ordering::Relaxed);
                return Some(number);
            }
            // Acquire: pairs with the Release in `put`; who takes a number sees what was written by
            // who put it back.
            match word.compare_exchange(bits, rest, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(number),
                Err(now) => bits = now,
            }
        }
    }
    None
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::NumberSet;

    #[test]
    fn the_lowest_or_highest_is_taken_whatever_the_bound() {
        for count in [0, 1, 63, 64, 65, 128, 130] {
            let (all, none) = (NumberSet::all(count), NumberSet::none(count));
            assert_eq!((all.len(), none.len()), (count, 0));
            assert_eq!(none.take(), None);
            let taken: Vec<usize> = std::iter::from_fn(|| all.take()).collect();
            assert_eq!(taken, (0..count).collect::<Vec<_>>());
            taken.iter().rev().for_each(|number| none.put(*number));
            assert_eq!(none.len(), count);
            let falling: Vec<usize> = std::iter::from_fn(|| none.take_last()).collect();
            assert!(falling.iter().eq(taken.iter().rev()), "{falling:?}");
        }
    }
}
