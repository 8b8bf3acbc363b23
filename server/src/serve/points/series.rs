//! Every exported series with its value, one by one, and numbers for them.

use std::collections::HashMap;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::log::ABSENT;

/// Most series that points are kept of. The service's own are fewer than a thousand, and those of
/// its clients as many at most; this is for a defect in counting them.
const SERIES_MAX: usize = 8192;

/// The name of a series, and its labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SeriesName {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
}

impl SeriesName {
    /// The value of a label; empty where there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|(known, _)| known == name);
        label.map_or("", |(_, value)| value)
    }
}

/// What all series of one metric share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) help: String,
}

/// All series as they are at one time, by metric.
#[derive(Debug, Default)]
pub(crate) struct Now(Vec<(Family, Vec<(SeriesName, f64)>)>);

impl Now {
    /// What was gathered, one series a value: a histogram is one for each bucket, one for the sum
    /// and one for the count.
    pub(crate) fn of(families: &[MetricFamily]) -> Self {
        let family = |family: &MetricFamily| {
            let kind = match family.get_field_type() {
                MetricType::COUNTER => "counter",
                MetricType::HISTOGRAM => "histogram",
                _ => "gauge",
            };
            let (name, help) = (family.name().to_owned(), family.help().to_owned());
            let mut values = Vec::new();
            for metric in family.get_metric() {
                flatten(&name, family.get_field_type(), metric, &mut values);
            }
            (Family { name, kind, help }, values)
        };
        Self(families.iter().map(family).collect())
    }

    /// All series with their values.
    pub(crate) fn series(&self) -> impl Iterator<Item = &(SeriesName, f64)> {
        self.0.iter().flat_map(|(_, values)| values)
    }

    /// The series called `name`.
    pub(crate) fn called(&self, name: &str) -> impl Iterator<Item = &(SeriesName, f64)> {
        self.series().filter(move |(series, _)| series.name == name)
    }

    /// What the series called `name` that `wanted` takes are together; 0 without any.
    pub(crate) fn sum(&self, name: &str, wanted: impl Fn(&SeriesName) -> bool) -> f64 {
        self.called(name).filter(|(series, _)| wanted(series)).map(|(_, value)| value).sum()
    }

    /// The value of the one series called `name`, where it is there.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.called(name).next().map(|(_, value)| *value)
    }

    /// Gauges without labels.
    #[cfg(test)]
    pub(super) fn made(values: &[(&str, f64)]) -> Self {
        let family = |(name, value): &(&str, f64)| {
            let name = (*name).to_owned();
            let series = SeriesName { name: name.clone(), labels: Vec::new() };
            (Family { name, kind: "gauge", help: String::new() }, vec![(series, *value)])
        };
        Self(values.iter().map(family).collect())
    }
}

fn flatten(name: &str, kind: MetricType, metric: &Metric, into: &mut Vec<(SeriesName, f64)>) {
    let labels = metric.get_label().iter();
    let labels = labels.map(|pair| (pair.name().to_owned(), pair.value().to_owned()));
    let labels: Vec<(String, String)> = labels.collect();
    let mut put = |suffix: &str, bound: Option<f64>, value: f64| {
        let mut labels = labels.clone();
        if let Some(bound) = bound {
            let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            labels.push(("le".to_owned(), bound));
        }
        into.push((SeriesName { name: format!("{name}{suffix}"), labels }, value));
    };
    match kind {
        MetricType::COUNTER => put("", None, metric.get_counter().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let count = histogram.get_sample_count() as f64;
            let buckets = histogram.get_bucket().iter().filter(|b| b.upper_bound().is_finite());
            for bucket in buckets {
                put("_bucket", Some(bucket.upper_bound()), bucket.cumulative_count() as f64);
            }
            put("_bucket", Some(f64::INFINITY), count);
            put("_sum", None, histogram.get_sample_sum());
            put("_count", None, count);
        }
        _ => put("", None, metric.get_gauge().get_value()),
    }
}

/// A number for each series there ever was.
#[derive(Debug, Default)]
pub(super) struct Index {
    numbers: HashMap<SeriesName, u32>,
    names: Vec<SeriesName>,
    /// The metric of each series, by its place among `families`.
    family_of: Vec<usize>,
    families: Vec<Family>,
}

impl Index {
    /// What all series are `now`, by their numbers, as bits; what is not there is [`ABSENT`].
    pub(super) fn values(&mut self, now: &Now) -> Vec<u64> {
        for (family, values) in &now.0 {
            for (series, _) in values {
                if !self.numbers.contains_key(series) && self.names.len() < SERIES_MAX {
                    self.add(series, family);
                }
            }
        }
        let mut all = vec![ABSENT; self.names.len()];
        for (series, value) in now.series() {
            if let Some(number) = self.numbers.get(series) {
                // One number that is none is as good as another, and must not mean absent.
                let value = if value.is_nan() { f64::NAN } else { *value };
                all[*number as usize] = value.to_bits();
            }
        }
        all
    }

    fn add(&mut self, series: &SeriesName, family: &Family) {
        let known = self.families.iter().position(|known| known.name == family.name);
        let place = known.unwrap_or_else(|| {
            self.families.push(family.clone());
            self.families.len() - 1
        });
        let number = u32::try_from(self.names.len()).expect("they are few");
        self.numbers.insert(series.clone(), number);
        self.names.push(series.clone());
        self.family_of.push(place);
    }

    /// The numbers of the series of the metric called `name`, or of those called so themselves.
    pub(super) fn named(&self, name: &str) -> Vec<u32> {
        let named =
            |number: &u32| self.family(*number).name == name || self.name(*number).name == name;
        (0u32..).take(self.names.len()).filter(named).collect()
    }

    pub(super) fn name(&self, number: u32) -> &SeriesName {
        &self.names[number as usize]
    }

    pub(super) fn family(&self, number: u32) -> &Family {
        &self.families[self.family_of[number as usize]]
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

    use super::*;

    #[test]
    fn every_line_of_the_text_is_a_series() {
        let registry = Registry::new();
        let options = HistogramOpts::new("h", "A histogram.").buckets(vec![0.5, 1.0]);
        let histogram = HistogramVec::new(options, &["a"]).unwrap();
        let counter = IntCounterVec::new(Opts::new("c_total", "A counter."), &["b"]).unwrap();
        registry.register(Box::new(histogram.clone())).unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        histogram.with_label_values(&["x"]).observe(0.7);
        counter.with_label_values(&["y\0b\0z"]).inc();
        counter.with_label_values(&["y"]).inc_by(3);
        let now = Now::of(&registry.gather());
        let mut found: Vec<String> =
            now.series().map(|(s, v)| format!("{}{:?} {v}", s.name, s.labels)).collect();
        found.sort();
        let expected = [
            "c_total[(\"b\", \"y\")] 3",
            "c_total[(\"b\", \"y\\0b\\0z\")] 1",
            "h_bucket[(\"a\", \"x\"), (\"le\", \"+Inf\")] 1",
            "h_bucket[(\"a\", \"x\"), (\"le\", \"0.5\")] 0",
            "h_bucket[(\"a\", \"x\"), (\"le\", \"1\")] 1",
            "h_count[(\"a\", \"x\")] 1",
            "h_sum[(\"a\", \"x\")] 0.7",
        ];
        assert_eq!(found, expected);
        let mut index = Index::default();
        assert_eq!(index.values(&now).len(), 7);
        assert_eq!((index.named("h").len(), index.named("h_bucket").len()), (5, 3));
        assert_eq!(index.values(&Now::default()), vec![ABSENT; 7]);
    }

    #[test]
    fn series_without_number_are_bounded() {
        let mut index = Index::default();
        let names: Vec<String> = (0..SERIES_MAX + 10).map(|number| format!("s{number}")).collect();
        let all: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), f64::NAN)).collect();
        let values = index.values(&Now::made(&all));
        assert!(values.len() == SERIES_MAX && !values.contains(&ABSENT));
    }
}
