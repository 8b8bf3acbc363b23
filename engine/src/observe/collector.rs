//! The engine's metrics for a registry of crate `prometheus`.

use std::collections::HashMap;
use std::fmt;

use prometheus::core::{Collector as Collect, Desc};
use prometheus::proto;

use super::families::{FilledFamily, Series, Value};
use super::reading::Reading;
use super::table::{Kind, TABLE};

/// Puts readings into the form that registries of crate `prometheus` collect. Register it once in
/// the host's registry; every time that is gathered, it asks for a new reading.
///
/// What the host counts through the engine comes with it, although it is in no description, since
/// it may be registered later; a registry passes it on all the same.
pub struct Collector {
    read: Box<dyn Fn() -> Reading + Send + Sync>,
    descriptions: Vec<Desc>,
}

impl Collector {
    /// A collector of what `read` reads, which must be since the beginning.
    #[must_use]
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        let describe = |family: &super::table::Family| {
            let labels = family.labels.iter().map(|label| label.name.to_owned()).collect();
            let (name, help) = (family.name.to_owned(), family.help.to_owned());
            Desc::new(name, help, labels, HashMap::new()).expect("names in the table are valid")
        };
        Self { read: Box::new(read), descriptions: TABLE.iter().map(describe).collect() }
    }
}

impl Collect for Collector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        (self.read)().families().iter().map(convert).collect()
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

fn convert(family: &FilledFamily) -> proto::MetricFamily {
    let mut converted = proto::MetricFamily::default();
    converted.set_name(family.name.clone().into_owned());
    converted.set_help(family.help.clone().into_owned());
    converted.set_field_type(match family.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Histogram => proto::MetricType::HISTOGRAM,
    });
    let series = family.series.iter().map(|series| convert_series(family.kind, series));
    converted.set_metric(series.collect());
    converted
}

fn convert_series(kind: Kind, series: &Series) -> proto::Metric {
    let labels = series.labels.iter().map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name.clone().into_owned());
        pair.set_value(value.clone().into_owned());
        pair
    });
    let mut metric = proto::Metric::from_label(labels.collect());
    match &series.value {
        Value::Number(value) if kind == Kind::Counter => {
            let mut counter = proto::Counter::default();
            counter.set_value(*value);
            metric.set_counter(counter);
        }
        Value::Number(value) => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(*value);
            metric.set_gauge(gauge);
        }
        Value::Histogram { cumulative, sum, count } => {
            let buckets = cumulative.iter().map(|(bound, count)| {
                let mut bucket = proto::Bucket::default();
                bucket.set_upper_bound(*bound);
                bucket.set_cumulative_count(*count);
                bucket
            });
            let mut histogram = proto::Histogram::default();
            histogram.set_bucket(buckets.collect());
            histogram.set_sample_sum(*sum);
            histogram.set_sample_count(*count);
            metric.set_histogram(histogram);
        }
    }
    metric
}
