//! Metrics and a clock that a test moves.

use serde_json::{Value, json};

use crate::alerts::book::{Book, Limits};
use crate::alerts::machine::Happened;
use crate::alerts::notice::Notice;
use crate::alerts::read;
use crate::alerts::sample::{Gathered, Labels, Metric, MetricKind, Raw, Series};
use crate::alerts::state;
use crate::alerts::time::Time;

use std::time::Duration;

/// A second of made-up time.
pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) const LIMITS: Limits = Limits {
    rules: 8,
    cooldown: Duration::from_secs(300),
    keep: 1000,
    keep_time: Duration::from_secs(90 * 24 * 3600),
};

/// A book, metrics and a clock.
pub(super) struct World {
    pub(super) book: Book,
    pub(super) now: Time,
    pub(super) gathered: Gathered,
    /// All that was told.
    pub(super) told: Vec<Notice>,
}

impl World {
    /// A world with these rules, each completed by a name.
    pub(super) fn new(rules: &[Value]) -> Self {
        let mut book = Book::new(LIMITS, Vec::new());
        for (place, rule) in rules.iter().enumerate() {
            let mut rule = rule.clone();
            rule["name"] = json!(format!("rule-{place}"));
            book.add(read::rule(rule, None).unwrap()).unwrap();
        }
        let now = Time::from_ms(1_700_000_000_000);
        Self { book, now, gathered: Gathered::default(), told: Vec::new() }
    }

    /// Says what a metric shows from now on.
    pub(super) fn set(&mut self, kind: MetricKind, metric: &str, labels: &[(&str, &str)], to: f64) {
        let labels: Labels =
            labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let metric = self.gathered.0.entry(metric.to_owned());
        let metric = metric.or_insert(Metric { kind, series: Vec::new() });
        let raw = Raw::Number(to);
        match metric.series.iter_mut().find(|series| series.labels == labels) {
            Some(series) => series.raw = raw,
            None => metric.series.push(Series { labels, raw }),
        }
    }

    /// The gauge `g` without labels.
    pub(super) fn gauge(&mut self, to: f64) {
        self.set(MetricKind::Gauge, "g", &[], to);
    }

    /// Looks once, and gives what was told.
    pub(super) fn look(&mut self) -> Vec<Happened> {
        let told = self.book.look(&self.gathered, self.now);
        let happened = told.iter().map(|notice| notice.happened).collect();
        self.told.extend(told);
        happened
    }

    /// Looks every second for `seconds`; gives what was told, with the second of each.
    pub(super) fn run(&mut self, seconds: u64) -> Vec<(u64, Happened)> {
        let mut told = Vec::new();
        for second in 1..=seconds {
            self.now = self.now.after(SECOND);
            told.extend(self.look().into_iter().map(|happened| (second, happened)));
        }
        told
    }

    /// How the first rule stands.
    pub(super) fn state(&self) -> &'static str {
        self.book.watched("rule-0").unwrap().state()
    }

    /// Ends the process and starts it again `later`; what is kept goes through text.
    pub(super) fn restart(&mut self, later: Duration) {
        let text = state::kept(&self.book, self.now).to_string();
        self.now = self.now.after(later);
        let value: Value = serde_json::from_str(&text).unwrap();
        self.book = state::restored(&value, LIMITS, self.now).unwrap();
    }
}
