//! What a check says, and what the registry makes of it.

use std::fmt;

/// Most bytes of a [`Reason`].
pub const REASON_BYTES_MAX: usize = 300;

/// Why a check warns or fails, as one sentence for whoever is called at night.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(Box<str>);

impl Reason {
    /// The sentence, cut to [`REASON_BYTES_MAX`] bytes.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        let mut sentence = sentence.into();
        sentence.truncate(sentence.floor_char_boundary(REASON_BYTES_MAX));
        Self(sentence.into())
    }

    /// The sentence.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What one run of a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Pass,
    /// It works, but somebody should look. Counts as a pass.
    Warn(Reason),
    /// It does not work.
    Fail(Reason),
}

impl Verdict {
    /// [`Verdict::Warn`] with this sentence.
    #[must_use]
    pub fn warn(sentence: impl Into<String>) -> Self {
        Self::Warn(Reason::new(sentence))
    }

    /// [`Verdict::Fail`] with this sentence.
    #[must_use]
    pub fn fail(sentence: impl Into<String>) -> Self {
        Self::Fail(Reason::new(sentence))
    }

    /// The sentence, where there is one.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Pass => None,
            Self::Warn(reason) | Self::Fail(reason) => Some(reason),
        }
    }

    /// The status that this verdict alone would give.
    #[must_use]
    pub const fn status(&self) -> HealthStatus {
        match self {
            Self::Pass => HealthStatus::Pass,
            Self::Warn(_) => HealthStatus::Warn,
            Self::Fail(_) => HealthStatus::Fail,
        }
    }
}

/// What a check is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckKind {
    /// Whether it works at all. Where it does not, only a restart helps.
    Live,
    /// Whether it can take work now.
    Ready,
    /// Whether it has started. Until every such check has passed, no other is run; once it has,
    /// it is not run again.
    Startup,
}

impl CheckKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Live, Self::Ready, Self::Startup];

    /// The kind's name in metrics and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Ready => "ready",
            Self::Startup => "startup",
        }
    }
}

impl fmt::Display for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a check, or all checks of a kind, stand; from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// It works.
    Pass,
    /// It works, but somebody should look.
    Warn,
    /// Not known yet: too few verdicts have come since it was registered.
    Unknown,
    /// It does not work.
    Fail,
}

impl HealthStatus {
    /// All of them, as a metric with one series each needs them.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Warn, Self::Unknown, Self::Fail];

    /// The status's name in metrics and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// Whether it works.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Pass | Self::Warn)
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{HealthStatus, REASON_BYTES_MAX, Reason, Verdict};
    use crate::observe::table::STATUSES;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = "ä".repeat(REASON_BYTES_MAX);
        let reason = Reason::new(format!("x{long}"));
        assert_eq!(reason.as_str().len(), REASON_BYTES_MAX - 1);
        assert!(reason.as_str().ends_with('ä'));
        assert_eq!(Reason::new("short").as_str(), "short");
    }

    #[test]
    fn statuses_are_called_what_the_metrics_call_them() {
        assert_eq!(HealthStatus::ALL.map(HealthStatus::name), STATUSES);
    }

    #[test]
    fn a_verdict_says_what_it_found_and_why() {
        assert_eq!(Verdict::Pass.reason(), None);
        assert_eq!(Verdict::warn("w").status(), HealthStatus::Warn);
        assert_eq!(Verdict::fail("f").reason().map(Reason::as_str), Some("f"));
        assert!(HealthStatus::Warn.works() && !HealthStatus::Unknown.works());
        assert_eq!(HealthStatus::ALL.iter().max(), Some(&HealthStatus::Fail));
    }
}
