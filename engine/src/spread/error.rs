//! Why a spread was not run.

use std::fmt;
use std::time::Duration;

use crate::graph::DamagedBlock;
use crate::terms::{Key, ParameterError};

/// Why a spread was not run, or not finished, at all.
///
/// An expected ending (deadline, budget, convergence) is not among them; it is a
/// [`StopReason`](crate::StopReason) of a successful outcome.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SpreadError {
    /// The request has no seed; give at least one.
    NoSeeds,
    /// A seed names a node this graph does not have, or the node filter hides. Correct it, or
    /// ask to skip unknown seeds.
    UnknownSeed {
        /// What the seed named.
        node: Key,
    },
    /// A seed's activation is not finite and above 0.
    SeedActivation {
        /// The seed.
        node: Key,
        /// What was given.
        activation: f64,
    },
    /// With single precision, a seed's activation is too large or too small to be held.
    SeedPrecision {
        /// The seed.
        node: Key,
        /// What was given.
        activation: f64,
    },
    /// Unknown seeds were to be skipped, and none was left.
    AllSeedsUnknown {
        /// How many there were.
        skipped: u64,
    },
    /// A seed has a time, but the rule injects all seeds at once.
    SeedTime {
        /// The seed.
        node: Key,
        /// The rule that has no times.
        rule: &'static str,
    },
    /// With `noisy-or`, the seeds at one node add up to more than 1.
    SeedAboveOne {
        /// The node.
        node: Key,
        /// Their sum.
        activation: f64,
    },
    /// A parameter is outside its range.
    Parameter(ParameterError),
    /// The graph has no relation of this name.
    UnknownRelation {
        /// The name.
        name: String,
    },
    /// A per-node retention names a node this graph does not have.
    UnknownNode {
        /// What was named.
        node: Key,
    },
    /// An age rate was given without the instant to count ages from.
    AgeWithoutTime,
    /// The spread would follow edges of negative weight, which only `linear` with `combine = sum`
    /// can.
    NegativeWeight {
        /// The rule asked for.
        rule: &'static str,
    },
    /// Rule `retention` has neither a time nor a stop threshold, so it would never end.
    Endless,
    /// The bound on nodes is below the number of seeds.
    NodesMaxBelowSeeds {
        /// The bound.
        nodes_max: u64,
        /// Distinct seeds.
        seeds: u64,
    },
    /// A part of the graph's file cannot be used.
    Damaged(DamagedBlock),
    /// No room, in the queue or for scratch, until the deadline. Try again after `retry_in`.
    Shed {
        /// How long what waits before it will take, as far as is known: spreads that wait times
        /// the measured time of one.
        retry_in: Duration,
    },
    /// The breaker of spreads is open, since too many failed or were slow; nothing was done. Try
    /// again after `retry_in`.
    BreakerOpen {
        /// What is left of the open wait, or until a probe is likely to have ended.
        retry_in: Duration,
    },
    /// The engine's scratch pool is smaller than this one spread needs. Give it at least
    /// `bytes_needed`.
    ScratchTooSmall {
        /// Bytes that the rule takes on a graph of this size.
        bytes_needed: u64,
        /// Bytes of the whole pool.
        bytes_max: u64,
    },
    /// Something panicked while a batch or a future ran this spread: the host's node filter, most
    /// likely. Other spreads are not concerned.
    Panicked,
    /// The operating system gives the engine no thread to run submitted spreads. Run it with
    /// `spread`, or hand in a pool of threads.
    NoThreads,
}

impl fmt::Display for SpreadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSeeds => f.write_str("no seed was given; name at least one node to start from"),
            Self::UnknownSeed { node } => {
                write!(f, "the graph has no node {node}; correct the seed or skip unknown seeds")
            }
            Self::SeedActivation { node, activation } => write!(
                f,
                "the activation of seed {node} is {activation}, but must be finite and above 0"
            ),
            Self::SeedPrecision { node, activation } => write!(
                f,
                "the activation {activation:e} of seed {node} does not fit single precision; use \
                 double precision"
            ),
            Self::AllSeedsUnknown { skipped: 1 } => {
                f.write_str("the only seed names no node of the graph; correct it")
            }
            Self::AllSeedsUnknown { skipped } => {
                write!(f, "none of the {skipped} seeds names a node of the graph; correct them")
            }
            Self::SeedTime { node, rule } => write!(
                f,
                "seed {node} has a time, but rule {rule} injects all seeds at once; only rule \
                 retention takes times"
            ),
            Self::SeedAboveOne { node, activation } => write!(
                f,
                "the seeds at {node} add up to {activation}, but noisy-or allows at most 1"
            ),
            Self::Parameter(error) => write!(f, "{error}"),
            Self::UnknownRelation { name } => {
                write!(f, "the graph has no relation {name:?}; see its relations with `info`")
            }
            Self::UnknownNode { node } => {
                write!(f, "the graph has no node {node}, for which a retention was given")
            }
            Self::AgeWithoutTime => f.write_str(
                "an age rate needs the instant ages are counted from; give a query time",
            ),
            Self::NegativeWeight { rule } => write!(
                f,
                "the graph has edges of negative weight, which rule {rule} cannot follow; use \
                 rule linear with combine sum, or filter them out"
            ),
            Self::Endless => {
                f.write_str("rule retention needs a time or a stop threshold, or it never ends")
            }
            Self::NodesMaxBelowSeeds { nodes_max, seeds } => write!(
                f,
                "at most {nodes_max} nodes are allowed, which is less than the number of seeds, \
                 {seeds}; allow at least as many"
            ),
            Self::Damaged(block) => write!(f, "{block}"),
            Self::Shed { .. }
            | Self::BreakerOpen { .. }
            | Self::ScratchTooSmall { .. }
            | Self::Panicked
            | Self::NoThreads => self.fmt_by_engine(f),
        }
    }
}

impl SpreadError {
    /// What comes of the engine that runs the spread, not of the request or the graph.
    fn fmt_by_engine(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shed { retry_in } => {
                write!(f, "there was no room until the deadline; try again in {retry_in:?}")
            }
            Self::BreakerOpen { retry_in } => write!(
                f,
                "the breaker of spreads is open, since too many failed or were slow; try again in \
                 {retry_in:?}"
            ),
            Self::ScratchTooSmall { bytes_needed, bytes_max } => write!(
                f,
                "the spread needs {bytes_needed} bytes of scratch, but the engine's pool has \
                 {bytes_max}; build the engine with at least {bytes_needed}"
            ),
            Self::Panicked => f.write_str(
                "the spread panicked, most likely in the node filter it was given; correct that",
            ),
            Self::NoThreads => f.write_str(
                "no thread could be started; run the spread on a thread of the host's, or hand in \
                 a pool of threads",
            ),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for SpreadError {}

impl From<ParameterError> for SpreadError {
    fn from(error: ParameterError) -> Self {
        Self::Parameter(error)
    }
}

impl From<DamagedBlock> for SpreadError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}
