//! Neither the names of nodes nor the order of edges matter beyond what the design says.

use emanate::spread::{Hops, PageRank, PageRankMethod, Retention, Rule, Share};
use emanate::{Engine, Graph};
use emanate_bench::{EdgeList, RMat};
use emanate_tests::compare::{Scope, assert_close, assert_same_bits, by_label};
use emanate_tests::plans::{
    GraphPlan, LABELS, RequestPlan, Weights, any_rule, config, graphs, requests,
};
use proptest::prelude::*;

use super::{CASES, SeedPlans, TOLERANCE, additive, seeds};

/// Rules whose outcome depends on no threshold that rounding could cross, and on no tie.
fn smooth_rules() -> impl Strategy<Value = Rule> {
    let retention = (0.0..1.0f64, 0..8u32).prop_map(|(retention, time)| {
        Rule::Retention(Retention { retention, time: Some(time), ..Retention::default() })
    });
    let pagerank = (0.05..0.95f64, 0..20u32).prop_map(|(damping, iterations_max)| {
        let method = PageRankMethod::Power { tolerance: 1e-300, iterations_max };
        Rule::PageRank(PageRank { damping, method })
    });
    prop_oneof![2 => additive().prop_map(Rule::Linear), 1 => retention, 1 => pagerank]
}

/// Spreads on the plan and on the plan with its nodes called otherwise, and compares by node.
fn assert_renaming_permutes(graph: &GraphPlan, request: &RequestPlan, names: &[usize]) {
    let renamed = |node: usize| format!("node {}", names[node]);
    let engine = Engine::new();
    let ours = graph.generation();
    let theirs = graph.named(renamed);
    let [by_ours, by_theirs] = [&ours, &theirs].map(|generation| generation.node_count());
    assert_eq!(by_ours, by_theirs);
    let (ours, theirs) = (Graph::from(ours), Graph::from(theirs));
    let first = engine.spread(&ours, &request.request(graph.nodes)).expect("a good request");
    let second = request.request_named(graph.nodes, renamed);
    let second = engine.spread(&theirs, &second).expect("a good request");
    assert_eq!(first.activations.len(), second.activations.len());
    let first_by = by_label(&ours.snapshot(), &first);
    let second_by = by_label(&theirs.snapshot(), &second);
    for (node, label) in LABELS.iter().enumerate().take(graph.nodes) {
        let first = first_by.get(*label);
        let second = second_by.get(&renamed(node));
        assert_eq!(first.is_some(), second.is_some(), "{label}");
        if let (Some(first), Some(second)) = (first, second) {
            assert_close(label, *second, *first, TOLERANCE);
        }
    }
    let counts = |outcome: &emanate::SpreadOutcome| {
        let s = &outcome.stats;
        (s.hops, s.nodes_reached, s.edges_traversed, s.revisits, outcome.stop_reason)
    };
    // Where power iteration comes to rest, its last changes are nothing but rounding.
    if !matches!(request.rule, Rule::PageRank(_)) {
        assert_eq!(counts(&first), counts(&second));
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    /// Renaming nodes permutes the outcome.
    #[test]
    fn renaming_permutes(
        graph in graphs(Weights::NonNegative),
        rule in smooth_rules(),
        seeds in seeds(),
        names in Just((0..LABELS.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        assert_renaming_permutes(&graph, &RequestPlan::plain(seeds, rule), &names);
    }

    /// The order in which a builder is given edges changes no bit, for any rule and filter.
    #[test]
    fn order_of_edges_changes_no_bit(
        (graph, shuffled) in graphs(Weights::Inhibitory).prop_flat_map(|graph| {
            let shuffled = Just(graph.edges.clone()).prop_shuffle();
            let nodes = graph.nodes;
            (Just(graph), shuffled.prop_map(move |edges| GraphPlan { nodes, edges }))
        }),
        plan in requests(any_rule()),
    ) {
        let engine = Engine::new();
        let request = plan.request(graph.nodes);
        let [first, second] = [&graph, &shuffled]
            .map(|graph| engine.spread(&Graph::from(graph.generation()), &request));
        match (first, second) {
            (Ok(first), Ok(second)) => assert_same_bits(&first, &second, Scope::Whole),
            (first, second) => prop_assert_eq!(first.err(), second.err()),
        }
    }
}

/// The same on a graph large enough for several blocks of rows.
#[test]
fn order_of_many_edges_changes_no_bit() {
    let list = EdgeList::rmat(5, RMat { scale: 12, edges: 40_000 })
        .with_weights(5, 0.1, 1.0)
        .with_relations(5, 3);
    let seeds: SeedPlans = Vec::new();
    let rule = Rule::Linear(emanate::spread::Linear {
        hops: Hops::Limit(5),
        share: Share::Weight,
        ..Default::default()
    });
    let request = RequestPlan::plain(seeds, rule).request(1).seed("n1", 1.0).seed("n77", 0.5);
    let spread = |list: &EdgeList| {
        let graph = Graph::from(list.to_generation().expect("a good graph"));
        Engine::new().spread(&graph, &request).expect("a good request")
    };
    let first = spread(&list);
    assert!(first.activations.len() > 1000);
    for seed in 0..3 {
        assert_same_bits(&spread(&list.clone().shuffled(seed)), &first, Scope::Whole);
    }
}
