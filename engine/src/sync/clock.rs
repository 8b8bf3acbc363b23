//! Clocks that only go forward.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use super::{Arc, AtomicU64, Ordering};

/// A clock that never goes back, read by everything that waits, measures or expires. A host may
/// hand in its own; tests hand in a [`ManualClock`], so that none of them sleeps.
pub trait Clock: Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Nanoseconds since an origin of the clock's own.
    fn now_ns(&self) -> u64;
}

/// The operating system's monotonic clock, from when this value was made.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(Instant);

impl MonotonicClock {
    /// A clock that begins at 0 now.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    #[inline]
    fn now_ns(&self) -> u64 {
        // In 584 years this stands still.
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands until somebody moves it. Clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at 0.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }

    /// Moves the clock forward by `step`; at its end it stands still.
    pub fn advance(&self, step: Duration) {
        let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: the time is all there is to see.
        let moved = |now: u64| Some(now.saturating_add(step));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now_ns(&self) -> u64 {
        // Relaxed: see `advance`.
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::time::Duration;

    use super::{Clock, ManualClock, MonotonicClock};

    #[test]
    fn a_manual_clock_stands_until_it_is_moved() {
        let clock = ManualClock::new();
        let same = clock.clone();
        clock.advance(Duration::from_micros(2));
        assert_eq!((clock.now_ns(), same.now_ns()), (2_000, 2_000));
        clock.advance(Duration::MAX);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(clock.now_ns(), u64::MAX);
    }

    #[test]
    fn a_monotonic_clock_does_not_go_back() {
        let clock = MonotonicClock::new();
        let before = clock.now_ns();
        assert!(clock.now_ns() >= before);
    }
}
