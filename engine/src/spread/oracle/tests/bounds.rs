//! What ends a spread early, and what it reports then.

use super::{assert_reports, graph_of, labels, linear_from, plain};
use crate::graph::Generation;
use crate::spread::oracle::spread;
use crate::spread::{
    Hops, Linear, PageRank, PageRankMethod, Rule, SpreadError, SpreadOutcome, SpreadRequest,
};
use crate::terms::StopReason;

/// `request` with another limit on hops, steps or iterations.
fn limited(mut request: SpreadRequest, hops: u32) -> SpreadRequest {
    request.bounds = crate::spread::Bounds::default();
    match &mut request.rule {
        Rule::Linear(rule) => rule.hops = Hops::Limit(hops),
        Rule::Retention(rule) => rule.time = Some(hops),
        Rule::Synapse(rule) => rule.steps = hops,
        Rule::PageRank(PageRank { method, .. }) => {
            *method = PageRankMethod::Power { tolerance: 1e-9, iterations_max: hops };
        }
        Rule::ActR(_) => panic!("one step has no limit"),
    }
    request
}

/// Asserts that `outcome` is that of the same request with this limit.
#[track_caller]
fn assert_same_as_limited(
    graph: &Generation,
    request: &SpreadRequest,
    outcome: &SpreadOutcome,
    hops: u32,
) {
    assert_eq!(outcome.stats.hops, hops);
    let by_limit = spread(graph, &limited(request.clone(), hops)).unwrap();
    assert_eq!(by_limit.activations, outcome.activations);
    assert_eq!(by_limit.steps, outcome.steps);
    assert_eq!(by_limit.stats.edges_traversed, outcome.stats.edges_traversed);
}

#[test]
fn the_edge_budget_is_tested_before_a_hop() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "c", 0.5), ("b", "d", 0.5), ("c", "a", 0.5)]);
    let synapse = SpreadRequest::synapse().seed("a", 1.0);
    let retention = SpreadRequest::retention().seed("a", 1.0);
    let pagerank = SpreadRequest::pagerank().seed("a", 1.0);
    for mut request in [linear_from(plain(9), &[("a", 1.0)]), synapse, retention, pagerank] {
        request.by_step = true;
        request.bounds.edges_max = Some(0);
        let outcome = spread(&graph, &request).unwrap();
        assert_eq!(outcome.stop_reason, StopReason::EdgeBudget, "{}", request.rule.name());
        assert_same_as_limited(&graph, &request, &outcome, 0);
        request.bounds.edges_max = Some(2);
        let outcome = spread(&graph, &request).unwrap();
        assert_eq!(outcome.stop_reason, StopReason::EdgeBudget, "{}", request.rule.name());
        assert_same_as_limited(&graph, &request, &outcome, 1);
    }
    let mut exact = linear_from(plain(2), &[("a", 1.0)]);
    exact.bounds.edges_max = Some(3);
    let outcome = spread(&graph, &exact).unwrap();
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::HopLimit, 2));
}

#[test]
fn the_node_budget_keeps_the_strongest_new_nodes() {
    let graph = graph_of(&[
        ("a", "d", 0.75),
        ("a", "c", 0.5),
        ("a", "b", 0.5),
        ("a", "e", 0.25),
        ("d", "f", 1.0),
    ]);
    let mut request = linear_from(plain(3), &[("a", 1.0)]);
    request.bounds.nodes_max = Some(3);
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0), ("d", 0.75), ("b", 0.5)]);
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::NodeBudget, 1));
    assert_eq!((outcome.stats.nodes_reached, outcome.stats.edges_traversed), (3, 4));
    // As many as allowed is not more than allowed.
    request.bounds.nodes_max = Some(5);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::NodeBudget, 2));
    assert_eq!(labels(&graph, &outcome), ["a", "d", "b", "c", "e"]);
    request.bounds.nodes_max = Some(6);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(outcome.stop_reason, StopReason::HopLimit);
}

#[test]
fn the_node_budget_of_the_other_rules() {
    let graph = graph_of(&[("a", "b", 1.0), ("a", "c", 3.0), ("b", "d", 1.0), ("c", "e", 1.0)]);
    let method = PageRankMethod::Push { epsilon: 1e-3 };
    let push = Rule::PageRank(PageRank { damping: 0.5, method });
    let power = Rule::PageRank(PageRank { damping: 0.5, ..PageRank::default() });
    for request in [
        SpreadRequest::synapse(),
        SpreadRequest::retention(),
        SpreadRequest::new(power),
        SpreadRequest::new(push),
    ] {
        let mut request = request.seed("a", 1.0);
        request.bounds.nodes_max = Some(2);
        let outcome = spread(&graph, &request).unwrap();
        let name = request.rule.name();
        assert_eq!(outcome.stop_reason, StopReason::NodeBudget, "{name}");
        assert_eq!((outcome.stats.hops, outcome.stats.nodes_reached), (1, 2), "{name}");
        assert!(!labels(&graph, &outcome).contains(&"b"), "{name}");
        // What is left of push is the strongest new residual: 0.5 * 3/4.
        assert!(outcome.residual.is_none_or(|residual| residual == 0.375), "{name}");
    }
}

#[test]
fn nodes_reached_before_do_not_count_again() {
    let graph = graph_of(&[("a", "b", 1.0), ("b", "a", 1.0)]);
    let method = PageRankMethod::Push { epsilon: 1e-3 };
    for request in [
        linear_from(plain(3), &[]),
        SpreadRequest::synapse(),
        SpreadRequest::retention(),
        SpreadRequest::pagerank(),
        SpreadRequest::new(Rule::PageRank(PageRank { damping: 0.5, method })),
    ] {
        let mut request = request.seed("a", 1.0);
        request.bounds.nodes_max = Some(2);
        let outcome = spread(&graph, &request).unwrap();
        assert_ne!(outcome.stop_reason, StopReason::NodeBudget, "{}", request.rule.name());
        assert!(outcome.stats.revisits > 0, "{}", request.rule.name());
    }
}

#[test]
fn fewer_nodes_than_seeds_are_refused() {
    let graph = graph_of(&[("a", "b", 1.0)]);
    let mut request = linear_from(plain(1), &[("a", 1.0), ("b", 1.0), ("a", 1.0)]);
    request.bounds.nodes_max = Some(1);
    let error = spread(&graph, &request).unwrap_err();
    assert_eq!(error, SpreadError::NodesMaxBelowSeeds { nodes_max: 1, seeds: 2 });
    request.bounds.nodes_max = Some(2);
    assert!(spread(&graph, &request).is_ok());
}

#[test]
fn a_hop_that_overflows_is_discarded() {
    let graph = graph_of(&[("a", "b", 1e200), ("b", "c", 1e200)]);
    let request = linear_from(plain(5), &[("a", 1.0)]);
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("b", 1e200), ("a", 1.0)]);
    assert_eq!(outcome.stop_reason, StopReason::Overflow);
    assert_same_as_limited(&graph, &request, &outcome, 1);
    // Contributions that overflow in opposite directions do not make a number either.
    let graph = graph_of(&[("a", "c", 1e308), ("b", "c", -1e308)]);
    let request = linear_from(Linear { hops: Hops::Auto, ..plain(0) }, &[("a", 10.0), ("b", 10.0)]);
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Overflow, 0));
    assert_eq!(outcome.stats.hop_limit, crate::spread::DEFAULT_HOP_LIMIT);
}
