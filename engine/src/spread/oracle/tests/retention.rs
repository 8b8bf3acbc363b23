//! Rule `retention` where the published cases are silent.

use super::{assert_reports, graph_of, graph_with};
use crate::spread::oracle::{spread, spread_traced};
use crate::spread::{Retention, Rule, Seed, SpreadError, SpreadRequest};
use crate::terms::StopReason;

fn request(rule: Retention, seeds: &[(&str, f64, u32)]) -> SpreadRequest {
    let mut request = SpreadRequest::new(Rule::Retention(rule));
    for &(node, activation, time) in seeds {
        request.seeds.push(Seed { node: node.into(), activation, time });
    }
    request
}

#[test]
fn the_diagonal_counts_in_the_row_sum_and_transports_nothing() {
    let graph = graph_with(&["lone"], &[("a", "a", 3.0), ("a", "b", 1.0)]);
    let rule = Retention { time: Some(1), ..Retention::default() };
    let outcome = spread(&graph, &request(rule, &[("a", 8.0, 0), ("lone", 1.0, 0)])).unwrap();
    // Of the 4 passed on, 3 would go along the diagonal and are lost.
    assert_reports(&graph, &outcome, &[("a", 4.0), ("b", 1.0), ("lone", 1.0)]);
    let stats = outcome.stats;
    assert_eq!((stats.edges_traversed, stats.nodes_reached, stats.revisits), (2, 3, 0));
}

#[test]
fn what_is_injected_later_is_not_suppressed_and_not_reached_before() {
    let graph = graph_of(&[("a", "b", 1.0)]);
    let rule = Retention { time: Some(2), suppress: 2.0, ..Retention::default() };
    let seeds = [("a", 4.0, 0), ("b", 0.5, 2)];
    let mut request = request(rule, &seeds);
    request.by_step = true;
    let run = spread_traced(&graph, &request).unwrap();
    // t=1: a 2, b 2, both at the level. t=2: a 1 is suppressed, b 2 + 1.
    assert_reports(&graph, &run.outcome, &[("b", 3.5)]);
    let steps: Vec<(f64, u64)> =
        run.outcome.steps.iter().map(|step| (step.total, step.active)).collect();
    assert_eq!(steps, [(4.0, 1), (4.0, 2), (3.5, 1)]);
    assert_eq!(run.outcome.stats.revisits, 1);
    assert_eq!(run.threshold_margin, 0.0);
}

#[test]
fn without_anything_to_stop_it_a_spread_ends_at_its_time() {
    let graph = graph_of(&[("a", "b", 1.0)]);
    let rule = Retention { time: Some(0), ..Retention::default() };
    let outcome = spread(&graph, &request(rule.clone(), &[("a", 1.0, 0)])).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0)]);
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::HopLimit, 0));
    let late = spread(&graph, &request(rule, &[("a", 1.0, 3)])).unwrap();
    assert!(late.activations.is_empty());
    assert_eq!(late.stats.nodes_reached, 0);
    let rule = Retention { time: None, stop_threshold: Some(2.0), ..Retention::default() };
    let outcome = spread(&graph, &request(rule, &[("a", 1.0, 0)])).unwrap();
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Converged, 0));
}

#[test]
fn the_last_retention_given_for_a_node_holds() {
    let graph = graph_of(&[("a", "b", 1.0)]);
    let per_node = vec![("a".into(), 0.0), ("a".into(), 0.75)];
    let rule = Retention { per_node, time: Some(1), ..Retention::default() };
    let outcome = spread(&graph, &request(rule.clone(), &[("a", 1.0, 0)])).unwrap();
    assert_reports(&graph, &outcome, &[("a", 0.75), ("b", 0.25)]);
    let rule = Retention { per_node: vec![("x".into(), 0.5)], ..rule };
    let error = spread(&graph, &request(rule, &[("a", 1.0, 0)])).unwrap_err();
    assert_eq!(error, SpreadError::UnknownNode { node: "x".into() });
}
