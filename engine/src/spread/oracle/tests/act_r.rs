//! Rule `act-r` against Anderson's fan experiment as the ACT-R tutorial models it.

use super::{EXACT, assert_near, graph_of, id, labels};
use crate::graph::Generation;
use crate::spread::oracle::spread;
use crate::spread::{ActR, Rule, SpreadRequest};
use crate::terms::StopReason;

/// The 26 facts of the experiment: who is where.
const FACTS: [(&str, &str); 26] = [
    ("hippie", "beach"),
    ("guard", "castle"),
    ("earl", "dungeon"),
    ("giant", "forest"),
    ("captain", "park"),
    ("debutante", "church"),
    ("fireman", "cave"),
    ("lawyer", "bank"),
    ("wizard", "store"),
    ("clerk", "tower"),
    ("writer", "lake"),
    ("doctor", "stadium"),
    ("teacher", "casino"),
    ("boxer", "school"),
    ("queen", "diner"),
    ("captain", "lake"),
    ("singer", "office"),
    ("fireman", "tower"),
    ("lawyer", "office"),
    ("wizard", "stadium"),
    ("giant", "casino"),
    ("singer", "school"),
    ("debutante", "diner"),
    ("fireman", "casino"),
    ("lawyer", "school"),
    ("wizard", "diner"),
];

/// Person, place, fact, seconds as published, seconds in full.
const TARGETS: [(&str, &str, &str, f64, f64); 9] = [
    ("hippie", "beach", "fact01", 1.099, 1.0993896126732658),
    ("clerk", "tower", "fact10", 1.157, 1.156562373456875),
    ("teacher", "casino", "fact13", 1.205, 1.204761240369371),
    ("giant", "forest", "fact04", 1.157, 1.156562373456875),
    ("captain", "lake", "fact16", 1.227, 1.2265844190098987),
    ("singer", "school", "fact22", 1.286, 1.2856157340678638),
    ("fireman", "cave", "fact07", 1.205, 1.204761240369371),
    ("lawyer", "office", "fact19", 1.286, 1.2856157340678638),
    ("wizard", "diner", "fact26", 1.354, 1.3537792253465315),
];

fn facts() -> Generation {
    let names: Vec<String> = (1..=FACTS.len()).map(|i| format!("fact{i:02}")).collect();
    let mut edges = Vec::new();
    for ((person, place), fact) in FACTS.iter().zip(&names) {
        edges.push((*person, fact.as_str(), 1.0));
        edges.push((*place, fact.as_str(), 1.0));
    }
    graph_of(&edges)
}

#[test]
fn the_nine_target_times_are_those_published() {
    let graph = facts();
    for (person, place, fact, published, full) in TARGETS {
        let request = SpreadRequest::act_r().seed(person, 1.0).seed(place, 1.0);
        let outcome = spread(&graph, &request).unwrap();
        // The fact both lead to is the strongest of those either leads to.
        assert_eq!(labels(&graph, &outcome)[0], fact);
        let latency = outcome.activations[0].latency_s.unwrap();
        assert!((latency - full).abs() < 1e-14, "{fact}: {latency}");
        assert_eq!(format!("{latency:.3}"), format!("{published:.3}"));
        assert_eq!(outcome.stop_reason, StopReason::Exhausted);
        assert_eq!(outcome.stats.hops, 1);
        assert_eq!(outcome.activations[0].hop, 1);
    }
}

#[test]
fn weights_and_seed_amounts_do_not_matter_and_parallel_edges_count_once() {
    let graph = super::typed_graph(&[
        ("j", "i", 5.0, "x", None),
        ("j", "i", 0.0, "y", None),
        ("j", "k", 1.0, "x", None),
        ("k", "i", 0.5, "x", None),
    ]);
    let request = SpreadRequest::act_r().seed("j", 3.0).seed("j", 4.0).seed("k", 0.1);
    let outcome = spread(&graph, &request).unwrap();
    // fan(j) = 3, fan(k) = 1, W = 1/2.
    let (from_j, from_k) = (0.5 * (1.6 - 4f64.ln()), 0.5 * (1.6 - 2f64.ln()));
    assert_eq!(labels(&graph, &outcome), ["i", "k"]);
    assert_near(&graph, &outcome, "i", from_j + from_k, EXACT);
    assert_near(&graph, &outcome, "k", from_j, EXACT);
    let hop_of_k = outcome.activations.iter().find(|a| a.node == id(&graph, "k")).unwrap().hop;
    assert_eq!(hop_of_k, 0, "k is a seed itself");
    let stats = outcome.stats;
    assert_eq!((stats.edges_traversed, stats.nodes_reached, stats.revisits), (4, 3, 1));
}

#[test]
fn negative_activations_are_reported_unless_a_threshold_is_given() {
    let edges: Vec<(String, String)> =
        (0..9).map(|i| ("hub".to_owned(), format!("t{i}"))).collect();
    let edges: Vec<(&str, &str, f64)> = edges.iter().map(|(s, t)| (&**s, &**t, 1.0)).collect();
    let graph = graph_of(&edges);
    let mut rule = ActR { base_level: 0.25, ..ActR::default() };
    let request = SpreadRequest::new(Rule::ActR(rule.clone())).seed("hub", 1.0);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(outcome.activations.len(), 9);
    assert_near(&graph, &outcome, "t3", 0.25 + 1.6 - 10f64.ln(), EXACT);
    assert!(outcome.activations[0].activation < 0.0);
    rule.report_threshold = Some(-0.4);
    let request = SpreadRequest::new(Rule::ActR(rule)).seed("hub", 1.0);
    assert!(spread(&graph, &request).unwrap().activations.is_empty());
}

#[test]
fn a_bound_leaves_nothing_or_the_strongest_targets() {
    let graph = graph_of(&[("a", "x", 1.0), ("a", "y", 1.0), ("b", "y", 1.0)]);
    let mut request = SpreadRequest::act_r().seed("a", 1.0).seed("b", 1.0);
    request.by_step = true;
    request.bounds.edges_max = Some(2);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(outcome.stop_reason, StopReason::EdgeBudget);
    assert_eq!((outcome.stats.hops, outcome.activations.len()), (0, 0));
    request.bounds.edges_max = Some(3);
    request.bounds.nodes_max = Some(3);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(outcome.stop_reason, StopReason::NodeBudget);
    assert_eq!(labels(&graph, &outcome), ["y"]);
    assert_eq!((outcome.stats.hops, outcome.stats.nodes_reached), (1, 3));
    let totals: Vec<(u32, u64)> = outcome.steps.iter().map(|s| (s.t, s.active)).collect();
    assert_eq!(totals, [(0, 0), (1, 1)]);
    assert_eq!(outcome.steps[1].total, outcome.activations[0].activation);
}
