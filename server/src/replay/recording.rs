//! What is recorded of spreads.

use std::time::Duration;

use emanate::SpreadStats;
use emanate::terms::StopReason;
use hdrhistogram::Histogram;

/// Longest time told apart, in nanoseconds: an hour. Longer ones count as this.
const NANOS_MAX: u64 = 3_600_000_000_000;

/// Significant decimal digits that histograms keep: within 0.1 %.
const DIGITS: u8 = 3;

/// How one spread ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ended {
    /// Why.
    pub(super) reason: StopReason,
    /// Edges it followed.
    pub(super) edges: u64,
}

impl Ended {
    /// What a spread's outcome says.
    pub(super) const fn new(reason: StopReason, stats: &SpreadStats) -> Self {
        Self { reason, edges: stats.edges_traversed }
    }
}

/// Times of one spread, counted from the beginning of the replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// When it should have begun.
    pub(super) intended: Duration,
    /// When it began.
    pub(super) begin: Duration,
    /// When it ended.
    pub(super) end: Duration,
}

/// A number of spreads, added up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recording {
    /// From begin to end, in nanoseconds. Errors are not in it.
    pub(super) service: Histogram<u64>,
    /// From the intended begin to the end, in nanoseconds. Errors are not in it.
    pub(super) response: Histogram<u64>,
    /// Spreads by [`StopReason::ALL`].
    pub(super) stop_reasons: [u64; StopReason::ALL.len()],
    /// Spreads that were refused.
    pub(super) errors: u64,
    /// Edges followed.
    pub(super) edges: u64,
    /// When the last spread ended.
    pub(super) last_end: Duration,
}

impl Recording {
    /// Of no spread. Takes about half a megabyte, of which only what is touched is real.
    pub(super) fn new() -> Self {
        let histogram =
            || Histogram::new_with_bounds(1, NANOS_MAX, DIGITS).expect("the bounds are in order");
        Self {
            service: histogram(),
            response: histogram(),
            stop_reasons: [0; StopReason::ALL.len()],
            errors: 0,
            edges: 0,
            last_end: Duration::ZERO,
        }
    }

    /// Adds a spread, or an error where it was refused.
    pub(super) fn add(&mut self, times: Times, ended: Option<Ended>) {
        self.last_end = self.last_end.max(times.end);
        let Some(Ended { reason, edges }) = ended else {
            self.errors += 1;
            return;
        };
        self.service.saturating_record(nanos(times.begin, times.end));
        self.response.saturating_record(nanos(times.intended, times.end));
        let position = StopReason::ALL.iter().position(|other| *other == reason);
        self.stop_reasons[position.expect("`ALL` holds every reason")] += 1;
        self.edges += edges;
    }

    /// Adds all of another recording.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, others) in
            [(&mut self.service, &other.service), (&mut self.response, &other.response)]
        {
            mine.add(others).expect("all recordings have the same bounds");
        }
        for (mine, others) in self.stop_reasons.iter_mut().zip(&other.stop_reasons) {
            *mine += others;
        }
        self.errors += other.errors;
        self.edges += other.edges;
        self.last_end = self.last_end.max(other.last_end);
    }

    /// Spreads that ended, errors aside.
    pub(super) fn spreads(&self) -> u64 {
        self.service.len()
    }

    /// Whether nothing was recorded.
    pub(super) fn is_empty(&self) -> bool {
        self.spreads() == 0 && self.errors == 0
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.service.reset();
        self.response.reset();
        self.stop_reasons = [0; StopReason::ALL.len()];
        self.errors = 0;
        self.edges = 0;
        self.last_end = Duration::ZERO;
    }
}

/// Nanoseconds from `begin` to `end`, at least 1, the least a histogram holds.
fn nanos(begin: Duration, end: Duration) -> u64 {
    let nanos = end.saturating_sub(begin).as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(intended: u64, begin: u64, end: u64) -> Times {
        let [intended, begin, end] = [intended, begin, end].map(Duration::from_micros);
        Times { intended, begin, end }
    }

    #[test]
    fn a_merge_is_as_one_recording() {
        let ended = |reason, edges| Some(Ended { reason, edges });
        let (mut one, mut two, mut both) = (Recording::new(), Recording::new(), Recording::new());
        let spreads = [
            (times(0, 5, 10), ended(StopReason::Exhausted, 3)),
            (times(0, 10, 30), ended(StopReason::HopLimit, 4)),
            (times(0, 30, 31), None),
        ];
        for (position, (times, ended)) in spreads.into_iter().enumerate() {
            if position == 0 { &mut one } else { &mut two }.add(times, ended);
            both.add(times, ended);
        }
        one.merge(&two);
        assert_eq!(one, both);
        assert_eq!((one.spreads(), one.errors, one.edges), (2, 1, 7));
        assert_eq!(one.stop_reasons.iter().sum::<u64>(), 2);
        assert_eq!(one.last_end, Duration::from_micros(31));
        one.clear();
        assert_eq!(one, Recording::new());
        assert!(one.is_empty());
    }

    #[test]
    fn no_time_is_too_short_or_too_long() {
        let mut recording = Recording::new();
        let ended = Some(Ended { reason: StopReason::Exhausted, edges: 0 });
        recording.add(times(0, 0, 0), ended);
        let begin = Duration::ZERO;
        recording.add(Times { intended: begin, begin, end: Duration::MAX }, ended);
        assert_eq!((recording.service.min(), recording.spreads()), (1, 2));
        assert!(recording.service.max() >= NANOS_MAX);
    }
}
