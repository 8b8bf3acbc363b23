//! How many scratches are needed at once.

use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// How long scratches must not have been needed at once before some are freed.
const SPARE_AFTER: Duration = Duration::from_secs(30);

/// How many scratches were leased at once, at most, since a time.
#[derive(Debug)]
pub(crate) struct Demand {
    most: AtomicU64,
    since_ns: AtomicU64,
}

impl Demand {
    pub(crate) fn none() -> Self {
        Self { most: AtomicU64::new(0), since_ns: AtomicU64::new(0) }
    }

    /// Notes that so many are leased.
    pub(crate) fn note(&self, leased: u64) {
        // Relaxed, both: a figure that guards nothing; it is written only where it grows.
        if leased > self.most.load(Ordering::Relaxed) {
            self.most.fetch_max(leased, Ordering::Relaxed);
        }
    }

    /// The most, where [`SPARE_AFTER`] is over by `now_ns`; counting then begins anew with
    /// `leased`, which are out now. Of several who ask at once one is answered.
    pub(crate) fn take(&self, now_ns: u64, leased: u64) -> Option<u64> {
        let next = |since_ns: u64| {
            let over = Duration::from_nanos(now_ns.saturating_sub(since_ns)) >= SPARE_AFTER;
            over.then_some(now_ns)
        };
        // Relaxed, all: as above.
        self.since_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(self.most.swap(leased, Ordering::Relaxed))
    }
}
