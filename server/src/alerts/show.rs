//! Rules and alerts as objects, for those who ask.

use serde_json::{Value, json};

use super::book::Book;
use super::machine::{Alert, Standing};
use super::notice::fingerprint;
use super::read;
use super::sample::Labels;
use super::time::Time;
use super::watched::Watched;

/// A rule with those of its alerts that are pending or firing.
pub(crate) fn watched(book: &Book, watched: &Watched, now: Time) -> Value {
    let mut shown = read::shown(&watched.rule);
    let groups = watched.groups.iter();
    let alerts = groups.filter(|(_, group)| group.alert.standing != Standing::Clear);
    let alerts: Vec<Value> =
        alerts.map(|(labels, group)| alert(book, watched, labels, &group.alert, now)).collect();
    shown["state"] = json!(watched.state());
    shown["alerts"] = json!(alerts);
    shown["groups"] = json!(watched.groups.len());
    shown["left_out"] = json!(watched.left_out);
    shown
}

fn alert(book: &Book, watched: &Watched, labels: &Labels, alert: &Alert, now: Time) -> Value {
    let (since, acknowledged) = match &alert.standing {
        Standing::Clear => (None, None),
        Standing::Pending { since } => (Some(*since), None),
        Standing::Firing(firing) => (Some(firing.since), firing.acknowledged.as_ref()),
    };
    json!({
        "labels": labels,
        "state": alert.standing.name(),
        "severity": alert.severity(&watched.rule).name(),
        "value": alert.value,
        "since_s": since.map(Time::seconds),
        "silenced": book.is_silenced(&watched.rule, labels, alert, now),
        "acknowledged": acknowledged.map(|seen| json!({
            "by": seen.by,
            "note": seen.note,
            "at_s": seen.at.seconds(),
        })),
        "fingerprint": fingerprint(&watched.rule.name, labels),
    })
}
