//! What a caller can get wrong: each fault is an error that says what to do, never a panic and
//! never a wrong number.

use std::f64::consts::PI;

use emanate::spread::{
    ActR, Bounds, Combine, Direction, EdgeFilter, Hops, Inhibit, Linear, PageRank, PageRankMethod,
    Precision, Retention, Rule, Share, Squash, Synapse, UnknownSeeds,
};
use emanate::{
    Edge, Engine, Graph, GraphBuilder, Key, NodeId, Seed, SpreadError, SpreadOutcome,
    SpreadRequest, StopReason,
};

#[path = "bad_input/extremes.rs"]
mod extremes;
#[path = "bad_input/parameters.rs"]
mod parameters;

/// Three nodes in a row; one edge has a relation, none a weight below zero.
fn graph() -> Graph {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).expect("a good edge");
    let relation = Some("likes");
    let edge = Edge { source: "b".into(), target: "c".into(), weight: 0.5, relation, time: None };
    builder.add(&edge).expect("a good edge");
    builder.build().expect("a good graph").into()
}

/// The same with an inhibitory edge from `c` to `a`.
fn graph_with_inhibition() -> Graph {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).expect("a good edge");
    builder.edge("b", "c", 0.5).expect("a good edge");
    builder.edge("c", "a", -0.5).expect("a good edge");
    builder.build().expect("a good graph").into()
}

fn rules() -> [Rule; 6] {
    let push = PageRank { damping: 0.85, method: PageRankMethod::Push { epsilon: 1e-3 } };
    [
        Rule::default(),
        SpreadRequest::retention().rule,
        SpreadRequest::pagerank().rule,
        Rule::PageRank(push),
        SpreadRequest::act_r().rule,
        SpreadRequest::synapse().rule,
    ]
}

/// The error of a bad request; the outcome handed in must come back empty.
fn refused(graph: &Graph, request: &SpreadRequest) -> SpreadError {
    let engine = Engine::new();
    let snapshot = graph.snapshot();
    let mut outcome = SpreadOutcome::new();
    let good = SpreadRequest::linear(2).seed(NodeId::new(0), 1.0);
    engine.spread_into(&snapshot, &good, &mut outcome).expect("a good request");
    let error = engine
        .spread_into(&snapshot, request, &mut outcome)
        .expect_err(&format!("{request:?} is a bad request"));
    assert_eq!(outcome, SpreadOutcome::new(), "{request:?}");
    let sentence = error.to_string();
    assert!(sentence.len() > 20 && !sentence.ends_with('.'), "{sentence:?}");
    // What failed must leave nothing behind.
    engine.spread_into(&snapshot, &good, &mut outcome).expect("a good request");
    let fresh = Engine::new().spread_at(&snapshot, &good).expect("a good request");
    assert_eq!(outcome.activations, fresh.activations);
    error
}

#[test]
fn no_seeds() {
    for rule in rules() {
        assert_eq!(refused(&graph(), &SpreadRequest::new(rule)), SpreadError::NoSeeds);
    }
}

#[test]
fn unknown_seeds() {
    let far = NodeId::new(99);
    let keys: [Key; 6] =
        ["d".into(), "A".into(), "".into(), far.into(), 7u64.into(), [7u8; 16].into()];
    for rule in rules() {
        for node in &keys {
            let request = SpreadRequest::new(rule.clone()).seed("a", 1.0).seed(node.clone(), 1.0);
            let error = refused(&graph(), &request);
            assert_eq!(error, SpreadError::UnknownSeed { node: node.clone() });
            assert!(error.to_string().contains(&node.to_string()));

            let skipping = SpreadRequest { unknown_seeds: UnknownSeeds::Skip, ..request };
            let outcome = Engine::new().spread(&graph(), &skipping).expect("one seed is known");
            assert_eq!(outcome.stats.seeds_skipped, 1);
        }
        let none = SpreadRequest { unknown_seeds: UnknownSeeds::Skip, ..SpreadRequest::new(rule) };
        let none = none.seed("d", 1.0).seed("e", 1.0);
        assert_eq!(refused(&graph(), &none), SpreadError::AllSeedsUnknown { skipped: 2 });
    }
}

#[test]
fn seeds_that_the_node_filter_hides() {
    let graph = graph();
    let b = graph.snapshot().find("b").expect("in memory").expect("a node");
    for rule in rules() {
        let request = SpreadRequest::new(rule).seed("b", 1.0).only(move |node| node != b);
        assert_eq!(refused(&graph, &request), SpreadError::UnknownSeed { node: "b".into() });
    }
}

#[test]
fn activations_of_seeds() {
    for rule in rules() {
        for activation in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let request = SpreadRequest::new(rule.clone()).seed("b", 1.0).seed("a", activation);
            match refused(&graph(), &request) {
                SpreadError::SeedActivation { node, activation: named } => {
                    assert_eq!(node, Key::from("a"));
                    assert_eq!(named.to_bits(), activation.to_bits());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn seeds_whose_sum_is_infinite() {
    for rule in rules() {
        let request = SpreadRequest::new(rule).seed("a", 1.7e308).seed("a", 1.7e308);
        let error = refused(&graph(), &request);
        assert!(matches!(error, SpreadError::SeedActivation { .. }), "{error:?}");
    }
}

#[test]
fn times_of_seeds() {
    for rule in rules() {
        let name = rule.name();
        let mut request = SpreadRequest::new(rule.clone()).seed("b", 1.0);
        request.seeds.push(Seed { node: "a".into(), activation: 1.0, time: 3 });
        if matches!(rule, Rule::Retention(_)) {
            Engine::new().spread(&graph(), &request).expect("rule retention takes times");
            continue;
        }
        let error = refused(&graph(), &request);
        assert_eq!(error, SpreadError::SeedTime { node: "a".into(), rule: name });
    }
}

#[test]
fn noisy_or_seeds_above_one() {
    let rule = Rule::Linear(Linear { combine: Combine::NoisyOr, ..Linear::default() });
    let request = SpreadRequest::new(rule.clone()).seed("a", 0.75).seed("a", 0.5);
    let error = refused(&graph(), &request);
    assert_eq!(error, SpreadError::SeedAboveOne { node: "a".into(), activation: 1.25 });
    let request = SpreadRequest::new(rule).seed("a", 0.5).seed("a", 0.5).seed("b", 1.0);
    Engine::new().spread(&graph(), &request).expect("1 is not above 1");
}

#[test]
fn unknown_relation() {
    for rule in rules() {
        for name in ["hates", "", "Likes"] {
            let request = SpreadRequest::new(rule.clone()).seed("a", 1.0).relation(name, 1.0);
            let error = refused(&graph(), &request.relation("likes", 1.0));
            assert_eq!(error, SpreadError::UnknownRelation { name: name.to_owned() });
        }
    }
}

#[test]
fn age_rate_without_a_time() {
    for rule in rules() {
        let edges = EdgeFilter { age_rate: 0.1, ..EdgeFilter::default() };
        let request = SpreadRequest { edges, ..SpreadRequest::new(rule) }.seed("a", 1.0);
        assert_eq!(refused(&graph(), &request), SpreadError::AgeWithoutTime);
    }
}

#[test]
fn negative_weights() {
    let maximum = Linear { combine: Combine::Max, ..Linear::default() };
    let noisy_or = Linear { combine: Combine::NoisyOr, ..Linear::default() };
    let refusing = [Rule::Linear(maximum), Rule::Linear(noisy_or)];
    for rule in rules().into_iter().skip(1).chain(refusing) {
        for direction in [Direction::Out, Direction::In, Direction::Both] {
            let request = SpreadRequest::new(rule.clone()).seed("a", 1.0).direction(direction);
            let error = refused(&graph_with_inhibition(), &request);
            assert_eq!(error, SpreadError::NegativeWeight { rule: rule.name() });
        }
        // A factor below zero makes an inhibitory edge, too; leaving out the edge takes it away.
        let request = SpreadRequest::new(rule.clone()).seed("a", 1.0).relation("likes", -1.0);
        let error = refused(&graph(), &request);
        assert_eq!(error, SpreadError::NegativeWeight { rule: rule.name() });
    }
    let request = SpreadRequest::linear(5).seed("a", 1.0);
    Engine::new().spread(&graph_with_inhibition(), &request).expect("linear by sum takes them");
}

#[test]
fn nodes_max_below_the_seeds() {
    for rule in rules() {
        let bounds = Bounds { nodes_max: Some(1), ..Bounds::default() };
        let request = SpreadRequest { bounds, ..SpreadRequest::new(rule) };
        let error = refused(&graph(), &request.clone().seed("a", 1.0).seed("b", 1.0));
        assert_eq!(error, SpreadError::NodesMaxBelowSeeds { nodes_max: 1, seeds: 2 });
        let twice = request.seed("a", 0.5).seed("a", 0.5);
        Engine::new().spread(&graph(), &twice).expect("two seeds at one node are one node");
    }
}

#[test]
fn endless_retention() {
    let rule = Retention { time: None, stop_threshold: None, ..Retention::default() };
    let request = SpreadRequest::new(Rule::Retention(rule)).seed("a", 1.0);
    assert_eq!(refused(&graph(), &request), SpreadError::Endless);
}

#[test]
fn retention_of_an_unknown_node() {
    let per_node = vec![("b".into(), 0.5), ("d".into(), 0.5)];
    let rule = Rule::Retention(Retention { per_node, ..Retention::default() });
    let error = refused(&graph(), &SpreadRequest::new(rule).seed("a", 1.0));
    assert_eq!(error, SpreadError::UnknownNode { node: "d".into() });
}

#[test]
fn graphs_of_no_node_and_of_one() {
    let empty = Graph::from(GraphBuilder::new().build().expect("an empty graph is a graph"));
    let mut builder = GraphBuilder::new();
    builder.node("only").expect("a good label");
    let single = Graph::from(builder.build().expect("a good graph"));
    for rule in rules() {
        let request = SpreadRequest { explain: true, by_step: true, ..SpreadRequest::new(rule) };
        let request = request.seed("only", 0.5);
        let engine = Engine::new();
        let error = engine.spread(&empty, &request).expect_err("an empty graph has no seed");
        assert_eq!(error, SpreadError::UnknownSeed { node: "only".into() });
        let skipping = SpreadRequest { unknown_seeds: UnknownSeeds::Skip, ..request.clone() };
        let error = engine.spread(&empty, &skipping).expect_err("an empty graph has no seed");
        assert_eq!(error, SpreadError::AllSeedsUnknown { skipped: 1 });

        for direction in [Direction::Out, Direction::In, Direction::Both] {
            let request = request.clone().direction(direction);
            let outcome = engine.spread(&single, &request).expect("a good request");
            assert_eq!(outcome.stats.edges_traversed, 0, "{request:?}");
            assert!(outcome.activations.len() <= 1);
        }
    }
}

#[test]
fn a_threshold_nothing_reaches() {
    let rule = Rule::Linear(Linear { firing_threshold: f64::MAX, ..Linear::default() });
    let request = SpreadRequest::new(rule).seed("a", PI);
    let outcome = Engine::new().spread(&graph(), &request).expect("a good request");
    assert_eq!(outcome.stop_reason, StopReason::Exhausted);
    assert_eq!((outcome.activations.len(), outcome.stats.hops), (1, 0));

    let rule = Rule::Linear(Linear { report_threshold: f64::MAX, ..Linear::default() });
    let outcome = Engine::new().spread(&graph(), &SpreadRequest::new(rule).seed("a", PI));
    assert!(outcome.expect("a good request").activations.is_empty());
}
