//! Which cell of a histogram a duration belongs to.
//!
//! The log-linear layout of HdrHistogram [1] with three significant digits: up to `2^(H + 1)` ns a
//! cell is one nanosecond wide, with `H = HALF_BITS`; each octave above has `2^H` cells, each twice
//! as wide as those of the octave below. So a cell is never wider than one part in `2^H` of what is
//! in it. Every cell is also one of `hdrhistogram::Histogram` over the same range, which is why
//! counts can be handed over cell by cell without loss.
//!
//! [1] Tene. HdrHistogram: A High Dynamic Range Histogram. <https://hdrhistogram.org>

use std::time::Duration;

/// Logarithm of half the cells below the first octave: 2,048 of them hold three digits.
#[cfg(not(any(miri, emanate_loom, emanate_shuttle)))]
const HALF_BITS: u32 = 10;
/// Miri takes seconds to make as many cells as three digits need.
#[cfg(miri)]
const HALF_BITS: u32 = 4;
/// A model of every interleaving can afford few cells.
#[cfg(any(emanate_loom, emanate_shuttle))]
const HALF_BITS: u32 = 1;

/// The longest duration that is told apart, in nanoseconds: one hour. A longer one counts as this.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub const NANOS_MAX: u64 = 3_600_000_000_000;
/// The longest duration that a model tells apart.
#[cfg(any(emanate_loom, emanate_shuttle))]
pub const NANOS_MAX: u64 = 7;

/// The greatest number whose cell is one nanosecond wide.
const LINEAR_MAX: u64 = (1 << (HALF_BITS + 1)) - 1;

/// How many cells there are.
pub(crate) const CELLS: usize = cell_of(NANOS_MAX) + 1;

/// The cell of a duration of `nanos`.
#[inline]
pub(crate) const fn cell_of(nanos: u64) -> usize {
    let nanos = if nanos > NANOS_MAX { NANOS_MAX } else { nanos };
    cell_in(octave_of(nanos), nanos)
}

/// The cell of a duration of `nanos` in its octave.
#[inline]
pub(crate) const fn cell_in(octave: usize, nanos: u64) -> usize {
    (octave << HALF_BITS) + (nanos >> octave) as usize
}

/// The octave of a duration of `nanos`, at most [`NANOS_MAX`]: the logarithm of its cell's width.
/// What is below the first octave counts to it.
#[inline]
pub(crate) const fn octave_of(nanos: u64) -> usize {
    // `| LINEAR_MAX` makes everything below the first octave look like its end.
    (u64::BITS - HALF_BITS - 1 - (nanos | LINEAR_MAX).leading_zeros()) as usize
}

/// How many octaves there are.
pub(crate) const OCTAVES: usize = octave_of(NANOS_MAX) + 1;

/// The durations that an octave begins and ends with; the end is not in it.
pub(crate) const fn octave(octave: usize) -> (u64, u64) {
    let end = 1 << (octave + HALF_BITS as usize + 1);
    (if octave == 0 { 0 } else { end / 2 }, end)
}

/// The shortest duration of `cell`, in nanoseconds.
pub(crate) const fn lowest_in(cell: usize) -> u64 {
    if cell as u64 <= LINEAR_MAX {
        return cell as u64;
    }
    let shift = (cell >> HALF_BITS) - 1;
    ((cell - (shift << HALF_BITS)) as u64) << shift
}

/// The longest duration of `cell`, in nanoseconds.
pub(crate) const fn highest_in(cell: usize) -> u64 {
    lowest_in(cell + 1) - 1
}

/// Whole nanoseconds of `duration`, at most what is told apart.
#[inline]
pub(crate) const fn nanos_of(duration: Duration) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    if duration.as_secs() >= NANOS_MAX / SECOND {
        return NANOS_MAX;
    }
    duration.as_secs() * SECOND + duration.subsec_nanos() as u64
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{
        CELLS, HALF_BITS, NANOS_MAX, OCTAVES, cell_of, highest_in, lowest_in, nanos_of, octave,
        octave_of,
    };

    #[test]
    fn cells_lie_side_by_side() {
        assert_eq!((cell_of(0), lowest_in(0)), (0, 0));
        for cell in 0..CELLS {
            assert_eq!(cell_of(lowest_in(cell)), cell);
            assert_eq!(highest_in(cell) + 1, lowest_in(cell + 1));
            let width = highest_in(cell) - lowest_in(cell);
            assert!(width <= lowest_in(cell) >> HALF_BITS, "cell {cell} is too wide");
        }
        assert_eq!(cell_of(NANOS_MAX), CELLS - 1);
        assert_eq!(cell_of(u64::MAX), CELLS - 1);
    }

    #[test]
    fn octaves_lie_side_by_side() {
        let mut begins = 0;
        for number in 0..OCTAVES {
            let (begin, end) = octave(number);
            assert_eq!((begin, octave_of(begin), octave_of(end - 1)), (begins, number, number));
            begins = end;
        }
        assert!(begins > NANOS_MAX);
    }

    #[test]
    fn what_is_too_long_counts_as_the_longest() {
        assert_eq!(nanos_of(Duration::MAX), NANOS_MAX);
        assert_eq!(nanos_of(Duration::from_nanos(NANOS_MAX + 1)), NANOS_MAX);
        assert_eq!(nanos_of(Duration::from_nanos(NANOS_MAX - 1)), NANOS_MAX - 1);
    }

    proptest! {
        #[test]
        fn a_duration_lies_in_its_cell(bits in 0_u32..42, low in any::<u64>()) {
            let nanos = ((1_u64 << bits) | (low & ((1 << bits) - 1))).min(NANOS_MAX);
            let cell = cell_of(nanos);
            prop_assert!((lowest_in(cell)..=highest_in(cell)).contains(&nanos));
        }
    }
}
