//! `GET /v1/graphs` and `GET /v1/graph/info`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::ask;
use super::parameters::Parameters;
use super::target::Target;
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// The graphs there are.
pub(crate) async fn list(State(service): State<App>, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let graph = |(name, served): (&String, &std::sync::Arc<_>)| {
        let served: &crate::serve::graphs::ServedGraph = served;
        let snapshot = served.graph.snapshot();
        let facts = snapshot.facts();
        let mut shown = json!({
            "name": name,
            "nodes": facts.nodes - facts.removed_nodes,
            "edges": snapshot.edge_count(),
            "generation": snapshot.number(),
            "kept": served.promise(),
        });
        if let Some(keeper) = served.keeper() {
            shown["store"] = keeper.json();
        }
        shown
    };
    let graphs: Vec<Value> = service.served()?.graphs.iter().map(graph).collect();
    Ok(ask::value(&json!({"graphs": graphs})))
}

/// What one graph holds.
pub(crate) async fn info(target: Target, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(ask::value(&*target.graph.info().await?))
}
