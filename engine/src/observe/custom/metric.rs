//! One metric and its series.

use super::cell::{Cell, CustomCounter, CustomGauge, CustomHistogram};
use super::error::SeriesError;
use crate::observe::families::{FilledFamily, Series};
use crate::observe::table::Kind;
use crate::sync::{Arc, FirstWins};

/// Most bytes of a label's value.
const VALUE_BYTES_MAX: usize = 256;

/// What a metric is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) labels: Vec<String>,
    pub(super) kind: Kind,
    pub(super) bounds: Arc<[f64]>,
    pub(super) series_max: usize,
}

impl Definition {
    /// How many series a server makes of one: see [`Series::exported`].
    pub(super) fn exported_each(&self) -> u64 {
        if self.kind == Kind::Histogram { self.bounds.len() as u64 + 3 } else { 1 }
    }
}

/// Values of labels, and their numbers.
#[derive(Debug)]
struct OneSeries {
    values: Box<[String]>,
    cell: Arc<Cell>,
}

/// A metric and its series, in the order they were first asked for.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) definition: Definition,
    /// Filled from the front; what is filled stays.
    series: Box<[FirstWins<OneSeries>]>,
}

impl Metric {
    pub(super) fn new(definition: Definition) -> Self {
        let series = (0..definition.series_max).map(|_| FirstWins::default()).collect();
        Self { definition, series }
    }

    fn with(&self, values: &[&str]) -> Result<Arc<Cell>, SeriesError> {
        let labels = self.definition.labels.len();
        if values.len() != labels {
            return Err(SeriesError::LabelCount { labels, values: values.len() });
        }
        if let Some(long) = values.iter().find(|value| value.len() > VALUE_BYTES_MAX) {
            let bytes = long.len();
            return Err(SeriesError::LongValue { bytes, bytes_max: VALUE_BYTES_MAX });
        }
        for place in &self.series {
            let filled: Result<_, std::convert::Infallible> =
                place.get_or_try(|| Ok(self.new_series(values)));
            // Where another thread filled it first, this is that thread's.
            let Ok(series) = filled;
            if series.values.iter().eq(values) {
                return Ok(series.cell.clone());
            }
        }
        Err(SeriesError::TooMany { limit: self.series.len() })
    }

    fn new_series(&self, values: &[&str]) -> OneSeries {
        let histogram = self.definition.kind == Kind::Histogram;
        let buckets = if histogram { self.definition.bounds.len() + 1 } else { 0 };
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        OneSeries { values, cell: Arc::new(Cell::new(buckets)) }
    }

    /// The family as it is now.
    pub(super) fn family(&self) -> FilledFamily {
        let Definition { name, help, labels, kind, bounds, .. } = &self.definition;
        let filled = self.series.iter().map_while(FirstWins::get);
        let series = filled.map(|series| {
            let names = labels.iter().map(|label| label.clone().into());
            let values = series.values.iter().map(|value| value.clone().into());
            let value = match kind {
                Kind::Counter => series.cell.counter(),
                Kind::Gauge => series.cell.gauge(),
                Kind::Histogram => series.cell.histogram(bounds),
            };
            Series { labels: names.zip(values).collect(), value }
        });
        let (name, help) = (name.clone().into(), help.clone().into());
        FilledFamily { name, kind: *kind, help, series: series.collect() }
    }
}

/// A registered counter.
#[derive(Clone, Debug)]
pub struct CounterFamily(pub(super) Arc<Metric>);

impl CounterFamily {
    /// The series of these values of its labels, made where there is none. Costs a look at every
    /// series of the metric; keep it where it is used often.
    ///
    /// # Errors
    /// [`SeriesError`].
    pub fn with(&self, values: &[&str]) -> Result<CustomCounter, SeriesError> {
        self.0.with(values).map(CustomCounter)
    }
}

/// A registered gauge.
#[derive(Clone, Debug)]
pub struct GaugeFamily(pub(super) Arc<Metric>);

impl GaugeFamily {
    /// As [`CounterFamily::with`].
    ///
    /// # Errors
    /// [`SeriesError`].
    pub fn with(&self, values: &[&str]) -> Result<CustomGauge, SeriesError> {
        self.0.with(values).map(CustomGauge)
    }
}

/// A registered histogram.
#[derive(Clone, Debug)]
pub struct HistogramFamily(pub(super) Arc<Metric>);

impl HistogramFamily {
    /// As [`CounterFamily::with`].
    ///
    /// # Errors
    /// [`SeriesError`].
    pub fn with(&self, values: &[&str]) -> Result<CustomHistogram, SeriesError> {
        let bounds = self.0.definition.bounds.clone();
        self.0.with(values).map(|cell| CustomHistogram { cell, bounds })
    }
}
