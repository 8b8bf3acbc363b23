//! What happened to alerts: kept, bounded in number and age.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::machine::Happened;
use super::rule::Severity;
use super::sample::Labels;
use super::time::Time;

/// One thing that happened to an alert.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Ascending from 1.
    pub(crate) id: u64,
    pub(crate) at: Time,
    pub(crate) happened: Happened,
    /// The rule's name.
    pub(crate) alert: String,
    pub(crate) labels: Labels,
    pub(crate) severity: Severity,
    pub(crate) value: Option<f64>,
    /// Whether it was told, or would have been but for a silence, the cooldown or somebody who had
    /// seen to it.
    pub(crate) told: bool,
    /// Who did it, where somebody did.
    pub(crate) by: Option<String>,
}

impl Record {
    /// As an object.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "time_s": self.at.seconds(),
            "happened": self.happened.name(),
            "alert": self.alert,
            "labels": self.labels,
            "severity": self.severity.name(),
            "value": self.value,
            "told": self.told,
            "by": self.by,
        })
    }

    /// The record that [`Record::shown`] shows; `None` where it is damaged.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let named = value.get("happened")?.as_str()?;
        let ms = (value.get("time_s")?.as_f64()? * 1000.0).round();
        Some(Self {
            id: value.get("id")?.as_u64()?,
            at: Time::from_ms(if ms >= 0.0 { ms as u64 } else { 0 }),
            happened: Happened::ALL.into_iter().find(|happened| happened.name() == named)?,
            alert: value.get("alert")?.as_str()?.to_owned(),
            labels: labels_of(value.get("labels")?)?,
            severity: Severity::named(value.get("severity")?.as_str()?)?,
            value: value.get("value").and_then(Value::as_f64),
            told: value.get("told")?.as_bool()?,
            by: value.get("by").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

/// Labels from an object of texts.
pub(crate) fn labels_of(value: &Value) -> Option<Labels> {
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    value.as_object()?.iter().map(text).collect()
}

/// The records, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    records: VecDeque<Record>,
    last: u64,
}

impl Past {
    /// Adds a record, whose `id` it sets.
    pub(crate) fn add(&mut self, mut record: Record) {
        self.last += 1;
        record.id = self.last;
        self.records.push_back(record);
    }

    /// Adds a record that was kept.
    pub(crate) fn restore(&mut self, record: Record) {
        self.last = self.last.max(record.id);
        self.records.push_back(record);
    }

    /// Forgets what is older than `keep_time` or more than `keep`.
    pub(crate) fn cut(&mut self, keep: usize, keep_time: Duration, now: Time) {
        let oldest = now.before(keep_time);
        while self.records.len() > keep || self.records.front().is_some_and(|r| r.at < oldest) {
            self.records.pop_front();
        }
    }

    /// All records, the oldest first.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64) -> Record {
        Record {
            id: 0,
            at: Time::from_ms(at),
            happened: Happened::Fired,
            alert: "a".to_owned(),
            labels: [("l".to_owned(), "v\n".to_owned())].into(),
            severity: Severity::Info,
            value: Some(1.5),
            told: true,
            by: Some("who".to_owned()),
        }
    }

    #[test]
    fn it_is_bounded_in_number_and_age() {
        let mut past = Past::default();
        for at in 0..100 {
            past.add(record(at * 1000));
        }
        let now = Time::from_ms(99_000);
        past.cut(10, Duration::MAX, now);
        assert_eq!(past.records().count(), 10);
        past.cut(10, Duration::from_secs(4), now);
        let ids: Vec<u64> = past.records().map(|record| record.id).collect();
        assert_eq!(ids, [96, 97, 98, 99, 100]);
    }

    #[test]
    fn a_record_is_kept_as_it_is_shown() {
        let record = record(1_763_000_000_123);
        assert_eq!(Record::of(&record.shown()), Some(record));
        assert_eq!(Record::of(&json!({"id": 1})), None);
    }
}
