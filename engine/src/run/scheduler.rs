//! What spreads share: scratch, settings, workers, the queue.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::guard::{Begun, Done, Entered, Guard};
use super::live::LiveRequests;
use super::meter::Meter;
use super::pool::{Lease, Need, ScratchPool};
use super::queue::{Line, Queue};
use super::room::Amount;
use super::samples::Samples;
use super::settings::Settings;
use super::ticket::Ticket;
use crate::graph::{Generation, Reads};
use crate::spread::{self, Conditions, Execution, SpreadError, SpreadOutcome, SpreadRequest};
use crate::sync::{Arc, FirstWins, Published, Team, Workers, failpoint, mutated, thread_local};
use crate::terms::Deadline;

/// One spread's result.
pub(crate) type Answer = Result<SpreadOutcome, SpreadError>;

/// Where an engine's threads come from.
#[derive(Clone, Debug)]
pub(crate) enum Threads {
    /// Started when they are first needed; 0 for as many as the machine runs at once.
    Own(usize),
    /// The host's.
    Host(Workers),
}

/// What a scheduler is made with.
#[derive(Debug)]
pub(crate) struct Capacity {
    pub(crate) scratch: Amount,
    pub(crate) queue_slots: u16,
    pub(crate) threads: Threads,
    pub(crate) execution: Execution,
    pub(crate) guard: Guard,
}

/// What all spreads of an engine share.
///
/// # Progress
/// Lock-free, but where a caller asks to wait: for scratch, or for a batch.
#[derive(Debug)]
pub(crate) struct Scheduler {
    pub(crate) guard: Guard,
    pub(crate) pool: ScratchPool,
    pub(crate) settings: Published<Settings>,
    pub(crate) queue: Queue<Arc<Ticket>>,
    pub(crate) meter: Meter,
    pub(crate) samples: Samples,
    pub(crate) live: LiveRequests,
    pub(crate) execution: Execution,
    threads: usize,
    workers: FirstWins<Workers>,
}

thread_local! {
    /// Spreads that run on this thread, one inside the other.
    static RUNNING: Cell<u32> = const { Cell::new(0) };
}

/// Counts a spread as running on this thread until it is dropped.
struct Running {
    /// What the thread had read before, where another spread runs around this one.
    reads_around: Option<Reads>,
}

impl Running {
    fn begin() -> Self {
        let reads_around = is_nested().then(Reads::of_this_thread);
        // Where the thread is ending and has no counter any more, nothing is counted.
        let _ = RUNNING.try_with(|running| running.set(running.get() + 1));
        Self { reads_around }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|running| running.set(running.get().saturating_sub(1)));
        // The spread around this one read none of it: a failure is held against the file once.
        if let Some(reads) = self.reads_around {
            reads.restore();
        }
    }
}

/// Whether a spread runs on this thread, which may hold the very scratch a new one would wait for.
pub(crate) fn is_nested() -> bool {
    RUNNING.try_with(|running| running.get() > 0).unwrap_or(false)
}

/// Runs `work` and says whether it came to its end; a panic goes no further.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    fn discard(payload: Box<dyn Any + Send>) {
        // What was thrown may itself panic when it is dropped; then it is kept for ever instead.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
    }
    catch_unwind(AssertUnwindSafe(work)).map_err(discard).ok()
}

/// A lease after which whoever waits in the queue for scratch is served.
#[derive(Debug)]
pub(crate) struct Leased<'a> {
    // Dropped first: the scratch is back before the queue is looked at.
    pub(crate) lease: Lease<'a>,
    _back: Back<'a>,
}

#[derive(Debug)]
struct Back<'a>(&'a Arc<Scheduler>);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        if mutated("scratch_calls_nobody") {
            return;
        }
        if !self.0.queue.is_empty(Line::Small) || !self.0.queue.is_empty(Line::Large) {
            self.0.call_workers(1);
        }
    }
}

/// One spread to run in a scratch that is leased.
#[derive(Clone, Copy)]
pub(crate) struct Spread<'a> {
    pub(crate) graph: &'a Generation,
    pub(crate) request: &'a SpreadRequest,
    pub(crate) started: Instant,
    pub(crate) conditions: Conditions<'a>,
}

impl Scheduler {
    pub(crate) fn new(capacity: Capacity, settings: Settings) -> Self {
        let (threads, workers) = match capacity.threads {
            Threads::Own(threads) => (threads, FirstWins::default()),
            Threads::Host(workers) => (workers.count(), FirstWins::full(workers)),
        };
        Self {
            pool: ScratchPool::new(capacity.scratch, capacity.guard.metrics.clone()),
            guard: capacity.guard,
            settings: Published::new(Arc::new(Settings { number: 0, ..settings })),
            queue: Queue::new(capacity.queue_slots),
            meter: Meter::new(),
            samples: Samples::new(),
            live: LiveRequests::new(),
            execution: capacity.execution,
            threads,
            workers,
        }
    }

    /// Puts `settings` in force, under the next number.
    pub(crate) fn set(&self, settings: Settings) {
        settings.replace(&self.settings);
    }

    /// The workers, started where there are none yet.
    pub(crate) fn workers(&self) -> Result<&Workers, SpreadError> {
        let start = || Workers::start(self.threads).ok_or(SpreadError::NoThreads);
        self.workers.get_or_try(start)
    }

    /// Whether this thread is one of the workers, and no spread runs on it.
    pub(crate) fn is_worker(&self) -> bool {
        !is_nested() && self.workers.get().is_some_and(Workers::has_this_thread)
    }

    /// Lets `count` workers look at the queue. Spreads come in only where there are workers.
    pub(crate) fn call_workers(self: &Arc<Self>, count: usize) {
        let Some(workers) = self.workers.get() else { return };
        for _ in 0..count {
            let scheduler = self.clone();
            // A host's waker may panic, and rayon would abort the process.
            workers.spawn(move || {
                caught(move || scheduler.work());
            });
        }
    }

    /// The lease, with what follows it.
    pub(crate) fn leased<'a>(self: &'a Arc<Self>, lease: Lease<'a>) -> Leased<'a> {
        Leased { lease, _back: Back(self) }
    }

    /// A scratch, waited for until `deadline`; not at all inside another spread.
    pub(crate) fn lease_by(self: &Arc<Self>, need: Need, deadline: Deadline) -> Option<Leased<'_>> {
        let lease = if is_nested() {
            self.pool.try_lease(need)
        } else {
            self.pool.lease_by(need, deadline)
        };
        lease.map(|lease| self.leased(lease))
    }

    /// How long until those who wait now are likely to be served.
    pub(crate) fn shed(&self) -> SpreadError {
        let threads = self.workers.get().map_or(1, Workers::count) as u64;
        let at_once = threads.min(self.pool.used().slots);
        let waiting = self.queue.len() + self.pool.waiting();
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        SpreadError::Shed { retry_in: self.meter.time_of(waiting + 1, at_once) }
    }

    /// Runs `spread`, which was let in, in `lease`, which fits it, and records it. Returns how long
    /// it took, without waiting.
    pub(crate) fn run(
        &self,
        entered: Entered<'_>,
        spread: Spread<'_>,
        lease: &mut Lease<'_>,
        outcome: &mut SpreadOutcome,
    ) -> Result<Duration, SpreadError> {
        let _running = Running::begin();
        let Spread { graph, request, started, conditions } = spread;
        let begun = entered.begin(graph, lease.recorder().0, started.elapsed());
        let conditions = begun.conditions(conditions);
        let result = lease.run(request, |scratch| {
            failpoint!(crate::sync::fault::SPREAD);
            let mut spread = || spread::spread(graph, request, &conditions, scratch, outcome);
            match conditions.team {
                // Once for the spread: from outside, each hop would park and wake this thread.
                Some(team) if !team.has_this_thread() => {
                    let (result, reads) = team.install(|| {
                        let _running = Running::begin();
                        Reads::apart(&mut spread)
                    });
                    reads.add();
                    result
                }
                _ => spread(),
            }
        });
        let (recorder, hop_times) = lease.recorder();
        let (service, response) = {
            let result = result.as_ref().map(|()| &*outcome);
            begun.end(recorder, &Done { rule: &request.rule, result, hop_times })
        };
        result?;
        outcome.stats.elapsed = response;
        Ok(service)
    }

    /// As [`Scheduler::run`], let in here, with a panic as an error, and measured.
    pub(crate) fn run_caught(&self, spread: Spread<'_>, lease: &mut Lease<'_>) -> Answer {
        let mut outcome = SpreadOutcome::new();
        let entered = self.guard.enter()?;
        let service = caught(|| self.run(entered, spread, lease, &mut outcome))
            .ok_or(SpreadError::Panicked)??;
        self.meter.note(service, outcome.stats.edges_traversed);
        Ok(outcome)
    }

    /// Runs a group that shares its edges, in `lease`, which fits it; as [`Scheduler::run_caught`]
    /// for each. `None` where its members must be run one by one.
    pub(crate) fn run_group(
        &self,
        graph: &Generation,
        group: &[&SpreadRequest],
        started: Instant,
        conditions: &Conditions<'_>,
        lease: &mut Lease<'_>,
    ) -> Option<Vec<Answer>> {
        let first = group.first()?;
        let mut begun = Vec::with_capacity(group.len());
        for _ in group {
            let Ok(entered) = self.guard.enter() else { break };
            begun.push(entered.begin(graph, lease.recorder().0, started.elapsed()));
        }
        let can_run = begun.len() == group.len() && !begun.iter().any(Begun::is_shut);
        let outcomes = can_run.then(|| {
            caught(|| {
                let _running = Running::begin();
                let clock = lease.recorder().0.is_on().then_some(&*self.guard.clock);
                let conditions = Conditions { hop_clock: clock, ..*conditions };
                lease.run(first, |scratch| {
                    failpoint!(crate::sync::fault::SPREAD);
                    spread::spread_lanes(graph, group, &conditions, &mut scratch.lanes)
                })
            })
        });
        let Some(mut outcomes) = outcomes.flatten().flatten() else {
            begun.into_iter().for_each(Begun::withdraw);
            return None;
        };
        for (begun, outcome) in begun.into_iter().zip(&mut outcomes) {
            let (recorder, hop_times) = lease.lane_recorder();
            // The hops of the group are those of each lane that still had something to fire.
            let own = hop_times.len().min(outcome.stats.hops as usize);
            let done =
                Done { rule: &first.rule, result: Ok(outcome), hop_times: &hop_times[..own] };
            let (service, response) = begun.end(recorder, &done);
            outcome.stats.elapsed = response;
            let each = service / u32::try_from(group.len()).unwrap_or(u32::MAX);
            self.meter.note(each, outcome.stats.edges_traversed);
        }
        Some(outcomes.into_iter().map(Ok).collect())
    }

    /// The threads that `request` may use, where that is more than one.
    pub(crate) fn team_for(&self, request: &SpreadRequest) -> Option<Team<'_>> {
        let threads = request.threads.get() as usize;
        if threads < 2 {
            return None;
        }
        // A machine that gives no more threads has this one.
        self.workers().ok().map(|workers| Team::of(workers, threads))
    }

    /// Sees that time spent here is measured where somebody may ask for it.
    pub(crate) fn note_if_asked(&self, service: Duration, edges: u64) {
        if self.meter.is_new() || self.pool.waiting() > 0 {
            self.meter.note(service, edges);
        }
    }
}
