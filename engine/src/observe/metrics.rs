//! Everything an engine measures.

use super::count::Track;
use super::distribution::Distribution;
use super::ending::{ErrorClass, Timed};
use super::reading::{Reading, Tally};
use super::recorder::{Recorder, Shard};
use super::refusals::Refusals;
use super::slots::Slots;
use crate::observe::custom::CustomMetrics;
use crate::sync::Arc;

/// Everything an engine measures: counts and durations of spreads, and what its host counts.
///
/// Whoever runs a spread holds a [`Recorder`], which writes into memory of its own; whoever reads
/// sums what all of them hold. Nothing is ever reset, so that any number of readers go side by
/// side: what happened in an interval is the difference of two readings. No reader waits for a
/// writer, idle or stopped, and no writer notices a reader.
///
/// # Memory
/// Each recorder that was ever held at the same time as the others takes [`Metrics::SHARD_BYTES`]
/// of address space, made when it is first taken. Of this an operating system that hands out
/// zeroed memory on first use, as Linux does, keeps only the pages that durations really fell
/// into: a few dozen KiB. Until the first spread it is 8 bytes a recorder.
///
/// # Progress
/// Recording is wait-free. Taking and giving back a recorder is lock-free, and allocates when it is
/// taken for the first time. Reading is wait-free and allocates what it returns.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// `None` where nothing is measured.
    shards: Option<Arc<Slots<Shard>>>,
    refusals: Arc<Refusals>,
    custom: CustomMetrics,
}

impl Metrics {
    /// Bytes of one recorder's memory.
    pub const SHARD_BYTES: usize =
        size_of::<Shard>() + Timed::COUNT * super::cells::CELLS * size_of::<u64>();

    /// Metrics that at most `recorders` write at once: one for each scratch slot of an engine.
    #[must_use]
    pub fn new(recorders: usize) -> Self {
        Self::with(Some(Arc::new(Slots::new(recorders))))
    }

    /// Metrics of what is not measured: recorders write nothing, at the cost of one branch, and
    /// every count stays 0. What the host counts itself is counted all the same.
    #[must_use]
    pub fn off() -> Self {
        Self::with(None)
    }

    fn with(shards: Option<Arc<Slots<Shard>>>) -> Self {
        Self { shards, refusals: Arc::default(), custom: CustomMetrics::default() }
    }

    /// Whether anything is measured.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.shards.is_some()
    }

    /// A recorder; `None` where as many as there may be are held. Several threads may use it one
    /// after the other.
    #[must_use]
    pub fn recorder(&self) -> Option<Recorder> {
        match &self.shards {
            None => Some(Recorder::off()),
            Some(shards) => shards.take().map(Recorder::new),
        }
    }

    /// Counts a spread that ended with an error before it had a recorder. One atomic addition, on
    /// one of several lines of the cache.
    pub fn refuse(&self, class: ErrorClass) {
        if self.is_on() {
            self.refusals.add(class);
        }
    }

    /// What the host counts itself.
    #[must_use]
    pub const fn custom(&self) -> &CustomMetrics {
        &self.custom
    }

    /// Everything counted since the beginning. Of a spread that is being recorded right now it may
    /// hold a part; each number by itself never decreases from one reading to the next. Costs a few
    /// hundred loads for each recorder that was ever held.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let mut reading = Reading::default();
        for shard in self.made() {
            reading.add(shard);
        }
        let refused = self.refusals.counts();
        reading.add_refused(&refused);
        reading.custom = self.custom.families();
        reading
    }

    /// Every duration of one kind since the beginning, for quantiles. Costs a load for each cell
    /// within the buckets that are not empty: some thousands for each recorder that was ever held.
    #[must_use]
    pub fn distribution(&self, timed: Timed) -> Distribution {
        Distribution::of(self.made().map(|shard| &shard.timed[timed.index()]))
    }

    fn made(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().flat_map(|shards| shards.made())
    }
}

/// Durations of one kind that a host measures itself, written side by side without an atomic
/// addition and read at any time.
///
/// As [`Metrics`] it has as many writers as it was made for, each with memory of its own.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Slots<Track>>);

impl Histogram {
    /// A histogram that at most `writers` write at once, 262 KiB of address space each, taken when
    /// a writer first is.
    #[must_use]
    pub fn new(writers: usize) -> Self {
        Self(Arc::new(Slots::new(writers)))
    }

    /// A writer; `None` where as many as there may be are held.
    #[must_use]
    pub fn writer(&self) -> Option<HistogramWriter> {
        self.0.take().map(HistogramWriter)
    }

    /// Counts by bucket, since the beginning. Never decreases from one to the next.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::new(&super::bounds::DURATIONS);
        for track in self.0.made() {
            tally.add(&track.buckets);
        }
        tally
    }

    /// Every duration since the beginning, for quantiles.
    #[must_use]
    pub fn distribution(&self) -> Distribution {
        Distribution::of(self.0.made())
    }
}

/// Writes durations into memory of its own, which it gives back when it is dropped. Wait-free.
#[derive(Debug)]
pub struct HistogramWriter(super::slots::Slot<Track>);

impl HistogramWriter {
    /// Records a duration; one of more than an hour counts as an hour.
    #[inline]
    pub fn record(&mut self, duration: std::time::Duration) {
        self.0.record(super::cells::nanos_of(duration));
    }
}
