//! The algorithm: how activation moves from seeds along edges.
//!
//! A [`SpreadRequest`] names seeds, a [`Rule`], the edges and nodes to see, and bounds. It is
//! checked once, then run hop by hop: the frontier's contributions are pushed into one cell per
//! target, the cells become pulses, the pulses change the ledger and make the next frontier. A hop
//! counts whole or not at all.
//!
//! # The same bits every time
//! Contributions to a node are added in ascending order of their sources' ids; the factor of a
//! source is computed once per hop, the effective weight once per edge; one product and one
//! addition for each edge, no fused multiply-add; a hop's sum is complete before it touches the
//! activation; `exp`, `ln` and `sqrt` come from `libm`. So the result is a function of the graph's
//! content, its numbering, the seeds and the parameters.
//!
//! No lock is taken, nothing is measured, and the clock is read only for a deadline.

pub mod rules;

mod choice;
mod conditions;
mod drive;
mod error;
mod kernel;
mod lanes;
mod ledger;
mod marks;
pub mod oracle;
mod outcome;
mod params;
mod paths;
mod plan;
mod pulses;
mod rank;
mod real;
mod request;
mod run;
mod scratch;
mod shape;
mod stopwatch;
mod trace;
mod unread;
mod view;
mod watch;

pub(crate) use conditions::Conditions;
pub(crate) use drive::spread;
pub use error::SpreadError;
pub use kernel::{Execution, InstructionSet, Kernel};
pub(crate) use lanes::{Lanes, is_saturated, is_shareable, lane_count, spread_lanes};
pub use outcome::{
    DEGRADED_NODES_MAX, Degraded, NodeActivation, Path, SpreadOutcome, SpreadStats, Step,
};
pub use params::{
    ActR, Combine, DEFAULT_DAMPING, DEFAULT_FIRING_THRESHOLD, DEFAULT_HOP_DECAY, DEFAULT_HOP_LIMIT,
    DEFAULT_ITERATIONS_MAX, DEFAULT_RETENTION, DEFAULT_RETENTION_TIME, DEFAULT_TOLERANCE, Firing,
    Hops, Inhibit, Linear, PageRank, PageRankMethod, Precision, RETENTION_STEPS_MAX, Retention,
    Rule, Share, Squash, Synapse,
};
pub use request::{Bounds, Direction, EdgeFilter, NodeFilter, Seed, SpreadRequest, UnknownSeeds};
pub(crate) use scratch::Scratch;
pub(crate) use stopwatch::HopTime;
pub(crate) use unread::Shut;
