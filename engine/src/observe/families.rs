//! Metrics with their values, and the text they are exported as.

use std::borrow::Cow;
use std::fmt::Write;

use super::reading::Tally;
use super::table::Kind;

/// The value of one series.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram.
    Histogram {
        /// For each bound, ascending, how many were at most that.
        cumulative: Vec<(f64, u64)>,
        /// The sum of all that was counted.
        sum: f64,
        /// How many were counted.
        count: u64,
    },
}

impl From<&Tally> for Value {
    fn from(tally: &Tally) -> Self {
        Self::Histogram {
            cumulative: tally.cumulative().collect(),
            sum: tally.sum(),
            count: tally.count(),
        }
    }
}

/// Labels and the value they have.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The labels, in the order of the family's.
    pub labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The value.
    pub value: Value,
}

impl Series {
    /// How many series a server makes of it: a histogram is one for each bucket, one for the sum
    /// and one for the count.
    #[must_use]
    pub fn exported(&self) -> usize {
        match &self.value {
            Value::Number(_) => 1,
            Value::Histogram { cumulative, .. } => cumulative.len() + 3,
        }
    }
}

/// All series of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct FilledFamily {
    /// The name.
    pub name: Cow<'static, str>,
    /// What kind of value they have.
    pub kind: Kind,
    /// What they say, in a sentence.
    pub help: Cow<'static, str>,
    /// The series.
    pub series: Vec<Series>,
}

/// Families with their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Families(Vec<FilledFamily>);

impl Families {
    pub(crate) const fn new(families: Vec<FilledFamily>) -> Self {
        Self(families)
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// The families, in the order of the table.
    pub fn iter(&self) -> std::slice::Iter<'_, FilledFamily> {
        self.0.iter()
    }

    /// The family of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FilledFamily> {
        self.0.iter().find(|family| family.name == name)
    }

    /// How many series a server makes of them.
    #[must_use]
    pub fn exported(&self) -> usize {
        self.0.iter().flat_map(|family| &family.series).map(Series::exported).sum()
    }

    /// The text format of Prometheus, version 0.0.4. Families without series are left out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for family in self.0.iter().filter(|family| !family.series.is_empty()) {
            let name = &family.name;
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "# HELP {name} {help}");
            let _ = writeln!(text, "# TYPE {name} {}", family.kind.name());
            for series in &family.series {
                write_series(&mut text, name, series);
            }
        }
        text
    }
}

impl<'a> IntoIterator for &'a Families {
    type Item = &'a FilledFamily;
    type IntoIter = std::slice::Iter<'a, FilledFamily>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn write_series(text: &mut String, name: &str, series: &Series) {
    let mut line = |suffix: &str, bound: Option<f64>, value: f64| {
        text.push_str(name);
        text.push_str(suffix);
        write_labels(text, series, bound);
        text.push(' ');
        write_number(text, value);
        text.push('\n');
    };
    match &series.value {
        Value::Number(value) => line("", None, *value),
        Value::Histogram { cumulative, sum, count } => {
            for (bound, count) in cumulative {
                line("_bucket", Some(*bound), *count as f64);
            }
            line("_bucket", Some(f64::INFINITY), *count as f64);
            line("_sum", None, *sum);
            line("_count", None, *count as f64);
        }
    }
}

/// Writes the labels in braces, and `bound` as the label `le`; nothing where there is none.
fn write_labels(text: &mut String, series: &Series, bound: Option<f64>) {
    let mut separator = '{';
    for (name, value) in &series.labels {
        text.push(separator);
        text.push_str(name);
        text.push_str("=\"");
        for c in value.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                c => text.push(c),
            }
        }
        text.push('"');
        separator = ',';
    }
    if let Some(bound) = bound {
        text.push(separator);
        text.push_str("le=\"");
        write_number(text, bound);
        text.push('"');
        separator = ',';
    }
    if separator == ',' {
        text.push('}');
    }
}

fn write_number(text: &mut String, number: f64) {
    if number.is_infinite() {
        text.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        let _ = write!(text, "{number}");
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{Families, FilledFamily, Kind, Series, Value};

    fn family(kind: Kind, labels: &[(&'static str, &'static str)], value: Value) -> Families {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let series = vec![Series { labels: labels.collect(), value }];
        let (name, help) = ("x".into(), "A \\ and\na line.".into());
        Families::new(vec![FilledFamily { name, kind, help, series }])
    }

    #[test]
    fn labels_and_help_are_escaped() {
        let labels = [("a", "q\"\\\n"), ("b", "é")];
        let text = family(Kind::Gauge, &labels, Value::Number(-0.5)).text();
        assert_eq!(
            text,
            "# HELP x A \\\\ and\\na line.\n# TYPE x gauge\nx{a=\"q\\\"\\\\\\n\",b=\"é\"} -0.5\n"
        );
    }

    #[test]
    fn numbers_that_are_none_have_their_names() {
        for (number, name) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (1e-5, "0.00001"),
        ] {
            let text = family(Kind::Counter, &[], Value::Number(number)).text();
            assert!(text.ends_with(&format!("\nx {name}\n")), "{text}");
        }
    }

    #[test]
    fn histograms_end_with_the_infinite_bound() {
        let value = Value::Histogram { cumulative: vec![(0.5, 1), (1.0, 3)], sum: 4.5, count: 4 };
        let families = family(Kind::Histogram, &[("a", "b")], value);
        let lines: Vec<String> = families.text().lines().skip(2).map(str::to_owned).collect();
        let expected = [
            "x_bucket{a=\"b\",le=\"0.5\"} 1",
            "x_bucket{a=\"b\",le=\"1\"} 3",
            "x_bucket{a=\"b\",le=\"+Inf\"} 4",
            "x_sum{a=\"b\"} 4.5",
            "x_count{a=\"b\"} 4",
        ];
        assert_eq!(lines, expected);
        assert_eq!(families.exported(), expected.len());
    }

    #[test]
    fn a_family_without_series_is_left_out() {
        let mut families = family(Kind::Gauge, &[], Value::Number(1.0));
        families.0[0].series.clear();
        assert_eq!(families.text(), "");
    }
}
