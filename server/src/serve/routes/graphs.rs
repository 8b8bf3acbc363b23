//! `GET /v1/graphs` and `GET /v1/graph/info`.

use axum::extract::State;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::parameters::Bare;
use super::target::Target;
use crate::serve::graphs::ServedGraph;
use crate::serve::service::App;

/// The graphs there are.
pub(crate) async fn list(State(service): State<App>, _: Bare) -> Answer {
    let graphs = service.served()?.graphs.values();
    let graphs: Vec<Value> = graphs.map(|served| shown(served)).collect();
    Ok(answer::value(&json!({"graphs": graphs})))
}

fn shown(served: &ServedGraph) -> Value {
    let snapshot = served.graph.snapshot();
    let facts = snapshot.facts();
    let mut shown = json!({
        "name": served.name,
        "nodes": facts.nodes - facts.removed_nodes,
        "edges": snapshot.edge_count(),
        "generation": snapshot.number(),
        "kept": served.promise(),
    });
    if let Some(keeper) = served.keeper() {
        shown["store"] = keeper.json();
    }
    shown
}

/// What one graph holds.
pub(crate) async fn info(target: Target, _: Bare) -> Answer {
    Ok(answer::value(&*target.graph.info().await?))
}
