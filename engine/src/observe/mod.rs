//! What is measured: durations and counts of spreads, the one table of metrics, readings.
//!
//! Whoever runs a spread holds a [`Recorder`], one for each scratch slot, and is the only one who
//! writes its memory; so recording is a handful of loads and stores. Whoever wants to know sums
//! what all recorders hold: a [`Reading`] has every count, by bucket where it is of durations; a
//! [`Distribution`] has one kind of durations to three significant digits, for quantiles. Nothing
//! is reset; an interval is the difference of two readings. (`hdrhistogram`'s own recorder for
//! several threads exchanges histograms at each reading instead, and waits until every thread has
//! written again: one idle worker holds up the scrape.)
//!
//! A reading becomes [`Families`] by the one [`table`], and these become text, or, with feature
//! `prometheus`, what that crate's registries collect. Other parts of the engine are not asked: who
//! makes a reading fills in [`Supplied`].
//!
//! # Orderings
//! - A recorder's memory is written by one thread at a time. Taking a slot acquires what giving it
//!   back released; see `slots`.
//! - All counts are read and written Relaxed: each only grows, and nothing is concluded from one
//!   about another.
//!
//! # Progress
//! Recording is wait-free, everything else lock-free; no reader waits for a writer or makes one
//! wait.

mod bounds;
mod cells;
#[cfg(feature = "prometheus")]
mod collector;
mod count;
pub mod custom;
mod distribution;
mod ending;
mod families;
#[cfg(feature = "hdr-log")]
mod interval_log;
mod metrics;
mod reading;
mod recorder;
mod refusals;
mod slots;
mod supplied;
pub mod table;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests;

pub use bounds::{Bounds, CONFIDENCES, DURATIONS, HOPS};
pub use cells::NANOS_MAX;
#[cfg(feature = "prometheus")]
pub use collector::Collector;
pub use distribution::Distribution;
pub use ending::{Ending, EndingClass, ErrorClass, Timed};
pub use families::{Families, FilledFamily, Series, Value};
#[cfg(feature = "hdr-log")]
pub use interval_log::{Interval, write_interval_log};
pub use metrics::{Histogram, HistogramWriter, Metrics};
pub use reading::{Reading, Tally};
pub use recorder::{Recorder, SpreadRecord};
pub use supplied::{BreakerReading, CacheReading, CheckReading, Supplied};
