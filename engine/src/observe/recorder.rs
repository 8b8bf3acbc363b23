//! What the holder of a scratch slot writes its spreads into.

use std::time::Duration;

use super::bounds::{CONFIDENCE_BUCKETS, CONFIDENCE_PARTS, CONFIDENCES, HOP_BUCKETS, HOPS};
use super::cells::nanos_of;
use super::count::{Buckets, Count, Track};
use super::ending::{Ending, Timed};
use super::slots::Slot;
use crate::terms::Tier;

/// What one spread that had a scratch did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadRecord {
    /// How it ended.
    pub ending: Ending,
    /// From the begin of its work to its end.
    pub service: Duration,
    /// From when it was asked for, or was to begin, to its end.
    pub response: Duration,
    /// Hops, steps or iterations completed.
    pub hops: u32,
    /// Nodes that were reached, seeds among them.
    pub nodes_activated: u64,
    /// Sum of the fan-out of every node that fired, once for each time.
    pub edges_traversed: u64,
    /// Pairs of a node and a hop in which a node reached earlier had a pulse above 0.
    pub revisits: u64,
    /// Contributions that were combined by noisy-or.
    pub confidence_aggregations: u64,
    /// Mean of `activation / largest activation` over the reported nodes, counted within `[0, 1]`;
    /// `None` where none was reported.
    pub confidence: Option<f64>,
    /// Whether rows of each tier were read, by [`Tier::index`].
    pub tiers_read: [bool; Tier::ALL.len()],
    /// Nodes whose edges could not be read.
    pub nodes_degraded: u64,
}

impl SpreadRecord {
    /// A spread that ended so and did nothing.
    #[must_use]
    pub const fn new(ending: Ending) -> Self {
        Self {
            ending,
            service: Duration::ZERO,
            response: Duration::ZERO,
            hops: 0,
            nodes_activated: 0,
            edges_traversed: 0,
            revisits: 0,
            confidence_aggregations: 0,
            confidence: None,
            tiers_read: [false; Tier::ALL.len()],
            nodes_degraded: 0,
        }
    }
}

/// Numbers that every spread adds to; the position of each in [`Shard::totals`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Total {
    NodesActivated,
    EdgesTraversed,
    Revisits,
    ConfidenceAggregations,
    Degraded,
    NodesDegraded,
}

impl Total {
    pub(crate) const COUNT: usize = 6;
}

/// What the holders of one slot recorded. Aligned so that no two slots share a line of a cache, nor
/// a pair of lines that is fetched together.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Shard {
    pub(crate) endings: [Count; Ending::COUNT],
    pub(crate) tiers: [Count; Tier::ALL.len()],
    pub(crate) totals: [Count; Total::COUNT],
    pub(crate) hops: Buckets<HOP_BUCKETS>,
    pub(crate) confidence: Buckets<CONFIDENCE_BUCKETS>,
    pub(crate) timed: [Track; Timed::COUNT],
}

impl Shard {
    fn record(&self, spread: &SpreadRecord) {
        self.endings[spread.ending.index()].add(1);
        self.timed[Timed::Response.index()].record(nanos_of(spread.response));
        let service = Timed::Service(spread.ending.class());
        self.timed[service.index()].record(nanos_of(spread.service));
        let add = |total: Total, amount: u64| self.totals[total as usize].add(amount);
        add(Total::NodesActivated, spread.nodes_activated);
        add(Total::EdgesTraversed, spread.edges_traversed);
        add(Total::Revisits, spread.revisits);
        add(Total::ConfidenceAggregations, spread.confidence_aggregations);
        if spread.nodes_degraded > 0 {
            add(Total::Degraded, 1);
            add(Total::NodesDegraded, spread.nodes_degraded);
        }
        for (tier, read) in self.tiers.iter().zip(spread.tiers_read) {
            tier.add(u64::from(read));
        }
        if matches!(spread.ending, Ending::Stopped(_)) {
            self.hops.add(HOPS.bucket_of(u64::from(spread.hops)), u64::from(spread.hops));
        }
        if let Some(confidence) = spread.confidence {
            // What is not a number, which no outcome gives, becomes 0.
            let parts = (confidence.clamp(0.0, 1.0) * CONFIDENCE_PARTS).round() as u64;
            self.confidence.add(CONFIDENCES.bucket_of(parts), parts);
        }
    }
}

/// Writes spreads into a slot of its own, which it gives back when it is dropped.
///
/// Recording is wait-free: loads and stores of memory that no other thread writes, without an
/// atomic addition, a lock, a call of the system, or an allocation.
#[derive(Debug)]
pub struct Recorder {
    /// `None` where nothing is measured.
    slot: Option<Slot<Shard>>,
}

impl Recorder {
    pub(crate) const fn new(slot: Slot<Shard>) -> Self {
        Self { slot: Some(slot) }
    }

    /// One that keeps nothing.
    pub(crate) const fn off() -> Self {
        Self { slot: None }
    }

    /// Whether what is recorded is kept. Where it is not, reading a clock for it can be spared.
    #[inline]
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.slot.is_some()
    }

    /// Records a spread.
    #[inline]
    pub fn record(&mut self, spread: &SpreadRecord) {
        if let Some(shard) = &self.slot {
            shard.record(spread);
        }
    }

    /// Records how long one hop took.
    #[inline]
    pub fn hop(&mut self, duration: Duration) {
        self.timed(Timed::Hop, duration);
    }

    /// Records how long one hop spent on the rows of `tier`.
    #[inline]
    pub fn tier_read(&mut self, tier: Tier, duration: Duration) {
        self.timed(Timed::TierRead(tier), duration);
    }

    #[inline]
    fn timed(&mut self, timed: Timed, duration: Duration) {
        if let Some(shard) = &self.slot {
            shard.timed[timed.index()].record(nanos_of(duration));
        }
    }
}
