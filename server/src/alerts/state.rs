//! The book as it is kept in a file: rules, silences, how alerts stand, what happened.
//!
//! What series said is not kept: rates and quantiles are known again after two looks, deviations
//! and trends after half of their history. An alert that fires goes on firing until then. One that
//! is pending goes on with the time that its rule was seen to hold: what passes while nobody looks
//! is not counted.

use std::time::Duration;

use serde_json::{Value, json};

use super::book::{Book, Limits};
use super::machine::{Acknowledgement, Alert, Firing, Standing};
use super::past::{Record, labels_of};
use super::read;
use super::sample::Labels;
use super::silence::Silence;
use super::time::Time;
use super::watched::{Group, Watched};

/// The number of this form.
const FORMAT: u64 = 1;

/// What cannot be read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum StateError {
    /// It is no such file.
    NotOne,
    /// It is of another form.
    Format,
    /// An entry is damaged.
    Entry {
        /// Which list it stands in.
        list: &'static str,
        /// Its place, from 1.
        place: usize,
    },
}

impl std::fmt::Display for StateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOne => f.write_str("it is not what the service writes"),
            Self::Format => f.write_str("another version of the service wrote it"),
            Self::Entry { list, place } => write!(f, "entry {place} of {list:?} is damaged"),
        }
    }
}

impl std::error::Error for StateError {}

/// `book` as it is kept at `now`.
pub(crate) fn kept(book: &Book, now: Time) -> Value {
    let rules = book.rules.values().map(|watched| {
        let alerts = watched.groups.iter().filter(|(_, group)| is_worth_keeping(&group.alert));
        let alerts = alerts.map(|(labels, group)| kept_alert(labels, &group.alert, now));
        json!({"rule": read::shown(&watched.rule), "alerts": alerts.collect::<Vec<_>>()})
    });
    json!({
        "format": FORMAT,
        "rules": rules.collect::<Vec<_>>(),
        "silences": book.silences.iter().map(Silence::kept).collect::<Vec<_>>(),
        "last_silence": book.last_silence,
        "history": book.past.records().map(Record::shown).collect::<Vec<_>>(),
    })
}

fn is_worth_keeping(alert: &Alert) -> bool {
    alert.standing != Standing::Clear || alert.told_at.is_some()
}

fn kept_alert(labels: &Labels, alert: &Alert, now: Time) -> Value {
    let standing = match &alert.standing {
        Standing::Clear => json!(null),
        Standing::Pending { since } => {
            json!({"held_ms": super::time::ms(now.since(*since))})
        }
        Standing::Firing(firing) => json!({
            "since_ms": firing.since.ms(),
            "clear_ms": firing.clear_since.map(|since| super::time::ms(now.since(since))),
            "escalated": firing.escalated,
            "told": firing.told,
            "told_escalated": firing.told_escalated,
            "acknowledged": firing.acknowledged.as_ref().map(|seen| json!({
                "by": seen.by,
                "note": seen.note,
                "at_ms": seen.at.ms(),
            })),
        }),
    };
    json!({
        "labels": labels,
        "state": alert.standing.name(),
        "standing": standing,
        "value": alert.value,
        "told_at_ms": alert.told_at.map(Time::ms),
    })
}

/// The book that was kept, as it goes on at `now`.
///
/// # Errors
/// [`StateError`].
pub(crate) fn restored(value: &Value, limits: Limits, now: Time) -> Result<Book, StateError> {
    match value.get("format").and_then(Value::as_u64) {
        None => return Err(StateError::NotOne),
        Some(FORMAT) => {}
        Some(_) => return Err(StateError::Format),
    }
    let mut book = Book::new(limits, Vec::new());
    for (place, entry) in list(value, "rules")? {
        let damaged = || StateError::Entry { list: "rules", place };
        let rule = read::rule(entry["rule"].clone(), None).map_err(|_| damaged())?;
        let mut watched = Watched::new(rule);
        for alert in entry["alerts"].as_array().ok_or_else(damaged)? {
            let (labels, alert) = alert_of(alert, now).ok_or_else(damaged)?;
            let group = Group::new(&watched.rule, alert);
            watched.groups.insert(labels, group);
        }
        book.rules.insert(watched.rule.name.clone(), watched);
    }
    for (place, entry) in list(value, "silences")? {
        let damaged = || StateError::Entry { list: "silences", place };
        book.silences.push(Silence::of_kept(entry).ok_or_else(damaged)?);
    }
    for (place, entry) in list(value, "history")? {
        let damaged = || StateError::Entry { list: "history", place };
        book.past.restore(Record::of(entry).ok_or_else(damaged)?);
    }
    book.last_silence = value["last_silence"].as_u64().ok_or(StateError::NotOne)?;
    Ok(book)
}

/// The entries of a list, with their places from 1.
fn list<'a>(
    value: &'a Value,
    key: &str,
) -> Result<impl Iterator<Item = (usize, &'a Value)> + use<'a>, StateError> {
    let entries = value.get(key).and_then(Value::as_array).ok_or(StateError::NotOne)?;
    Ok((1..).zip(entries))
}

fn alert_of(value: &Value, now: Time) -> Option<(Labels, Alert)> {
    let standing = &value["standing"];
    let ms = |value: &Value| value.as_u64().map(Time::from_ms);
    let switch = |key: &str| standing[key].as_bool();
    let standing = match value["state"].as_str()? {
        "clear" => Standing::Clear,
        "pending" => {
            let held = Duration::from_millis(standing["held_ms"].as_u64()?);
            Standing::Pending { since: now.before(held) }
        }
        "firing" => Standing::Firing(Firing {
            escalated: switch("escalated")?,
            told: switch("told")?,
            told_escalated: switch("told_escalated")?,
            clear_since: standing["clear_ms"]
                .as_u64()
                .map(|ms| now.before(Duration::from_millis(ms))),
            acknowledged: match &standing["acknowledged"] {
                Value::Null => None,
                seen => Some(Acknowledgement {
                    by: seen["by"].as_str()?.to_owned(),
                    note: seen["note"].as_str()?.to_owned(),
                    at: ms(&seen["at_ms"])?,
                }),
            },
            ..Firing::new(ms(&standing["since_ms"])?)
        }),
        _ => return None,
    };
    let told_at = match &value["told_at_ms"] {
        Value::Null => None,
        told => Some(ms(told)?),
    };
    let alert = Alert { standing, value: value["value"].as_f64(), told_at };
    Some((labels_of(&value["labels"])?, alert))
}
