//! Durations, counted by cell, so that quantiles of any window are at hand.
//!
//! The log-linear layout of HdrHistogram, as the engine has it, with 128 cells an octave: a cell is
//! never wider than one part in 128 of what is in it. Each of the engine's cells, 1,024 an
//! octave, lies in one of these.

use std::time::Duration;

/// Logarithm of the cells of an octave.
const OCTAVE_BITS: u32 = 7;

/// The greatest number of nanoseconds whose cell is one wide.
const LINEAR_MAX: u64 = (1 << (OCTAVE_BITS + 1)) - 1;

/// The longest duration that is told apart: an hour, as the engine does.
const NANOS_MAX: u64 = emanate::observe::NANOS_MAX;

/// The cell of a duration of `nanos`.
fn cell_of(nanos: u64) -> u16 {
    let nanos = nanos.min(NANOS_MAX);
    let octave = u64::BITS - OCTAVE_BITS - 1 - (nanos | LINEAR_MAX).leading_zeros();
    let cell = (u64::from(octave) << OCTAVE_BITS) + (nanos >> octave);
    u16::try_from(cell).unwrap_or(u16::MAX)
}

/// The longest duration of `cell`, in nanoseconds.
fn highest_in(cell: u16) -> u64 {
    lowest_in(u64::from(cell) + 1) - 1
}

fn lowest_in(cell: u64) -> u64 {
    if cell <= LINEAR_MAX {
        return cell;
    }
    let octave = (cell >> OCTAVE_BITS) - 1;
    (cell - (octave << OCTAVE_BITS)) << octave
}

/// How many durations fell into each cell; only cells that hold something take room.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts(Vec<(u16, u64)>);

impl Counts {
    /// Counts a duration.
    pub(super) fn record(&mut self, duration: Duration) {
        self.add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), 1);
    }

    /// Counts `count` durations of `nanos`.
    pub(super) fn add(&mut self, nanos: u64, count: u64) {
        let cell = cell_of(nanos);
        match self.0.binary_search_by_key(&cell, |(cell, _)| *cell) {
            Ok(place) => self.0[place].1 += count,
            Err(place) => self.0.insert(place, (cell, count)),
        }
    }

    /// Adds what `other` counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.0 {
            self.add(highest_in(*cell), *count);
        }
    }

    /// How many durations there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// With `n` durations, ascending, the one at position `ceil(quantile * n)`, counted from 1,
    /// rounded up to the longest of its cell; `None` where there are none. Quantile 0 is the first.
    pub(super) fn quantile(&self, quantile: f64) -> Option<Duration> {
        let wanted = (quantile.clamp(0.0, 1.0) * self.count() as f64).ceil() as u64;
        let mut seen = 0;
        let (cell, _) = self.0.iter().find(|(_, count)| {
            seen += count;
            seen >= wanted.max(1)
        })?;
        Some(Duration::from_nanos(highest_in(*cell)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lie_side_by_side_and_are_narrow() {
        let last = cell_of(NANOS_MAX);
        for cell in 0..=last {
            let (low, high) = (lowest_in(u64::from(cell)), highest_in(cell));
            assert_eq!((cell_of(low), cell_of(high.min(NANOS_MAX))), (cell, cell));
            assert_eq!(lowest_in(u64::from(cell) + 1), high + 1);
            assert!(high - low <= low >> OCTAVE_BITS, "cell {cell} is too wide");
        }
        assert_eq!(cell_of(u64::MAX), last);
    }

    #[test]
    fn quantiles_are_those_of_the_durations_rounded_up() {
        let mut durations: Vec<u64> = (0..1000u64).map(|n| (n * n * 977) % 9_000_017).collect();
        let mut counts = Counts::default();
        for nanos in &durations {
            counts.record(Duration::from_nanos(*nanos));
        }
        durations.sort_unstable();
        for (quantile, position) in
            [(0.0, 1), (0.5, 500), (0.999, 999), (0.9991, 1000), (1.0, 1000)]
        {
            let exact = durations[position - 1];
            let found = counts.quantile(quantile).unwrap().as_nanos() as u64;
            assert!((exact..=exact + exact / 128).contains(&found), "{quantile}: {found} {exact}");
        }
        assert_eq!((counts.count(), Counts::default().quantile(0.5)), (1000, None));
    }

    #[test]
    fn merging_counts_all_of_both() {
        let (mut one, mut other, mut both) =
            (Counts::default(), Counts::default(), Counts::default());
        for nanos in [0, 1, 255, 256, 70_000, 70_001, u64::MAX] {
            one.add(nanos, 2);
            other.add(nanos / 3, 1);
            both.add(nanos, 2);
            both.add(nanos / 3, 1);
        }
        one.merge(&other);
        assert_eq!(one, both);
    }
}
