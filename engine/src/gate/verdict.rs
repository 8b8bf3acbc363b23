//! Whether what a window holds opens a breaker.

use super::settings::{BreakerSettings, Confidence, Rate};
use super::state::TransitionReason;

/// Outcomes in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowTally {
    /// Calls that succeeded in time.
    pub successes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that succeeded late.
    pub slow: u64,
}

impl WindowTally {
    /// All of them.
    #[must_use]
    pub const fn calls(self) -> u64 {
        self.successes + self.failures + self.slow
    }

    /// `failures / calls`, in [0, 1]; 0 without calls.
    #[must_use]
    pub fn failure_rate(self) -> f64 {
        share(self.failures, self.calls())
    }

    /// `slow / calls`, in [0, 1]; 0 without calls.
    #[must_use]
    pub fn slow_rate(self) -> f64 {
        share(self.slow, self.calls())
    }

    /// Why a closed breaker opens, if it does.
    pub(super) fn verdict(self, settings: &BreakerSettings) -> Option<TransitionReason> {
        let calls = self.calls();
        if calls == 0 || calls < settings.minimum_calls {
            return None;
        }
        let reached = |part: u64, limit: Option<Rate>| {
            limit.is_some_and(|limit| bounded(part, calls, settings.confidence) >= limit.get())
        };
        if reached(self.failures, settings.failure_rate) {
            Some(TransitionReason::FailureRate)
        } else if reached(self.slow, settings.slow_rate) {
            Some(TransitionReason::SlowRate)
        } else {
            None
        }
    }
}

fn share(part: u64, calls: u64) -> f64 {
    if calls == 0 { 0.0 } else { part as f64 / calls as f64 }
}

/// `part / calls`, or the lower end of Wilson's interval around it.
fn bounded(part: u64, calls: u64, confidence: Option<Confidence>) -> f64 {
    let p = share(part, calls);
    let Some(confidence) = confidence else { return p };
    let (z, n) = (confidence.z(), calls as f64);
    let squared = z * z;
    let spread = libm::sqrt(p * (1.0 - p) / n + squared / (4.0 * n * n));
    (p + squared / (2.0 * n) - z * spread) / (1.0 + squared / n)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;
    use std::time::Duration;

    use super::{WindowTally, bounded};
    use crate::gate::settings::{BreakerSettings, Confidence, Rate};
    use crate::gate::state::TransitionReason::{FailureRate, SlowRate};

    fn settings() -> BreakerSettings {
        let one = NonZeroU8::MIN;
        BreakerSettings {
            minimum_calls: 10,
            failure_rate: Some(Rate::new(0.5).unwrap()),
            slow_rate: Some(Rate::new(0.8).unwrap()),
            ..BreakerSettings::new(one, Duration::ZERO, one)
        }
    }

    fn tally(successes: u64, failures: u64, slow: u64) -> WindowTally {
        WindowTally { successes, failures, slow }
    }

    #[test]
    fn rates_decide_from_the_minimum_on() {
        assert_eq!(tally(0, 9, 0).verdict(&settings()), None);
        assert_eq!(tally(5, 5, 0).verdict(&settings()), Some(FailureRate));
        assert_eq!(tally(6, 5, 0).verdict(&settings()), None);
        assert_eq!(tally(2, 0, 8).verdict(&settings()), Some(SlowRate));
        assert_eq!(tally(3, 0, 8).verdict(&settings()), None);
        let none = BreakerSettings { minimum_calls: 0, ..settings() };
        assert_eq!(tally(0, 0, 0).verdict(&none), None);
        assert_eq!(tally(0, 1, 0).verdict(&none), Some(FailureRate));
    }

    #[test]
    fn a_rate_that_is_off_decides_nothing() {
        let off = BreakerSettings { failure_rate: None, slow_rate: None, ..settings() };
        assert_eq!(tally(0, 50, 0).verdict(&off), None);
        assert_eq!(tally(0, 0, 50).verdict(&off), None);
    }

    #[test]
    fn wilsons_bound_is_the_published_one() {
        // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29, at 95 %.
        let z = Some(Confidence::new(1.959_964).unwrap());
        for (part, calls, lower) in
            [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)]
        {
            assert!((bounded(part, calls, z) - lower).abs() < 5e-5, "{part} of {calls}");
        }
    }

    #[test]
    fn certainty_takes_more_calls_at_the_same_rate() {
        let sure = BreakerSettings { confidence: Some(Confidence::Z_1_96), ..settings() };
        assert_eq!(tally(4, 6, 0).verdict(&sure), None);
        assert_eq!(tally(400, 600, 0).verdict(&sure), Some(FailureRate));
        let none = Some(Confidence::new(0.0).unwrap());
        assert_eq!(bounded(6, 10, none), 0.6);
    }

    #[test]
    fn rates_are_shares_of_all_calls() {
        assert_eq!(tally(5, 3, 2).failure_rate(), 0.3);
        assert_eq!(tally(5, 3, 2).slow_rate(), 0.2);
        assert_eq!(tally(0, 0, 0).failure_rate(), 0.0);
    }
}
