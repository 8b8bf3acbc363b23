//! The face a host sees.

use std::ops::Deref;

use crate::builder::EngineBuilder;
use crate::graph::Generation;
use crate::run::{
    self, Capacity, Sample, Scheduler, ScratchUse, Settings, SpreadEstimate, SpreadFuture,
};
use crate::spread::{SpreadError, SpreadOutcome, SpreadRequest};
use crate::sync::{Arc, Published};

/// A graph a host has given to an engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Published<Generation>>);

impl Graph {
    /// The generation published last, held for as long as the snapshot lives.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.load())
    }
}

impl From<Generation> for Graph {
    fn from(generation: Generation) -> Self {
        Self(Arc::new(Published::new(Arc::new(generation))))
    }
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
/// [`Engine::spread`] runs one on the thread that calls it, [`Engine::spread_many`] many on the
/// engine's threads, and [`Engine::submit`] one there while the caller goes on. No thread is
/// started before the second or third is called, or a request allows several threads.
#[derive(Debug)]
pub struct Engine {
    scheduler: Arc<Scheduler>,
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
        Self { scheduler: Arc::new(Scheduler::new(capacity, settings)) }
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
        run::once(&self.scheduler, snapshot, request, outcome)
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

    /// Frees the scratch that is kept for the next spread.
    pub fn free_idle_scratch(&self) {
        self.scheduler.pool.free_idle();
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Engine, Graph};
    use crate::graph::GraphBuilder;
    use crate::spread::{Direction, SpreadError, SpreadOutcome, SpreadRequest};
    use crate::terms::{CancelToken, StopReason};

    fn chain() -> Graph {
        let mut builder = GraphBuilder::new();
        builder.edge("a", "b", 0.5).unwrap().edge("b", "c", 0.5).unwrap();
        builder.edge("c", "a", 0.5).unwrap();
        Graph::from(builder.build().unwrap())
    }

    fn is_shared<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}

    #[test]
    fn the_engine_can_be_shared_and_unwound_through() {
        is_shared::<Engine>();
        is_shared::<Graph>();
    }

    #[test]
    fn an_outcome_used_again_equals_a_fresh_one() {
        let (engine, graph) = (Engine::new(), chain());
        let snapshot = graph.snapshot();
        let mut held = SpreadOutcome::new();
        for hops in [5, 0, 3, 1] {
            let request = SpreadRequest::linear(hops).seed("a", 1.0);
            engine.spread_into(&snapshot, &request, &mut held).unwrap();
            let mut fresh = Engine::new().spread(&graph, &request).unwrap();
            fresh.stats.elapsed = held.stats.elapsed;
            assert_eq!(held, fresh, "{hops} hops");
        }
    }

    #[test]
    fn an_error_leaves_the_outcome_empty() {
        let (engine, graph) = (Engine::new(), chain());
        let mut outcome = engine.spread(&graph, &SpreadRequest::linear(2).seed("a", 1.0)).unwrap();
        let error = engine
            .spread_into(&graph.snapshot(), &SpreadRequest::linear(2), &mut outcome)
            .unwrap_err();
        assert_eq!(error, SpreadError::NoSeeds);
        assert_eq!(outcome, SpreadOutcome::new());
    }

    #[test]
    fn a_node_filter_that_panics_leaves_the_engine_usable() {
        let (engine, graph) = (Engine::new(), chain());
        let request = SpreadRequest::linear(3).seed("a", 1.0);
        let expected = engine.spread(&graph, &request).unwrap().activations;
        let last = graph.snapshot().find("c").unwrap();
        let bad = request.clone().only(move |node| {
            assert_ne!(Some(node), last, "the host's filter panics here");
            true
        });
        let run = std::panic::AssertUnwindSafe(|| engine.spread(&graph, &bad));
        let caught = std::panic::catch_unwind(run);
        assert!(caught.is_err());
        assert_eq!(engine.spread(&graph, &request).unwrap().activations, expected);
    }

    #[test]
    fn a_cancelled_spread_reports_its_seeds() {
        let (engine, graph) = (Engine::new(), chain());
        let mut request = SpreadRequest::linear(3).seed("a", 1.0).direction(Direction::Both);
        let token = CancelToken::new();
        request.bounds.cancel = Some(token.clone());
        token.cancel();
        let outcome = engine.spread(&graph, &request).unwrap();
        assert_eq!(outcome.stop_reason, StopReason::Cancelled);
        assert_eq!((outcome.stats.hops, outcome.activations.len()), (0, 1));
    }
}
