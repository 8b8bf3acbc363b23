//! Probes: what a supervisor asks.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use emanate::health::HealthReading;
use serde_json::json;

use super::answer::{self, Answer};
use crate::serve::health::blame;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Stage};

/// When a probe is worth another try.
const RETRY_IN: Duration = Duration::from_secs(1);

/// It answers, so it lives, unless a check says otherwise.
pub(crate) async fn live(State(service): State<App>) -> Answer {
    match found(&service).filter(|reading| !reading.live.works()) {
        Some(reading) => Err(Problem::busy(blame(&reading), RETRY_IN)),
        None => Ok(answer::value(&json!({"state": "alive"}))),
    }
}

/// Whether requests are answered.
pub(crate) async fn ready(State(service): State<App>) -> Answer {
    service.served()?;
    if service.stage() >= Stage::Stopping {
        return Err(Problem::busy("the service stops; ask another", RETRY_IN));
    }
    match found(&service).filter(|reading| !reading.serves()) {
        Some(reading) => Err(Problem::busy(blame(&reading), RETRY_IN)),
        None => Ok(answer::value(&json!({"state": "ready"}))),
    }
}

/// What the checks found, where there are any and they are on.
fn found(service: &App) -> Option<HealthReading> {
    let served = service.served().ok()?;
    service.live().config.health.enabled.then(|| {
        let mut reading = served.health.reading();
        service.checks.settle_new(&mut reading);
        reading
    })
}

/// Whether the graphs have been read.
pub(crate) async fn started(State(service): State<App>) -> Answer {
    service.served()?;
    Ok(answer::value(&json!({"state": "started"})))
}

/// Which version answers.
pub(crate) async fn version(State(service): State<App>) -> Response<Body> {
    answer::value(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": service.started.elapsed().as_secs_f64(),
    }))
}
