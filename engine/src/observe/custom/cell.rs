//! The numbers of one series.

use crate::observe::families::Value;
use crate::sync::{Arc, AtomicU64, Ordering};

/// The numbers of one series. A counter has only `value`, a count; a gauge too, the bits of a
/// number; a histogram has its sum there.
#[derive(Debug)]
pub(super) struct Cell {
    value: AtomicU64,
    buckets: Box<[AtomicU64]>,
}

impl Cell {
    pub(super) fn new(buckets: usize) -> Self {
        let buckets = (0..buckets).map(|_| AtomicU64::new(0)).collect();
        Self { value: AtomicU64::new(0), buckets }
    }

    fn value(&self) -> u64 {
        // Relaxed here and below: numbers are read one by one, and additions commute; nothing is
        // concluded from one about another.
        self.value.load(Ordering::Relaxed)
    }

    /// Adds to the number whose bits `value` holds.
    fn add_number(&self, more: f64) {
        let added = |bits| Some((f64::from_bits(bits) + more).to_bits());
        let _ = self.value.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added);
    }

    pub(super) fn counter(&self) -> Value {
        Value::Number(self.value() as f64)
    }

    pub(super) fn gauge(&self) -> Value {
        Value::Number(f64::from_bits(self.value()))
    }

    pub(super) fn histogram(&self, bounds: &[f64]) -> Value {
        let mut count = 0;
        let mut sums = self.buckets.iter().map(|bucket| {
            count += bucket.load(Ordering::Relaxed);
            count
        });
        let cumulative = bounds.iter().copied().zip(sums.by_ref()).collect();
        sums.for_each(drop);
        Value::Histogram { cumulative, sum: f64::from_bits(self.value()), count }
    }
}

/// A series of a counter. Clones count in the same.
#[derive(Clone, Debug)]
pub struct CustomCounter(pub(super) Arc<Cell>);

impl CustomCounter {
    /// Counts `more`. One atomic addition.
    pub fn add(&self, more: u64) {
        self.0.value.fetch_add(more, Ordering::Relaxed);
    }

    /// What was counted.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.value()
    }
}

/// A series of a gauge. Clones set the same.
#[derive(Clone, Debug)]
pub struct CustomGauge(pub(super) Arc<Cell>);

impl CustomGauge {
    /// Sets it.
    pub fn set(&self, number: f64) {
        self.0.value.store(number.to_bits(), Ordering::Relaxed);
    }

    /// Adds `more`, which may be negative.
    pub fn add(&self, more: f64) {
        self.0.add_number(more);
    }

    /// What it is.
    #[must_use]
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.value())
    }
}

/// A series of a histogram. Clones count in the same.
#[derive(Clone, Debug)]
pub struct CustomHistogram {
    pub(super) cell: Arc<Cell>,
    pub(super) bounds: Arc<[f64]>,
}

impl CustomHistogram {
    /// Counts `number`; what is no number counts above all bounds, and makes the sum none.
    pub fn record(&self, number: f64) {
        let bucket = self.bounds.partition_point(|bound| number > *bound);
        let bucket = if number.is_nan() { self.bounds.len() } else { bucket };
        self.cell.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.cell.add_number(number);
    }
}
