//! The algorithm: how activation moves from seeds along edges.

mod error;
pub mod oracle;
mod outcome;
mod params;
mod request;

pub use error::SpreadError;
pub use outcome::{
    DEGRADED_NODES_MAX, Degraded, NodeActivation, Path, SpreadOutcome, SpreadStats, Step,
};
pub use params::{
    ActR, Combine, DEFAULT_DAMPING, DEFAULT_FIRING_THRESHOLD, DEFAULT_HOP_DECAY,
    DEFAULT_HOP_LIMIT, DEFAULT_ITERATIONS_MAX, DEFAULT_RETENTION, DEFAULT_RETENTION_TIME,
    DEFAULT_TOLERANCE, Firing, Hops, Inhibit, Linear, PageRank, PageRankMethod, Precision,
    RETENTION_STEPS_MAX, Retention, Rule, Share, Squash, Synapse,
};
pub use request::{
    Bounds, Direction, EdgeFilter, NodeFilter, Seed, SpreadRequest, UnknownSeeds,
};
