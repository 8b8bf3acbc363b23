//! Counts of spreads that never had a slot to write to.

use super::ending::ErrorClass;
use crate::sync::{AtomicU64, Ordering};

const CLASSES: usize = ErrorClass::ALL.len();

/// How many stripes there are. A power of two.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
const STRIPES: usize = 8;
#[cfg(any(emanate_loom, emanate_shuttle))]
const STRIPES: usize = 2;

/// A line of a cache, so that threads on different stripes do not take it from each other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe([AtomicU64; CLASSES]);

/// Counts that any thread adds to, in several stripes. An overloaded engine refuses far more
/// spreads than it runs, on all its threads at once.
#[derive(Debug, Default)]
pub(crate) struct Refusals([Stripe; STRIPES]);

impl Refusals {
    pub(crate) fn add(&self, class: ErrorClass) {
        // Relaxed: additions commute, and nothing is concluded from one count about another.
        self.0[stripe()].0[class as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The sums of all stripes, in the order of [`ErrorClass::ALL`].
    pub(crate) fn counts(&self) -> [u64; CLASSES] {
        let count = |class: usize| {
            // Relaxed: as in `add`.
            self.0.iter().map(|stripe| stripe.0[class].load(Ordering::Relaxed)).sum()
        };
        std::array::from_fn(count)
    }
}

/// A stripe for the calling thread: by where its stack lies, which costs nothing to know. Any
/// answer is right; two threads that get the same one are only slower.
fn stripe() -> usize {
    let here = 0_u8;
    let page = std::ptr::from_ref(&here).addr() >> 16;
    // The multiplier is 2^64 divided by the golden ratio: near addresses come far apart.
    let mixed = (page as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> (u64::BITS - STRIPES.trailing_zeros())) as usize
}
