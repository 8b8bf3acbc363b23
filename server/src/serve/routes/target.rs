//! What the path of a request names.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::serve::front::Entry;
use crate::serve::graphs::ServedGraph;
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// A graph, and what else the path names.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The graph: the one of the path, or the default one.
    pub(super) graph: Arc<ServedGraph>,
    /// The label of the path; empty where it has none.
    pub(super) label: String,
}

/// The parts of the path that its route has names for.
async fn params(parts: &mut Parts, service: &App) -> Result<RawPathParams, Problem> {
    RawPathParams::from_request_parts(parts, service).await.map_err(|_| {
        Problem::malformed("the path is not UTF-8 where it is percent-encoded; correct it")
    })
}

/// What the path of a route names that is of no graph: an alert, a check, a breaker.
#[derive(Debug)]
pub(super) struct Named(pub(super) String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &App) -> Result<Self, Problem> {
        let params = params(parts, service).await?;
        let name = params.iter().next().map(|(_, value)| value.to_owned());
        Ok(Self(name.expect("the path of a route with this argument has a name in it")))
    }
}

impl FromRequestParts<App> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &App) -> Result<Self, Problem> {
        let params = params(parts, service).await?;
        let find =
            |wanted: &str| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let graph = Arc::clone(service.graph(find("name"))?);
        Ok(Self { graph, label: find("label").unwrap_or_default().to_owned() })
    }
}

impl FromRequestParts<App> for Entry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let entry = parts.extensions.get().cloned();
        Ok(entry.expect("the front puts it into every request"))
    }
}
