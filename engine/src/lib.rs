#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod graph;
pub mod spread;
pub mod sync;
pub mod terms;

mod run;

mod builder;
mod engine;

pub use builder::{BuildEngineError, DEFAULT_SCRATCH_SLOTS, EngineBuilder};
pub use engine::{Engine, Graph, Snapshot};
#[cfg(feature = "text")]
pub use graph::LoadError;
pub use graph::{BuildError, Edge, Generation, GraphBuilder};
pub use spread::{NodeActivation, Seed, SpreadError, SpreadOutcome, SpreadRequest, SpreadStats};
pub use terms::{CancelToken, Key, Label, NodeId, StopReason};
