#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod change;
pub mod gate;
pub mod graph;
pub mod health;
pub mod observe;
pub mod spread;
pub mod sync;
pub mod terms;

mod run;

mod builder;
mod engine;

pub use builder::{
    BuildEngineError, DEFAULT_QUEUE_SLOTS, DEFAULT_SCRATCH_BYTES, DEFAULT_SCRATCH_SLOTS,
    EngineBuilder,
};
pub use change::{ApplyError, ApplyOptions, ApplyReport, ChangeSet};
pub use engine::{Engine, Graph, OpenedGraph, Snapshot};
#[cfg(feature = "text")]
pub use graph::LoadError;
pub use graph::{BuildError, Edge, Generation, GraphBuilder};
pub use run::monitor;
pub use run::{
    DEFAULT_BATCH_SIZE, DEFAULT_LARGE_EDGES, DEFAULT_PAUSE_MAX, LIVE_REQUESTS_MAX, SAMPLES_MAX,
    Sample, ScratchUse, Settings, SpreadEstimate, SpreadFuture,
};
pub use spread::{NodeActivation, Seed, SpreadError, SpreadOutcome, SpreadRequest, SpreadStats};
pub use terms::{CancelToken, Key, Label, NodeId, StopReason, Tier};
