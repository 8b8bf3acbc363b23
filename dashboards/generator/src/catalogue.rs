//! Every metric that a dashboard or a rule may name.

use emanate::observe::table::{Kind, TABLE, Values};

use crate::service::{SCRAPED, SERVICE};

/// A label of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values, where they are known; empty where the program names them while it runs.
    pub values: &'static [&'static str],
}

/// A metric as it is exported.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The whole name.
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Kind,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Its labels.
    pub labels: Vec<Label>,
    /// The bounds of its buckets, where it is a histogram.
    pub bounds: Vec<f64>,
}

/// Every metric: the engine's table, what the service exports, what Prometheus adds.
#[derive(Clone, Debug)]
pub struct Catalogue {
    metrics: Vec<Metric>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let engine = TABLE.iter().map(|family| Metric {
            name: family.name,
            kind: family.kind,
            help: family.help,
            labels: family.labels.iter().map(label).collect(),
            bounds: family.bounds().map(|bounds| bounds.exported().collect()).unwrap_or_default(),
        });
        let written = SERVICE.iter().chain(SCRAPED).map(|row| Metric {
            name: row.name,
            kind: row.kind,
            help: row.help,
            labels: row.labels.to_vec(),
            bounds: row.bounds.to_vec(),
        });
        Self { metrics: engine.chain(written).collect() }
    }
}

fn label(label: &emanate::observe::table::Label) -> Label {
    let values = match label.values {
        Values::Listed(values) => values,
        Values::Named => &[],
    };
    Label { name: label.name, values }
}

impl Catalogue {
    /// Every metric, the engine's first.
    pub fn iter(&self) -> std::slice::Iter<'_, Metric> {
        self.metrics.iter()
    }

    /// Those that Prometheus adds to what it scrapes.
    #[must_use]
    pub fn is_scraped(name: &str) -> bool {
        SCRAPED.iter().any(|row| row.name == name)
    }

    /// The metric of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

impl<'a> IntoIterator for &'a Catalogue {
    type Item = &'a Metric;
    type IntoIter = std::slice::Iter<'a, Metric>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
