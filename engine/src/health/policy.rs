//! When a check is run, and how its verdicts are counted.

use std::num::NonZeroU32;
use std::time::Duration;

/// Default of [`CheckPolicy::period`].
pub const DEFAULT_PERIOD: Duration = Duration::from_secs(5);
/// Default of [`CheckPolicy::budget`].
pub const DEFAULT_BUDGET: Duration = Duration::from_secs(1);
/// Default of [`CheckPolicy::failures`].
pub const DEFAULT_FAILURES: NonZeroU32 = NonZeroU32::new(3).expect("not 0");
/// Default of [`CheckPolicy::successes`].
pub const DEFAULT_SUCCESSES: NonZeroU32 = NonZeroU32::new(1).expect("not 0");

/// When a check is run, and how its verdicts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckPolicy {
    /// How long after it was registered, and after startup, it is first run. By default 0.
    pub initial_delay: Duration,
    /// From one start to the next; above 0. Starts lie on a grid, so that ticks which come a
    /// little late do not add up; what was missed is not made up for. By default
    /// [`DEFAULT_PERIOD`].
    pub period: Duration,
    /// How long it may take from when it was handed out; above 0. Longer is a failure, whatever
    /// it says then. By default [`DEFAULT_BUDGET`].
    pub budget: Duration,
    /// Failures in a row after which its status is `fail`. By default [`DEFAULT_FAILURES`].
    pub failures: NonZeroU32,
    /// Passes in a row after which it works again, or for the first time. By default
    /// [`DEFAULT_SUCCESSES`].
    pub successes: NonZeroU32,
}

impl Default for CheckPolicy {
    fn default() -> Self {
        Self {
            initial_delay: Duration::ZERO,
            period: DEFAULT_PERIOD,
            budget: DEFAULT_BUDGET,
            failures: DEFAULT_FAILURES,
            successes: DEFAULT_SUCCESSES,
        }
    }
}

impl CheckPolicy {
    /// The longest time from when something breaks until the status says so, where the registry
    /// is ticked every `tick`: `failures * period + budget + 2 * tick`.
    ///
    /// At worst it breaks just after a run has looked. The last failure that is needed then starts
    /// `failures` periods later, up to a tick late, and its answer, which takes at most the
    /// budget, is seen up to a tick late too.
    #[must_use]
    pub fn detects_within(&self, tick: Duration) -> Duration {
        let runs = self.period.saturating_mul(self.failures.get());
        runs.saturating_add(self.budget).saturating_add(tick.saturating_mul(2))
    }
}

/// `duration` in nanoseconds, at most what a clock can show.
pub(super) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CheckPolicy, ns};

    #[test]
    fn the_default_finds_a_failure_within_thirty_seconds() {
        let within = CheckPolicy::default().detects_within(Duration::from_secs(1));
        assert_eq!(within, Duration::from_secs(3 * 5 + 1 + 2));
        assert!(within <= Duration::from_secs(30));
    }

    #[test]
    fn no_duration_is_too_long() {
        assert_eq!(ns(Duration::from_micros(3)), 3000);
        assert_eq!(ns(Duration::MAX), u64::MAX);
        let policy = CheckPolicy { period: Duration::MAX, ..CheckPolicy::default() };
        assert_eq!(policy.detects_within(Duration::MAX), Duration::MAX);
    }
}
