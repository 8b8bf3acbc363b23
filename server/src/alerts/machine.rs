//! One alert: clear, pending, firing, and what is told of it.
//!
//! ```text
//!            holds                 held for `hold`
//!   clear ----------> pending ----------------------> firing
//!     ^                  |                               |
//!     +------------------+  does not hold                |
//!     +--------------------------------------------------+  has not held for `keep`
//! ```
//!
//! What is told: that it fires, once for each firing; that its severity was raised; that it ended,
//! where its firing was told. Between two tellings that one alert fires lies at least the cooldown;
//! one that fires earlier is told when the cooldown is over, if it fires then. Nothing is told of
//! an alert that is silenced, and of one that somebody has acknowledged only that it ended.

use std::time::Duration;

use super::condition::Judged;
use super::rule::{Rule, Severity};
use super::time::Time;

/// How long an alert goes on firing while nothing is known of its rule.
const UNKNOWN_MAX: Duration = Duration::from_secs(600);

/// Who has seen to an alert that fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledgement {
    pub(crate) by: String,
    pub(crate) note: String,
    pub(crate) at: Time,
}

/// An alert that fires.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Firing {
    pub(crate) since: Time,
    /// Since when the rule has not held.
    pub(crate) clear_since: Option<Time>,
    /// Since when nothing is known of the rule.
    pub(crate) unknown_since: Option<Time>,
    pub(crate) acknowledged: Option<Acknowledgement>,
    /// Whether its severity was raised.
    pub(crate) escalated: bool,
    /// Whether it was told that it fires.
    pub(crate) told: bool,
    /// Whether it was told that its severity was raised.
    pub(crate) told_escalated: bool,
}

/// How an alert stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Standing {
    /// Its rule does not hold.
    #[default]
    Clear,
    /// Its rule holds, but not for long enough.
    Pending {
        /// Since when.
        since: Time,
    },
    /// It fires.
    Firing(Firing),
}

impl Standing {
    /// Its name.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Pending { .. } => "pending",
            Self::Firing(_) => "firing",
        }
    }
}

/// One alert of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Alert {
    pub(crate) standing: Standing,
    /// The number last seen.
    pub(crate) value: Option<f64>,
    /// When it was last told that it fires.
    pub(crate) told_at: Option<Time>,
}

/// What happens to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Happened {
    /// It began to fire.
    Fired,
    /// Its severity was raised.
    Escalated,
    /// It ended.
    Resolved,
    /// Somebody saw to it.
    Acknowledged,
}

impl Happened {
    pub(crate) const ALL: [Self; 4] =
        [Self::Fired, Self::Escalated, Self::Resolved, Self::Acknowledged];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
        }
    }
}

/// What one look brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// What happened, in order.
    pub(crate) happened: Vec<Happened>,
    /// What is to be told, in order.
    pub(crate) told: Vec<Happened>,
}

/// How a rule treats its alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) hold: Duration,
    pub(crate) keep: Duration,
    pub(crate) cooldown: Duration,
    /// After how long of firing the severity is raised.
    pub(crate) escalate_after: Option<Duration>,
}

impl Alert {
    /// Whether it fires.
    pub(crate) const fn fires(&self) -> bool {
        matches!(self.standing, Standing::Firing(_))
    }

    /// How severe it is now.
    pub(crate) fn severity(&self, rule: &Rule) -> Severity {
        match (&self.standing, rule.escalation) {
            (Standing::Firing(firing), Some(escalation)) if firing.escalated => escalation.severity,
            _ => rule.severity,
        }
    }

    /// Looks once.
    pub(crate) fn step(
        &mut self,
        policy: &Policy,
        judged: Judged,
        now: Time,
        silenced: bool,
    ) -> Step {
        let mut step = Step::default();
        if let Judged::Holds(number) | Judged::Clear(Some(number)) = judged {
            self.value = Some(number);
        }
        self.begin(policy, judged, now, &mut step);
        self.end(policy, judged, now, silenced, &mut step);
        self.go_on(policy, now, silenced, &mut step);
        step
    }

    /// From clear over pending to firing.
    fn begin(&mut self, policy: &Policy, judged: Judged, now: Time, step: &mut Step) {
        if matches!(judged, Judged::Holds(_)) && self.standing == Standing::Clear {
            self.standing = Standing::Pending { since: now };
        }
        let Standing::Pending { since } = self.standing else { return };
        match judged {
            Judged::Holds(_) if now.since(since) >= policy.hold => {
                self.standing = Standing::Firing(Firing::new(now));
                step.happened.push(Happened::Fired);
            }
            Judged::Clear(_) => self.standing = Standing::Clear,
            Judged::Holds(_) | Judged::Unknown => {}
        }
    }

    /// From firing to clear.
    fn end(&mut self, policy: &Policy, judged: Judged, now: Time, silenced: bool, step: &mut Step) {
        let Standing::Firing(firing) = &mut self.standing else { return };
        let over = match judged {
            Judged::Holds(_) => {
                (firing.clear_since, firing.unknown_since) = (None, None);
                false
            }
            Judged::Clear(_) => {
                firing.unknown_since = None;
                now.since(*firing.clear_since.get_or_insert(now)) >= policy.keep
            }
            Judged::Unknown => now.since(*firing.unknown_since.get_or_insert(now)) >= UNKNOWN_MAX,
        };
        if over {
            self.resolve(silenced, step);
        }
    }

    /// Ends it, whatever its rule says.
    pub(crate) fn resolve(&mut self, silenced: bool, step: &mut Step) {
        if let Standing::Firing(firing) = std::mem::take(&mut self.standing) {
            step.happened.push(Happened::Resolved);
            if firing.told && !silenced {
                step.told.push(Happened::Resolved);
            }
        }
    }

    /// Raises the severity of what goes on firing, and tells what is to be told.
    fn go_on(&mut self, policy: &Policy, now: Time, silenced: bool, step: &mut Step) {
        let Standing::Firing(firing) = &mut self.standing else { return };
        if firing.acknowledged.is_some() {
            return;
        }
        let due = policy.escalate_after.is_some_and(|after| now.since(firing.since) >= after);
        if due && !firing.escalated {
            firing.escalated = true;
            step.happened.push(Happened::Escalated);
        }
        if silenced {
            return;
        }
        let cool = self.told_at.is_none_or(|told| now.since(told) >= policy.cooldown);
        if firing.told && firing.escalated && !firing.told_escalated {
            // What became worse does not wait, and comes once for each that was told.
            firing.told_escalated = true;
            step.told.push(Happened::Escalated);
        } else if !firing.told && cool {
            (firing.told, firing.told_escalated) = (true, firing.escalated);
            self.told_at = Some(now);
            step.told.push(Happened::Fired);
        }
    }
}

impl Firing {
    /// Begins to fire.
    pub(crate) const fn new(since: Time) -> Self {
        Self {
            since,
            clear_since: None,
            unknown_since: None,
            acknowledged: None,
            escalated: false,
            told: false,
            told_escalated: false,
        }
    }
}
