//! A spread that a bound ends is the spread with fewer hops.

use std::time::Duration;

use emanate::spread::{Bounds, Hops, Linear, PageRank, PageRankMethod, Rule};
use emanate::{CancelToken, Engine, Graph, SpreadOutcome, SpreadRequest, StopReason};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::plans::{Weights, any_rule, config, graphs, requests};
use proptest::prelude::*;

use super::CASES;

/// The request with no bound but on the hops, which are `hops`; `None` where its rule has no such
/// limit.
fn with_hops(request: &SpreadRequest, hops: u32) -> Option<SpreadRequest> {
    let mut request = SpreadRequest { bounds: Bounds::default(), ..request.clone() };
    match &mut request.rule {
        Rule::Linear(rule) => rule.hops = Hops::Limit(hops),
        Rule::Retention(rule) => rule.time = Some(hops),
        Rule::Synapse(rule) => rule.steps = hops,
        Rule::PageRank(PageRank {
            method: PageRankMethod::Power { iterations_max, .. }, ..
        }) => {
            *iterations_max = hops;
        }
        _ => return None,
    }
    Some(request)
}

/// Each bound, so tight that it ends most spreads early.
fn bounds() -> impl Strategy<Value = Bounds> {
    let cancel = || {
        let token = CancelToken::new();
        token.cancel();
        Bounds { cancel: Some(token), ..Bounds::default() }
    };
    prop_oneof![
        4 => (0..40u64).prop_map(|most| Bounds { edges_max: Some(most), ..Bounds::default() }),
        1 => Just(Bounds { budget: Some(Duration::ZERO), ..Bounds::default() }),
        1 => Just(cancel()),
        2 => (0..20_000u64)
            .prop_map(|most| Bounds { memory_bytes_max: Some(most), ..Bounds::default() }),
    ]
}

/// Why a spread ends whose bound is this one, where the bound ends it.
fn reason(bounds: &Bounds) -> StopReason {
    match bounds {
        Bounds { edges_max: Some(_), .. } => StopReason::EdgeBudget,
        Bounds { budget: Some(_), .. } => StopReason::Deadline,
        Bounds { cancel: Some(_), .. } => StopReason::Cancelled,
        _ => StopReason::MemoryBudget,
    }
}

proptest! {
    #![proptest_config(config(2 * CASES))]

    #[test]
    fn a_bounded_spread_is_one_with_fewer_hops(
        graph in graphs(Weights::NonNegative),
        plan in requests(any_rule()),
        bounds in bounds(),
    ) {
        let (engine, handle) = (Engine::new(), Graph::from(graph.generation()));
        let whole = SpreadRequest { bounds: Bounds::default(), ..plan.request(graph.nodes) };
        let bounded = SpreadRequest { bounds: bounds.clone(), ..whole.clone() };
        let Ok(outcome) = engine.spread(&handle, &bounded) else {
            prop_assert!(engine.spread(&handle, &whole).is_err(), "a bound is no fault");
            return Ok(());
        };
        let is_bound = outcome.stop_reason == reason(&bounds);
        if let Some(edges_max) = bounds.edges_max {
            prop_assert!(outcome.stats.edges_traversed <= edges_max);
        }
        let expected = match with_hops(&bounded, outcome.stats.hops) {
            Some(fewer) => engine.spread(&handle, &fewer).expect("a good request"),
            None if is_bound && matches!(whole.rule, Rule::ActR(_)) => {
                prop_assert_eq!(outcome.stats.hops, 0);
                prop_assert!(outcome.activations.is_empty());
                return Ok(());
            }
            None if is_bound => return Ok(()),
            None => engine.spread(&handle, &whole).expect("a good request"),
        };
        assert_same_bits(&outcome, &expected, Scope::ButTheEnd);
    }

    /// The spread ends where its hop limit is, or before, and then for a reason of its own.
    #[test]
    fn an_end_is_never_past_the_limit(
        graph in graphs(Weights::NonNegative),
        plan in requests(any_rule()),
    ) {
        let handle = Graph::from(graph.generation());
        let Ok(outcome) = Engine::new().spread(&handle, &plan.request(graph.nodes)) else {
            return Ok(());
        };
        if outcome.stop_reason == StopReason::HopLimit {
            prop_assert_eq!(outcome.stats.hops, outcome.stats.hop_limit);
        }
        if let Some(nodes_max) = plan.nodes_max {
            prop_assert!(outcome.activations.len() as u64 <= nodes_max);
        }
    }
}

/// The engine's own choice of hops is one that a request can name.
#[test]
fn auto_hops_are_some_number_of_hops() {
    use emanate_bench::{EdgeList, Uniform};
    let list = EdgeList::uniform(1, Uniform { nodes: 500, edges: 2000 });
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let request = |hops| {
        let rule = Linear { hops, ..Linear::default() };
        SpreadRequest::new(Rule::Linear(rule)).seed("n0", 1.0)
    };
    let engine = Engine::new();
    let chosen = engine.spread(&graph, &request(Hops::Auto)).expect("a good request");
    assert!(chosen.stats.hop_limit > 0);
    let named = request(Hops::Limit(chosen.stats.hop_limit));
    let named = engine.spread(&graph, &named).expect("a good request");
    assert_same_bits(&chosen, &named, Scope::Whole);
}

/// A spread on a long chain, ended by another thread.
#[test]
fn cancelling_from_another_thread_ends_between_hops() {
    use emanate_bench::{Chains, EdgeList};
    let chain = EdgeList::chains(Chains { count: 1, nodes: 200_000 });
    let graph = Graph::from(chain.to_generation().expect("a good graph"));
    let token = CancelToken::new();
    let rule = SpreadRequest::linear(u32::MAX).rule;
    let Rule::Linear(mut rule) = rule else { unreachable!("linear makes rule linear") };
    (rule.hop_decay, rule.firing_threshold) = (1.0, 0.0);
    let whole = SpreadRequest::new(Rule::Linear(rule)).seed("n0", 1.0);
    let bounds = Bounds { cancel: Some(token.clone()), ..Bounds::default() };
    let bounded = SpreadRequest { bounds, ..whole.clone() };
    let engine = Engine::new();
    let outcome: SpreadOutcome = std::thread::scope(|scope| {
        let spread = scope.spawn(|| engine.spread(&graph, &bounded).expect("a good request"));
        token.cancel();
        spread.join().expect("no panic")
    });
    let fewer = with_hops(&whole, outcome.stats.hops).expect("rule linear has hops");
    let expected = engine.spread(&graph, &fewer).expect("a good request");
    assert_same_bits(&outcome, &expected, Scope::ButTheEnd);
    assert!(matches!(outcome.stop_reason, StopReason::Cancelled | StopReason::Exhausted));
}
