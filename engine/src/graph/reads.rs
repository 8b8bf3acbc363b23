//! What reading blocks out of files costs the thread that does it.

use std::cell::Cell;
use std::time::Instant;

use super::error::DamagedBlock;

/// Blocks read out of files.
///
/// A spread runs on one thread and reads on it, so the difference between two looks at a thread's
/// own counts is what the spread read in between; rows in memory cost nothing for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Attempts.
    pub(crate) count: u64,
    /// Attempts that gave no block.
    pub(crate) failed: u64,
    /// Time they took, nanoseconds.
    pub(crate) ns: u64,
}

thread_local! {
    static READS: Cell<Reads> = const { Cell::new(Reads { count: 0, failed: 0, ns: 0 }) };
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

    /// The reads since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(earlier.count),
            failed: self.failed.wrapping_sub(earlier.failed),
            ns: self.ns.wrapping_sub(earlier.ns),
        }
    }

    /// Runs `read` and counts it.
    pub(crate) fn counted<T>(
        read: impl FnOnce() -> Result<T, DamagedBlock>,
    ) -> Result<T, DamagedBlock> {
        let begun = Instant::now();
        let result = read();
        let ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let _ = READS.try_with(|reads| {
            let before = reads.get();
            reads.set(Self {
                count: before.count.wrapping_add(1),
                failed: before.failed.wrapping_add(u64::from(result.is_err())),
                ns: before.ns.wrapping_add(ns),
            });
        });
        result
    }
}
