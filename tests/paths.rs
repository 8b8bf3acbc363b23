//! The strongest walks of the rules whose paths the oracle does not model, worked out by hand.

use emanate::spread::{PageRank, PageRankMethod, Retention, Rule};
use emanate::{Engine, Graph, GraphBuilder, SpreadRequest};

/// `a` to `b` and itself with weight 1, to `c` with weight 2; `b` and `c` to `d` with weight 1.
fn graph() -> Graph {
    let mut builder = GraphBuilder::new();
    for (source, target, weight) in
        [("a", "a", 1.0), ("a", "b", 1.0), ("a", "c", 2.0), ("b", "d", 1.0), ("c", "d", 1.0)]
    {
        builder.edge(source, target, weight).expect("a good edge");
    }
    Graph::from(builder.build().expect("a good graph"))
}

/// Asserts the labels and the strength of the path to each of `expected`.
fn assert_paths(rule: Rule, expected: &[(&str, &str, f64)]) {
    let graph = graph();
    let snapshot = graph.snapshot();
    let request = SpreadRequest::new(rule).seed("a", 4.0).explain();
    let outcome = Engine::new().spread(&graph, &request).expect("a good request");
    assert_eq!(outcome.paths.len(), outcome.activations.len());
    for &(end, nodes, strength) in expected {
        let node = snapshot.find(end).expect("in memory").expect("it exists");
        let place = outcome.activations.iter().position(|found| found.node == node);
        let place = place.unwrap_or_else(|| panic!("{end} is not reported: {outcome:?}"));
        let path = outcome.paths[place].as_ref().expect("a walk leads there");
        let labels = path.nodes.iter().map(|node| snapshot.label(*node).expect("in memory"));
        let labels: Vec<String> = labels.map(|label| label.to_string()).collect();
        assert_eq!(labels.concat(), nodes, "path to {end}");
        assert!((path.strength - strength).abs() < 1e-12, "{end}: {}", path.strength);
    }
}

#[test]
fn retention_lets_through_what_is_not_kept_and_lost() {
    let rule =
        Retention { retention: 0.25, time: Some(3), time_decay: 0.5, ..Retention::default() };
    // 0.5 * 0.75 * w / d on each edge; the loop carries nothing.
    let [ab, ac, cd] = [0.375 / 4.0, 0.375 / 2.0, 0.375];
    let expected = [
        ("a", "a", 4.0),
        ("b", "ab", 4.0 * ab),
        ("c", "ac", 4.0 * ac),
        ("d", "acd", 4.0 * ac * cd),
    ];
    assert_paths(Rule::Retention(rule), &expected);
    let rule = Retention { retention: 0.5, time: Some(3), ..Retention::default() };
    let kept = Retention { per_node: vec![("c".into(), 1.0)], ..rule };
    // With all kept at `c`, the way to `d` is by `b`.
    assert_paths(Rule::Retention(kept), &[("d", "abd", 4.0 * 0.125 * 0.5)]);
}

#[test]
fn pagerank_lets_through_its_damping_and_scales_seeds() {
    let push = PageRankMethod::Push { epsilon: 1e-6 };
    for method in [PageRank::default().method, push] {
        let rule = PageRank { damping: 0.5, method };
        let expected = [("b", "ab", 0.125), ("c", "ac", 0.25), ("d", "acd", 0.125)];
        assert_paths(Rule::PageRank(rule), &expected);
    }
}

#[test]
fn synapse_lets_through_by_fan_out() {
    // 0.8 * e / fan: c's edge is twice as strong, and 3 edges leave `a`.
    let expected = [("c", "ac", 4.0 * 0.8 * 2.0 / 3.0), ("d", "acd", 4.0 * 0.8 * 2.0 / 3.0 * 0.8)];
    assert_paths(SpreadRequest::synapse().rule, &expected);
}

#[test]
fn act_r_gives_the_strength_of_its_source() {
    // The amount of a seed does not count; 3 edges leave `a`, and ACT-R counts it too.
    let strength = 1.6 - 4f64.ln();
    assert_paths(SpreadRequest::act_r().rule, &[("b", "ab", strength)]);
}
