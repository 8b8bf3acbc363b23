//! Durations as they were distributed, for quantiles.

use std::time::Duration;

use super::cells::{highest_in, lowest_in};
use super::count::Track;

/// How often each duration was counted, to three significant digits: a plain value, without a
/// connection to what it was read from. Up to 262 KiB, by the longest duration in it.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// By cell, up to the last that need be.
    counts: Vec<u64>,
}

impl Distribution {
    pub(crate) fn of<'a>(tracks: impl Iterator<Item = &'a Track>) -> Self {
        let mut counts = Vec::new();
        for track in tracks {
            track.add_to(&mut counts);
        }
        Self { counts }
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The shortest duration that at least the share `quantile` of all are within, rounded up by at
    /// most one part in 1,024; `None` where there are none. A quantile outside `[0, 1]`, or that is
    /// no number, is taken for the nearer end, or 0.
    ///
    /// With `n` durations, ascending, it is the one at position `ceil(quantile * n)`, counted from
    /// 1; the first for quantile 0.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let wanted = (quantile.clamp(0.0, 1.0) * self.count() as f64).ceil() as u64;
        let mut seen = 0;
        let cell = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted.max(1)
        })?;
        Some(Duration::from_nanos(highest_in(cell)))
    }

    /// The mean, taking each duration for the middle of its cell; `None` where there are none.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let middle = |cell: usize| (lowest_in(cell) as f64 + highest_in(cell) as f64) / 2.0;
        let cells = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let sum: f64 = cells.map(|(cell, count)| middle(cell) * *count as f64).sum();
        let count = self.count();
        (count > 0).then(|| Duration::from_nanos((sum / count as f64).round() as u64))
    }

    /// What was counted after `earlier`, which must be an earlier reading of the same; otherwise
    /// counts that would be negative are 0.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().chain(std::iter::repeat(&0));
        let pairs = self.counts.iter().zip(before);
        Self { counts: pairs.map(|(now, before)| now.saturating_sub(*before)).collect() }
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Every duration that was counted, in nanoseconds and rounded up by at most one part in 1,024,
    /// with how often: ascending.
    pub fn cells(&self) -> impl Iterator<Item = (u64, u64)> {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(cell, count)| (highest_in(cell), *count))
    }
}

/// Whether the same durations were counted equally often.
impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        self.cells().eq(other.cells())
    }
}
