//! Numbers at the ends of what a double holds: a spread ends before one becomes infinite.

use super::*;

/// Asserts that no number in the outcome is infinite or NaN.
pub(crate) fn assert_finite(outcome: &SpreadOutcome) {
    for entry in &outcome.activations {
        assert!(entry.activation.is_finite(), "{entry:?}");
        assert!(entry.latency_s.is_none_or(f64::is_finite), "{entry:?}");
    }
    assert!(outcome.steps.iter().all(|step| step.total.is_finite()), "{:?}", outcome.steps);
    assert!(outcome.residual.is_none_or(f64::is_finite));
    let strengths = outcome.paths.iter().flatten().map(|path| path.strength);
    assert!(strengths.into_iter().all(f64::is_finite));
}

/// A ring of four nodes with edges both ways.
fn ring(weight: f64) -> Graph {
    let mut builder = GraphBuilder::new();
    let names = ["a", "b", "c", "d"];
    for (position, name) in names.iter().enumerate() {
        let next = names[(position + 1) % names.len()];
        builder.edge(*name, next, weight).expect("a good edge");
        builder.edge(next, *name, weight).expect("a good edge");
    }
    builder.build().expect("a good graph").into()
}

fn explained(rule: Rule, activation: f64) -> SpreadRequest {
    let request = SpreadRequest { explain: true, by_step: true, ..SpreadRequest::new(rule) };
    request.seed("a", activation).seed("c", activation)
}

#[test]
fn linear_stops_before_it_overflows() {
    for precision in [Precision::Double, Precision::Single] {
        for share in [Share::None, Share::Sqrt, Share::Log] {
            let hops = Hops::Limit(10);
            let rule = Linear { hops, share, precision, ..Linear::default() };
            let request = explained(Rule::Linear(rule.clone()), 1.0);
            let weight = if precision == Precision::Single { 1e38 } else { 1e308 };
            let outcome = Engine::new().spread(&ring(weight), &request).expect("a good request");
            assert_eq!(outcome.stop_reason, StopReason::Overflow, "{rule:?}");
            assert_finite(&outcome);
            let hops = Hops::Limit(outcome.stats.hops);
            let fewer = explained(Rule::Linear(Linear { hops, ..rule }), 1.0);
            let fewer = Engine::new().spread(&ring(weight), &fewer).expect("a good request");
            assert_eq!(outcome.activations, fewer.activations);
            assert_eq!(outcome.steps, fewer.steps);
        }
    }
}

#[test]
fn inhibition_stops_before_it_overflows() {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 1e308).expect("a good edge");
    builder.edge("a", "c", -1e308).expect("a good edge");
    builder.edge("b", "c", -1e308).expect("a good edge");
    builder.edge("c", "b", 1e308).expect("a good edge");
    let graph = Graph::from(builder.build().expect("a good graph"));
    let request = explained(SpreadRequest::linear(10).rule, 10.0);
    let outcome = Engine::new().spread(&graph, &request).expect("a good request");
    assert_eq!(outcome.stop_reason, StopReason::Overflow);
    assert_finite(&outcome);
}

#[test]
fn no_rule_gives_what_is_not_finite() {
    let weights = [1e308, f64::MAX, 1e200, 1e-308, f64::MIN_POSITIVE, 5e-324, 0.0];
    let activations = [1e308, f64::MAX / 2.0, 1.0, 1e-308, 5e-324];
    let gain = Squash { gain: f64::MAX, center: f64::MIN };
    let strong = Inhibit { beta: f64::MAX, competitors: 3 };
    let shares = [Share::None, Share::Weight, Share::Sqrt, Share::Log];
    let linear = shares.map(|share| Rule::Linear(Linear { share, ..Linear::default() }));
    let single = shares.map(|share| {
        Rule::Linear(Linear { share, precision: Precision::Single, ..Linear::default() })
    });
    let maximum = Linear { combine: Combine::Max, inhibit: Some(strong), ..Linear::default() };
    let squashed = Linear { squash: Some(gain), inhibit: Some(strong), ..Linear::default() };
    let steep = Synapse { squash: gain, inhibit: strong, spread: 1e300, ..Synapse::default() };
    let fast = ActR {
        source_activation: f64::MAX,
        source_strength: f64::MIN,
        base_level: f64::MIN,
        latency_factor: f64::MAX,
        ..ActR::default()
    };
    let own = [Rule::Linear(maximum), Rule::Linear(squashed), Rule::Synapse(steep)];
    let all = rules().into_iter().chain(linear).chain(single).chain(own).chain([Rule::ActR(fast)]);
    for rule in all {
        for weight in weights {
            for activation in activations {
                for direction in [Direction::Out, Direction::Both] {
                    let request = explained(rule.clone(), activation).direction(direction);
                    // What a sum of seeds cannot hold is refused; all else must be finite.
                    if let Ok(outcome) = Engine::new().spread(&ring(weight), &request) {
                        assert_finite(&outcome);
                    }
                }
            }
        }
    }
}

#[test]
fn age_and_relations_at_their_ends() {
    let mut builder = GraphBuilder::new();
    for (target, time) in [("b", f64::MIN), ("c", f64::MAX), ("d", 0.0)] {
        let (source, target) = ("a".into(), target.into());
        let (relation, time) = (Some("r"), Some(time));
        builder.add(&Edge { source, target, weight: 1.0, relation, time }).expect("a good edge");
    }
    let graph = Graph::from(builder.build().expect("a good graph"));
    for rule in rules() {
        for (age_rate, at) in [(f64::MAX, f64::MAX), (f64::MAX, f64::MIN), (1e-300, f64::MAX)] {
            for factor in [f64::MAX, 1e-308, 0.0] {
                let relations = vec![("r".to_owned(), factor)];
                let at = Some(at);
                let edges = EdgeFilter { relations, age_rate, at, ..EdgeFilter::default() };
                let request = SpreadRequest { edges, ..SpreadRequest::new(rule.clone()) };
                let outcome = Engine::new().spread(&graph, &request.seed("a", 1.0));
                assert_finite(&outcome.expect("a good request"));
            }
        }
    }
}

/// A graph of one node with two edges of this weight.
fn fork(weight: f64) -> Graph {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", weight).expect("a good edge");
    builder.edge("a", "c", weight).expect("a good edge");
    builder.build().expect("a good graph").into()
}

#[test]
fn weights_whose_sum_is_no_number_are_still_shared() {
    let one_step = Retention { time: Some(1), ..Retention::default() };
    let push = PageRankMethod::Push { epsilon: 1e-3 };
    let rules = [
        Rule::Retention(one_step),
        SpreadRequest::pagerank().rule,
        Rule::PageRank(PageRank { method: push, ..PageRank::default() }),
    ];
    for rule in rules {
        let request = SpreadRequest::new(rule).seed("a", 1.0);
        let expected = Engine::new().spread(&fork(1.0), &request).expect("a good request");
        assert_eq!(expected.activations.len(), 3);
        for weight in [1.5e308, 1e-310, 5e-324] {
            let got = Engine::new().spread(&fork(weight), &request).expect("a good request");
            assert_eq!(got.stop_reason, expected.stop_reason, "{weight:e} {request:?}");
            for (got, expected) in got.activations.iter().zip(&expected.activations) {
                let error = (got.activation - expected.activation).abs();
                assert!(error <= 1e-12 && got.node == expected.node, "{weight:e} {request:?}");
            }
        }
    }
}

#[test]
fn a_share_of_an_infinite_sum_ends_the_spread() {
    let rule = Linear { share: Share::Weight, ..Linear::default() };
    let request = SpreadRequest::new(Rule::Linear(rule)).seed("a", 1.0);
    let outcome = Engine::new().spread(&fork(1.5e308), &request).expect("a good request");
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Overflow, 0));
}

#[test]
fn a_latency_that_is_no_number_is_a_great_one() {
    let rule = ActR { base_level: -1000.0, ..ActR::default() };
    let request = SpreadRequest::new(Rule::ActR(rule)).seed("a", 1.0);
    let outcome = Engine::new().spread(&fork(1.0), &request).expect("a good request");
    assert_eq!(outcome.activations.len(), 2);
    let latencies = outcome.activations.iter().filter_map(|found| found.latency_s);
    assert!(latencies.into_iter().all(|latency| latency > 1e308 && latency.is_finite()));
}

#[test]
fn an_epsilon_that_no_residual_falls_below_is_refused() {
    let method = PageRankMethod::Push { epsilon: 5e-324 };
    let request = SpreadRequest::new(Rule::PageRank(PageRank { method, ..PageRank::default() }));
    let error = Engine::new().spread(&fork(1.0), &request.seed("a", 1.0)).expect_err("refused");
    assert!(error.to_string().contains("2.2250738585072014e-308"), "{error}");
}

#[test]
fn bounds_hold_while_paths_are_searched() {
    // Every walk is tied with others, so comparing them costs their length.
    let mut builder = GraphBuilder::new();
    for (source, target) in [("a", "b"), ("b", "a"), ("b", "c"), ("c", "a"), ("a", "a")] {
        builder.edge(source, target, 1.0).expect("a good edge");
    }
    let graph = Graph::from(builder.build().expect("a good graph"));
    let rule = Linear {
        hops: Hops::Limit(3000),
        hop_decay: 1.0,
        firing_threshold: 0.0,
        share: Share::Weight,
        ..Linear::default()
    };
    let plain = SpreadRequest::new(Rule::Linear(rule)).seed("a", 1.0);
    let whole = Engine::new().spread(&graph, &plain).expect("a good request");
    let mut request = plain.explain();
    // Enough for the spread, which takes some kilobytes, and not for three walks a hop.
    request.bounds.memory_bytes_max = Some(200_000);
    let outcome = Engine::new().spread(&graph, &request).expect("a good request");
    assert_eq!(outcome.stop_reason, StopReason::MemoryBudget);
    assert_eq!(outcome.activations, whole.activations);
    assert_eq!(outcome.paths, vec![None; 3]);
}
