//! All checks of an engine, or of a host.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use super::job::{AnswerCell, Check, CheckContext, CheckJob};
use super::policy::CheckPolicy;
use super::reading::{CheckReading, HealthReading};
use super::standing::{Look, Next, Running, Standing};
use super::verdict::{CheckKind, Verdict};
use crate::sync::{Arc, AtomicBool, Clock, Ordering, Published};
use crate::terms::{NameError, Named, Roster};

/// Most checks in one registry: each is a thread at worst, and four series.
pub const CHECKS_MAX: usize = 64;

/// Why a check was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is bad or taken, or there are [`CHECKS_MAX`] checks; the error says what to do.
    Name(NameError),
    /// The period is 0; give the time from one run to the next.
    NoPeriod,
    /// The budget is 0; give the time one run may take.
    NoBudget,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::NoPeriod => {
                f.write_str("the check's period is 0; give the time from one run to the next")
            }
            Self::NoBudget => {
                f.write_str("the check's budget is 0; give the time that one run may take")
            }
        }
    }
}

impl std::error::Error for RegisterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name(error) => error.source(),
            Self::NoPeriod | Self::NoBudget => None,
        }
    }
}

impl From<NameError> for RegisterError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

/// One check with all that is known of it.
struct Entry {
    name: Arc<str>,
    policy: CheckPolicy,
    check: Arc<Check>,
    seen: Published<Seen>,
}

impl Named for Arc<Entry> {
    fn name(&self) -> &str {
        &self.name
    }
}

/// What the last look saw; replaced whole.
struct Seen {
    standing: Standing,
    /// Where the job that runs or hangs will leave its answer.
    cell: Option<Arc<AnswerCell>>,
}

impl Entry {
    /// Looks once; the job to hand out, where the check is to be run. Only whoever has the
    /// registry's turn calls this.
    fn look(&self, clock: &Arc<dyn Clock>, now_ns: u64, open: bool) -> Option<CheckJob> {
        let seen = self.seen.load();
        let mut standing = seen.standing.clone();
        let mut cell = seen.cell.clone();
        let answer = cell.as_ref().and_then(|cell| cell.answer().cloned());
        if answer.is_some() {
            cell = None;
        }
        let next = standing.look(&self.policy, Look { now_ns, open, answer });
        let mut job = None;
        match next {
            Next::Wait => {}
            Next::GiveUp => {
                if let Some(cell) = &cell {
                    cell.token.cancel();
                }
            }
            Next::Start => {
                let Self { name, check, policy, .. } = self;
                let made = CheckJob::new(name, check, clock, now_ns, policy.budget);
                (job, cell) = (Some(made.0), Some(made.1));
            }
        }
        self.seen.store(Arc::new(Seen { standing, cell }));
        job
    }

    fn has_started(&self) -> bool {
        self.seen.load().standing.has_started()
    }

    fn kind(&self) -> CheckKind {
        self.seen.load().standing.kind
    }

    fn reading(&self, now_ns: u64) -> CheckReading {
        let seen = self.seen.load();
        let standing = &seen.standing;
        let since = |ns: u64| Duration::from_nanos(now_ns.saturating_sub(ns));
        let last = standing.last.as_ref();
        CheckReading {
            name: self.name.clone(),
            kind: standing.kind,
            status: standing.status,
            standing_for: standing.since_ns.map(since),
            last: last.map(|last| last.verdict.status()),
            reason: last.and_then(|last| last.verdict.reason().cloned()),
            age: last.map(|last| since(last.at_ns)),
            took: last.and_then(|last| last.took),
            successes: standing.successes,
            failures: standing.failures,
            hangs: standing.running == Running::Hangs,
            counts: standing.counts,
        }
    }
}

/// All checks of an engine, or of a host: which there are, when each is run, what each said.
///
/// It has no thread: somebody calls [`Registry::tick`] every second or so. See the
/// [module](super) for how it stands up to checks that hang.
///
/// ```
/// use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Registry, Verdict};
/// use emanate::sync::{Arc, ManualClock};
///
/// let registry = Registry::new(Arc::new(ManualClock::new()));
/// registry.register("disk", CheckKind::Ready, CheckPolicy::default(), |_| Verdict::Pass)?;
/// assert_eq!(registry.reading().ready, HealthStatus::Unknown);
/// registry.tick(CheckJob::run);
/// assert_eq!(registry.reading().ready, HealthStatus::Pass);
/// # Ok::<(), emanate::health::RegisterError>(())
/// ```
pub struct Registry {
    clock: Arc<dyn Clock>,
    entries: Roster<Arc<Entry>>,
    /// Whether a thread ticks.
    ticking: AtomicBool,
}

// A check that panics changes nothing here: its panic becomes an answer.
impl UnwindSafe for Registry {}
impl RefUnwindSafe for Registry {}

/// The right to look at checks, given back when it is dropped.
struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `Registry::turn`; whoever has the turn next sees
        // what this one stored.
        self.0.store(false, Ordering::Release);
    }
}

impl Registry {
    /// A registry without checks.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let entries = Roster::new("checks", CHECKS_MAX);
        Self { clock, entries, ticking: AtomicBool::new(false) }
    }

    /// Registers a check under `name`. It is first run `policy.initial_delay` after the first tick
    /// that finds startup over, or for a startup check, after the next tick.
    ///
    /// `check` may be slow, hang or panic. It is run on whatever thread its job is, never twice at
    /// the same time.
    ///
    /// # Errors
    /// [`RegisterError`], and nothing is registered.
    pub fn register(
        &self,
        name: &str,
        kind: CheckKind,
        policy: CheckPolicy,
        check: impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        if policy.period.is_zero() {
            return Err(RegisterError::NoPeriod);
        }
        if policy.budget.is_zero() {
            return Err(RegisterError::NoBudget);
        }
        let seen = Published::new(Arc::new(Seen { standing: Standing::new(kind), cell: None }));
        let entry = Arc::new(Entry { name: name.into(), policy, check: Arc::new(check), seen });
        Ok(self.entries.add(&entry)?)
    }

    /// Removes the check of this name; says whether there was one. A job of it that runs or hangs
    /// is asked to end, and nobody looks at its answer.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.entries.remove(name);
        let cell = removed.as_ref().and_then(|entry| entry.seen.load().cell.clone());
        if let Some(cell) = cell {
            cell.token.cancel();
        }
        removed.is_some()
    }

    /// Takes the answers that have come, judges those that have not, and gives `hand_over` a job
    /// for each check that is due: [`CheckJob::on_thread`], [`CheckJob::run`], or a closure that
    /// sends it to a pool. Jobs that are run in `hand_over` itself are judged before this returns.
    ///
    /// Does nothing, and returns false, while another thread ticks. `hand_over` is called when
    /// that is over; a check that hangs in it keeps this thread, and no other.
    pub fn tick(&self, mut hand_over: impl FnMut(CheckJob)) -> bool {
        let Some(jobs) = self.look_at_all() else { return false };
        let any = !jobs.is_empty();
        for job in jobs {
            hand_over(job);
        }
        if any && let Some(_turn) = self.turn() {
            // No check is due again already; this only takes answers that are there.
            for entry in self.entries.load().iter() {
                drop(entry.look(&self.clock, self.clock.now_ns(), false));
            }
        }
        true
    }

    /// How everything stands, from what the ticks found. Runs no check and waits for nobody.
    #[must_use]
    pub fn reading(&self) -> HealthReading {
        let now_ns = self.clock.now_ns();
        HealthReading::of(self.entries.load().iter().map(|entry| entry.reading(now_ns)).collect())
    }

    fn turn(&self) -> Option<Turn<'_>> {
        // Acquire: pairs with the Release in `Turn::drop`.
        (!self.ticking.swap(true, Ordering::Acquire)).then_some(Turn(&self.ticking))
    }

    /// The jobs of all checks that are due; `None` while another thread looks.
    fn look_at_all(&self) -> Option<Vec<CheckJob>> {
        let _turn = self.turn()?;
        let entries = self.entries.load();
        let now_ns = self.clock.now_ns();
        let (startup, others): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| entry.kind() == CheckKind::Startup);
        let mut jobs = Vec::new();
        for entry in &startup {
            jobs.extend(entry.look(&self.clock, now_ns, true));
        }
        let open = startup.iter().all(|entry| entry.has_started());
        for entry in others {
            jobs.extend(entry.look(&self.clock, now_ns, open));
        }
        Some(jobs)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("checks", &self.entries).finish_non_exhaustive()
    }
}
