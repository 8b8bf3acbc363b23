//! What the service is made of, and reading its configuration again.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde_json::{Value, json};

use super::answer::{self, Answer, aside};
use super::parameters::Bare;
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
    answer::value(&openapi::document())
}

/// Figures for Prometheus.
pub(crate) async fn metrics(State(service): State<App>, _: Bare) -> Answer {
    let text = aside("collecting the figures", move || service.figures.text()).await?;
    Ok(answer::typed(Body::from(text), PROMETHEUS_TEXT))
}

/// Every part that can be switched off.
pub(crate) async fn features(entry: Entry, _: Bare) -> Answer {
    let config = &entry.live.config;
    let features = Feature::ALL.map(|feature| {
        let on = feature.is_on(config);
        json!({"name": feature.name(), "on": on, "key": feature.key()})
    });
    Ok(answer::value(&json!({"features": features})))
}

/// What is being done now.
pub(crate) async fn load(State(service): State<App>, _: Bare) -> Answer {
    let engine = &service.served()?.engine;
    let scratch = engine.scratch_use();
    Ok(answer::value(&json!({
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
pub(crate) async fn settings(State(service): State<App>, entry: Entry, _: Bare) -> Answer {
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
    Ok(answer::value(&json!({"settings": settings, "waiting": waiting.unwrap_or_default()})))
}

/// Reads the configuration again.
pub(crate) async fn reload(State(service): State<App>, _: Bare) -> Answer {
    let reloaded = aside("reading the file", move || reload::reload(&service)).await?;
    let refused = |mistakes: Vec<String>| Problem::unprocessable(mistakes.join("; "));
    Ok(answer::value(&reloaded.map_err(refused)?))
}
