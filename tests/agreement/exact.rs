//! Numbers that meet a threshold, a tie or a zero exactly: powers of two, so that nothing rounds
//! and the kernels and the oracle must decide alike.

use emanate::Graph;
use emanate::spread::{
    Combine, Direction, Firing, Hops, Linear, PageRank, PageRankMethod, Retention, Rule, Share,
};
use emanate_tests::agreement::{Arithmetic, Verdict, compare, every_kernel};
use emanate_tests::plans::{EdgePlan, GraphPlan, LABELS, RequestPlan, config};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Random cases of each rule.
const CASES: u32 = 1000;

fn compare_exactly(plan: &GraphPlan, request: &RequestPlan) -> Result<(), TestCaseError> {
    let graph = Graph::from(plan.generation()).snapshot();
    let request = request.request(plan.nodes);
    for engine in every_kernel() {
        let verdict = compare(&engine, &graph, &request, Arithmetic::IsExact);
        let verdict = verdict.map_err(TestCaseError::fail)?;
        prop_assert!(matches!(verdict, Verdict::SameOutcome | Verdict::BothRefuse));
    }
    Ok(())
}

/// Edges between few nodes, of weights that are powers of two, inhibitory ones among them.
fn round_graphs() -> impl Strategy<Value = GraphPlan> {
    (2..8usize).prop_flat_map(|nodes| {
        let weight = select(vec![0.0, 0.25, 0.5, 1.0, 2.0, -0.5, -1.0]);
        let edge = (0..nodes, 0..nodes, weight, option::of(0..2u8));
        let plan = |(source, target, weight, relation)| EdgePlan {
            source,
            target,
            weight,
            relation,
            time: None,
        };
        vec(edge.prop_map(plan), 0..4 * nodes).prop_map(move |edges| GraphPlan { nodes, edges })
    })
}

/// Every node has two edges of weight 1 to others, so that halves stay exact.
fn halving_graphs() -> impl Strategy<Value = GraphPlan> {
    (3..10usize).prop_flat_map(|nodes| {
        vec((1..nodes, 1..nodes - 1), nodes).prop_map(move |steps| {
            let mut edges = Vec::new();
            for (source, (first, second)) in steps.into_iter().enumerate() {
                // The second step is another one than the first.
                let second = if second >= first { second + 1 } else { second };
                for step in [first, second] {
                    let target = (source + step) % nodes;
                    let edge = EdgePlan { source, target, weight: 1.0, relation: None, time: None };
                    edges.push(edge);
                }
            }
            GraphPlan { nodes, edges }
        })
    })
}

fn seeds(activations: Vec<f64>) -> impl Strategy<Value = Vec<(usize, f64, u32)>> {
    vec((0..LABELS.len(), select(activations), Just(0)), 1..4)
}

prop_compose! {
    fn round_linear()(
        hops in 0..6u32,
        hop_decay in select(vec![0.5, 1.0]),
        firing_threshold in select(vec![0.0, 0.125, 0.25, 0.5, 1.0]),
        report_threshold in select(vec![0.0, 0.25, 0.5]),
        share in select(vec![Share::None, Share::None, Share::Sqrt]),
        combine in select(vec![Combine::Sum, Combine::Sum, Combine::Max]),
        firing in select(vec![Firing::Repeat, Firing::Once]),
        ceiling in option::weighted(0.3, select(vec![0.5, 1.0])),
        fan_out_limit in option::weighted(0.3, 1..4u64),
    ) -> Linear {
        // The root of a fan is a power of two only where the fan is limited to 1.
        let fan_out_limit = if share == Share::Sqrt { Some(1) } else { fan_out_limit };
        Linear {
            hops: Hops::Limit(hops),
            hop_decay,
            firing_threshold,
            report_threshold,
            share,
            combine,
            firing,
            ceiling,
            fan_out_limit,
            ..Linear::default()
        }
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn linear(
        graph in round_graphs(),
        rule in round_linear(),
        seeds in seeds(vec![0.25, 0.5, 1.0]),
        direction in select(vec![Direction::Out, Direction::In, Direction::Both]),
        nodes_max in option::weighted(0.3, 3..7u64),
        edges_max in option::weighted(0.2, 0..30u64),
    ) {
        let plain = RequestPlan::plain(seeds, Rule::Linear(rule));
        let explain = true;
        let request = RequestPlan { direction, nodes_max, edges_max, explain, ..plain };
        compare_exactly(&graph, &request)?;
    }

    #[test]
    fn retention(
        graph in halving_graphs(),
        seeds in seeds(vec![0.5, 1.0, 2.0]),
        retention in select(vec![0.0, 0.25, 0.5, 1.0]),
        time_decay in select(vec![0.0, 0.5]),
        suppress in select(vec![0.0, 0.125, 0.25, 0.5]),
        stop_threshold in option::of(select(vec![0.25, 0.5, 1.0])),
        time in 0..7u32,
        nodes_max in option::weighted(0.3, 3..7u64),
    ) {
        let time = Some(time);
        let per_node = Vec::new();
        let rule = Retention { retention, per_node, time, time_decay, suppress, stop_threshold };
        let plain = RequestPlan::plain(seeds, Rule::Retention(rule));
        compare_exactly(&graph, &RequestPlan { nodes_max, ..plain })?;
    }

    #[test]
    fn pagerank_by_push(
        graph in halving_graphs(),
        seed in 0..LABELS.len(),
        power in 2..7i32,
        nodes_max in option::weighted(0.3, 1..7u64),
    ) {
        let method = PageRankMethod::Push { epsilon: f64::from(-power).exp2() };
        let rule = Rule::PageRank(PageRank { damping: 0.5, method });
        let plain = RequestPlan::plain(vec![(seed, 1.0, 0)], rule);
        compare_exactly(&graph, &RequestPlan { nodes_max, ..plain })?;
    }
}
