//! `POST /v1/graph/changes`.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use emanate::change::{ApplyError, ApplyReport, ErrorClass, Run};
use serde_json::{Value, json};

use super::answer::{self, Answer, aside};
use super::received::Received;
use super::target::Target;
use crate::output::text::cut_quoted;
use crate::seeds::{Names, Suggestions};
use crate::serve::changes;
use crate::serve::events::EventKind;
use crate::serve::graphs::ServedGraph;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Stage};

/// Applies a change set. Once it has begun it goes on to its end, whether or not its client waits.
pub(crate) async fn change(target: Target, received: Received) -> Answer {
    let held = received.hold(1)?;
    aside("applying the change set", move || {
        let applied = apply(&received, &target.graph);
        drop(held);
        applied
    })
    .await?
}

fn apply(received: &Received, served: &Arc<ServedGraph>) -> Answer {
    let Received { service, entry, budget, text } = received;
    let limits = &entry.live.config.limits;
    let snapshot = served.graph.snapshot();
    let names = Names { graph: &snapshot, suggestions: Suggestions::Omitted };
    let (changes, mut options) = changes::read(text, names, limits.changes)?;
    let limit = limits.request_time;
    options.budget = budget.left(Some(limit)).unwrap_or(limit);
    let dry = options.run == Run::Dry;
    let before = snapshot.number();
    let engine_and_graphs = service.served()?;
    let result = engine_and_graphs.engine.apply(&served.graph, &changes, &options);
    let report = match &result {
        Ok(report) => Some(report),
        Err(error) => error.report(),
    };
    if let Some(keeper) = served.keeper() {
        keeper.appended();
    }
    if let Some(report) = report.filter(|_| !dry) {
        engine_and_graphs.count(report);
    }
    // A set that was refused in the middle may have had chunks that were applied.
    if let Some(report) = report.filter(|report| !dry && report.generation > before) {
        let event = json!({"graph": served.name, "generation": report.generation});
        service.events.tell(EventKind::Generation, event);
    }
    match result {
        Ok(report) => {
            let mut answer = shown(&report);
            answer["dry_run"] = json!(dry);
            answer["kept"] = json!(served.promise());
            Ok(answer::value(&answer))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// A report as an object.
fn shown(report: &ApplyReport) -> Value {
    let failures = report.failures.iter().map(|failure| {
        json!({
            "index": failure.index,
            "change": failure.kind.name(),
            "class": failure.error.class().name(),
            "detail": cut_quoted(&failure.error.to_string()),
        })
    });
    let totals = &report.totals;
    json!({
        "generation": report.generation,
        "applied": report.successes.len(),
        "failures": failures.collect::<Vec<_>>(),
        "totals": {
            "nodes_added": totals.nodes_added,
            "nodes_renamed": totals.nodes_renamed,
            "nodes_removed": totals.nodes_removed,
            "edges_added": totals.edges_added,
            "edges_changed": totals.edges_changed,
            "edges_removed": totals.edges_removed,
        },
        "elapsed_us": report.elapsed.as_secs_f64() * 1e6,
    })
}

/// Why a set was not applied, or not to its end; the report stands beside it.
fn problem(error: &ApplyError) -> Problem {
    let status = match error {
        ApplyError::Busy { .. } | ApplyError::BreakerOpen { .. } => StatusCode::SERVICE_UNAVAILABLE,
        ApplyError::ScratchTooSmall { .. } => StatusCode::INSUFFICIENT_STORAGE,
        _ => match error.class() {
            ErrorClass::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorClass::NotFound => StatusCode::NOT_FOUND,
            ErrorClass::Conflict => StatusCode::CONFLICT,
            ErrorClass::Late => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        },
    };
    let mut problem = Problem::new(status, cut_quoted(&error.to_string()));
    problem.retry_in = match error {
        ApplyError::Busy { .. } => Some(Duration::from_secs(1)),
        ApplyError::BreakerOpen { retry_in } => Some(*retry_in),
        _ => None,
    };
    problem.report = error.report().map(shown);
    problem
}

/// How long a turn of maintenance may take.
const MAINTENANCE: Duration = Duration::from_millis(50);

/// Looks after changed graphs until the service stops: frees generations that nobody reads and
/// merges changes into blocks.
pub(crate) async fn maintain(service: App) {
    let mut stages = service.stages();
    loop {
        let period = service.live().config.engine.maintain_every;
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(period) => {}
        }
        let service = App::clone(&service);
        let turn = tokio::task::spawn_blocking(move || {
            service.served().ok().map(|served| served.engine.maintain(MAINTENANCE))
        });
        if turn.await.is_err() {
            tracing::error!("maintenance of the graphs panicked");
        }
    }
}
