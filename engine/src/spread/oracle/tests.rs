//! The oracle against published figures and against cases small enough to compute by hand.

mod act_r;
mod bounds;
mod filters;
mod linear;
mod pagerank;
mod retention;
mod spreadr;
mod synapse;
mod walks;

use super::spread;
use crate::graph::{Edge, Generation, GraphBuilder};
use crate::spread::{Linear, Rule, SpreadOutcome, SpreadRequest};
use crate::terms::NodeId;

/// Enough for a handful of roundings.
const EXACT: f64 = 1e-15;

/// A graph of edges without relation and time.
fn graph_of(edges: &[(&str, &str, f64)]) -> Generation {
    graph_with(&[], edges)
}

/// The same, with nodes that may have no edges.
fn graph_with(nodes: &[&str], edges: &[(&str, &str, f64)]) -> Generation {
    let mut builder = GraphBuilder::new();
    for node in nodes {
        builder.node(*node).unwrap();
    }
    for &(source, target, weight) in edges {
        builder.edge(source, target, weight).unwrap();
    }
    builder.build().unwrap()
}

/// A graph of edges with relations and times.
fn typed_graph(edges: &[(&str, &str, f64, &str, Option<f64>)]) -> Generation {
    let mut builder = GraphBuilder::new();
    for &(source, target, weight, relation, time) in edges {
        let relation = Some(relation);
        let (source, target) = (source.into(), target.into());
        builder.add(&Edge { source, target, weight, relation, time }).unwrap();
    }
    builder.build().unwrap()
}

/// Rule `linear` without decay or threshold.
fn plain(hops: u32) -> Linear {
    Linear {
        hops: crate::spread::Hops::Limit(hops),
        hop_decay: 1.0,
        firing_threshold: 0.0,
        ..Linear::default()
    }
}

/// A request for rule `linear` with these seeds.
fn linear_from(rule: Linear, seeds: &[(&str, f64)]) -> SpreadRequest {
    let mut request = SpreadRequest::new(Rule::Linear(rule));
    for &(node, activation) in seeds {
        request = request.seed(node, activation);
    }
    request
}

fn id(graph: &Generation, label: &str) -> NodeId {
    graph.find(label).unwrap().expect("the test's graph has the node")
}

fn label(graph: &Generation, node: NodeId) -> &str {
    graph.label(node).unwrap().as_text().unwrap()
}

/// The labels in the order of the report.
fn labels<'g>(graph: &'g Generation, outcome: &SpreadOutcome) -> Vec<&'g str> {
    outcome.activations.iter().map(|reported| label(graph, reported.node)).collect()
}

#[track_caller]
fn assert_near(graph: &Generation, outcome: &SpreadOutcome, node: &str, wanted: f64, within: f64) {
    let found = outcome.activation_of(id(graph, node)).unwrap_or(0.0);
    assert!((found - wanted).abs() <= within, "{node}: {found}, but wanted {wanted}");
}

/// Asserts what is reported, in order, to [`EXACT`] relative.
#[track_caller]
fn assert_reports(graph: &Generation, outcome: &SpreadOutcome, wanted: &[(&str, f64)]) {
    let wanted_labels: Vec<&str> = wanted.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels(graph, outcome), wanted_labels);
    for &(node, activation) in wanted {
        assert_near(graph, outcome, node, activation, EXACT * activation.abs());
    }
}

/// Runs `linear` and asserts what it reports, in order.
#[track_caller]
fn assert_linear(
    graph: &Generation,
    rule: Linear,
    seeds: &[(&str, f64)],
    wanted: &[(&str, f64)],
) -> SpreadOutcome {
    let outcome = spread(graph, &linear_from(rule, seeds)).unwrap();
    assert_reports(graph, &outcome, wanted);
    outcome
}
