//! What was gathered at one time: metrics by name, with their series as plain numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Labels by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// What kind of values a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// It only rises, and begins anew at 0.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Observations counted by size.
    Histogram,
}

impl MetricKind {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A histogram's counts since it began.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    /// Upper bounds, ascending; the last is infinite.
    pub(crate) bounds: Arc<[f64]>,
    /// Observations up to each bound.
    pub(crate) counts: Vec<f64>,
    /// The sum of all observations.
    pub(crate) sum: f64,
}

impl Buckets {
    /// Observations of any size.
    pub(crate) fn total(&self) -> f64 {
        self.counts.last().copied().unwrap_or(0.0)
    }
}

/// What one series said at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram.
    Buckets(Buckets),
}

impl Raw {
    /// Adds another series of the same metric. Buckets with other bounds cannot be added; they
    /// are left out.
    pub(crate) fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Number(sum), Self::Number(number)) => *sum += number,
            (Self::Buckets(own), Self::Buckets(other)) if own.bounds == other.bounds => {
                own.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
                own.sum += other.sum;
            }
            _ => {}
        }
    }
}

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    pub(crate) raw: Raw,
}

/// One metric.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) kind: MetricKind,
    pub(crate) series: Vec<Series>,
}

/// All metrics by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered(pub(crate) BTreeMap<String, Metric>);
