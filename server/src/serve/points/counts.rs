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

/// How many durations fell into each cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// By cell, up to the last that holds something.
    cells: Vec<u64>,
}

impl Counts {
    /// Counts a duration.
    pub(super) fn record(&mut self, duration: Duration) {
        self.add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), 1);
    }

    /// Counts `count` durations of `nanos`.
    pub(super) fn add(&mut self, nanos: u64, count: u64) {
        self.add_to(cell_of(nanos), count);
    }

    fn add_to(&mut self, cell: u16, count: u64) {
        let cell = usize::from(cell);
        if self.cells.len() <= cell {
            self.cells.resize(cell + 1, 0);
        }
        self.cells[cell] += count;
    }

    /// Adds what `kept` holds.
    pub(super) fn merge(&mut self, kept: &Kept) {
        kept.cells().for_each(|(cell, count)| self.add_to(cell, count));
    }

    /// How many durations there are.
    pub(super) fn count(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// With `n` durations, ascending, the one at position `ceil(quantile * n)`, counted from 1,
    /// rounded up to the longest of its cell; `None` where there are none. Quantile 0 is the first.
    pub(super) fn quantile(&self, quantile: f64) -> Option<Duration> {
        let wanted = (quantile.clamp(0.0, 1.0) * self.count() as f64).ceil() as u64;
        let mut seen = 0;
        let cell = self.cells.iter().position(|count| {
            seen += count;
            seen >= wanted.max(1)
        })?;
        Some(Duration::from_nanos(highest_in(u16::try_from(cell).unwrap_or(u16::MAX))))
    }

    /// The same, as small as it can be.
    pub(super) fn kept(&self) -> Kept {
        let (mut bytes, mut next) = (Vec::new(), 0);
        for (cell, count) in self.cells.iter().enumerate().filter(|(_, count)| **count > 0) {
            push(&mut bytes, (cell - next) as u64);
            push(&mut bytes, *count);
            next = cell + 1;
        }
        Kept(bytes.into_boxed_slice())
    }
}

/// Counts that nothing is added to any more, in two or three bytes for most cells that hold
/// something: how many empty cells lie before it, and its count, each in groups of seven bits from
/// the lowest on, of which all but the last have the eighth bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept(Box<[u8]>);

impl Kept {
    /// Every cell that holds something, ascending, and its count.
    fn cells(&self) -> impl Iterator<Item = (u16, u64)> {
        let (mut bytes, mut next) = (self.0.iter(), 0);
        std::iter::from_fn(move || {
            let cell = next + number(&mut bytes)?;
            next = cell + 1;
            Some((u16::try_from(cell).unwrap_or(u16::MAX), number(&mut bytes)?))
        })
    }
}

/// Appends `number` in groups of seven bits.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The number that was appended there; `None` at the end.
fn number<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte <= 0x7f {
            break;
        }
    }
    Some(number)
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
    fn what_is_kept_is_small_and_counts_the_same() {
        let (mut one, mut other, mut both) =
            (Counts::default(), Counts::default(), Counts::default());
        for nanos in [0, 1, 255, 256, 70_000, 70_001, u64::MAX] {
            one.add(nanos, 2);
            other.add(nanos / 3, u64::MAX / 8);
            both.add(nanos, 2);
            both.add(nanos / 3, u64::MAX / 8);
        }
        one.merge(&other.kept());
        assert_eq!(one.kept(), both.kept());
        assert_eq!(one.cells, both.cells);
        assert_eq!(Counts::default().kept(), Kept::default());
        let mut many = Counts::default();
        (0..500).for_each(|nanos| many.add(nanos * 2000, 1 + nanos % 200));
        assert!(many.kept().0.len() < 500 * 3);
    }

    #[test]
    fn numbers_of_any_size_are_read_as_they_were_appended() {
        let numbers: Vec<u64> =
            (0..64).flat_map(|bits| [(1 << bits) - 1, 1 << bits]).chain([u64::MAX]).collect();
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| push(&mut bytes, *number));
        let mut bytes = bytes.iter();
        assert!(numbers.iter().all(|expected| number(&mut bytes) == Some(*expected)));
        assert_eq!(number(&mut bytes), None);
    }
}
