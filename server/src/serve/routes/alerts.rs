//! `/v1/alerts`: rules, what they found, silences, what happened.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{HeaderMap, Request, Response, Uri};
use serde_json::{Value, json};

use super::ask;
use super::parameters::Parameters;
use crate::alerts::{
    Acknowledge, Book, Fields, RuleError, Time, labels_of, read_rule, shown_watched,
};
use crate::serve::access::Scope;
use crate::serve::budget::Budget;
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Service};
use crate::serve::{alerts, body};

/// The value of a part of the path.
pub(super) fn named<'a>(params: &'a RawPathParams, name: &str) -> &'a str {
    params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}

/// The body as JSON. How long the client waits is looked at, too, though nothing here takes long.
///
/// # Errors
/// What [`body::read`] gives, or 400 where it is no JSON or the header is wrong.
pub(super) async fn json_of(request: Request<Body>, entry: &Entry) -> Result<Value, Problem> {
    Budget::of(request.headers(), entry.start)?;
    let text = body::read(request, &entry.live.config).await?;
    serde_json::from_str(&text)
        .map_err(|error| Problem::malformed(format!("the body is not JSON ({error})")))
}

/// What `work` answers, on a thread that may wait for the disk. What has begun goes on to its end,
/// whether or not its client waits.
pub(super) async fn apart(
    service: App,
    work: impl FnOnce(&App) -> Result<Value, Problem> + Send + 'static,
) -> Result<Response<Body>, Problem> {
    service.served()?;
    let answer = tokio::task::spawn_blocking(move || work(&service)).await;
    let answer = answer.map_err(|_| Problem::internal("changing it panicked"))?;
    Ok(ask::value(&answer?))
}

/// Who asks; the guard has let the request in.
fn caller(headers: &HeaderMap, entry: &Entry) -> String {
    let caller = entry.live.access.check(headers, Scope::Admin);
    caller.map_or_else(|_| "unknown".to_owned(), |caller| caller.name)
}

fn rule_of(book: &Book, name: &str, now: Time) -> Result<Value, RuleError> {
    Ok(shown_watched(book, book.watched(name)?, now))
}

/// Every rule.
pub(crate) async fn list(
    State(service): State<App>,
    entry: Entry,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    service.served()?;
    let rules: Vec<Value> = service
        .alerts
        .read(|book, now| book.all().map(|watched| shown_watched(book, watched, now)).collect());
    Ok(ask::value(&json!({
        "alerts": rules,
        "channels": alerts::channels(&entry.live.config),
        "kept": service.alerts.is_kept(),
    })))
}

/// One rule.
pub(crate) async fn one(
    State(service): State<App>,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    service.served()?;
    let name = named(&params, "alert");
    let shown = service.alerts.read(|book, now| rule_of(book, name, now))?;
    Ok(ask::value(&shown))
}

/// Makes a rule.
pub(crate) async fn make(
    State(service): State<App>,
    entry: Entry,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let value = json_of(request, &entry).await?;
    apart(service, |service| {
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
    entry: Entry,
    params: RawPathParams,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let name = named(&params, "alert").to_owned();
    let value = json_of(request, &entry).await?;
    apart(service, move |service| {
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
pub(crate) async fn remove(
    State(service): State<App>,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let name = named(&params, "alert").to_owned();
    apart(service, move |service| {
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
    entry: Entry,
    params: RawPathParams,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let name = named(&params, "alert").to_owned();
    let by = caller(request.headers(), &entry);
    let value = json_of(request, &entry).await?;
    apart(service, move |service| {
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
pub(crate) async fn silences(
    State(service): State<App>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    service.served()?;
    let shown: Vec<Value> = service.alerts.read(|book, now| {
        let silences = book.silences().iter().filter(|silence| silence.until > now);
        silences.map(|silence| silence.shown()).collect()
    });
    Ok(ask::value(&json!({"silences": shown})))
}

/// Silences alerts.
pub(crate) async fn silence(
    State(service): State<App>,
    entry: Entry,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let by = caller(request.headers(), &entry);
    let value = json_of(request, &entry).await?;
    apart(service, move |service| {
        service.change_alerts(|book, now| Ok((book.silence(value, &by, now)?.shown(), Vec::new())))
    })
    .await
}

/// Ends a silence.
pub(crate) async fn unsilence(
    State(service): State<App>,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let id = named(&params, "silence").to_owned();
    apart(service, move |service| {
        service.change_alerts(|book, _| Ok((book.unsilence(&id)?.shown(), Vec::new())))
    })
    .await
}

/// What happened.
pub(crate) async fn history(
    State(service): State<App>,
    entry: Entry,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let parameters = Parameters::of(&uri, &["alert", "limit"])?;
    let limit = parameters.limit(&entry.live.config)?;
    service.served()?;
    Ok(ask::value(&json!({"records": newest(&service, parameters.text("alert"), limit)})))
}

fn newest(service: &Service, alert: Option<&str>, most: usize) -> Vec<Value> {
    service.alerts.read(|book, _| {
        let meant = book.past().filter(|record| alert.is_none_or(|alert| record.alert == alert));
        meant.take(most).map(|record| record.shown()).collect()
    })
}
