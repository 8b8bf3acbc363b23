//! Metrics as the rules of alerts look at them.

use std::sync::Arc;

use prometheus::proto::{Metric as ProtoMetric, MetricFamily, MetricType};

use crate::alerts::{Buckets, Gathered, Metric, MetricKind, Raw, Series};

/// The families as plain numbers. Summaries, which the service has none of, are left out.
pub(crate) fn gathered(families: &[MetricFamily]) -> Gathered {
    let metric = |family: &MetricFamily| {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => MetricKind::Counter,
            MetricType::GAUGE | MetricType::UNTYPED => MetricKind::Gauge,
            MetricType::HISTOGRAM => MetricKind::Histogram,
            MetricType::SUMMARY => return None,
        };
        let series = family.get_metric().iter().map(|metric| series(kind, metric));
        Some((family.name().to_owned(), Metric { kind, series: series.collect() }))
    };
    Gathered(families.iter().filter_map(metric).collect())
}

fn series(kind: MetricKind, metric: &ProtoMetric) -> Series {
    let labels = metric.get_label().iter();
    let labels = labels.map(|pair| (pair.name().to_owned(), pair.value().to_owned())).collect();
    let raw = match kind {
        MetricKind::Counter => Raw::Number(metric.get_counter().get_value()),
        MetricKind::Gauge => Raw::Number(metric.get_gauge().get_value()),
        MetricKind::Histogram => {
            let histogram = metric.get_histogram();
            let finite = || histogram.get_bucket().iter().filter(|b| b.upper_bound().is_finite());
            let bounds = finite().map(|bucket| bucket.upper_bound());
            let counts = finite().map(|bucket| bucket.cumulative_count() as f64);
            let total = histogram.get_sample_count() as f64;
            Raw::Buckets(Buckets {
                bounds: bounds.chain([f64::INFINITY]).collect::<Arc<[f64]>>(),
                counts: counts.chain([total]).collect(),
                sum: histogram.get_sample_sum(),
            })
        }
    };
    Series { labels, raw }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec, IntCounter, Registry};

    use super::*;

    #[test]
    fn a_histogram_ends_in_an_infinite_bucket() {
        let registry = Registry::new();
        let options = HistogramOpts::new("h", "help").buckets(vec![0.1, 1.0]);
        let histogram = HistogramVec::new(options, &["l"]).unwrap();
        histogram.with_label_values(&["x"]).observe(0.5);
        histogram.with_label_values(&["x"]).observe(5.0);
        registry.register(Box::new(histogram)).unwrap();
        let counter = IntCounter::new("c", "help").unwrap();
        counter.inc_by(7);
        registry.register(Box::new(counter)).unwrap();
        let gathered = gathered(&registry.gather());
        let series = &gathered.0["h"].series[0];
        assert_eq!(series.labels["l"], "x");
        let Raw::Buckets(buckets) = &series.raw else { panic!("{:?}", series.raw) };
        assert_eq!(*buckets.bounds, [0.1, 1.0, f64::INFINITY]);
        assert_eq!((&*buckets.counts, buckets.sum), (&[0.0, 1.0, 2.0][..], 5.5));
        assert_eq!(gathered.0["c"].series[0].raw, Raw::Number(7.0));
    }
}
