//! Applying a change set: check, edit a draft, store, publish.

use std::time::Instant;

use super::check::check_all;
use super::edit::edit;
use super::error::{ApplyError, ChangeError, ErrorClass};
use super::journal::StorageError;
use super::live::{Live, Writer, jittered};
use super::options::{ApplyOptions, Chunks, Commit, Run, Validation};
use super::report::{ApplyReport, Failure, Success, Totals};
use super::set::{Change, ChangeSet};
use super::turn::NoTurn;
use crate::graph::{DamagedBlock, Draft, Generation};
use crate::sync::{Arc, Workers, mutated, park_timeout};

/// What an engine lends to whoever applies a set.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    /// Threads that check edits.
    pub(crate) workers: Option<&'a Workers>,
    /// Whether a spread on the second graph finds scratch where one on the first did.
    pub(crate) admits: &'a dyn Fn(&Generation, &Generation) -> Result<(), ApplyError>,
}

/// Applies `changes` to the graph.
pub(crate) fn apply(
    live: &Live,
    changes: &ChangeSet,
    options: &ApplyOptions,
    means: Means<'_>,
) -> Result<ApplyReport, ApplyError> {
    with_turn(live, options, means, |applying| applying.chunks(changes.changes()))
}

/// Runs `work` once it is its turn, and says what it did.
pub(super) fn with_turn(
    live: &Live,
    options: &ApplyOptions,
    means: Means<'_>,
    work: impl FnOnce(&mut Applying<'_>) -> Result<(), Ending>,
) -> Result<ApplyReport, ApplyError> {
    let started = Instant::now();
    // Where the clock cannot hold the instant, there is no end to wait for.
    let until = started.checked_add(options.budget);
    let early = mutated("set_begins_before_its_turn").then(|| live.load());
    let mut writer = match live.write(until, options.queueing) {
        Ok(writer) => writer,
        Err(NoTurn::Full) => return Err(live.busy()),
        Err(NoTurn::Late) => {
            let elapsed = started.elapsed();
            let generation = live.load().number();
            let report = ApplyReport { elapsed, generation, ..ApplyReport::default() };
            return Err(ApplyError::Late { report: Box::new(report) });
        }
    };
    let current = early.unwrap_or_else(|| live.load());
    if let Some(expected) = options.only_if.filter(|number| *number != current.number()) {
        return Err(ApplyError::Stale { expected, found: current.number() });
    }
    let mut applying = Applying {
        live,
        writer: &mut writer,
        options,
        means,
        until,
        draft: None,
        current,
        report: ApplyReport::default(),
        retries_left: options.retries,
        accepted: 0,
        pending: Totals::default(),
    };
    let ended = work(&mut applying);
    let Applying { mut report, current, .. } = applying;
    report.generation = current.number();
    report.elapsed = started.elapsed();
    match ended {
        Ok(()) => Ok(report),
        Err(Ending::Error(error)) => Err(error),
        Err(Ending::Refused) => Err(ApplyError::Refused { report: report.into() }),
        Err(Ending::Late) => Err(ApplyError::Late { report: report.into() }),
        Err(Ending::Unstored(error)) => Err(ApplyError::Storage { error, report: report.into() }),
    }
}

/// Why a set ended before its end.
pub(super) enum Ending {
    Refused,
    Late,
    Unstored(StorageError),
    Error(ApplyError),
}

/// Whether a set goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// A set while it is applied.
pub(super) struct Applying<'a> {
    live: &'a Live,
    writer: &'a mut Writer,
    options: &'a ApplyOptions,
    means: Means<'a>,
    until: Option<Instant>,
    current: Arc<Generation>,
    /// What follows the current generation, once an edit was tried.
    draft: Option<Draft>,
    report: ApplyReport,
    retries_left: u32,
    /// Edits in the draft that are not committed.
    accepted: usize,
    /// What they did together.
    pending: Totals,
}

impl Applying<'_> {
    fn chunks(&mut self, changes: &[Change]) -> Result<(), Ending> {
        let is_atomic = self.options.commit == Commit::Atomic;
        let mut chunks = Chunks::of(self.options, changes.len());
        let mut first = 0;
        let mut next = Next::GoOn;
        while first < changes.len() && next == Next::GoOn {
            let end = changes.len().min(first + chunks.size());
            let failures_before = self.report.failures.len();
            next = match self.chunk(changes, first..end) {
                Ok(next) => next,
                Err(ending) => {
                    self.forget_accepted();
                    return Err(ending);
                }
            };
            chunks.ended(self.report.failures.len() > failures_before);
            if !is_atomic {
                self.commit(changes)?;
            }
            first = end;
        }
        if is_atomic && !self.report.failures.is_empty() {
            self.forget_accepted();
            return Err(Ending::Refused);
        }
        self.commit(changes)
    }

    /// Checks the edits of a chunk and applies them to the draft.
    fn chunk(&mut self, changes: &[Change], range: std::ops::Range<usize>) -> Result<Next, Ending> {
        let is_alone = changes.len() < self.options.direct_below;
        let workers = match self.options.validation {
            Validation::Parallel if !is_alone && range.len() > 1 => self.means.workers,
            _ => None,
        };
        let checked = check_all(&changes[range.clone()], workers);
        for (index, checked) in range.zip(checked) {
            if self.is_late() {
                return Err(Ending::Late);
            }
            let change = &changes[index];
            match checked.and_then(|()| edit(self.draft()?, change)) {
                Ok(effect) => {
                    self.pending += effect.totals;
                    let success = Success { index, kind: change.kind(), node: effect.node };
                    self.report.successes.push(success);
                    self.accepted += 1;
                }
                Err(error) => {
                    if self.fails(index, change, error) == Next::Stop {
                        return Ok(Next::Stop);
                    }
                }
            }
        }
        Ok(Next::GoOn)
    }

    /// What follows the current generation.
    pub(super) fn draft(&mut self) -> Result<&mut Draft, DamagedBlock> {
        if self.draft.is_none() {
            self.draft = Some(Draft::of(&self.current)?);
        }
        Ok(self.draft.as_mut().expect("made where it was not there"))
    }

    /// Notes a failure; whether the set goes on.
    fn fails(&mut self, index: usize, change: &Change, error: ChangeError) -> Next {
        let stops = error.class() == ErrorClass::Storage || self.options.stop_on_first_error;
        self.report.failures.push(Failure { index, kind: change.kind(), error, attempts: 1 });
        if stops || self.report.failures.len() > self.options.failures_max {
            Next::Stop
        } else {
            Next::GoOn
        }
    }

    /// Whether the time is over.
    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Takes back, in the report, what was not committed: the draft goes with the set.
    fn forget_accepted(&mut self) {
        self.report.successes.truncate(self.report.successes.len() - self.accepted);
        (self.accepted, self.pending) = (0, Totals::default());
    }

    /// Stores and publishes what is in the draft.
    fn commit(&mut self, changes: &[Change]) -> Result<(), Ending> {
        if self.accepted > 0 {
            let totals = std::mem::take(&mut self.pending);
            let committed = self.admit().and_then(|()| match self.options.run {
                Run::Commit => self.store(changes),
                Run::Dry => Ok(()),
            });
            if let Err(ending) = committed {
                self.forget_accepted();
                return Err(ending);
            }
            self.publish_draft(totals);
        }
        self.accepted = 0;
        Ok(())
    }

    /// Publishes the draft, unless the run is dry.
    pub(super) fn publish_draft(&mut self, totals: Totals) {
        match self.options.run {
            Run::Dry => self.report.totals += totals,
            Run::Commit => {
                let draft = self.draft.take().expect("what was accepted is in it");
                self.publish(draft.finish(), totals);
            }
        }
    }

    /// Publishes `next`, unless the run is dry.
    pub(super) fn publish(&mut self, next: Generation, totals: Totals) {
        if self.options.run == Run::Commit {
            let current = Arc::clone(&self.current);
            let number = current.number() + 1;
            let next = Generation { number, ..next };
            self.current = self.live.publish(self.writer, current, next);
        }
        self.report.totals += totals;
    }

    /// Whether the graph has nothing, and never had.
    pub(super) fn is_of_nothing(&self) -> bool {
        self.current.node_count() == 0
    }

    /// Whether spreads on what is in the draft find scratch.
    pub(super) fn admit(&self) -> Result<(), Ending> {
        self.draft.as_ref().map_or(Ok(()), |draft| self.admit_one(draft.so_far()))
    }

    /// Whether spreads on `next` find scratch.
    pub(super) fn admit_one(&self, next: &Generation) -> Result<(), Ending> {
        if next.node_count() == self.current.node_count() {
            return Ok(());
        }
        (self.means.admits)(&self.current, next).map_err(Ending::Error)
    }

    fn store(&mut self, changes: &[Change]) -> Result<(), Ending> {
        let Some(journal) = self.live.journal() else { return Ok(()) };
        let first = self.report.successes.len() - self.accepted;
        let accepted = self.report.successes[first..].iter();
        let set: ChangeSet = accepted.map(|success| changes[success.index].clone()).collect();
        loop {
            self.report.store_attempts += 1;
            let error = match journal.append(&set, self.current.number() + 1) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !error.transient || self.retries_left == 0 {
                return Err(Ending::Unstored(error));
            }
            self.retries_left -= 1;
            if !self.pause() {
                return Err(Ending::Unstored(error));
            }
        }
    }

    /// Waits before storing is tried again; `false` where the time would be over then.
    fn pause(&self) -> bool {
        let again = Instant::now().checked_add(jittered(self.options.retry_delay));
        let Some(again) = again else { return false };
        if self.until.is_some_and(|until| again >= until) {
            return false;
        }
        loop {
            let left = again.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            park_timeout(left);
        }
    }
}
