//! Numbers that one thread at a time adds to while any thread reads them.

use std::fmt;

use super::bounds::{DURATION_BUCKETS, DURATIONS, duration_bucket};
use super::cells::{CELLS, cell_in, cell_of, octave_of};
use crate::sync::{AtomicU64, Ordering, mutated};

/// A number that one thread at a time adds to.
///
/// Adding is a load and a store rather than an atomic addition, which takes several times as long.
/// Of two threads that added at once, one would be forgotten; that there is only one is what
/// [`Slots`](super::slots::Slots) sees to.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        // Relaxed: only this thread stores here. What a holder before it stored is seen because
        // taking a slot acquires what giving it back released. A reader needs no more than that
        // the number grows.
        let before = self.0.load(Ordering::Relaxed);
        if mutated("count_begins_anew") {
            self.0.store(0, Ordering::Relaxed);
        }
        self.0.store(before.wrapping_add(amount), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Relaxed: numbers are read one by one; nothing is concluded from one about another.
        self.0.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Counts by bucket, and the sum of what was counted.
#[derive(Debug)]
pub(crate) struct Buckets<const N: usize> {
    pub(crate) sum: Count,
    pub(crate) counts: [Count; N],
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        Self { sum: Count::default(), counts: std::array::from_fn(|_| Count::default()) }
    }
}

impl<const N: usize> Buckets<N> {
    #[inline]
    pub(crate) fn add(&self, bucket: usize, amount: u64) {
        self.counts[bucket].add(1);
        self.sum.add(amount);
    }
}

/// Durations of one kind, as one slot's holders recorded them: counts by cell, and by bucket.
///
/// The buckets are counted apart from the cells although they could be summed from them: a bound in
/// decimal lies inside a cell, so the sum would be off by part of that cell, and a scrape would
/// read thousands of cells in place of a few buckets.
pub(crate) struct Track {
    pub(crate) buckets: Buckets<DURATION_BUCKETS>,
    cells: Box<[Count]>,
}

impl Default for Track {
    fn default() -> Self {
        // A vector of zeroes is memory that the operating system hands out as it is first
        // written, and optimized code collects it in place: cells never used take no memory.
        let zeroes = vec![0_u64; CELLS];
        let cells = zeroes.into_iter().map(|zero| Count(AtomicU64::new(zero))).collect();
        Self { buckets: Buckets::default(), cells }
    }
}

impl Track {
    /// Counts a duration of `nanos`, at most [`NANOS_MAX`](super::cells::NANOS_MAX).
    #[inline]
    pub(crate) fn record(&self, nanos: u64) {
        let octave = octave_of(nanos);
        self.cells[cell_in(octave, nanos)].add(1);
        self.buckets.add(duration_bucket(octave, nanos), nanos);
    }

    /// Adds what every cell holds to `cells`, which it makes as long as need be. Cells are read
    /// only within buckets that are not empty.
    pub(crate) fn add_to(&self, cells: &mut Vec<u64>) {
        let limits = DURATIONS.limits();
        // A bound lies inside a cell, which so belongs to two buckets; it is read once.
        let mut unread = 0;
        for (bucket, count) in self.buckets.counts.iter().enumerate() {
            if count.get() == 0 {
                continue;
            }
            let lowest = bucket.checked_sub(1).map_or(0, |before| limits[before] + 1);
            let last = limits.get(bucket).map_or(CELLS - 1, |limit| cell_of(*limit));
            if cells.len() <= last {
                cells.resize(last + 1, 0);
            }
            let range = unread.max(cell_of(lowest))..=last;
            for (sum, cell) in cells[range.clone()].iter_mut().zip(&self.cells[range]) {
                *sum += cell.get();
            }
            unread = last + 1;
        }
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Track").field("buckets", &self.buckets).finish_non_exhaustive()
    }
}
