//! The strongest walk to each node.

use super::{graph_of, id, label, linear_from, plain};
use crate::graph::Generation;
use crate::spread::oracle::spread;
use crate::spread::{Firing, Linear, Share};

/// The labels of the walk to `node`, joined, and its strength.
fn path_to(graph: &Generation, rule: Linear, seeds: &[(&str, f64)], node: &str) -> (String, f64) {
    let outcome = spread(graph, &linear_from(rule, seeds).explain()).unwrap();
    assert_eq!(outcome.paths.len(), outcome.activations.len());
    let wanted = id(graph, node);
    let position = outcome.activations.iter().position(|reported| reported.node == wanted);
    let path = outcome.paths[position.expect("the node is reported")].as_ref().unwrap();
    let labels: Vec<&str> = path.nodes.iter().map(|node| label(graph, *node)).collect();
    (labels.join(" "), path.strength)
}

#[test]
fn the_largest_product_wins_over_the_fewest_edges() {
    let graph = graph_of(&[("a", "c", 0.5), ("a", "b", 0.75), ("b", "c", 0.75)]);
    let found = path_to(&graph, plain(2), &[("a", 2.0)], "c");
    assert_eq!(found, ("a b c".to_owned(), 1.125));
    assert_eq!(path_to(&graph, plain(1), &[("a", 2.0)], "c"), ("a c".to_owned(), 1.0));
    let decaying = Linear { hop_decay: 0.5, ..plain(2) };
    assert_eq!(path_to(&graph, decaying, &[("a", 2.0)], "c"), ("a c".to_owned(), 0.5));
    let sharing = Linear { share: Share::Weight, ..plain(2) };
    let (labels, strength) = path_to(&graph, sharing, &[("a", 1.0)], "c");
    assert_eq!(labels, "a b c");
    assert!((strength - 0.75 / 1.25).abs() <= super::EXACT);
    assert_eq!(path_to(&graph, plain(2), &[("a", 2.0)], "a"), ("a".to_owned(), 2.0));
}

#[test]
fn ties_go_to_fewer_edges_then_to_the_first_labels_from_the_seed_on() {
    let graph = graph_of(&[("a", "c", 0.25), ("a", "b", 0.5), ("b", "c", 0.5)]);
    assert_eq!(path_to(&graph, plain(2), &[("a", 1.0)], "c"), ("a c".to_owned(), 0.25));
    // By the last but one node alone it would be `m`; from the seed on, `b` comes before `c`.
    let graph = graph_of(&[
        ("s", "c", 0.5),
        ("s", "b", 0.5),
        ("c", "m", 0.5),
        ("b", "n", 0.5),
        ("m", "t", 0.5),
        ("n", "t", 0.5),
    ]);
    assert_eq!(path_to(&graph, plain(3), &[("s", 1.0)], "t"), ("s b n t".to_owned(), 0.125));
    let graph = graph_of(&[("z", "t", 0.5), ("y", "t", 0.5)]);
    let found = path_to(&graph, plain(1), &[("z", 1.0), ("y", 1.0)], "t");
    assert_eq!(found, ("y t".to_owned(), 0.5));
}

#[test]
fn a_walk_passes_only_nodes_that_fire_then() {
    let graph = graph_of(&[("a", "c", 0.25), ("a", "b", 0.75), ("b", "c", 0.75)]);
    let rule = Linear { firing_threshold: 0.8, ..plain(3) };
    assert_eq!(path_to(&graph, rule, &[("a", 1.0)], "c"), ("a c".to_owned(), 0.25));
    // Round the loop of weight 2 the walk grows, until a node may fire only once.
    let graph = graph_of(&[("a", "a", 2.0), ("a", "b", 0.5)]);
    assert_eq!(path_to(&graph, plain(3), &[("a", 1.0)], "b"), ("a a a b".to_owned(), 2.0));
    let once = Linear { firing: Firing::Once, ..plain(3) };
    assert_eq!(path_to(&graph, once, &[("a", 1.0)], "b"), ("a b".to_owned(), 0.5));
}

#[test]
fn two_inhibitory_edges_strengthen() {
    let graph = graph_of(&[("s", "d", 0.5), ("s", "b", 1.25), ("a", "b", -1.0), ("b", "d", -1.0)]);
    let found = path_to(&graph, plain(2), &[("s", 1.0), ("a", 1.0)], "d");
    assert_eq!(found, ("a b d".to_owned(), 1.0));
}

#[test]
fn without_explain_and_for_other_rules_there_are_no_paths() {
    let graph = graph_of(&[("a", "b", 0.5)]);
    let request = linear_from(plain(1), &[("a", 1.0)]);
    assert!(spread(&graph, &request).unwrap().paths.is_empty());
    let request = crate::spread::SpreadRequest::retention().seed("a", 1.0).explain();
    assert!(spread(&graph, &request).unwrap().paths.is_empty());
}
