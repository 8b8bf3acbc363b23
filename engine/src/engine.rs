//! The face a host sees.

use std::ops::Deref;

use crate::builder::EngineBuilder;
use crate::graph::Generation;
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

/// Runs spreads on any number of graphs, from any number of threads.
#[derive(Debug)]
pub struct Engine {
    slots: usize,
}

impl Engine {
    /// An engine with the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slots(64)
    }

    /// Options to choose before building.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(crate) fn with_slots(slots: usize) -> Self {
        Self { slots }
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
        outcome.clear();
        let _ = (snapshot, request, self.slots);
        Err(SpreadError::NoSeeds)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}
