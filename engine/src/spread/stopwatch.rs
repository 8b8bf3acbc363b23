//! How long hops take, for whoever records it.

use crate::graph::Reads;
use crate::sync::Clock;

/// Most hops of a spread whose time is kept; a rule of thousands of steps needs no more.
const HOPS_TIMED_MAX: usize = 64;

/// What one hop took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HopTime {
    /// All of it, nanoseconds.
    pub(crate) total_ns: u64,
    /// Reading uncompressed rows out of files, nanoseconds.
    pub(crate) warm_ns: u64,
    /// Reading compressed ones, nanoseconds.
    pub(crate) cold_ns: u64,
}

/// Measures hops by the clock it is given; without one it does nothing, and no clock is read.
#[derive(Debug)]
pub(crate) struct Stopwatch<'a> {
    clock: Option<&'a dyn Clock>,
    lap_began_ns: u64,
    reads: Reads,
}

impl<'a> Stopwatch<'a> {
    /// A stopwatch whose first lap begins now.
    pub(crate) fn start(clock: Option<&'a dyn Clock>) -> Self {
        Self {
            clock,
            lap_began_ns: clock.map_or(0, Clock::now_ns),
            reads: clock.map_or_else(Reads::default, |_| Reads::of_this_thread()),
        }
    }

    /// Ends a lap and begins the next.
    #[inline]
    pub(crate) fn lap(&mut self, times: &mut Vec<HopTime>) {
        let Some(clock) = self.clock else { return };
        let (now, reads) = (clock.now_ns(), Reads::of_this_thread());
        if times.len() < HOPS_TIMED_MAX {
            let total_ns = now.saturating_sub(self.lap_began_ns);
            let read = reads.since(self.reads);
            times.push(HopTime { total_ns, warm_ns: read.warm.ns, cold_ns: read.cold.ns });
        }
        (self.lap_began_ns, self.reads) = (now, reads);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{HOPS_TIMED_MAX, HopTime, Stopwatch};
    use crate::sync::ManualClock;

    #[test]
    fn laps_follow_each_other_and_are_bounded() {
        let clock = ManualClock::new();
        let mut stopwatch = Stopwatch::start(Some(&clock));
        let mut times = Vec::new();
        for lap in 1..=HOPS_TIMED_MAX as u64 + 3 {
            clock.advance(Duration::from_nanos(lap));
            stopwatch.lap(&mut times);
        }
        assert_eq!(times.len(), HOPS_TIMED_MAX);
        assert_eq!(times[4], HopTime { total_ns: 5, warm_ns: 0, cold_ns: 0 });
    }

    #[test]
    fn without_a_clock_nothing_is_noted() {
        let mut times = Vec::new();
        Stopwatch::start(None).lap(&mut times);
        assert!(times.is_empty());
    }
}
