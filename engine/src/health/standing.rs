//! How one check stands: a state machine without clock, thread or cell.

use std::time::Duration;

use super::policy::{CheckPolicy, ns};
use super::reading::CheckCounts;
use super::verdict::{CheckKind, HealthStatus, Verdict};

/// What a job found, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) verdict: Verdict,
    /// Whether the check panicked.
    pub(super) panicked: bool,
    /// When the job began and ended to run.
    pub(super) begun_ns: u64,
    pub(super) ended_ns: u64,
}

/// What was judged last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) at_ns: u64,
    /// How long the run took; `None` where it was not over.
    pub(super) took: Option<Duration>,
}

/// What the job of a check is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Running {
    /// There is none.
    No,
    /// It was handed out then, and has some of its budget left.
    Since(u64),
    /// It has used up its budget and not come back.
    Hangs,
}

/// What is to be done after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Wait,
    /// Run the check.
    Start,
    /// Ask the job that runs to end.
    GiveUp,
}

/// What the registry sees when it looks at a check.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) now_ns: u64,
    /// Whether it may be run: startup is over, or this is a part of it.
    pub(super) open: bool,
    /// What its job found, where that came since the last look.
    pub(super) answer: Option<Answer>,
}

/// How one check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) kind: CheckKind,
    pub(super) status: HealthStatus,
    /// Since when it has this status; `None` where it never changed.
    pub(super) since_ns: Option<u64>,
    pub(super) successes: u32,
    pub(super) failures: u32,
    pub(super) running: Running,
    pub(super) last: Option<Judged>,
    pub(super) counts: CheckCounts,
    /// When it is next to be run; `None` before startup is over.
    due_ns: Option<u64>,
}

impl Standing {
    pub(super) fn new(kind: CheckKind) -> Self {
        Self {
            kind,
            status: HealthStatus::Unknown,
            since_ns: None,
            successes: 0,
            failures: 0,
            running: Running::No,
            last: None,
            counts: CheckCounts::default(),
            due_ns: None,
        }
    }

    /// Whether this startup check has passed, after which it is never run again.
    pub(super) fn has_started(&self) -> bool {
        self.kind == CheckKind::Startup && self.status.works()
    }

    /// Takes in what is seen. At most one verdict is counted: a job that answered neither runs nor
    /// hangs any more.
    pub(super) fn look(&mut self, policy: &CheckPolicy, look: Look) -> Next {
        let Look { now_ns, open, answer } = look;
        if let Some(answer) = answer {
            self.take(policy, answer);
        }
        let budget_ns = ns(policy.budget);
        if let Running::Since(since) = self.running
            && now_ns.saturating_sub(since) >= budget_ns
        {
            self.running = Running::Hangs;
            self.overrun(policy, now_ns, None);
            self.pass_due(policy, now_ns);
            return Next::GiveUp;
        }
        if !open || self.has_started() {
            return Next::Wait;
        }
        let due_ns = *self.due_ns.get_or_insert(now_ns.saturating_add(ns(policy.initial_delay)));
        if now_ns < due_ns {
            return Next::Wait;
        }
        match self.running {
            Running::No => {
                self.pass_due(policy, now_ns);
                self.running = Running::Since(now_ns);
                self.counts.runs += 1;
                Next::Start
            }
            Running::Since(_) => {
                self.pass_due(policy, now_ns);
                Next::Wait
            }
            Running::Hangs => {
                self.pass_due(policy, now_ns);
                self.overrun(policy, now_ns, None);
                Next::Wait
            }
        }
    }

    /// Moves the next start on where its time has come: by a period from when it was due, or from
    /// now where more than a period was missed.
    fn pass_due(&mut self, policy: &CheckPolicy, now_ns: u64) {
        let period_ns = ns(policy.period);
        if let Some(due_ns) = self.due_ns.filter(|&due_ns| due_ns <= now_ns) {
            let next_ns = due_ns.saturating_add(period_ns);
            self.due_ns =
                Some(if next_ns > now_ns { next_ns } else { now_ns.saturating_add(period_ns) });
        }
    }

    /// Takes the answer of the job that ran.
    fn take(&mut self, policy: &CheckPolicy, answer: Answer) {
        let Answer { verdict, panicked, begun_ns, ended_ns } = answer;
        self.counts.panics += u64::from(panicked);
        let took = Some(Duration::from_nanos(ended_ns.saturating_sub(begun_ns)));
        match std::mem::replace(&mut self.running, Running::No) {
            Running::Since(since) if ended_ns.saturating_sub(since) >= ns(policy.budget) => {
                self.overrun(policy, ended_ns, took);
            }
            Running::Since(_) => self.judge(policy, Judged { verdict, at_ns: ended_ns, took }),
            Running::Hangs | Running::No => self.counts.late += 1,
        }
    }

    /// Counts a failure for having no answer within the budget.
    fn overrun(&mut self, policy: &CheckPolicy, at_ns: u64, took: Option<Duration>) {
        self.counts.overruns += 1;
        let verdict = match took {
            Some(took) => Verdict::fail(format!(
                "the check gave its answer {took:?} after it began, and had a budget of {:?}",
                policy.budget
            )),
            None => Verdict::fail(format!(
                "the check hangs: it gave no answer within its budget of {:?}",
                policy.budget
            )),
        };
        self.judge(policy, Judged { verdict, at_ns, took });
    }

    fn judge(&mut self, policy: &CheckPolicy, judged: Judged) {
        let found = judged.verdict.status();
        let at_ns = judged.at_ns;
        self.last = Some(judged);
        if found.works() {
            self.counts.passes += 1;
            self.successes = self.successes.saturating_add(1);
            self.failures = 0;
            // Between pass and warn there is nothing to wait for: it works in both.
            if self.status.works() || self.successes >= policy.successes.get() {
                self.turn(found, at_ns);
            }
        } else {
            self.counts.failures += 1;
            self.failures = self.failures.saturating_add(1);
            self.successes = 0;
            if self.failures >= policy.failures.get() {
                self.turn(HealthStatus::Fail, at_ns);
            }
        }
    }

    fn turn(&mut self, status: HealthStatus, at_ns: u64) {
        if self.status != status {
            self.status = status;
            self.since_ns = Some(at_ns);
            self.counts.turns += 1;
        }
    }
}
