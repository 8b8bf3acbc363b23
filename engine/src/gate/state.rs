//! The states of a breaker, and why it goes from one to another.

use std::fmt;

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Everything; what fails is counted and may open it.
    Closed,
    /// Nothing, until the open wait is over.
    Open,
    /// A few probes, whose outcomes decide whether it closes or opens again.
    HalfOpen,
    /// Nothing, until the host says otherwise.
    ForcedOpen,
    /// Everything; nothing opens it until the host says otherwise.
    Disabled,
    /// Everything; rates are measured as when closed, but nothing opens it.
    MetricsOnly,
}

impl BreakerState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::Disabled,
        Self::MetricsOnly,
    ];

    /// Its position in [`BreakerState::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it keeps work out, all or most of it.
    #[must_use]
    pub const fn keeps_out(self) -> bool {
        matches!(self, Self::Open | Self::HalfOpen | Self::ForcedOpen)
    }

    /// Its name, as metrics give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }

    /// The state at `index` of [`BreakerState::ALL`]; `Closed` where there is none.
    pub(super) const fn at(index: u64) -> Self {
        match index {
            1 => Self::Open,
            2 => Self::HalfOpen,
            3 => Self::ForcedOpen,
            4 => Self::Disabled,
            5 => Self::MetricsOnly,
            _ => Self::Closed,
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a breaker began a new generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransitionReason {
    /// So many failures followed each other.
    ConsecutiveFailures,
    /// The failure rate reached its limit.
    FailureRate,
    /// The slow rate reached its limit.
    SlowRate,
    /// The open wait was over, and somebody asked.
    OpenWaitOver,
    /// A probe failed.
    ProbeFailed,
    /// As many probes succeeded as were wanted.
    ProbesSucceeded,
    /// No decision within the greatest time in `HalfOpen`.
    HalfOpenTooLong,
    /// Probes did not come back within their lease, and their places were taken from them.
    LeaseOver,
    /// The host asked for it.
    Host,
    /// The window's shape changed, so measuring began anew.
    WindowReplaced,
}

impl TransitionReason {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::ConsecutiveFailures,
        Self::FailureRate,
        Self::SlowRate,
        Self::OpenWaitOver,
        Self::ProbeFailed,
        Self::ProbesSucceeded,
        Self::HalfOpenTooLong,
        Self::LeaseOver,
        Self::Host,
        Self::WindowReplaced,
    ];

    /// Its position in [`TransitionReason::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name, as metrics give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowRate => "slow_rate",
            Self::OpenWaitOver => "open_wait_over",
            Self::ProbeFailed => "probe_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::HalfOpenTooLong => "half_open_too_long",
            Self::LeaseOver => "lease_over",
            Self::Host => "host",
            Self::WindowReplaced => "window_replaced",
        }
    }
}

impl fmt::Display for TransitionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{BreakerState, TransitionReason};

    #[test]
    fn states_and_reasons_are_found_again_by_their_index() {
        for (at, state) in BreakerState::ALL.into_iter().enumerate() {
            assert_eq!((state.index(), BreakerState::at(at as u64)), (at, state));
        }
        for (at, reason) in TransitionReason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), at);
        }
    }

    #[test]
    fn names_are_those_of_the_metrics() {
        let names = BreakerState::ALL.map(|state| state.to_string());
        let wanted = ["closed", "open", "half_open", "forced_open", "disabled", "metrics_only"];
        assert_eq!(names, wanted);
        let reasons = TransitionReason::ALL.map(|reason| reason.to_string());
        let wanted = [
            "consecutive_failures",
            "failure_rate",
            "slow_rate",
            "open_wait_over",
            "probe_failed",
            "probes_succeeded",
            "half_open_too_long",
            "lease_over",
            "host",
            "window_replaced",
        ];
        assert_eq!(reasons, wanted);
    }
}
