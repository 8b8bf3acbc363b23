//! One row of the table.

use std::borrow::Cow;
use std::fmt::Write;

use crate::observe::bounds::Bounds;
use crate::observe::families::{FilledFamily, Series, Value};
use crate::observe::reading::{Reading, Tally};

/// What kind of value a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts by bucket.
    Histogram,
}

impl Kind {
    /// Its name in the text format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The values a label may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values {
    /// These and no others.
    Listed(&'static [&'static str]),
    /// What the engine's parts, or the host, name; a bounded number.
    Named,
}

/// A label of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// A series whose labels have values that no list knows.
pub(super) type Named = (Vec<Cow<'static, str>>, f64);

/// Where a metric's values come from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// A number for each combination of listed values, by their positions; 0 for a label that is
    /// not there. `None` for a combination that has no series.
    Number(fn(&Reading, usize, usize, usize) -> Option<f64>),
    /// Counts for each value of the only label.
    Tally(fn(&Reading, usize) -> &Tally, &'static Bounds),
    /// Series with labels of their own.
    Named(fn(&Reading) -> Vec<Named>),
}

/// A metric: one name, and a series for each combination of its labels' values.
pub struct Family {
    /// The whole name.
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Kind,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Its labels; at most three.
    pub labels: &'static [Label],
    pub(super) source: Source,
}

impl Family {
    /// The unit: what its name ends with, before `_total`, where that is a unit.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(unit))
    }

    /// The bounds of its buckets, where it is a histogram.
    #[must_use]
    pub const fn bounds(&self) -> Option<&'static Bounds> {
        match self.source {
            Source::Tally(_, bounds) => Some(bounds),
            _ => None,
        }
    }

    /// The listed values of the label at `position`; one nameless one where there is no such label.
    fn listed(&self, position: usize) -> &'static [&'static str] {
        match self.labels.get(position).map(|label| label.values) {
            None => &[""],
            Some(Values::Listed(values)) => values,
            Some(Values::Named) => &[],
        }
    }

    fn series(&self, values: impl Iterator<Item = Cow<'static, str>>, value: Value) -> Series {
        let names = self.labels.iter().map(|label| label.name.into());
        Series { labels: names.zip(values).collect(), value }
    }

    /// The family with what `reading` says.
    pub(crate) fn fill(&self, reading: &Reading) -> FilledFamily {
        let mut series = Vec::new();
        match self.source {
            Source::Number(number) => {
                for (a, first) in self.listed(0).iter().enumerate() {
                    for (b, second) in self.listed(1).iter().enumerate() {
                        for (c, third) in self.listed(2).iter().enumerate() {
                            let values = [*first, *second, *third].into_iter().map(Cow::from);
                            let value = number(reading, a, b, c).map(Value::Number);
                            series.extend(value.map(|value| self.series(values, value)));
                        }
                    }
                }
            }
            Source::Tally(tally, _) => {
                for (at, name) in self.listed(0).iter().enumerate() {
                    let values = [Cow::from(*name)].into_iter();
                    series.push(self.series(values, tally(reading, at).into()));
                }
            }
            Source::Named(named) => {
                for (values, number) in named(reading) {
                    series.push(self.series(values.into_iter(), Value::Number(number)));
                }
            }
        }
        let (name, help) = (self.name.into(), self.help.into());
        FilledFamily { name, kind: self.kind, help, series }
    }

    /// Its row in Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut labels = String::new();
        for label in self.labels {
            let separator = if labels.is_empty() { "" } else { "; " };
            let values = match label.values {
                Values::Listed(values) => values.join(", "),
                Values::Named => "named by who registers them".to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = write!(labels, "{separator}`{}`: {values}", label.name);
        }
        let kind = self.kind.name();
        format!("| `{}` | {kind} | {labels} | {} |\n", self.name, self.help)
    }
}

impl std::fmt::Debug for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}
