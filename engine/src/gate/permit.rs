//! The right to do one piece of work, and what is said of it afterwards.

use std::mem::ManuallyDrop;

use super::breaker::Breaker;
use super::control::{Control, TALLY_MAX};
use super::settings::BreakerSettings;
use super::state::{BreakerState, TransitionReason};
use super::window::Counted;
use crate::sync::{mutated, panicking};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeClass {
    /// Well.
    Success,
    /// In an error of what the breaker guards, or a panic.
    Failure,
    /// Well, but too late: a deadline was missed, or a limit of time.
    Slow,
    /// In a way that says nothing of what the breaker guards: the caller's mistake, a refusal by
    /// somebody else (another breaker, a full queue), a cancellation.
    Ignored,
}

impl OutcomeClass {
    /// All classes.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Slow, Self::Ignored];
}

/// What became of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recorded {
    /// It counts.
    Recorded,
    /// The breaker went on to another generation since the call was let in. The outcome says
    /// nothing of that one; it is counted as stale and decides nothing.
    Stale,
}

/// The right to do one piece of work.
///
/// [`record`](Self::record) says how it ended. Dropped without a word, it was cancelled, which is
/// counted and decides nothing; dropped by a panic, it failed. One that is forgotten, or whose work
/// hangs, holds a place only in `HalfOpen`, and only for the lease.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once counts as cancelled"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    admitted: Control,
    begun: Begun,
}

/// How the thread was when it was let in. Where it was unwinding already, that it still is says
/// nothing of the work. As wide as a register, since a permit that is moved is read in whole words,
/// and a processor waits for a byte that was just written as a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Begun {
    Running,
    Unwinding,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) fn new(breaker: &'a Breaker, admitted: Control) -> Self {
        let begun = if panicking() { Begun::Unwinding } else { Begun::Running };
        Self { breaker, admitted, begun }
    }

    /// Says how the work ended. Closed, a success costs a load and an exchange.
    #[inline]
    pub fn record(self, class: OutcomeClass) -> Recorded {
        let permit = ManuallyDrop::new(self);
        permit.settle(class, None)
    }

    /// Says how the work ended and when, by the breaker's clock. A success that took longer than
    /// the slow limit is slow. A window of time needs no reading of the clock then.
    #[inline]
    pub fn record_timed(self, class: OutcomeClass, started_ns: u64, ended_ns: u64) -> Recorded {
        let permit = ManuallyDrop::new(self);
        let late = permit.breaker.is_slow(ended_ns.saturating_sub(started_ns));
        let class = match class {
            OutcomeClass::Success if late => OutcomeClass::Slow,
            class => class,
        };
        permit.settle(class, Some(ended_ns))
    }

    #[inline]
    fn settle(&self, class: OutcomeClass, now_ns: Option<u64>) -> Recorded {
        let control = self.breaker.control();
        if self.is_stale(control) {
            self.breaker.counts.stale();
            return Recorded::Stale;
        }
        let healthy = class == OutcomeClass::Success && control.tally() == 0;
        if healthy && control.admits_all() {
            self.count(Counted::Success, now_ns);
            return Recorded::Recorded;
        }
        self.settle_rest(class, now_ns)
    }

    #[inline]
    fn is_stale(&self, control: Control) -> bool {
        control.generation() != self.admitted.generation() && !mutated("any_generation_settles")
    }

    #[inline]
    fn count(&self, class: Counted, now_ns: Option<u64>) -> u64 {
        let timed = self.admitted.shape().is_timed();
        let now_ns = if timed { now_ns.unwrap_or_else(|| self.breaker.now_ns()) } else { 0 };
        self.breaker.ring.add(self.admitted, class, now_ns);
        now_ns
    }

    #[cold]
    fn settle_rest(&self, class: OutcomeClass, now_ns: Option<u64>) -> Recorded {
        let half_open = self.admitted.state() == BreakerState::HalfOpen;
        if half_open && self.settle_probe(class, now_ns) == Recorded::Stale {
            self.breaker.counts.stale();
            return Recorded::Stale;
        }
        let counted = match class {
            OutcomeClass::Success => Counted::Success,
            OutcomeClass::Failure => Counted::Failure,
            OutcomeClass::Slow => Counted::Slow,
            OutcomeClass::Ignored => {
                self.breaker.counts.ignore();
                return Recorded::Recorded;
            }
        };
        let at_ns = self.count(counted, now_ns);
        if self.admitted.state() == BreakerState::Closed {
            match counted {
                Counted::Success => self.end_run(),
                Counted::Failure => self.judge(true, at_ns, now_ns),
                Counted::Slow => {
                    self.end_run();
                    self.judge(false, at_ns, now_ns);
                }
            }
        }
        Recorded::Recorded
    }

    /// No failure follows the last one directly any more.
    fn end_run(&self) {
        loop {
            let control = self.breaker.control();
            if self.is_stale(control) || control.tally() == 0 {
                return;
            }
            if self.breaker.exchange(control, control.with_tally(0)) {
                return;
            }
        }
    }

    /// Opens the breaker if what was just counted gives a reason.
    fn judge(&self, failed: bool, at_ns: u64, now_ns: Option<u64>) {
        let settings = self.breaker.settings();
        let now_ns = || now_ns.unwrap_or_else(|| self.breaker.now_ns());
        if failed && self.lengthen_run(&settings, now_ns) {
            return;
        }
        let tally = self.breaker.ring.tally(self.admitted, at_ns);
        let Some(reason) = tally.verdict(&settings) else { return };
        let now_ns = now_ns();
        loop {
            let control = self.breaker.control();
            if self.is_stale(control) || self.breaker.open(control, &settings, reason, now_ns) {
                return;
            }
        }
    }

    /// One failure more in a row; whether the breaker is closed no longer. Runs are counted without
    /// a limit too, so that one that is set later finds the run there is.
    fn lengthen_run(&self, settings: &BreakerSettings, now_ns: impl Fn() -> u64) -> bool {
        let limit = settings.consecutive_failures.map(|limit| u32::from(limit.get()));
        loop {
            let control = self.breaker.control();
            if self.is_stale(control) {
                return true;
            }
            let run = (control.tally() + 1).min(TALLY_MAX);
            if limit.is_some_and(|limit| run >= limit.min(TALLY_MAX)) {
                let reason = TransitionReason::ConsecutiveFailures;
                if self.breaker.open(control, settings, reason, now_ns()) {
                    return true;
                }
            } else if mutated("run_is_stored") {
                self.breaker.overwrite(control.with_tally(run));
                return false;
            } else if self.breaker.exchange(control, control.with_tally(run)) {
                return false;
            }
        }
    }

    /// Gives the probe's place back, and decides by its outcome.
    fn settle_probe(&self, class: OutcomeClass, now_ns: Option<u64>) -> Recorded {
        let settings = self.breaker.settings();
        let now_ns = || now_ns.unwrap_or_else(|| self.breaker.now_ns());
        let failed = match class {
            OutcomeClass::Failure => true,
            OutcomeClass::Slow => settings.slow_rate.is_some(),
            OutcomeClass::Success | OutcomeClass::Ignored => false,
        };
        loop {
            let control = self.breaker.control();
            if self.is_stale(control) {
                return Recorded::Stale;
            }
            let done = if failed {
                self.breaker.open(control, &settings, TransitionReason::ProbeFailed, now_ns())
            } else if class == OutcomeClass::Ignored {
                self.breaker.exchange(control, control.return_one())
            } else {
                self.succeed(control, &settings, now_ns())
            };
            if done {
                return Recorded::Recorded;
            }
        }
    }

    fn succeed(&self, control: Control, settings: &BreakerSettings, now_ns: u64) -> bool {
        let wanted = u32::from(settings.success_threshold.get()).min(TALLY_MAX);
        let succeeded = control.tally() + 1;
        let done = if succeeded >= wanted {
            self.breaker.close(control, TransitionReason::ProbesSucceeded, now_ns)
        } else {
            let next = control.return_one().with_tally(succeeded);
            self.breaker.exchange(control, next)
        };
        if done && succeeded == 1 {
            self.breaker.counts.false_trip();
        }
        done
    }

    #[cold]
    fn cancel(&self) {
        let half_open = self.admitted.state() == BreakerState::HalfOpen;
        let settled = if half_open {
            self.settle_probe(OutcomeClass::Ignored, None)
        } else if self.is_stale(self.breaker.control()) {
            Recorded::Stale
        } else {
            Recorded::Recorded
        };
        match settled {
            Recorded::Recorded => self.breaker.counts.cancel(),
            Recorded::Stale => self.breaker.counts.stale(),
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if panicking() && self.begun == Begun::Running {
            self.settle(OutcomeClass::Failure, None);
        } else {
            self.cancel();
        }
    }
}
