//! `spreadr` and personalised PageRank on real graphs of up to three million edges.

use std::collections::HashMap;

use emanate::spread::{PageRank, PageRankMethod, Retention, Rule};
use emanate::{Engine, Graph, NodeId, Snapshot, SpreadOutcome, SpreadRequest};
use emanate_tests::compare::{assert_close_relative, assert_ranked};
use emanate_tests::{Tally, shared};
use serde_json::Value;

/// Relative to the value.
const TOLERANCE: f64 = 1e-9;

/// The graph with the most edges, which takes as long as all others.
const LARGEST: &str = "cnr2000_web";

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Numbers, printed as numbers or strings.
fn printed(value: &Value) -> f64 {
    value.as_str().map_or_else(|| number(value), shared::number)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not an array"))
}

fn request(run: &Value) -> SpreadRequest {
    let rule = match run["algorithm"].as_str() {
        Some("spreadr") => Rule::Retention(Retention {
            retention: number(&run["retention"]),
            time: run["time"].as_u64().and_then(|time| u32::try_from(time).ok()),
            time_decay: number(&run["decay"]),
            suppress: number(&run["suppress"]),
            ..Retention::default()
        }),
        Some("personalised PageRank") => Rule::PageRank(PageRank {
            damping: number(&run["alpha"]),
            method: PageRankMethod::Power {
                tolerance: number(&run["l1_tol"]),
                // Rounding may keep the change above so small a tolerance for ever.
                iterations_max: 250,
            },
        }),
        other => panic!("{other:?}: say in this test what this algorithm is"),
    };
    let seed = run["seed"].as_str().expect("seed is a string");
    let activation = run["start"].as_f64().unwrap_or(1.0);
    SpreadRequest { by_step: true, ..SpreadRequest::new(rule) }.seed(seed, activation)
}

/// The strongest nodes have the values expected, and stand in their order but for equal values.
fn check_top(what: &str, graph: &Snapshot, outcome: &SpreadOutcome, top: &[Value]) {
    assert_ranked(graph, outcome);
    assert!(top.len() == 100 || top.len() == outcome.activations.len(), "{what}: nodes");
    let activations: HashMap<NodeId, f64> =
        outcome.activations.iter().map(|a| (a.node, a.activation)).collect();
    for (rank, entry) in top.iter().enumerate() {
        let label = entry[0].as_str().expect("a label");
        let expected = printed(&entry[1]);
        let node = graph.find(label).expect("in memory").expect("a node of the graph");
        let got = activations.get(&node).copied().unwrap_or(0.0);
        let what = format!("{what}: {label} at rank {rank}");
        assert_close_relative(&what, got, expected, TOLERANCE);
        assert_close_relative(&what, outcome.activations[rank].activation, expected, TOLERANCE);
    }
}

fn check_steps(what: &str, outcome: &SpreadOutcome, run: &Value) {
    let (totals, active) = (array(&run["total_by_t"]), array(&run["active_nodes_by_t"]));
    assert_eq!(outcome.steps.len(), totals.len(), "{what}");
    for ((step, total), active) in outcome.steps.iter().zip(totals).zip(active) {
        let what = format!("{what}: step {}", step.t);
        assert_close_relative(&what, step.total, printed(total), TOLERANCE);
        assert_eq!(Some(step.active), active.as_u64(), "{what}: active");
    }
}

fn check_file(file: &Value, tally: &mut Tally) {
    let name = file["graph"].as_str().expect("a graph");
    let Some(graph) = shared::graph(name, tally) else { return };
    assert_eq!(Some(graph.node_count() as u64), file["nodes"].as_u64(), "{name}");
    assert_eq!(Some(graph.edge_count()), file["edges"].as_u64(), "{name}");
    let (engine, graph) = (Engine::new(), Graph::from(graph));
    for run in array(&file["runs"]) {
        let request = request(run);
        let what = format!("{name}: {:?}", request.seeds[0].node);
        let outcome = engine.spread(&graph, &request).expect("a good request");
        check_top(&what, &graph.snapshot(), &outcome, array(&run["top100"]));
        if run["algorithm"] == "spreadr" {
            check_steps(&what, &outcome, run);
        } else {
            let total: f64 = outcome.activations.iter().map(|a| a.activation).sum();
            assert_close_relative(&what, total, printed(&run["sum"]), TOLERANCE);
        }
        tally.ran();
    }
}

/// Checks the files of reference/large of which `includes` holds by name.
fn check_files(tally: &mut Tally, includes: fn(&str) -> bool) {
    for file in shared::list("reference/large", tally) {
        let stem = file.file_stem().expect("a file").to_string_lossy().into_owned();
        if includes(&stem) {
            check_file(&shared::json(&file), tally);
        }
    }
}

#[test]
fn largest_graph() {
    let mut tally = Tally::new("runs on the largest graph");
    check_files(&mut tally, |stem| stem == LARGEST);
    assert!(tally.skipped_count() > 0 || tally.ran_count() == 16);
}

#[test]
fn other_large_graphs() {
    let mut tally = Tally::new("runs on large graphs");
    check_files(&mut tally, |stem| stem != LARGEST);
    assert!(tally.skipped_count() > 0 || tally.ran_count() == 48);
}
