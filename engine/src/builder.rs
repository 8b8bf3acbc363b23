//! Options fixed when an engine is built.

use std::fmt;

use crate::engine::Engine;
use crate::spread::Execution;

/// Why an engine could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildEngineError {
    /// The scratch pool has room for no spread at all; give it at least one slot.
    NoScratch,
}

impl fmt::Display for BuildEngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScratch => f.write_str("the scratch pool is empty; give it at least one slot"),
        }
    }
}

impl std::error::Error for BuildEngineError {}

/// Default of [`EngineBuilder::scratch_slots`].
pub const DEFAULT_SCRATCH_SLOTS: usize = 64;

/// Builds an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    scratch_slots: usize,
    execution: Execution,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self { scratch_slots: DEFAULT_SCRATCH_SLOTS, execution: Execution::default() }
    }
}

impl EngineBuilder {
    /// How many scratches the engine keeps for reuse; at least 1, by default
    /// [`DEFAULT_SCRATCH_SLOTS`].
    #[must_use]
    pub fn scratch_slots(mut self, slots: usize) -> Self {
        self.scratch_slots = slots;
        self
    }

    /// How hops are run, for proofs and measurements: no outcome depends on it.
    #[must_use]
    pub fn execution(mut self, execution: Execution) -> Self {
        self.execution = execution;
        self
    }

    /// Builds the engine.
    ///
    /// # Errors
    /// [`BuildEngineError`] where the options contradict each other.
    pub fn build(self) -> Result<Engine, BuildEngineError> {
        if self.scratch_slots == 0 {
            return Err(BuildEngineError::NoScratch);
        }
        Ok(Engine::with_slots(self.scratch_slots, self.execution))
    }
}
