//! `/v1/alerts`: rules, what they found, silences, what happened.

use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};

use super::answer::{self, Answer, changing};
use super::parameters::{Bare, Parameters};
use super::received::{Caller, Sent};
use super::target::Named;
use crate::alerts::{
    Acknowledge, Book, Fields, RuleError, Time, labels_of, read_rule, shown_watched,
};
use crate::serve::alerts;
use crate::serve::front::Entry;
use crate::serve::service::{App, Service};

fn rule_of(book: &Book, name: &str, now: Time) -> Result<Value, RuleError> {
    Ok(shown_watched(book, book.watched(name)?, now))
}

/// Every rule.
pub(crate) async fn list(State(service): State<App>, entry: Entry, _: Bare) -> Answer {
    service.served()?;
    let rules: Vec<Value> = service
        .alerts
        .read(|book, now| book.all().map(|watched| shown_watched(book, watched, now)).collect());
    Ok(answer::value(&json!({
        "alerts": rules,
        "channels": alerts::channels(&entry.live.config),
        "kept": service.alerts.is_kept(),
    })))
}

/// One rule.
pub(crate) async fn one(State(service): State<App>, Named(name): Named, _: Bare) -> Answer {
    service.served()?;
    let shown = service.alerts.read(|book, now| rule_of(book, &name, now))?;
    Ok(answer::value(&shown))
}

/// Makes a rule.
pub(crate) async fn make(State(service): State<App>, Sent(value): Sent) -> Answer {
    changing(service, |service| {
        let rule = read_rule(value, None)?;
        rule.check(&service.gathered())?;
        let name = rule.name.clone();
        service.change_alerts(|book, now| {
            book.add(rule)?;
            Ok((rule_of(book, &name, now)?, Vec::new()))
        })
    })
    .await
}

/// Puts a rule in another's place.
pub(crate) async fn change(
    State(service): State<App>,
    Named(name): Named,
    Sent(value): Sent,
) -> Answer {
    changing(service, move |service| {
        // Asked for first, so that a rule that is not there is said to be so, whatever the body.
        service.alerts.read(|book, _| book.watched(&name).map(|_| ()))?;
        let rule = read_rule(value, Some(&name))?;
        rule.check(&service.gathered())?;
        service.change_alerts(|book, now| {
            let told = book.replace(rule, now)?;
            Ok((rule_of(book, &name, now)?, told))
        })
    })
    .await
}

/// Deletes a rule.
pub(crate) async fn remove(State(service): State<App>, Named(name): Named, _: Bare) -> Answer {
    changing(service, move |service| {
        service.change_alerts(|book, now| {
            let told = book.remove(&name, now)?;
            Ok((json!({"deleted": name}), told))
        })
    })
    .await
}

/// Notes that somebody sees to what fires.
pub(crate) async fn acknowledge(
    State(service): State<App>,
    Named(name): Named,
    Caller(by): Caller,
    Sent(value): Sent,
) -> Answer {
    changing(service, move |service| {
        let seen = acknowledgement(value, name, by)?;
        service.change_alerts(|book, now| {
            let count = book.acknowledge(&seen, now)?;
            Ok((json!({"acknowledged": count}), Vec::new()))
        })
    })
    .await
}

fn acknowledgement(value: Value, name: String, by: String) -> Result<Acknowledge, RuleError> {
    let mut fields = Fields::of(value)?;
    let takes = "the labels of one alert, as an object of texts";
    let labels = fields.value("labels", takes, |value| labels_of(&value))?;
    let note = fields.text("note")?;
    fields.end()?;
    Ok(Acknowledge { name, labels, by, note })
}

/// The silences.
pub(crate) async fn silences(State(service): State<App>, _: Bare) -> Answer {
    service.served()?;
    let shown: Vec<Value> = service.alerts.read(|book, now| {
        let silences = book.silences().iter().filter(|silence| silence.until > now);
        silences.map(|silence| silence.shown()).collect()
    });
    Ok(answer::value(&json!({"silences": shown})))
}

/// Silences alerts.
pub(crate) async fn silence(
    State(service): State<App>,
    Caller(by): Caller,
    Sent(value): Sent,
) -> Answer {
    changing(service, move |service| {
        service.change_alerts(|book, now| Ok((book.silence(value, &by, now)?.shown(), Vec::new())))
    })
    .await
}

/// Ends a silence.
pub(crate) async fn unsilence(State(service): State<App>, Named(id): Named, _: Bare) -> Answer {
    changing(service, move |service| {
        service.change_alerts(|book, _| Ok((book.unsilence(&id)?.shown(), Vec::new())))
    })
    .await
}

/// What happened.
pub(crate) async fn history(State(service): State<App>, entry: Entry, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["alert", "limit"])?;
    let limit = parameters.limit(&entry.live.config)?;
    service.served()?;
    Ok(answer::value(&json!({"records": newest(&service, parameters.text("alert"), limit)})))
}

fn newest(service: &Service, alert: Option<&str>, most: usize) -> Vec<Value> {
    service.alerts.read(|book, _| {
        let meant = book.past().filter(|record| alert.is_none_or(|alert| record.alert == alert));
        meant.take(most).map(|record| record.shown()).collect()
    })
}
