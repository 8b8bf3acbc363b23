//! Probes: what a supervisor asks.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use serde_json::json;
use std::time::Duration;

use super::ask;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Stage};

/// It answers, so it lives.
pub(crate) async fn live() -> Response<Body> {
    ask::value(&json!({"state": "alive"}))
}

/// Whether requests are answered.
pub(crate) async fn ready(State(service): State<App>) -> Result<Response<Body>, Problem> {
    service.served()?;
    match service.stage() {
        Stage::Starting | Stage::Ready => Ok(ask::value(&json!({"state": "ready"}))),
        Stage::Stopping | Stage::Cancelling => {
            Err(Problem::busy("the service stops; ask another", Duration::from_secs(1)))
        }
    }
}

/// Whether the graphs have been read.
pub(crate) async fn started(State(service): State<App>) -> Result<Response<Body>, Problem> {
    service.served()?;
    Ok(ask::value(&json!({"state": "started"})))
}

/// Which version answers.
pub(crate) async fn version(State(service): State<App>) -> Response<Body> {
    ask::value(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": service.started.elapsed().as_secs_f64(),
    }))
}
