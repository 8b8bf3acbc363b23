//! What was measured, as plain values.

use super::bounds::{Bounds, CONFIDENCES, DURATIONS, HOPS};
use super::count::Buckets;
use super::ending::{Ending, ErrorClass, Timed};
use super::families::Families;
use super::recorder::{Shard, Total};
use super::supplied::Supplied;
use crate::terms::Tier;

/// Counts by bucket, and the sum of what was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    bounds: &'static Bounds,
    counts: Vec<u64>,
    sum: u64,
}

impl Tally {
    /// Counts of nothing.
    pub(crate) fn new(bounds: &'static Bounds) -> Self {
        Self { bounds, counts: vec![0; bounds.buckets()], sum: 0 }
    }

    pub(crate) fn add<const N: usize>(&mut self, buckets: &Buckets<N>) {
        for (count, more) in self.counts.iter_mut().zip(&buckets.counts) {
            *count += more.get();
        }
        self.sum = self.sum.wrapping_add(buckets.sum.get());
    }

    /// The bounds of its buckets.
    #[must_use]
    pub const fn bounds(&self) -> &'static Bounds {
        self.bounds
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum, in the unit that is exported.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.bounds.export(self.sum)
    }

    /// For each bound, in the unit that is exported, how many were at most that. Those above the
    /// last bound are only in [`Tally::count`].
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.bounds.exported().zip(sums)
    }

    fn since(&self, earlier: &Self) -> Self {
        let pairs = self.counts.iter().zip(&earlier.counts);
        Self {
            bounds: self.bounds,
            counts: pairs.map(|(now, before)| now.saturating_sub(*before)).collect(),
            sum: self.sum.wrapping_sub(earlier.sum),
        }
    }
}

/// What an engine measured, since its beginning or in an interval: a plain value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Spreads by how they ended, by [`Ending::index`].
    pub spreads: [u64; Ending::COUNT],
    /// Spreads that read rows of each tier, by [`Tier::index`]. A spread that read two counts in
    /// both.
    pub spreads_by_tier: [u64; Tier::ALL.len()],
    /// Nodes reached, over all spreads.
    pub nodes_activated: u64,
    /// Edges followed, over all spreads.
    pub edges_traversed: u64,
    /// Pairs of a node and a hop in which a node reached earlier had a pulse, over all spreads.
    pub revisits: u64,
    /// Contributions combined by noisy-or, over all spreads.
    pub confidence_aggregations: u64,
    /// Spreads with nodes whose edges could not be read.
    pub spreads_degraded: u64,
    /// Such nodes, over all spreads.
    pub nodes_degraded: u64,
    /// Hops of spreads that gave an outcome.
    pub hops: Tally,
    /// Mean confidence of the nodes that a spread reported.
    pub confidence: Tally,
    /// Durations, by [`Timed::index`].
    pub timed: [Tally; Timed::COUNT],
    /// What other parts of the engine know, to be filled in by whoever asks for the reading.
    pub supplied: Supplied,
    /// What the host counts itself.
    pub custom: Families,
}

impl Default for Reading {
    /// Nothing measured.
    fn default() -> Self {
        Self {
            spreads: [0; Ending::COUNT],
            spreads_by_tier: [0; Tier::ALL.len()],
            nodes_activated: 0,
            edges_traversed: 0,
            revisits: 0,
            confidence_aggregations: 0,
            spreads_degraded: 0,
            nodes_degraded: 0,
            hops: Tally::new(&HOPS),
            confidence: Tally::new(&CONFIDENCES),
            timed: std::array::from_fn(|_| Tally::new(&DURATIONS)),
            supplied: Supplied::default(),
            custom: Families::default(),
        }
    }
}

impl Reading {
    pub(crate) fn add(&mut self, shard: &Shard) {
        for (sum, count) in self.spreads.iter_mut().zip(&shard.endings) {
            *sum += count.get();
        }
        for (sum, count) in self.spreads_by_tier.iter_mut().zip(&shard.tiers) {
            *sum += count.get();
        }
        let total = |total: Total| shard.totals[total as usize].get();
        self.nodes_activated += total(Total::NodesActivated);
        self.edges_traversed += total(Total::EdgesTraversed);
        self.revisits += total(Total::Revisits);
        self.confidence_aggregations += total(Total::ConfidenceAggregations);
        self.spreads_degraded += total(Total::Degraded);
        self.nodes_degraded += total(Total::NodesDegraded);
        self.hops.add(&shard.hops);
        self.confidence.add(&shard.confidence);
        for (tally, track) in self.timed.iter_mut().zip(&shard.timed) {
            tally.add(&track.buckets);
        }
    }

    pub(crate) fn add_refused(&mut self, refused: &[u64; ErrorClass::ALL.len()]) {
        for (class, count) in ErrorClass::ALL.into_iter().zip(refused) {
            self.spreads[Ending::Error(class).index()] += count;
        }
    }

    /// Spreads that ended so.
    #[must_use]
    pub const fn spreads_of(&self, ending: Ending) -> u64 {
        self.spreads[ending.index()]
    }

    /// Durations of one kind.
    #[must_use]
    pub const fn tally_of(&self, timed: Timed) -> &Tally {
        &self.timed[timed.index()]
    }

    /// What was measured after `earlier`, which must be an earlier reading of the same engine;
    /// otherwise counts that would be negative are 0. What was supplied, and what the host counts,
    /// stay as they are here.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        let subtract = |now: &mut [u64], before: &[u64]| {
            for (now, before) in now.iter_mut().zip(before) {
                *now = now.saturating_sub(*before);
            }
        };
        subtract(&mut since.spreads, &earlier.spreads);
        subtract(&mut since.spreads_by_tier, &earlier.spreads_by_tier);
        for (now, before) in [
            (&mut since.nodes_activated, earlier.nodes_activated),
            (&mut since.edges_traversed, earlier.edges_traversed),
            (&mut since.revisits, earlier.revisits),
            (&mut since.confidence_aggregations, earlier.confidence_aggregations),
            (&mut since.spreads_degraded, earlier.spreads_degraded),
            (&mut since.nodes_degraded, earlier.nodes_degraded),
        ] {
            *now = now.saturating_sub(before);
        }
        since.hops = self.hops.since(&earlier.hops);
        since.confidence = self.confidence.since(&earlier.confidence);
        for (now, before) in since.timed.iter_mut().zip(&earlier.timed) {
            *now = now.since(before);
        }
        since
    }

    /// Every family of the table, filled, and what the host counts.
    #[must_use]
    pub fn families(&self) -> Families {
        let mut families = super::table::fill(self);
        families.extend(&self.custom);
        families
    }

    /// Everything in the text format of Prometheus, version 0.0.4. For readings since the
    /// beginning: in those of an interval, counters would fall.
    #[must_use]
    pub fn text(&self) -> String {
        self.families().text()
    }
}
