//! Everything a breaker counts, at one moment.

use std::time::Duration;

use super::breaker::Breaker;
use super::state::{BreakerState, TransitionReason};
use super::verdict::WindowTally;

/// Calls since the beginning, by how they ended. Each counter only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// Recorded as successes, in time.
    pub success: u64,
    /// Recorded as failures, or ended by a panic.
    pub failure: u64,
    /// Recorded as slow.
    pub slow: u64,
    /// Recorded as ignored.
    pub ignored: u64,
    /// Let in and dropped without a word.
    pub cancelled: u64,
    /// Ended in another generation than the one they were let in.
    pub stale: u64,
    /// Not let in.
    pub rejected: u64,
}

impl CallCounts {
    /// Names and counts, in a fixed order, as metrics give them.
    #[must_use]
    pub const fn by_outcome(&self) -> [(&'static str, u64); 7] {
        [
            ("success", self.success),
            ("failure", self.failure),
            ("slow", self.slow),
            ("ignored", self.ignored),
            ("cancelled", self.cancelled),
            ("stale", self.stale),
            ("rejected", self.rejected),
        ]
    }
}

/// Everything a breaker counts, at one moment. Each number is right by itself; calls that end
/// meanwhile may be in one number and not yet in another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerReading {
    /// The state.
    pub state: BreakerState,
    /// The number of transitions so far, modulo 2^20.
    pub generation: u32,
    /// Calls since the beginning.
    pub calls: CallCounts,
    /// What the window holds that rates are taken from; empty unless closed or measuring only.
    pub window: WindowTally,
    /// Failures in a row, while closed.
    pub failures_in_a_row: u32,
    /// Probes that are out, in `HalfOpen`.
    pub probes_in_flight: u32,
    /// Probes that succeeded, in `HalfOpen`.
    pub probes_succeeded: u32,
    /// What is left of the open wait; 0 unless open.
    pub open_remaining: Duration,
    /// Openings of which the first probe that ended succeeded.
    pub false_trips: u64,
    /// Probes whose places were taken back because their lease was over.
    pub reclaimed: u64,
    transitions: [[u64; BreakerState::ALL.len()]; BreakerState::ALL.len()],
    reasons: [u64; TransitionReason::ALL.len()],
}

impl BreakerReading {
    /// How often the breaker went from `from` to `to`.
    #[must_use]
    pub fn transitions(&self, from: BreakerState, to: BreakerState) -> u64 {
        self.transitions[from.index()][to.index()]
    }

    /// How often it went somewhere because of `reason`.
    #[must_use]
    pub fn transitions_by_reason(&self, reason: TransitionReason) -> u64 {
        self.reasons[reason.index()]
    }
}

impl Breaker {
    /// Everything the breaker counts. Reads some hundred words and the clock; disturbs no call.
    #[must_use]
    pub fn reading(&self) -> BreakerReading {
        let control = self.control();
        let now = self.now_ns();
        let state = control.state();
        let totals = self.ring.totals();
        let of = |wanted: BreakerState, number: u32| if state == wanted { number } else { 0 };
        let until = match state {
            BreakerState::Open => self.timers().get(state, control.generation()),
            _ => None,
        };
        let measured = matches!(state, BreakerState::Closed | BreakerState::MetricsOnly);
        let window = if measured { self.ring.tally(control, now) } else { WindowTally::default() };
        BreakerReading {
            state,
            generation: control.generation(),
            calls: CallCounts {
                success: totals.successes,
                failure: totals.failures,
                slow: totals.slow,
                ignored: self.counts.ignored(),
                cancelled: self.counts.cancelled(),
                stale: self.counts.stale_count(),
                rejected: self.counts.rejected(),
            },
            window,
            failures_in_a_row: of(BreakerState::Closed, control.tally()),
            probes_in_flight: control.out(),
            probes_succeeded: of(BreakerState::HalfOpen, control.tally()),
            open_remaining: Duration::from_nanos(until.unwrap_or(now).saturating_sub(now)),
            false_trips: self.counts.false_trips(),
            reclaimed: self.counts.reclaimed(),
            transitions: self.counts.transitions(),
            reasons: self.counts.reasons(),
        }
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::CallCounts;

    #[test]
    fn counts_have_the_names_that_metrics_give_them() {
        let counts = CallCounts {
            success: 1,
            failure: 2,
            slow: 3,
            ignored: 4,
            cancelled: 5,
            stale: 6,
            rejected: 7,
        };
        let names = ["success", "failure", "slow", "ignored", "cancelled", "stale", "rejected"];
        let expected: Vec<_> = names.into_iter().zip(1..).collect();
        assert_eq!(counts.by_outcome().to_vec(), expected);
    }
}
