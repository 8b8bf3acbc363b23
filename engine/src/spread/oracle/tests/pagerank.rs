//! Rule `pagerank` against networkx, and the power series of Neo4j's Graph Data Science library
//! through rule `linear`.

use super::{EXACT, assert_near, assert_reports, graph_of, linear_from, plain};
use crate::graph::Generation;
use crate::spread::oracle::spread;
use crate::spread::{Direction, Linear, PageRank, PageRankMethod, Rule, Share, SpreadRequest};
use crate::terms::StopReason;

fn power(damping: f64, tolerance: f64) -> SpreadRequest {
    let method = PageRankMethod::Power { tolerance, iterations_max: 1000 };
    SpreadRequest::new(Rule::PageRank(PageRank { damping, method }))
}

fn push(damping: f64, epsilon: f64) -> SpreadRequest {
    let method = PageRankMethod::Push { epsilon };
    SpreadRequest::new(Rule::PageRank(PageRank { damping, method }))
}

#[track_caller]
fn assert_all(graph: &Generation, request: &SpreadRequest, expected: &[(&str, f64)], within: f64) {
    let outcome = spread(graph, request).unwrap();
    for &(node, activation) in expected {
        assert_near(graph, &outcome, node, activation, within);
    }
}

fn complete_of_four() -> Generation {
    let names = ["0", "1", "2", "3"];
    let mut edges = Vec::new();
    for v in names {
        edges.extend(names.iter().filter(|u| **u != v).map(|u| (v, *u, 1.0)));
    }
    graph_of(&edges)
}

#[test]
fn langville_and_meyer_with_every_node_a_seed() {
    let graph = graph_of(&[
        ("1", "2", 1.0),
        ("1", "3", 1.0),
        ("3", "1", 1.0),
        ("3", "2", 1.0),
        ("3", "5", 1.0),
        ("4", "5", 1.0),
        ("4", "6", 1.0),
        ("5", "4", 1.0),
        ("5", "6", 1.0),
        ("6", "4", 1.0),
    ]);
    let mut request = power(0.9, 1e-9);
    for node in ["1", "2", "3", "4", "5", "6"] {
        request = request.seed(node, 0.5);
    }
    let expected = [
        ("1", 0.03721197),
        ("2", 0.05395735),
        ("3", 0.04150565),
        ("4", 0.37508082),
        ("5", 0.20599833),
        ("6", 0.28624589),
    ];
    // 2 is a dead end, so this also proves where its mass goes.
    assert_all(&graph, &request, &expected, 1e-7);
}

#[test]
fn complete_graph_personalised_to_all_and_to_one() {
    let graph = complete_of_four();
    let mut all = power(0.85, 1e-12);
    for (node, amount) in [("0", 1.0), ("1", 1.0), ("2", 4.0), ("3", 4.0)] {
        all = all.seed(node, amount);
    }
    let (low, high) = (0.23246732615667579, 0.267532673843324);
    let expected = [("0", low), ("1", low), ("2", high), ("3", high)];
    assert_all(&graph, &all, &expected, 1e-6);
    let (low, high) = (0.22077931820379187, 0.3376620453886241);
    let expected = [("0", low), ("1", low), ("2", low), ("3", high)];
    assert_all(&graph, &power(0.85, 1e-12).seed("3", 7.0), &expected, 1e-6);
}

#[test]
fn undirected_multigraph() {
    let graph = graph_of(&[("1", "2", 3.0), ("2", "3", 2.0), ("s", "3", 2.0)]);
    let mut request = power(0.85, 1e-12).direction(Direction::Both);
    for node in ["1", "2", "3", "s"] {
        request = request.seed(node, 1.0);
    }
    let expected = [
        ("1", 0.21066048614468322),
        ("2", 0.3395308825985378),
        ("3", 0.28933951385531687),
        ("s", 0.16046911740146227),
    ];
    assert_all(&graph, &request, &expected, 1e-6);
}

#[test]
fn push_by_hand() {
    let graph = graph_of(&[("a", "b", 3.0)]);
    let mut request = push(0.5, 0.3).seed("a", 2.0);
    request.by_step = true;
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("a", 0.5), ("b", 0.25)]);
    assert_eq!(outcome.residual, Some(0.25));
    assert_eq!(outcome.stop_reason, StopReason::Exhausted);
    let stats = outcome.stats;
    assert_eq!((stats.hops, stats.edges_traversed), (2, 1));
    assert_eq!((stats.nodes_reached, stats.revisits), (2, 0));
    let totals: Vec<f64> = outcome.steps.iter().map(|step| step.total).collect();
    assert_eq!(totals, [0.0, 0.5, 0.75]);
    assert_eq!(outcome.activations[1].hop, 1);
    // The fixed point is 2/3, 1/3: its distance from the outcome is the residual.
    let exact = spread(&graph, &power(0.5, 1e-15).seed("a", 2.0)).unwrap();
    assert_near(&graph, &exact, "a", 2.0 / 3.0, 4.0 * EXACT);
    assert_near(&graph, &exact, "b", 1.0 / 3.0, 4.0 * EXACT);
}

#[test]
fn push_is_a_lower_bound_within_its_residual() {
    let graph = complete_of_four();
    let exact = spread(&graph, &power(0.85, 1e-15).seed("3", 1.0)).unwrap();
    let rough = spread(&graph, &push(0.85, 1e-2).seed("3", 1.0)).unwrap();
    let residual = rough.residual.unwrap();
    assert!(residual > 1e-3 && residual < 0.12, "{residual}");
    let mut distance = 0.0;
    for node in &exact.activations {
        let low = rough.activation_of(node.node).unwrap();
        assert!(low < node.activation);
        distance += node.activation - low;
    }
    assert!((distance - residual).abs() < 1e-12, "{distance} {residual}");
}

#[test]
fn power_counts_and_stops() {
    let graph = graph_of(&[("a", "a", 1.0), ("a", "b", 1.0)]);
    let method = PageRankMethod::Power { tolerance: 1e-9, iterations_max: 1 };
    let rule = Rule::PageRank(PageRank { damping: 0.5, method });
    let outcome = spread(&graph, &SpreadRequest::new(rule).seed("a", 1.0)).unwrap();
    // x_a = 0.5 * 0.5 + 0.5: the self-loop keeps its share.
    assert_reports(&graph, &outcome, &[("a", 0.75), ("b", 0.25)]);
    assert_eq!(outcome.stop_reason, StopReason::HopLimit);
    assert_eq!(outcome.residual, None);
    let stats = outcome.stats;
    assert_eq!((stats.hops, stats.edges_traversed), (1, 2));
    assert_eq!((stats.nodes_reached, stats.revisits), (2, 1));
    let still = spread(&graph, &power(0.0, 1e-9).seed("a", 1.0)).unwrap();
    assert_reports(&graph, &still, &[("a", 1.0)]);
    assert_eq!((still.stop_reason, still.stats.hops), (StopReason::Converged, 1));
}

#[test]
fn a_row_of_zero_weights_is_a_dead_end() {
    let graph = graph_of(&[("a", "b", 0.0)]);
    let outcome = spread(&graph, &power(0.5, 1e-9).seed("a", 1.0)).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0)]);
    assert_eq!(outcome.stats.edges_traversed, 1);
}

/// The site of the manual's examples.
const SITE: [(&str, &str, f64); 14] = [
    ("Home", "About", 0.2),
    ("Home", "Links", 0.2),
    ("Home", "Product", 0.6),
    ("About", "Home", 1.0),
    ("Product", "Home", 1.0),
    ("Site A", "Home", 1.0),
    ("Site B", "Home", 1.0),
    ("Site C", "Home", 1.0),
    ("Site D", "Home", 1.0),
    ("Links", "Home", 0.8),
    ("Links", "Site A", 0.05),
    ("Links", "Site B", 0.05),
    ("Links", "Site C", 0.05),
    ("Links", "Site D", 0.05),
];

/// `sum over k in 0..20 of d^k (P^T)^k (1 - d) s`.
fn series(damping: f64, seeds: &[&str]) -> SpreadRequest {
    let seeds: Vec<(&str, f64)> = seeds.iter().map(|node| (*node, 1.0 - damping)).collect();
    linear_from(Linear { hop_decay: damping, share: Share::Weight, ..plain(19) }, &seeds)
}

const PAGES: [&str; 8] =
    ["Home", "About", "Links", "Product", "Site A", "Site B", "Site C", "Site D"];

#[test]
fn gds_series_without_weights() {
    let graph = graph_of(&SITE.map(|(source, target, _)| (source, target, 1.0)));
    let expected = [
        ("Home", 3.215681999884452),
        ("About", 1.0542700552146722),
        ("Links", 1.0542700552146722),
        ("Product", 1.0542700552146722),
        ("Site A", 0.3278578964488539),
    ];
    assert_all(&graph, &series(0.85, &PAGES), &expected, 1e-12);
    // Here the published run ended by its own tolerance, before its last term.
    let expected = [
        ("Home", 1.2487309425844906),
        ("About", 0.9708121818724536),
        ("Site A", 0.9597081216238426),
    ];
    assert_all(&graph, &series(0.05, &PAGES), &expected, 1e-7);
    let expected = [
        ("Home", 0.39902290442518784),
        ("Site A", 0.16890325301726694),
        ("About", 0.11220151747374331),
        ("Links", 0.11220151747374331),
        ("Product", 0.11220151747374331),
        ("Site B", 0.01890325301726691),
    ];
    assert_all(&graph, &series(0.85, &["Site A"]), &expected, 1e-12);
}

#[test]
fn gds_series_with_weights() {
    let expected = [
        ("Home", 3.53751028396339),
        ("Product", 1.9357838291651097),
        ("About", 0.7452612763883698),
        ("Links", 0.7452612763883698),
        ("Site A", 0.18152677135466103),
    ];
    assert_all(&graph_of(&SITE), &series(0.85, &PAGES), &expected, 1e-12);
}
