//! All metrics of the host.

use super::check::{check, check_bounds};
use super::error::RegisterMetricError;
use super::metric::{CounterFamily, Definition, GaugeFamily, HistogramFamily, Metric};
use crate::observe::families::Families;
use crate::observe::table::Kind;
use crate::sync::{Arc, AtomicU64, FirstWins, Ordering};

/// Most metrics of the host.
pub const CUSTOM_METRICS_MAX: usize = 128;
/// Most series of all the host's metrics by default, as a server counts them.
pub const CUSTOM_SERIES_MAX: u64 = 1_000;

/// What a metric of the host is.
#[derive(Clone, Copy, Debug)]
pub struct MetricSpec<'a> {
    /// The whole name; not one that begins with `emanate_`.
    pub name: &'a str,
    /// What it counts, in a sentence.
    pub help: &'a str,
    /// The names of its labels.
    pub labels: &'a [&'a str],
    /// Most combinations of values that its labels have; 1 where it has no labels.
    pub series_max: usize,
}

#[derive(Debug)]
struct Registry {
    /// Filled from the front; what is filled stays.
    metrics: Box<[FirstWins<Arc<Metric>>]>,
    /// Series there is still room for.
    left: AtomicU64,
}

/// Metrics of the host's own. Clones share them.
#[derive(Clone, Debug)]
pub struct CustomMetrics(Arc<Registry>);

impl Default for CustomMetrics {
    /// Room for [`CUSTOM_SERIES_MAX`] series.
    fn default() -> Self {
        Self::new(CUSTOM_SERIES_MAX)
    }
}

impl CustomMetrics {
    /// Room for `series_max` series, as a server counts them.
    #[must_use]
    pub fn new(series_max: u64) -> Self {
        let metrics = (0..CUSTOM_METRICS_MAX).map(|_| FirstWins::default()).collect();
        Self(Arc::new(Registry { metrics, left: AtomicU64::new(series_max) }))
    }

    /// A counter. Where the same is registered already, that one.
    ///
    /// # Errors
    /// [`RegisterMetricError`].
    pub fn counter(&self, spec: &MetricSpec<'_>) -> Result<CounterFamily, RegisterMetricError> {
        self.register(spec, Kind::Counter, &[]).map(CounterFamily)
    }

    /// A gauge. Where the same is registered already, that one.
    ///
    /// # Errors
    /// [`RegisterMetricError`].
    pub fn gauge(&self, spec: &MetricSpec<'_>) -> Result<GaugeFamily, RegisterMetricError> {
        self.register(spec, Kind::Gauge, &[]).map(GaugeFamily)
    }

    /// A histogram whose buckets have these bounds, ascending and without the infinite one. Where
    /// the same is registered already, that one.
    ///
    /// # Errors
    /// [`RegisterMetricError`].
    pub fn histogram(
        &self,
        spec: &MetricSpec<'_>,
        bounds: &[f64],
    ) -> Result<HistogramFamily, RegisterMetricError> {
        check_bounds(spec.name, bounds)?;
        self.register(spec, Kind::Histogram, bounds).map(HistogramFamily)
    }

    /// All metrics with their values.
    #[must_use]
    pub fn families(&self) -> Families {
        let metrics = self.0.metrics.iter().map_while(FirstWins::get);
        Families::new(metrics.map(|metric| metric.family()).collect())
    }

    /// How many series there is still room for.
    #[must_use]
    pub fn series_left(&self) -> u64 {
        // Relaxed: a figure for people.
        self.0.left.load(Ordering::Relaxed)
    }

    fn register(
        &self,
        spec: &MetricSpec<'_>,
        kind: Kind,
        bounds: &[f64],
    ) -> Result<Arc<Metric>, RegisterMetricError> {
        check(spec, kind)?;
        let definition = Definition {
            name: spec.name.to_owned(),
            help: spec.help.to_owned(),
            labels: spec.labels.iter().map(|label| (*label).to_owned()).collect(),
            kind,
            bounds: bounds.into(),
            series_max: spec.series_max,
        };
        if let Some(known) = self.known(&definition) {
            return known;
        }
        let wanted = (definition.series_max as u64).saturating_mul(definition.exported_each());
        self.take(wanted)?;
        let placed = self.place(definition);
        if !matches!(&placed, Ok((_, true))) {
            self.give_back(wanted);
        }
        placed.map(|(metric, _)| metric)
    }

    /// The metric of this name, where there is one.
    fn known(&self, wanted: &Definition) -> Option<Result<Arc<Metric>, RegisterMetricError>> {
        let mut metrics = self.0.metrics.iter().map_while(FirstWins::get);
        let known = metrics.find(|metric| metric.definition.name == wanted.name)?;
        Some(same(known, wanted))
    }

    /// Puts a metric into the first place that is free; whether it is the one put there.
    fn place(&self, definition: Definition) -> Result<(Arc<Metric>, bool), RegisterMetricError> {
        let metric = Arc::new(Metric::new(definition));
        for place in &self.0.metrics {
            let filled: Result<_, std::convert::Infallible> =
                place.get_or_try(|| Ok(metric.clone()));
            let Ok(there) = filled;
            if Arc::ptr_eq(there, &metric) {
                return Ok((metric, true));
            }
            // Another thread may have come first with the same name.
            if there.definition.name == metric.definition.name {
                return same(there, &metric.definition).map(|there| (there, false));
            }
        }
        Err(RegisterMetricError::TooManyMetrics { limit: CUSTOM_METRICS_MAX })
    }

    fn take(&self, wanted: u64) -> Result<(), RegisterMetricError> {
        let less = |left: u64| left.checked_sub(wanted);
        // Relaxed: the number is all there is to agree on.
        let taken = self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(drop).map_err(|left| RegisterMetricError::TooManySeries { wanted, left })
    }

    fn give_back(&self, series: u64) {
        // Relaxed: as in `take`.
        self.0.left.fetch_add(series, Ordering::Relaxed);
    }
}

fn same(known: &Arc<Metric>, wanted: &Definition) -> Result<Arc<Metric>, RegisterMetricError> {
    if known.definition == *wanted {
        return Ok(known.clone());
    }
    Err(RegisterMetricError::NameTaken { name: wanted.name.clone() })
}
