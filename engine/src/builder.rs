//! Options fixed when an engine is built.

use std::fmt;

use crate::engine::Engine;
use crate::gate::Gate;
use crate::graph::Generation;
use crate::observe::Metrics;
use crate::run::{
    Amount, BYTES_MAX, Capacity, Guard, SLOTS_MAX, Settings, Threads, scratch_bytes_max,
};
use crate::spread::Execution;
use crate::sync::{Arc, Clock, MonotonicClock, Workers};

/// Why an engine could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildEngineError {
    /// The scratch pool has room for no spread at all; give it at least one slot.
    NoScratch,
    /// A graph that the engine is to serve takes more scratch for one spread than the whole pool
    /// has. Give it at least `bytes_needed`.
    ScratchTooSmall {
        /// Bytes that a spread by the rule that takes most needs on the largest of the graphs.
        bytes_needed: u64,
        /// Bytes of the whole pool.
        bytes_max: u64,
    },
    /// The queue has no place; give it at least one.
    NoQueue,
    /// The scratch pool has more slots than can be counted; give it at most `most`.
    TooManySlots {
        /// The greatest number.
        most: u64,
    },
}

impl fmt::Display for BuildEngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScratch => f.write_str("the scratch pool is empty; give it at least one slot"),
            Self::ScratchTooSmall { bytes_needed, bytes_max } => write!(
                f,
                "one spread on a graph that is to be served needs {bytes_needed} bytes of \
                 scratch, but the pool has {bytes_max}; give it at least {bytes_needed}"
            ),
            Self::NoQueue => f.write_str("the queue has no place; give it at least one"),
            Self::TooManySlots { most } => {
                write!(f, "the scratch pool can have at most {most} slots; give it fewer")
            }
        }
    }
}

impl std::error::Error for BuildEngineError {}

/// Default of [`EngineBuilder::scratch_slots`].
pub const DEFAULT_SCRATCH_SLOTS: usize = 64;
/// Default of [`EngineBuilder::scratch_bytes`].
pub const DEFAULT_SCRATCH_BYTES: u64 = 4 << 30;
/// Default of [`EngineBuilder::queue_slots`].
pub const DEFAULT_QUEUE_SLOTS: u16 = 1024;

/// Builds an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    scratch_slots: usize,
    scratch_bytes: u64,
    bytes_needed: u64,
    queue_slots: u16,
    threads: Threads,
    execution: Execution,
    settings: Settings,
    clock: Option<Arc<dyn Clock>>,
    is_measured: bool,
    has_breakers: bool,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            scratch_slots: DEFAULT_SCRATCH_SLOTS,
            scratch_bytes: DEFAULT_SCRATCH_BYTES,
            bytes_needed: 0,
            queue_slots: DEFAULT_QUEUE_SLOTS,
            threads: Threads::Own(0),
            execution: Execution::default(),
            settings: Settings::default(),
            clock: None,
            is_measured: true,
            has_breakers: true,
        }
    }
}

impl EngineBuilder {
    /// Most scratches, and so most spreads, at once; at least 1 and at most 65,535, by default
    /// [`DEFAULT_SCRATCH_SLOTS`]. Small spreads run while a large one pauses only in a scratch of
    /// their own: give it at least one slot more than there are threads.
    #[must_use]
    pub fn scratch_slots(mut self, slots: usize) -> Self {
        self.scratch_slots = slots;
        self
    }

    /// Most bytes of all scratches together, those kept for the next spread among them; by default
    /// [`DEFAULT_SCRATCH_BYTES`]. More than `2^48 - 1` counts as that. What explaining a spread
    /// takes is not counted; a request bounds that itself, by `memory_bytes_max`.
    #[must_use]
    pub fn scratch_bytes(mut self, bytes: u64) -> Self {
        self.scratch_bytes = bytes;
        self
    }

    /// Refuses to build an engine whose scratch is too small for a spread on `graph`, by any rule.
    /// A graph not named here may be served too; a spread on it is refused where it does not fit.
    #[must_use]
    pub fn serves(mut self, graph: &Generation) -> Self {
        self.bytes_needed = self.bytes_needed.max(scratch_bytes_max(graph));
        self
    }

    /// Most submitted spreads that wait in the queue, and as many that wait to come in; at least 1,
    /// by default [`DEFAULT_QUEUE_SLOTS`].
    #[must_use]
    pub fn queue_slots(mut self, slots: u16) -> Self {
        self.queue_slots = slots;
        self
    }

    /// How many threads the engine starts when they are first needed: by a batch, a submitted
    /// spread, or a request that allows several. 0, the default, for as many as the machine runs
    /// at once. Replaces [`EngineBuilder::rayon_pool`].
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::Own(threads);
        self
    }

    /// Uses the host's threads instead of starting any. Replaces [`EngineBuilder::threads`].
    #[must_use]
    pub fn rayon_pool(mut self, pool: Arc<rayon::ThreadPool>) -> Self {
        self.threads = Threads::Host(Workers::new(pool));
        self
    }

    /// How hops are run, for proofs and measurements: no outcome depends on it.
    #[must_use]
    pub fn execution(mut self, execution: Execution) -> Self {
        self.execution = execution;
        self
    }

    /// What the engine starts with of what may change while it runs.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The clock that durations are measured and breakers wait by; by default the system's
    /// monotonic one. Deadlines go by the system's in any case.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Measures nothing: every count of [`Engine::reading`] that spreads make stays 0, at the cost
    /// of one branch a spread.
    #[must_use]
    pub fn without_metrics(mut self) -> Self {
        self.is_measured = false;
        self
    }

    /// Switches all breakers off, as [`Gate::switch_off`](crate::gate::Gate::switch_off) does.
    #[must_use]
    pub fn without_breakers(mut self) -> Self {
        self.has_breakers = false;
        self
    }

    /// Builds the engine. Starts no thread and takes no scratch.
    ///
    /// # Errors
    /// [`BuildEngineError`] where the options contradict each other.
    pub fn build(self) -> Result<Engine, BuildEngineError> {
        let slots = u64::try_from(self.scratch_slots).unwrap_or(u64::MAX);
        let (bytes_needed, bytes_max) = (self.bytes_needed, self.scratch_bytes.min(BYTES_MAX));
        if slots == 0 {
            return Err(BuildEngineError::NoScratch);
        }
        if slots > SLOTS_MAX {
            return Err(BuildEngineError::TooManySlots { most: SLOTS_MAX });
        }
        if bytes_needed > bytes_max {
            return Err(BuildEngineError::ScratchTooSmall { bytes_needed, bytes_max });
        }
        if self.queue_slots == 0 {
            return Err(BuildEngineError::NoQueue);
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(MonotonicClock::new()));
        let gate = Gate::new(&clock);
        if !self.has_breakers {
            gate.switch_off();
        }
        // A scratch that is being freed may still hold its recorder when the next is made.
        let recorders = 2 * self.scratch_slots;
        let metrics = if self.is_measured { Metrics::new(recorders) } else { Metrics::off() };
        let capacity = Capacity {
            guard: Guard { gate, metrics, clock },
            scratch: Amount { slots, bytes: bytes_max },
            queue_slots: self.queue_slots,
            threads: self.threads,
            execution: self.execution,
        };
        Ok(Engine::with(capacity, self.settings))
    }
}
