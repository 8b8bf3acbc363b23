//! What reading blocks out of files costs the thread that does it.

use std::cell::Cell;
use std::time::Instant;

use super::error::DamagedBlock;
use crate::terms::Tier;

/// Blocks read out of one tier. Counts wrap round, and only differences of them mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierReads {
    /// Attempts.
    pub(crate) count: u32,
    /// Attempts that gave no block.
    pub(crate) failed: u32,
    /// Time they took, nanoseconds.
    pub(crate) ns: u64,
}

impl TierReads {
    const NONE: Self = Self { count: 0, failed: 0, ns: 0 };

    const fn since(self, earlier: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(earlier.count),
            failed: self.failed.wrapping_sub(earlier.failed),
            ns: self.ns.wrapping_sub(earlier.ns),
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            count: self.count.wrapping_add(other.count),
            failed: self.failed.wrapping_add(other.failed),
            ns: self.ns.wrapping_add(other.ns),
        }
    }
}

/// Blocks read out of files.
///
/// A spread runs on one thread and reads on it, so the difference between two looks at a thread's
/// own counts is what the spread read in between; rows in memory cost nothing for it. What others
/// read for it is taken off their counts and put on its own: [`Reads::apart`], [`Reads::add`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Uncompressed ones.
    pub(crate) warm: TierReads,
    /// Compressed ones.
    pub(crate) cold: TierReads,
}

thread_local! {
    static READS: Cell<Reads> =
        const { Cell::new(Reads { warm: TierReads::NONE, cold: TierReads::NONE }) };
}

impl Reads {
    /// All reads of this thread so far.
    pub(crate) fn of_this_thread() -> Self {
        // A thread that is ending has no counts any more.
        READS.try_with(Cell::get).unwrap_or_default()
    }

    /// Makes these the reads of this thread so far.
    pub(crate) fn restore(self) {
        let _ = READS.try_with(|reads| reads.set(self));
    }

    /// Runs `work`; gives what it read on this thread, which counts for nobody until it is added.
    pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let before = Self::of_this_thread();
        let done = work();
        let reads = Self::of_this_thread().since(before);
        before.restore();
        (done, reads)
    }

    /// Adds these to the reads of this thread.
    pub(crate) fn add(self) {
        self.and(Self::of_this_thread()).restore();
    }

    /// These and `other`.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { warm: self.warm.and(other.warm), cold: self.cold.and(other.cold) }
    }

    /// The reads since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self { warm: self.warm.since(earlier.warm), cold: self.cold.since(earlier.cold) }
    }

    /// Attempts at either.
    pub(crate) const fn count(self) -> u64 {
        self.warm.count as u64 + self.cold.count as u64
    }

    /// Time they took together, nanoseconds.
    pub(crate) const fn ns(self) -> u64 {
        self.warm.ns.wrapping_add(self.cold.ns)
    }

    /// Runs `read`, which reads out of `tier`, and counts it.
    pub(crate) fn counted<T>(
        tier: Tier,
        read: impl FnOnce() -> Result<T, DamagedBlock>,
    ) -> Result<T, DamagedBlock> {
        let begun = Instant::now();
        let result = read();
        let ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let _ = READS.try_with(|reads| {
            let mut all = reads.get();
            let of = if tier == Tier::Cold { &mut all.cold } else { &mut all.warm };
            *of = TierReads {
                count: of.count.wrapping_add(1),
                failed: of.failed.wrapping_add(u32::from(result.is_err())),
                ns: of.ns.wrapping_add(ns),
            };
            reads.set(all);
        });
        result
    }
}
