//! One run of a check, from when it is handed out until it has answered.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::policy::ns;
use super::standing::Answer;
use super::verdict::Verdict;
use crate::sync::{Arc, Clock, FirstWins, start_thread};
use crate::terms::CancelToken;

/// A check as the registry keeps it.
pub(super) type Check = dyn Fn(&CheckContext) -> Verdict + Send + Sync;

/// Where a job leaves its answer, and where it is asked to end.
#[derive(Debug, Default)]
pub(super) struct AnswerCell {
    answer: FirstWins<Answer>,
    pub(super) token: CancelToken,
}

impl AnswerCell {
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answer.get()
    }

    fn put(&self, answer: Answer) {
        // Only the one job of this cell fills it, once: when it has run, or when it is dropped.
        let _ = self.answer.get_or_try(|| Ok::<_, std::convert::Infallible>(answer));
    }
}

/// What a check is told while it runs.
#[derive(Clone, Debug)]
pub struct CheckContext {
    clock: Arc<dyn Clock>,
    token: CancelToken,
    ends_ns: u64,
}

impl CheckContext {
    /// The registry's clock; a check that measures time reads this one, so that tests can move it.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What is left of the check's budget.
    #[must_use]
    pub fn budget_left(&self) -> Duration {
        Duration::from_nanos(self.ends_ns.saturating_sub(self.clock.now_ns()))
    }

    /// Is cancelled when nobody waits for the answer any more. A check that can take long looks at
    /// it now and then, or passes it on, and ends.
    #[must_use]
    pub fn token(&self) -> &CancelToken {
        &self.token
    }
}

/// One run of one check, to be run once on any thread.
///
/// Dropping it without running it is an answer too: the check fails.
#[must_use = "a job that is dropped without being run fails its check"]
pub struct CheckJob {
    name: Arc<str>,
    check: Arc<Check>,
    clock: Arc<dyn Clock>,
    cell: Arc<AnswerCell>,
    ends_ns: u64,
}

impl CheckJob {
    pub(super) fn new(
        name: &Arc<str>,
        check: &Arc<Check>,
        clock: &Arc<dyn Clock>,
        started_ns: u64,
        budget: Duration,
    ) -> (Self, Arc<AnswerCell>) {
        let cell = Arc::new(AnswerCell::default());
        let job = Self {
            name: name.clone(),
            check: check.clone(),
            clock: clock.clone(),
            cell: cell.clone(),
            ends_ns: started_ns.saturating_add(ns(budget)),
        };
        (job, cell)
    }

    /// The check's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the check on this thread. A panic in it is a failure and goes no further.
    pub fn run(self) {
        let begun_ns = self.clock.now_ns();
        let (clock, token) = (self.clock.clone(), self.cell.token.clone());
        let context = CheckContext { clock, token, ends_ns: self.ends_ns };
        let ran = catch_unwind(AssertUnwindSafe(|| (self.check)(&context)));
        let panicked = ran.is_err();
        let verdict = ran.unwrap_or_else(|payload| {
            Verdict::fail(format!("the check panicked: {}", what_was_said(payload)))
        });
        let ended_ns = self.clock.now_ns();
        self.cell.put(Answer { verdict, panicked, begun_ns, ended_ns });
    }

    /// Runs the check on a thread of its own, which ends with it. A check has at most one job at a
    /// time, so there are never more of these threads than checks.
    pub fn on_thread(self) {
        let name = format!("emanate-{}", self.name);
        // Where no thread can be had, the job is dropped, and its drop says so.
        start_thread(name, move || self.run());
    }
}

impl Drop for CheckJob {
    fn drop(&mut self) {
        if self.cell.answer().is_none() {
            let now_ns = self.clock.now_ns();
            let verdict = Verdict::fail(
                "the check was not run: no thread could be started, or the job was dropped",
            );
            let panicked = false;
            self.cell.put(Answer { verdict, panicked, begun_ns: now_ns, ended_ns: now_ns });
        }
    }
}

impl fmt::Debug for CheckJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckJob").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The message of a panic.
fn what_was_said(payload: Box<dyn Any + Send>) -> String {
    let payload = match payload.downcast::<String>() {
        Ok(said) => return *said,
        Err(payload) => payload,
    };
    let said = payload.downcast_ref::<&'static str>();
    let said = said.map_or_else(|| "it said nothing".to_owned(), |said| (*said).to_owned());
    // What was thrown may itself panic when it is dropped; then that payload is kept for ever.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    said
}
