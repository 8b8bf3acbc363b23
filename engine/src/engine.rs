//! The face a host sees.

use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::builder::EngineBuilder;
use crate::change::store::{
    CheckpointError, CheckpointReport, DiskFailure, Folder, Opened, Store, StoreOptions,
};
use crate::change::{
    self, ApplyError, ApplyOptions, ApplyReport, ChangeSet, Journal, Kept, Live, Maintained, Means,
    OpenGraphError,
};
use crate::gate::Gate;
use crate::graph::{Generation, GraphBuilder, MergeError};
use crate::health::checks::{self, CanaryOptions};
use crate::health::{CheckContext, Verdict};
use crate::observe::{Metrics, Reading};
use crate::run::{
    self, Capacity, Sample, Scheduler, ScratchUse, Settings, SpreadEstimate, SpreadFuture,
};
use crate::spread::{SpreadError, SpreadOutcome, SpreadRequest};
use crate::sync::{Arc, Clock, MonotonicClock};

/// A graph a host has given to an engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Live>);

impl Graph {
    /// A graph whose change sets `journal` keeps before they are published.
    #[must_use]
    pub fn journaled(generation: Generation, journal: Arc<dyn Journal>) -> Self {
        Self(Arc::new(Live::new(generation, Some(journal))))
    }

    /// Opens the graph in the store in `directory`, with the system's clock. Every change set is
    /// kept there from now on; [`Store::maintain`] and [`Engine::checkpoint`] are the host's to
    /// call. Where a store is to be made, the directory is made, too.
    ///
    /// # Errors
    /// [`OpenGraphError`].
    pub fn open(
        directory: impl AsRef<Path>,
        options: &StoreOptions,
    ) -> Result<OpenedGraph, OpenGraphError> {
        let directory = directory.as_ref();
        let clock = Arc::new(MonotonicClock::new());
        let folder = if options.create {
            Folder::create(directory).map_err(|error| {
                let failure = DiskFailure { file: directory.into(), kind: error.kind() };
                OpenGraphError::Store(failure.into())
            })?
        } else {
            Folder::at(directory)
        };
        let disk = Arc::new(folder);
        let (stored, opened) = change::open_graph(disk, options, clock)?;
        let store = Arc::clone(&stored.store);
        Ok(OpenedGraph { graph: Self::journaled(stored.generation, stored.store), store, opened })
    }

    /// The generation published last, held for as long as the snapshot lives.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.load())
    }
}

impl From<Generation> for Graph {
    fn from(generation: Generation) -> Self {
        Self(Arc::new(Live::new(generation, None)))
    }
}

/// A graph that was opened from its store.
#[derive(Clone, Debug)]
pub struct OpenedGraph {
    /// The graph.
    pub graph: Graph,
    /// Where its change sets are kept.
    pub store: Arc<Store>,
    /// What opening found and did.
    pub opened: Opened,
}

/// A generation held by a reader.
#[derive(Clone, Debug)]
pub struct Snapshot(Arc<Generation>);

impl Deref for Snapshot {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        &self.0
    }
}

impl From<&Graph> for Snapshot {
    fn from(graph: &Graph) -> Self {
        graph.snapshot()
    }
}

impl From<&Self> for Snapshot {
    fn from(snapshot: &Self) -> Self {
        snapshot.clone()
    }
}

/// Runs spreads on any number of graphs, from any number of threads.
///
/// [`Engine::spread`] runs one on the thread that calls it (unless it allows several),
/// [`Engine::spread_many`] many on the engine's threads, and [`Engine::submit`] one there while the
/// caller goes on. No thread is started before the second or third is called, or a request allows
/// several threads.
#[derive(Debug)]
pub struct Engine {
    scheduler: Arc<Scheduler>,
    kept: Arc<Kept>,
}

impl Engine {
    /// An engine with the default options.
    ///
    /// # Panics
    /// Never: the default options can be built.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build().expect("the default options fit each other")
    }

    /// Options to choose before building.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(crate) fn with(capacity: Capacity, settings: Settings) -> Self {
        Self { scheduler: Arc::new(Scheduler::new(capacity, settings)), kept: Arc::default() }
    }

    /// Spreads on the current generation of `graph`.
    ///
    /// # Errors
    /// [`SpreadError`] where the request is wrong, the graph's file is damaged, or no scratch was
    /// free until the deadline.
    pub fn spread(
        &self,
        graph: &Graph,
        request: &SpreadRequest,
    ) -> Result<SpreadOutcome, SpreadError> {
        self.spread_at(&graph.snapshot(), request)
    }

    /// Spreads on a snapshot.
    ///
    /// # Errors
    /// As [`Engine::spread`].
    pub fn spread_at(
        &self,
        snapshot: &Snapshot,
        request: &SpreadRequest,
    ) -> Result<SpreadOutcome, SpreadError> {
        let mut outcome = SpreadOutcome::new();
        self.spread_into(snapshot, request, &mut outcome)?;
        Ok(outcome)
    }

    /// Spreads on a snapshot into `outcome`, whose memory is used again.
    ///
    /// # Errors
    /// As [`Engine::spread`]; `outcome` is empty then.
    pub fn spread_into(
        &self,
        snapshot: &Snapshot,
        request: &SpreadRequest,
        outcome: &mut SpreadOutcome,
    ) -> Result<(), SpreadError> {
        self.scheduler.live.offer(&snapshot.0, std::slice::from_ref(request));
        run::once(&self.scheduler, run::Entrance::Asked, snapshot, request, outcome)
    }

    /// Spreads many times on one snapshot, on the engine's threads, each spread on one of them in
    /// scratch of its own. The caller waits for all; their results are in the order of `requests`.
    /// Budgets count from this call. Equal to [`Engine::spread`] for each, bit for bit.
    ///
    /// Each may fail alone, with the errors of [`Engine::spread`], and with
    /// [`SpreadError::Panicked`] where its node filter panics.
    pub fn spread_many(
        &self,
        graph: impl Into<Snapshot>,
        requests: &[SpreadRequest],
    ) -> Vec<Result<SpreadOutcome, SpreadError>> {
        let snapshot = graph.into();
        self.scheduler.live.offer(&snapshot.0, requests);
        run::many(&self.scheduler, &snapshot.0, requests)
    }

    /// Submits a spread on a snapshot taken now and returns at once. It runs on one of the engine's
    /// threads; small ones are not kept waiting by large ones, which run in slices.
    ///
    /// Where the queue is full it waits to come in until its deadline, then fails with
    /// [`SpreadError::Shed`]; once in, a deadline that passes gives an outcome without hops.
    pub fn submit(&self, graph: impl Into<Snapshot>, request: SpreadRequest) -> SpreadFuture {
        let snapshot = graph.into();
        self.scheduler.live.offer(&snapshot.0, std::slice::from_ref(&request));
        run::submit(&self.scheduler, snapshot.0, request)
    }

    /// Applies `changes` to `graph`, and publishes what they make of it. Whoever spreads sees the
    /// graph as it was before or as it is afterwards, and waits for nothing.
    ///
    /// A set costs what its edits touch, whatever the size of the graph: for each edge, finding its
    /// nodes and a copy of its row. Removing a node turns all edges round, once, where no spread
    /// has needed that before.
    ///
    /// # Errors
    /// [`ApplyError`]; but for what its report lists as applied, the graph is exactly as it was.
    /// Where storing has failed again and again, [`ApplyError::BreakerOpen`].
    pub fn apply(
        &self,
        graph: &Graph,
        changes: &ChangeSet,
        options: &ApplyOptions,
    ) -> Result<ApplyReport, ApplyError> {
        self.changing(graph, options, |means| change::apply(&graph.0, changes, options, means))
    }

    /// Adds all that `builder` has collected to `graph`, as one change: what is not there is made,
    /// and an edge that is there has the builder's weight from then on. Names are looked up once
    /// and rows copied once, so it costs far less than the same edges one by one; a graph without
    /// nodes becomes what [`GraphBuilder::build`] makes.
    ///
    /// Of the options, those that are about single edits mean nothing here. Where a [`Journal`]
    /// keeps the graph's change sets, it is given the same edits, and they are applied one by one.
    ///
    /// # Errors
    /// [`ApplyError`]; the graph is exactly as it was.
    pub fn load(
        &self,
        graph: &Graph,
        builder: GraphBuilder,
        options: &ApplyOptions,
    ) -> Result<ApplyReport, ApplyError> {
        self.changing(graph, options, |means| change::load(&graph.0, builder, options, means))
    }

    /// Runs `work` with what this engine lends to whoever changes `graph`, if the breaker of
    /// changes lets it in.
    fn changing(
        &self,
        graph: &Graph,
        options: &ApplyOptions,
        work: impl FnOnce(Means<'_>) -> Result<ApplyReport, ApplyError>,
    ) -> Result<ApplyReport, ApplyError> {
        self.look_after(graph);
        let pool = &self.scheduler.pool;
        let admits = |now: &Generation, next: &Generation| {
            let (bytes_needed, bytes_max) = (run::scratch_bytes_max(next), pool.used().bytes_max);
            // A graph on which a spread by some rule did not fit anyway is the host's choice.
            if bytes_needed <= bytes_max || run::scratch_bytes_max(now) > bytes_max {
                return Ok(());
            }
            Err(ApplyError::ScratchTooSmall { bytes_needed, bytes_max })
        };
        // Where no thread can be started, this one checks.
        let workers = match options.validation {
            change::Validation::Parallel => self.scheduler.workers().ok(),
            change::Validation::Sequential => None,
        };
        let means = Means { workers, admits: &admits };
        change::guarded(self.gate(), &**self.clock(), options, || work(means))
    }

    /// Makes a segment of what `graph` has published last, in the `store` that keeps its change
    /// sets: [`Store::checkpoint_graph`], if the breaker of checkpoints lets it in.
    ///
    /// # Errors
    /// [`CheckpointError`]; what was stored before is stored still.
    pub fn checkpoint(
        &self,
        graph: &Graph,
        store: &Store,
    ) -> Result<CheckpointReport, CheckpointError> {
        change::guarded_checkpoint(self.gate(), &**self.clock(), || {
            store.checkpoint_graph(|| graph.snapshot())
        })
    }

    /// Merges all that changes have put over the blocks of `graph`, now, on this thread. No outcome
    /// changes by it; what is applied meanwhile stands over the new blocks.
    ///
    /// # Errors
    /// [`MergeError`]; the graph is as good as it was.
    pub fn merge(&self, graph: &Graph) -> Result<(), MergeError> {
        graph.0.merge()
    }

    /// Has [`Engine::maintain`] look after `graph`, as it does after every graph that this engine
    /// applied changes to: for a graph with a memory budget, whose edges move between tiers.
    pub fn look_after(&self, graph: &Graph) {
        if graph.0.keep() {
            self.kept.add(&graph.0);
        }
    }

    /// Looks after the graphs that this engine has applied changes to or was told of, for about
    /// `budget`: frees generations that nobody reads any more, merges changes into blocks, slice by
    /// slice, and moves edges to the tiers where heat wants them. Every 30 seconds by the engine's
    /// clock it also frees the scratches that were not needed in the last 30: as many as there are
    /// more than spreads ran at once. No outcome depends on it; without it, memory grows with the
    /// changes, and stays at what the busiest moment took.
    pub fn maintain(&self, budget: Duration) -> Maintained {
        let now = Instant::now();
        let until = now.checked_add(budget).unwrap_or(now);
        let scratches = self.scheduler.pool.free_spare(self.clock().now_ns());
        let mut done = Maintained { scratches, ..Maintained::default() };
        for live in self.kept.graphs() {
            done += live.maintain(until, self.clock().now_ns());
            if Instant::now() >= until {
                break;
            }
        }
        done
    }

    /// What `request` is likely to cost. Reads a bounded number of rows.
    #[must_use]
    pub fn estimate(&self, snapshot: &Snapshot, request: &SpreadRequest) -> SpreadEstimate {
        run::estimate(snapshot, request, self.scheduler.settings.load().hop_limit)
    }

    /// The settings now in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.scheduler.settings.load()
    }

    /// Puts `settings` in force: for each spread and batch that begins from now on.
    pub fn set(&self, settings: Settings) {
        self.scheduler.set(settings);
    }

    /// Takes what batches took out of the ring where it is kept, oldest first. The first call makes
    /// the engine keep it. Returns how many samples were lost since the last call, since the ring
    /// holds [`SAMPLES_MAX`](crate::SAMPLES_MAX).
    pub fn take_samples(&self, visit: impl FnMut(Sample)) -> u64 {
        self.scheduler.samples.take(visit)
    }

    /// Takes copies of live requests out of the ring where they are kept, oldest first, each with
    /// the snapshot it ran on, and asks for `wanted` more, at most
    /// [`LIVE_REQUESTS_MAX`](crate::LIVE_REQUESTS_MAX): one in `one_in` of those to come that leave
    /// their hop limit to the engine ([`Hops::Auto`](crate::spread::Hops)), without a period.
    /// While none are wanted, which is so until the first call, none are copied.
    ///
    /// A copy holds its snapshot's generation: who wants no more asks for 0.
    pub fn take_requests(
        &self,
        wanted: usize,
        one_in: u64,
        mut visit: impl FnMut(Snapshot, SpreadRequest),
    ) {
        self.scheduler.live.take(wanted, one_in, |graph, request| visit(Snapshot(graph), request));
    }

    /// How much scratch there is and how much of it is used.
    #[must_use]
    pub fn scratch_use(&self) -> ScratchUse {
        self.scheduler.pool.used()
    }

    /// Submitted spreads that have not begun, about.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.scheduler.queue.len()
    }

    /// A check for a [`Registry`](crate::health::Registry): [`checks::canary`] on this engine and
    /// whatever `graph` serves when the check is run.
    pub fn canary_check(
        &self,
        graph: &Graph,
        options: CanaryOptions,
    ) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + use<> {
        let (scheduler, graph) = (self.scheduler.clone(), graph.clone());
        checks::canary(
            options,
            move || graph.snapshot().0,
            move |generation, request| {
                let mut outcome = SpreadOutcome::new();
                let entrance = run::Entrance::Canary;
                run::once(&scheduler, entrance, generation, request, &mut outcome).map(|()| outcome)
            },
        )
    }

    /// A check for a [`Registry`](crate::health::Registry): [`checks::breakers`] on this engine's
    /// breakers.
    pub fn breakers_check(
        &self,
        open_max: Duration,
    ) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + use<> {
        let scheduler = self.scheduler.clone();
        checks::breakers(open_max, move || {
            let gate = &scheduler.guard.gate;
            gate.breakers().map(|breaker| (breaker.name().to_owned(), breaker.state())).collect()
        })
    }

    /// A check for a [`Registry`](crate::health::Registry): [`checks::pool`] on this engine's
    /// scratch.
    pub fn pool_check(&self) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + use<> {
        let scheduler = self.scheduler.clone();
        checks::pool(move || {
            let used = scheduler.pool.used();
            (used.leased, used.slots)
        })
    }

    /// The breakers. A spread that the breaker of spreads keeps out fails with
    /// [`SpreadError::BreakerOpen`], a change set or a checkpoint with the like. A spread whose
    /// tier is kept out goes on without the tier's rows and says so in
    /// [`SpreadOutcome::degraded`].
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.scheduler.guard.gate
    }

    /// What is measured, for quantiles and for what the host counts itself.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.scheduler.guard.metrics
    }

    /// The clock that durations are measured and breakers wait by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.scheduler.guard.clock
    }

    /// Everything measured since the beginning, with what the engine knows of its breakers, scratch
    /// and settings. What the engine does not know (checks, the tuner's decisions, changes) is for
    /// the host to fill in.
    #[must_use]
    pub fn reading(&self) -> Reading {
        reading(&self.scheduler, &self.kept)
    }

    /// The metrics for a registry of crate `prometheus`. It reads as long as it is registered, also
    /// after the engine itself was dropped.
    #[cfg(feature = "prometheus")]
    #[must_use]
    pub fn collector(&self) -> crate::observe::Collector {
        let (scheduler, kept) = (self.scheduler.clone(), Arc::clone(&self.kept));
        crate::observe::Collector::new(move || reading(&scheduler, &kept))
    }

    /// Frees the scratch that is kept for the next spread.
    pub fn free_idle_scratch(&self) {
        self.scheduler.pool.free_idle();
    }
}

/// What is measured, with what the graphs that are looked after know of their tiers.
fn reading(scheduler: &Scheduler, kept: &Kept) -> Reading {
    let mut reading = scheduler.reading();
    for live in kept.graphs() {
        let Some(report) = live.load().tier_report() else { continue };
        for (cache, used) in reading.supplied.tier_cache.iter_mut().zip(&report.tiers) {
            cache.hits += used.hits;
            cache.misses += used.reads;
        }
    }
    reading
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[cfg(emanate_shuttle)]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests;
