//! What a reading holds that other parts of the engine know.

use std::borrow::Cow;
use std::time::Duration;

use super::table::{BREAKERS, CALLS, CHANGE_KINDS, CHANGE_OUTCOMES, STATES, TUNED, VERDICTS};
use crate::terms::Tier;

/// Looks of spreads into what a tier keeps in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheReading {
    /// It was there.
    pub hits: u64,
    /// It had to be read.
    pub misses: u64,
}

/// What one breaker did. Arrays are in the order of [`STATES`] and [`CALLS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreakerReading {
    /// The position of its state in [`STATES`].
    pub state: usize,
    /// How often it went from one state, first, to another, second.
    pub transitions: [[u64; STATES.len()]; STATES.len()],
    /// Calls by what came of them.
    pub calls: [u64; CALLS.len()],
    /// How often it opened although the first probe afterwards succeeded.
    pub false_trips: u64,
}

/// What one check of health says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReading {
    /// The check's name.
    pub check: Cow<'static, str>,
    /// The position of its status in [`STATUSES`](super::table::STATUSES).
    pub status: usize,
}

/// What other parts of an engine know and a reading reports: plain values, filled in by their
/// owners when somebody reads. Arrays are in the order of the constants of [`table`](super::table).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supplied {
    /// Scratches that spreads work in.
    pub scratch_in_use: u64,
    /// Most scratches at once.
    pub scratch_capacity: u64,
    /// Bytes of all scratches, idle ones among them.
    pub scratch_bytes: u64,
    /// Most bytes of scratch at once.
    pub scratch_capacity_bytes: u64,
    /// Spreads that were admitted and have not ended.
    pub spreads_in_flight: u64,
    /// Most spreads in a batch.
    pub batch_size: u64,
    /// Submitted spreads that wait.
    pub queue_length: u64,
    /// Looks into what each tier keeps in memory, by [`Tier::index`].
    pub tier_cache: [CacheReading; Tier::ALL.len()],
    /// The breakers, in the order of [`BREAKERS`].
    pub breakers: [BreakerReading; BREAKERS.len()],
    /// Decisions of the tuner, for each of [`TUNED`] by [`VERDICTS`].
    pub tuner_decisions: [[u64; VERDICTS.len()]; TUNED.len()],
    /// The settings in force, in the order of [`TUNED`].
    pub tuner_settings: [f64; TUNED.len()],
    /// Whether the tuner waits for an operator.
    pub tuner_frozen: bool,
    /// Time since the tuner last looked; `None` where none runs.
    pub tuner_age: Option<Duration>,
    /// How much of a full answer is kept, in `[0, 1]`; `None` where that was not measured yet.
    pub recall: Option<f64>,
    /// The checks of health.
    pub checks: Vec<CheckReading>,
    /// Features, by name, and whether they are on.
    pub features: Vec<(Cow<'static, str>, bool)>,
    /// The generation published last.
    pub graph_generation: u64,
    /// Changes, for each of [`CHANGE_KINDS`] by [`CHANGE_OUTCOMES`].
    pub changes: [[u64; CHANGE_OUTCOMES.len()]; CHANGE_KINDS.len()],
}
