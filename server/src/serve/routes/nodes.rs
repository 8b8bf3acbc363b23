//! `GET /v1/nodes` and `GET /v1/nodes/{label}`.

use axum::http::Uri;
use emanate::Snapshot;
use emanate::graph::DamagedBlock;
use emanate::terms::{Label, NodeId};
use serde_json::{Value, json};

use super::answer::{self, Answer, aside};
use super::parameters::{Limit, Parameters};
use super::target::Target;
use crate::output::Name;
use crate::output::text::cut;
use crate::seeds::{Names, Suggestions};
use crate::serve::front::Entry;
use crate::serve::problem::Problem;

/// What `work` reads of a graph, whose file may have to be waited for.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DamagedBlock> + Send + 'static,
) -> Result<T, Problem> {
    let read = aside("reading the graph", work).await?;
    read.map_err(|block| Problem::internal(block.to_string()))
}

/// Labels that begin with a prefix.
pub(crate) async fn search(entry: Entry, target: Target, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["prefix", "limit"])?;
    let limit = parameters.limit(&entry.live.config)?;
    let prefix = parameters.text("prefix").unwrap_or_default().to_owned();
    let snapshot = target.graph.graph.snapshot();
    let found = read(move || {
        // One more than asked for, to know whether there are more.
        let found = snapshot.labels_with_prefix(&prefix, limit + 1)?;
        let labels: Vec<&str> = found.iter().take(limit).map(|(_, label)| *label).collect();
        Ok(json!({"labels": labels, "more": found.len() > limit}))
    });
    Ok(answer::value(&found.await?))
}

/// One node.
pub(crate) async fn node(target: Target, Limit(limit): Limit) -> Answer {
    let (snapshot, label) = (target.graph.graph.snapshot(), target.label);
    let wanted = label.clone();
    let found = read(move || describe(&snapshot, &wanted, limit)).await?;
    found.map(|node| answer::value(&node)).ok_or_else(|| {
        Problem::not_found(format!(
            "the graph has no node {:?}; search with /v1/nodes?prefix=",
            cut(&label)
        ))
    })
}

/// The node called `label` with its `limit` strongest edges; of equal ones the first stored.
fn describe(snapshot: &Snapshot, label: &str, limit: usize) -> Result<Option<Value>, DamagedBlock> {
    let names = Names { graph: snapshot, suggestions: Suggestions::Omitted };
    let Some(node) = names.find(label)? else { return Ok(None) };
    let row = snapshot.out_row(node)?;
    let relations = snapshot.out_relations(node)?;
    let times = snapshot.out_times(node)?;
    let mut order: Vec<usize> = (0..row.len()).collect();
    let strength = |position: &usize| row.weights.at(*position).abs();
    order.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    let relation_names: Vec<&str> = snapshot.relation_names().collect();
    let mut edges = Vec::with_capacity(limit.min(row.len()));
    for position in order.into_iter().take(limit) {
        let target = snapshot.label(NodeId::new(row.targets[position]))?;
        let mut edge = json!({"node": name(target), "weight": row.weights.at(position)});
        // Relation 0 is none at all.
        let relation = relations.get(position).and_then(|number| number.checked_sub(1));
        if let Some(name) = relation.and_then(|at| relation_names.get(at as usize)) {
            edge["relation"] = json!(name);
        }
        if let Some(time) = times.get(position).filter(|time| !time.is_nan()) {
            edge["time"] = json!(time);
        }
        edges.push(edge);
    }
    Ok(Some(json!({
        "node": name(snapshot.label(node)?),
        "id": node.get(),
        "fan_out": row.len(),
        "edges": edges,
        "generation": snapshot.number(),
    })))
}

fn name(label: Label<'_>) -> Value {
    Value::from(&Name::from(label))
}
