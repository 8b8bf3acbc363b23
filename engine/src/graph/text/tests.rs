//! What the loader takes, what it refuses, and what it says.

mod compressed;
mod grammar;
mod refused;
mod round_trip;

use super::{BadLineReason, Load, LoadErrorReason, LoadOptions, load_from, read};
use crate::graph::Generation;
use crate::terms::NodeId;

/// One edge with its labels; weight and time as bits, so that equal means equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    source: String,
    target: String,
    weight: u64,
    relation: Option<String>,
    time: Option<u64>,
}

fn held(source: &str, target: &str, weight: f64) -> Held {
    let (source, target) = (source.to_owned(), target.to_owned());
    Held { source, target, weight: weight.to_bits(), relation: None, time: None }
}

fn labels(graph: &Generation) -> Vec<String> {
    nodes(graph).map(|node| graph.label(node).unwrap().to_string()).collect()
}

fn nodes(graph: &Generation) -> impl Iterator<Item = NodeId> {
    (0..u32::try_from(graph.node_count()).unwrap()).map(NodeId::new)
}

/// All edges in the order of their rows.
fn edges(graph: &Generation) -> Vec<Held> {
    let names: Vec<&str> = graph.relation_names().collect();
    let label = |node| graph.label(node).unwrap().to_string();
    let mut edges = Vec::new();
    for node in nodes(graph) {
        let row = graph.out_row(node).unwrap();
        let (relations, times) =
            (graph.out_relations(node).unwrap(), graph.out_times(node).unwrap());
        for (position, &target) in row.targets.iter().enumerate() {
            let relation = relations.get(position).copied().unwrap_or(0) as usize;
            edges.push(Held {
                source: label(node),
                target: label(NodeId::new(target)),
                weight: row.weights.at(position).to_bits(),
                relation: relation.checked_sub(1).map(|position| names[position].to_owned()),
                time: times.get(position).filter(|time| !time.is_nan()).map(|time| time.to_bits()),
            });
        }
    }
    edges
}

fn sorted_edges(graph: &Generation) -> Vec<Held> {
    let mut edges = edges(graph);
    edges.sort();
    edges
}

fn load_bytes(bytes: &[u8], name: &str) -> Load {
    let options = LoadOptions::default();
    let load = load_from(bytes, name, &options).unwrap();
    // Where the text is cut into chunks must not matter.
    for chunk_bytes in [4, 5, 7, 64] {
        let again = read(bytes, name, None, &options, chunk_bytes).unwrap();
        assert_eq!(again.report, load.report, "in chunks of {chunk_bytes}");
        assert_eq!(edges(&again.graph), edges(&load.graph), "in chunks of {chunk_bytes}");
        assert_eq!(labels(&again.graph), labels(&load.graph), "in chunks of {chunk_bytes}");
    }
    load
}

fn tsv(text: &str) -> Load {
    load_bytes(text.as_bytes(), "edges.tsv")
}

fn csv(text: &str) -> Load {
    load_bytes(text.as_bytes(), "edges.csv")
}

fn failure(bytes: &[u8], name: &str) -> LoadErrorReason {
    load_from(bytes, name, &LoadOptions::default()).unwrap_err().reason
}

fn bad_lines(load: &Load) -> Vec<(u64, BadLineReason)> {
    assert_eq!(load.report.bad_line_count, load.report.bad_lines.len() as u64);
    load.report.bad_lines.iter().map(|bad| (bad.line, bad.reason)).collect()
}
