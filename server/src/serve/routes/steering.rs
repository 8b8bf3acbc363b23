//! What the service is made of, and reading its configuration again.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::ask;
use super::parameters::Parameters;
use crate::config::{Config, KEYS, When, restart_keys};
use crate::serve::feature::Feature;
use crate::serve::front::Entry;
use crate::serve::metrics::PROMETHEUS_TEXT;
use crate::serve::openapi;
use crate::serve::problem::Problem;
use crate::serve::reload;
use crate::serve::service::App;

/// The OpenAPI document.
pub(crate) async fn openapi() -> Response<Body> {
    ask::value(&openapi::document())
}

/// Figures for Prometheus.
pub(crate) async fn metrics(
    State(service): State<App>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let text = tokio::task::spawn_blocking(move || service.figures.text()).await;
    let text = text.map_err(|_| Problem::internal("collecting the figures panicked"))?;
    let mut response = Response::new(Body::from(text));
    let value = HeaderValue::from_static(PROMETHEUS_TEXT);
    response.headers_mut().insert(CONTENT_TYPE, value);
    Ok(response)
}

/// Every part that can be switched off.
pub(crate) async fn features(entry: Entry, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let config = &entry.live.config;
    let features = Feature::ALL.map(|feature| {
        let on = feature.is_on(config);
        json!({"name": feature.name(), "on": on, "key": feature.key()})
    });
    Ok(ask::value(&json!({"features": features})))
}

/// What is being done now.
pub(crate) async fn load(State(service): State<App>, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let engine = &service.served()?.engine;
    let scratch = engine.scratch_use();
    Ok(ask::value(&json!({
        "spreads": service.slots.held(),
        "queued": engine.queued(),
        "scratch": {
            "leased": scratch.leased,
            "slots": scratch.slots,
            "bytes": scratch.bytes,
            "bytes_max": scratch.bytes_max,
        },
    })))
}

/// Every key with its value.
pub(crate) async fn settings(
    State(service): State<App>,
    entry: Entry,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let (config, defaults) = (&entry.live.config, Config::default());
    let json_of = |value: toml::Value| serde_json::to_value(value).unwrap_or_default();
    let settings = KEYS.iter().map(|key| {
        let value = json_of((key.show)(config));
        let shown = match value.as_array() {
            Some(tokens) if key.secret => json!({"count": tokens.len()}),
            None if key.secret => json!({"count": usize::from(value != "")}),
            _ => value,
        };
        json!({
            "key": key.path,
            "value": shown,
            "default": json_of((key.show)(&defaults)),
            "help": key.help,
            "variable": key.variable(),
            "at_the_next_start": key.when == When::Restart,
        })
    });
    let settings: Vec<Value> = settings.collect();
    // What the file says now may differ from what it said when it was last used.
    let waiting = service.sources.read().map(|config| restart_keys(&service.first, &config));
    Ok(ask::value(&json!({"settings": settings, "waiting": waiting.unwrap_or_default()})))
}

/// Reads the configuration again.
pub(crate) async fn reload(
    State(service): State<App>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let reloaded = tokio::task::spawn_blocking(move || reload::reload(&service)).await;
    let reloaded = reloaded.map_err(|_| Problem::internal("reading the file panicked"))?;
    let refused = |mistakes: Vec<String>| Problem::unprocessable(mistakes.join("; "));
    Ok(ask::value(&reloaded.map_err(refused)?))
}
