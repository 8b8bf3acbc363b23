//! The face a host sees.

use std::ops::Deref;

use crate::builder::{DEFAULT_SCRATCH_SLOTS, EngineBuilder};
use crate::graph::Generation;
use crate::run::{self, ScratchPool};
use crate::spread::{
    Conditions, DEFAULT_HOP_LIMIT, Execution, SpreadError, SpreadOutcome, SpreadRequest,
};
use crate::sync::{Arc, Published};
use crate::terms::Deadline;

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

/// Runs spreads on any number of graphs, from any number of threads.
#[derive(Debug)]
pub struct Engine {
    pool: ScratchPool,
    hop_limit_auto: u32,
    execution: Execution,
}

impl Engine {
    /// An engine with the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slots(DEFAULT_SCRATCH_SLOTS, Execution::default())
    }

    /// Options to choose before building.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(crate) fn with_slots(slots: usize, execution: Execution) -> Self {
        Self { pool: ScratchPool::new(slots), hop_limit_auto: DEFAULT_HOP_LIMIT, execution }
    }

    /// Spreads on the current generation of `graph`.
    ///
    /// # Errors
    /// [`SpreadError`] where the request is wrong or the graph's file is damaged.
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
        let deadline = request.bounds.budget.map_or(Deadline::NEVER, Deadline::after);
        let (hop_limit_auto, execution) = (self.hop_limit_auto, self.execution);
        let conditions = Conditions { deadline, hop_limit_auto, execution, ..Conditions::alone() };
        run::once(&self.pool, snapshot, request, &conditions, outcome)
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
