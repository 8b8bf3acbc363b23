//! Expressions over the metrics of the catalogue.

use crate::catalogue::{Catalogue, Metric};
use emanate::observe::table::Kind;

/// What each expression selects by, whichever metric it is of.
const SELECTED: &str = r#"job=~"$job",instance=~"$instance""#;

/// Writes expressions, and notes which metrics they are of.
#[derive(Debug, Default)]
pub(crate) struct Query {
    catalogue: Catalogue,
}

impl Query {
    /// The metric of this name, which has to be of this kind.
    ///
    /// # Panics
    /// If it does not: a panel that asks for what nobody exports is never written.
    pub(crate) fn metric(&self, name: &str, kind: Kind) -> &Metric {
        let metric = self.catalogue.get(name);
        let metric = metric.unwrap_or_else(|| panic!("no table has a metric `{name}`"));
        assert_eq!(metric.kind, kind, "`{name}` is of another kind");
        metric
    }

    /// What the table says about a metric.
    pub(crate) fn help(&self, name: &str) -> &'static str {
        self.catalogue.get(name).map_or("", |metric| metric.help)
    }

    /// How much a counter grows in a second, by `by`. `only` selects series.
    pub(crate) fn rate(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.metric(name, Kind::Counter);
        sum(by, &format!("rate({name}{}[$__rate_interval])", selector(only)))
    }

    /// A gauge, all of whose series with the same `by` are added.
    pub(crate) fn sum(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.metric(name, Kind::Gauge);
        sum(by, &format!("{name}{}", selector(only)))
    }

    /// A gauge, the largest of all series with the same `by`.
    pub(crate) fn max(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.metric(name, Kind::Gauge);
        format!("max{} ({name}{})", clause(by), selector(only))
    }

    /// A gauge, the smallest of all series with the same `by`.
    pub(crate) fn min(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.metric(name, Kind::Gauge);
        format!("min{} ({name}{})", clause(by), selector(only))
    }

    /// A quantile of a histogram, estimated within its bucket.
    pub(crate) fn quantile(&self, quantile: f64, name: &str, only: &str, by: &[&str]) -> String {
        let by = [by, &["le"]].concat();
        format!("histogram_quantile({quantile}, {})", self.bucket_rate(name, only, &by))
    }

    /// The share of what a histogram counted that is at most `bound`, the bound of a bucket.
    pub(crate) fn within(&self, bound: f64, name: &str) -> String {
        let bounds = &self.metric(name, Kind::Histogram).bounds;
        assert!(bounds.contains(&bound), "`{name}` has no bucket that ends at {bound}");
        let within = self.bucket_rate(name, &format!("le=\"{bound}\""), &[]);
        format!("{within} / {}", self.count_rate(name, "", &[]))
    }

    /// How many a histogram counts in a second.
    pub(crate) fn count_rate(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.part_rate("count", name, only, by)
    }

    /// The mean of what a histogram counted.
    pub(crate) fn mean(&self, name: &str, only: &str, by: &[&str]) -> String {
        let sum = self.part_rate("sum", name, only, by);
        format!("{sum} / {}", self.part_rate("count", name, only, by))
    }

    /// What fell into each bucket of a histogram, for a heat map.
    pub(crate) fn buckets(&self, name: &str, only: &str) -> String {
        self.metric(name, Kind::Histogram);
        sum(&["le"], &format!("increase({name}_bucket{}[$__rate_interval])", selector(only)))
    }

    fn bucket_rate(&self, name: &str, only: &str, by: &[&str]) -> String {
        self.part_rate("bucket", name, only, by)
    }

    fn part_rate(&self, part: &str, name: &str, only: &str, by: &[&str]) -> String {
        self.metric(name, Kind::Histogram);
        sum(by, &format!("rate({name}_{part}{}[$__rate_interval])", selector(only)))
    }
}

/// A recorded series of the rules, as it is: its name says what it is already.
pub(crate) fn recorded(name: &str, instance: bool) -> String {
    if instance { format!("{name}{{{SELECTED}}}") } else { format!("{name}{{job=~\"$job\"}}") }
}

fn sum(by: &[&str], of: &str) -> String {
    format!("sum{} ({of})", clause(by))
}

fn clause(by: &[&str]) -> String {
    if by.is_empty() { String::new() } else { format!(" by ({})", by.join(", ")) }
}

fn selector(only: &str) -> String {
    if only.is_empty() { format!("{{{SELECTED}}}") } else { format!("{{{SELECTED},{only}}}") }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn expressions_follow_the_kind_of_the_metric() {
        let query = Query::default();
        let name = "emanate_spreads_total";
        assert_eq!(
            query.rate(name, "", &["outcome"]),
            "sum by (outcome) (rate(emanate_spreads_total{job=~\"$job\",instance=~\"$instance\"}\
             [$__rate_interval]))"
        );
        assert_eq!(
            query.quantile(0.95, "emanate_hops", "", &[]),
            "histogram_quantile(0.95, sum by (le) (rate(emanate_hops_bucket{job=~\"$job\",\
             instance=~\"$instance\"}[$__rate_interval])))"
        );
    }

    #[test]
    #[should_panic(expected = "is of another kind")]
    fn a_gauge_has_no_rate() {
        Query::default().rate("emanate_queue_depth", "", &[]);
    }

    #[test]
    #[should_panic(expected = "no table has")]
    fn a_metric_nobody_exports_is_not_asked_for() {
        Query::default().rate("emanate_spreading_latency_hot_seconds", "", &[]);
    }

    #[test]
    #[should_panic(expected = "no bucket that ends at 0.015")]
    fn a_share_is_of_a_bucket() {
        Query::default().within(0.015, "emanate_spread_response_seconds");
    }
}
