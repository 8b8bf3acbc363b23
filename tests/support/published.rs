//! Published cases: what they ask, and how the library is asked it.
//!
//! The same code runs the figures in `tests/data` and, where they are, the reference files beside
//! the repository.

mod fan_effect;
mod retention;
mod walks;

pub use fan_effect::{FanEffect, Probe};
pub use retention::RetentionCase;
pub use walks::{GdsCase, KatzCase, PageRankCase};

use emanate::{Engine, Generation, Graph, GraphBuilder, SpreadOutcome, SpreadRequest};
use serde_json::Value;

/// `value` as a number.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// `value` as a string.
fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}

/// `value` as an array.
fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not an array"))
}

/// `value` as numbers by name.
fn numbers(value: &Value) -> Vec<(String, f64)> {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is not an object"));
    object.iter().map(|(name, value)| (name.clone(), number(value))).collect()
}

/// `[[source, target, weight], ..]` as edges.
fn edges(value: &Value) -> Vec<(String, String, f64)> {
    let edge = |edge: &Value| (string(&edge[0]), string(&edge[1]), number(&edge[2]));
    array(value).iter().map(edge).collect()
}

/// The graph of these edges.
fn graph_of(edges: &[(String, String, f64)]) -> Graph {
    generation_of(&[], edges).into()
}

/// The graph of these nodes and edges.
fn generation_of(nodes: &[String], edges: &[(String, String, f64)]) -> Generation {
    let mut builder = GraphBuilder::new();
    for node in nodes {
        builder.node(node).expect("a published label is a good one");
    }
    for (source, target, weight) in edges {
        builder.edge(source, target, *weight).expect("a published edge is a good one");
    }
    builder.build().expect("a published graph is a good one")
}

/// The outcome of a request that is a good one.
fn spread(engine: &Engine, graph: &Graph, request: &SpreadRequest) -> SpreadOutcome {
    engine.spread(graph, request).unwrap_or_else(|e| panic!("{request:?}: {e}"))
}
