//! What the registry found, as plain values for metrics and JSON.

use std::time::Duration;

use super::verdict::{CheckKind, HealthStatus, Reason};
use crate::observe;
use crate::sync::Arc;

/// What has happened to a check since it was registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCounts {
    /// Jobs handed out.
    pub runs: u64,
    /// Verdicts that were a pass or a warning.
    pub passes: u64,
    /// Verdicts that were a failure; overruns and panics among them.
    pub failures: u64,
    /// Failures for having no answer within the budget: once when it is used up, and once for
    /// every period that the job hangs on.
    pub overruns: u64,
    /// Answers that came after the check had been judged without them, and were not believed.
    pub late: u64,
    /// Runs that panicked.
    pub panics: u64,
    /// Changes of status.
    pub turns: u64,
}

/// How one check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReading {
    /// Its name.
    pub name: Arc<str>,
    /// What it is asked for.
    pub kind: CheckKind,
    /// How it stands, thresholds counted.
    pub status: HealthStatus,
    /// For how long it has stood so; `None` where it never changed.
    pub standing_for: Option<Duration>,
    /// What the last verdict was; `None` before the first. Differs from the status where there
    /// were too few of them in a row.
    pub last: Option<HealthStatus>,
    /// Why, where the last verdict was no pass.
    pub reason: Option<Reason>,
    /// How old the last verdict is.
    pub age: Option<Duration>,
    /// How long the last run took; `None` where it is not over.
    pub took: Option<Duration>,
    /// Passes in a row until now.
    pub successes: u32,
    /// Failures in a row until now.
    pub failures: u32,
    /// Whether a job has used up its budget and not come back.
    pub hangs: bool,
    /// What has happened to it.
    pub counts: CheckCounts,
}

/// How all checks stand at one time.
///
/// A tick that runs meanwhile may have changed some checks and not yet others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReading {
    /// `fail` where a live check fails, or a startup check does; else `warn` where a live check
    /// warns; else `pass`. What is not known yet is taken to live.
    pub live: HealthStatus,
    /// `fail` where a ready check fails; `unknown` where one is not known yet, or startup is not
    /// over; else `warn` or `pass`.
    pub ready: HealthStatus,
    /// `fail` where a startup check fails; `unknown` where one is not known yet; else `warn` or
    /// `pass`. Without startup checks it is `pass`.
    pub startup: HealthStatus,
    /// Each check, in the order they were registered.
    pub checks: Vec<CheckReading>,
}

impl HealthReading {
    pub(super) fn of(checks: Vec<CheckReading>) -> Self {
        let worst = |kind: CheckKind| {
            let of_kind = checks.iter().filter(|check| check.kind == kind);
            of_kind.map(|check| check.status).max().unwrap_or(HealthStatus::Pass)
        };
        let startup = worst(CheckKind::Startup);
        // What only is not known yet, or has merely started with a warning, says nothing here.
        let started = if startup == HealthStatus::Fail { startup } else { HealthStatus::Pass };
        let known = checks
            .iter()
            .filter(|c| c.kind == CheckKind::Live && c.status != HealthStatus::Unknown)
            .map(|check| check.status);
        let live = known.fold(started, HealthStatus::max);
        let ready = match startup {
            HealthStatus::Pass | HealthStatus::Warn => worst(CheckKind::Ready),
            HealthStatus::Unknown | HealthStatus::Fail => {
                worst(CheckKind::Ready).max(HealthStatus::Unknown)
            }
        };
        Self { live, ready, startup, checks }
    }

    /// How all checks of `kind` stand.
    #[must_use]
    pub const fn status(&self, kind: CheckKind) -> HealthStatus {
        match kind {
            CheckKind::Live => self.live,
            CheckKind::Ready => self.ready,
            CheckKind::Startup => self.startup,
        }
    }

    /// How each check stands, as [`Reading::supplied`](crate::observe::Reading::supplied) takes
    /// it for the metrics.
    #[must_use]
    pub fn supplied(&self) -> Vec<observe::CheckReading> {
        let position = |status: HealthStatus| HealthStatus::ALL.iter().position(|s| *s == status);
        let supplied = |check: &CheckReading| observe::CheckReading {
            check: check.name.to_string().into(),
            status: position(check.status).expect("all of them are listed"),
        };
        self.checks.iter().map(supplied).collect()
    }

    /// Whether it can take work: `ready` and `live` both say that it works.
    #[must_use]
    pub const fn serves(&self) -> bool {
        self.live.works() && self.ready.works()
    }

    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckReading> {
        self.checks.iter().find(|check| &*check.name == name)
    }
}
