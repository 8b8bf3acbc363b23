//! The face a host sees.

use std::ops::Deref;

use crate::builder::EngineBuilder;
use crate::graph::Generation;
use crate::run::ScratchPool;
use crate::spread::{self, DEFAULT_HOP_LIMIT, SpreadError, SpreadOutcome, SpreadRequest};
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
    pool: ScratchPool,
    hop_limit_auto: u32,
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
        Self { pool: ScratchPool::new(slots), hop_limit_auto: DEFAULT_HOP_LIMIT }
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
        let mut scratch = self.pool.take();
        spread::spread(snapshot, request, self.hop_limit_auto, &mut scratch, outcome)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}
