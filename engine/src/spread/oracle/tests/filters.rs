//! What of the graph a spread sees, and which seeds and nodes it takes and reports.

use super::{
    EXACT, assert_linear, assert_near, assert_reports, graph_of, id, labels, linear_from, plain,
    typed_graph,
};
use crate::graph::Generation;
use crate::spread::oracle::spread;
use crate::spread::{Direction, Linear, Share, SpreadError, SpreadRequest, UnknownSeeds};

#[test]
fn edges_are_turned_and_a_self_loop_counts_once() {
    let graph = graph_of(&[("a", "a", 0.5), ("a", "b", 0.25), ("c", "a", 0.125)]);
    let request = linear_from(plain(1), &[("a", 1.0)]);
    let check = |direction, wanted: &[(&str, f64)], fan| {
        let outcome = spread(&graph, &request.clone().direction(direction)).unwrap();
        assert_reports(&graph, &outcome, wanted);
        assert_eq!(outcome.stats.edges_traversed, fan, "{direction:?}");
    };
    check(Direction::Out, &[("a", 1.5), ("b", 0.25)], 2);
    check(Direction::In, &[("a", 1.5), ("c", 0.125)], 2);
    check(Direction::Both, &[("a", 1.5), ("b", 0.25), ("c", 0.125)], 3);
}

#[test]
fn both_ways_between_two_nodes_are_two_edges() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "a", 0.25)]);
    let request = linear_from(plain(1), &[("a", 1.0)]).direction(Direction::Both);
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0), ("b", 0.75)]);
    assert_eq!(outcome.stats.edges_traversed, 2);
}

fn relations() -> Generation {
    typed_graph(&[
        ("a", "b", 0.5, "part of", None),
        ("a", "b", 0.25, "kind of", None),
        ("a", "c", 1.0, "kind of", None),
        ("a", "d", 1.0, "", None),
    ])
}

#[test]
fn a_relation_filter_leaves_the_rest_out_and_weights_what_it_names() {
    let graph = relations();
    let request = linear_from(plain(1), &[("a", 1.0)]);
    let all = spread(&graph, &request).unwrap();
    assert_reports(&graph, &all, &[("a", 1.0), ("c", 1.0), ("d", 1.0), ("b", 0.75)]);
    assert_eq!(all.stats.edges_traversed, 4);
    let kinds = spread(&graph, &request.clone().relation("kind of", 0.5)).unwrap();
    assert_reports(&graph, &kinds, &[("a", 1.0), ("c", 0.5), ("b", 0.125)]);
    assert_eq!(kinds.stats.edges_traversed, 2);
    // The last factor given for a name holds, and 0 keeps the edges.
    let last = request.clone().relation("kind of", 9.0).relation("kind of", 0.0);
    let last = spread(&graph, &last.relation("part of", 1.0)).unwrap();
    assert_reports(&graph, &last, &[("a", 1.0), ("b", 0.5)]);
    assert_eq!(last.stats.edges_traversed, 3);
    let unknown = spread(&graph, &request.relation("opposite of", 1.0)).unwrap_err();
    assert_eq!(unknown, SpreadError::UnknownRelation { name: "opposite of".to_owned() });
}

#[test]
fn only_inhibitory_edges_that_are_seen_are_refused() {
    let graph = typed_graph(&[("a", "b", 1.0, "for", None), ("a", "c", -1.0, "against", None)]);
    let request = SpreadRequest::pagerank().seed("a", 1.0);
    let refused = SpreadError::NegativeWeight { rule: "pagerank" };
    assert_eq!(spread(&graph, &request).unwrap_err(), refused);
    assert!(spread(&graph, &request.clone().relation("for", 1.0)).is_ok());
    assert_eq!(spread(&graph, &request.clone().relation("for", -1.0)).unwrap_err(), refused);
    assert!(spread(&graph, &request.clone().relation("against", -1.0)).is_ok());
    assert!(spread(&graph, &request.relation("against", 0.0)).is_ok());
}

#[test]
fn edges_lose_with_age() {
    let graph = typed_graph(&[
        ("a", "old", 1.0, "r", Some(0.0)),
        ("a", "new", 1.0, "r", Some(90.0)),
        ("a", "next", 1.0, "r", Some(110.0)),
        ("a", "undated", 1.0, "r", None),
    ]);
    let mut request = linear_from(plain(1), &[("a", 1.0)]);
    request.edges.age_rate = 0.01;
    assert_eq!(spread(&graph, &request).unwrap_err(), SpreadError::AgeWithoutTime);
    request.edges.at = Some(100.0);
    let outcome = spread(&graph, &request).unwrap();
    let ages = [("old", 1.0f64), ("new", 0.1), ("next", 0.0), ("undated", 0.0)];
    for (node, times_rate) in ages {
        assert_near(&graph, &outcome, node, (-times_rate).exp(), EXACT);
    }
}

#[test]
fn hidden_nodes_do_not_exist() {
    let graph = graph_of(&[("a", "b", 1.0), ("a", "c", 3.0), ("c", "b", 1.0), ("b", "d", 1.0)]);
    let hidden = id(&graph, "c");
    let rule = Linear { share: Share::Weight, ..plain(2) };
    let request = linear_from(rule, &[("a", 1.0)]).only(move |node| node != hidden);
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0), ("b", 1.0), ("d", 1.0)]);
    assert_eq!(outcome.stats.edges_traversed, 2);
    let seeded = request.seed("c", 1.0);
    let error = spread(&graph, &seeded).unwrap_err();
    assert_eq!(error, SpreadError::UnknownSeed { node: "c".into() });
}

#[test]
fn unknown_seeds_are_refused_or_skipped() {
    let graph = graph_of(&[("a", "b", 0.5)]);
    let mut request = linear_from(plain(1), &[("x", 1.0), ("a", 1.0), ("y", 1.0)]);
    let error = spread(&graph, &request).unwrap_err();
    assert_eq!(error, SpreadError::UnknownSeed { node: "x".into() });
    request.unknown_seeds = UnknownSeeds::Skip;
    let outcome = spread(&graph, &request).unwrap();
    assert_reports(&graph, &outcome, &[("a", 1.0), ("b", 0.5)]);
    assert_eq!(outcome.stats.seeds_skipped, 2);
    request.seeds.remove(1);
    assert_eq!(spread(&graph, &request).unwrap_err(), SpreadError::NoSeeds);
    request.seeds.clear();
    assert_eq!(spread(&graph, &request).unwrap_err(), SpreadError::NoSeeds);
}

#[test]
fn the_report_is_ranked_by_activation_then_label_and_cut_after_the_seeds_are_out() {
    let graph = graph_of(&[("s", "b", 0.5), ("s", "a", 0.5), ("s", "C", 0.5), ("s", "é", 1.0)]);
    let wanted = [("s", 1.0), ("é", 1.0), ("C", 0.5), ("a", 0.5), ("b", 0.5)];
    assert_linear(&graph, plain(1), &[("s", 1.0)], &wanted);
    let mut request = linear_from(plain(1), &[("s", 1.0)]).top(2);
    request.exclude_seeds = true;
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(labels(&graph, &outcome), ["é", "C"]);
}
