//! `POST /v1/spread`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response};

use super::ask::{self, Asker};
use super::target::Target;
use crate::query;
use crate::serve::body;
use crate::serve::budget::Budget;
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// Answers one query.
pub(crate) async fn spread(
    State(service): State<App>,
    entry: Entry,
    target: Target,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let budget = Budget::of(request.headers(), entry.start)?;
    let Entry { live, spans, .. } = entry;
    let text = body::read(request, &live.config).await?;
    let query = query::parse(&text)?;
    let held = service.slots.hold(1, live.config.limits.spreads).ok_or_else(ask::shed)?;
    let snapshot = target.graph.graph.snapshot();
    let asker = Asker { service, live, snapshot, budget, spans };
    let outcome = asker.ask(&query).await?;
    drop(held);
    Ok(ask::json(outcome))
}
