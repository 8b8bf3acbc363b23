//! Laws that hold for every graph, as property tests over random ones. Where a law needs a domain
//! (no inhibitory edges, sums, no ceiling), the strategies stay inside it.

use emanate::spread::{Firing, Linear, Rule, Share};
use emanate::{Engine, Graph, SpreadOutcome, SpreadRequest};
use emanate_tests::compare::{Scope, assert_close_relative, assert_same_bits, by_label};
use emanate_tests::plans::{
    GraphPlan, LABELS, RequestPlan, Weights, any_rule, config, graphs, monotone_linear, requests,
};
use proptest::prelude::*;

#[path = "laws/bounds.rs"]
mod bounds;
#[path = "laws/files.rs"]
mod files;
#[path = "laws/order.rs"]
mod order;
#[path = "laws/threads.rs"]
mod threads;

/// Relative error where a law holds but for rounding.
const TOLERANCE: f64 = 1e-9;

/// Random cases of each law.
const CASES: u32 = 300;

/// Node positions and activations of seeds, as [`RequestPlan`] has them.
type SeedPlans = Vec<(usize, f64, u32)>;

fn seeds() -> impl Strategy<Value = SeedPlans> {
    prop::collection::vec((0..LABELS.len(), 0.05..1.0f64, Just(0)), 1..4)
}

/// Rule `linear` where sums stay sums: no threshold.
fn additive() -> impl Strategy<Value = Linear> {
    monotone_linear().prop_map(|rule| Linear { firing_threshold: 0.0, ..rule })
}

fn spread(graph: &GraphPlan, request: &RequestPlan) -> SpreadOutcome {
    let request = request.request(graph.nodes);
    Engine::new().spread(&Graph::from(graph.generation()), &request).expect("a good request")
}

fn linear(graph: &GraphPlan, seeds: &SeedPlans, rule: &Linear) -> SpreadOutcome {
    spread(graph, &RequestPlan::plain(seeds.clone(), Rule::Linear(rule.clone())))
}

/// Asserts that no activation of `lower` is above the node's in `upper`, to the last bit: both add
/// numbers of one sign in one order, so rounding cannot turn the law around.
fn assert_nowhere_above(graph: &GraphPlan, lower: &SpreadOutcome, upper: &SpreadOutcome) {
    let generation = graph.generation();
    let upper = by_label(&generation, upper);
    for (label, activation) in by_label(&generation, lower) {
        let above = upper.get(&label).copied().unwrap_or(0.0);
        assert!(activation <= above, "{label}: {activation} above {above}");
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    /// `A(b x + c y) = b A(x) + c A(y)`.
    #[test]
    fn is_linear_in_the_seeds(
        graph in graphs(Weights::NonNegative),
        rule in additive(),
        x in seeds(),
        y in seeds(),
        b in 0.1..3.0f64,
        c in 0.1..3.0f64,
    ) {
        let scaled = |seeds: &SeedPlans, by: f64| -> SeedPlans {
            seeds.iter().map(|(node, activation, time)| (*node, by * activation, *time)).collect()
        };
        let both = [scaled(&x, b), scaled(&y, c)].concat();
        let generation = graph.generation();
        let together = by_label(&generation, &linear(&graph, &both, &rule));
        let from_x = by_label(&generation, &linear(&graph, &x, &rule));
        let from_y = by_label(&generation, &linear(&graph, &y, &rule));
        for (label, activation) in &together {
            let part = |of: &std::collections::HashMap<String, f64>| {
                of.get(label).copied().unwrap_or(0.0)
            };
            let sum = b * part(&from_x) + c * part(&from_y);
            assert_close_relative(label, *activation, sum, TOLERANCE);
        }
        let labels = from_x.keys().chain(from_y.keys());
        prop_assert!(labels.into_iter().all(|label| together.contains_key(label)));
    }

    /// Seeds times a power of two give activations times it, to the bit.
    #[test]
    fn scales_exactly_by_powers_of_two(
        graph in graphs(Weights::NonNegative),
        rule in additive(),
        seeds in seeds(),
        power in -20..20i32,
    ) {
        let scale = f64::from(power).exp2();
        let scaled = seeds.iter().map(|(node, x, time)| (*node, x * scale, *time)).collect();
        let plain = linear(&graph, &seeds, &rule);
        let mut expected = plain.clone();
        expected.activations.iter_mut().for_each(|a| a.activation *= scale);
        expected.steps.iter_mut().for_each(|step| step.total *= scale);
        assert_same_bits(&linear(&graph, &scaled, &rule), &expected, Scope::Whole);
    }

    /// A higher firing threshold raises no activation.
    #[test]
    fn firing_threshold_only_lowers(
        graph in graphs(Weights::NonNegative),
        rule in monotone_linear(),
        seeds in seeds(),
        more in 0.0..0.5f64,
    ) {
        let higher = Linear { firing_threshold: rule.firing_threshold + more, ..rule.clone() };
        let [lower, upper] = [&higher, &rule].map(|rule| linear(&graph, &seeds, rule));
        assert_nowhere_above(&graph, &lower, &upper);
    }

    /// A smaller hop decay raises no activation.
    #[test]
    fn hop_decay_only_lowers(
        graph in graphs(Weights::NonNegative),
        rule in monotone_linear(),
        seeds in seeds(),
        part in 0.1..=1.0f64,
    ) {
        let smaller = Linear { hop_decay: rule.hop_decay * part, ..rule.clone() };
        let [lower, upper] = [&smaller, &rule].map(|rule| linear(&graph, &seeds, rule));
        assert_nowhere_above(&graph, &lower, &upper);
    }

    /// One hop more lowers no activation.
    #[test]
    fn another_hop_only_raises(
        graph in graphs(Weights::NonNegative),
        rule in monotone_linear(),
        seeds in seeds(),
        hops in 0..7u32,
    ) {
        let with_hops = |hops| Linear { hops: emanate::spread::Hops::Limit(hops), ..rule.clone() };
        let lower = linear(&graph, &seeds, &with_hops(hops));
        let upper = linear(&graph, &seeds, &with_hops(hops + 1));
        assert_nowhere_above(&graph, &lower, &upper);
        prop_assert!(upper.stats.hops >= lower.stats.hops);
    }

    /// With share by weight, no decay, no threshold and no dead end, what is received in each hop
    /// is as much as the seeds: after hop `h` all activation is `h + 1` times theirs.
    #[test]
    fn share_by_weight_conserves_mass(
        graph in graphs(Weights::NonNegative),
        seeds in seeds(),
        hops in 0..12u32,
    ) {
        let graph = graph.without_dead_ends();
        let rule = Linear {
            hops: emanate::spread::Hops::Limit(hops),
            hop_decay: 1.0,
            firing_threshold: 0.0,
            share: Share::Weight,
            ..Linear::default()
        };
        let outcome = linear(&graph, &seeds, &rule);
        let mass: f64 = seeds.iter().map(|(_, activation, _)| activation).sum();
        prop_assert_eq!(outcome.steps.len(), hops as usize + 1);
        for step in &outcome.steps {
            let expected = mass * f64::from(step.t + 1);
            assert_close_relative(&format!("step {}", step.t), step.total, expected, TOLERANCE);
        }
    }

    /// A node that may fire once fires no more often than one that may repeat, and reaches no more.
    #[test]
    fn firing_once_only_lowers(
        graph in graphs(Weights::NonNegative),
        rule in monotone_linear(),
        seeds in seeds(),
    ) {
        let once = Linear { firing: Firing::Once, ..rule.clone() };
        let [lower, upper] = [&once, &rule].map(|rule| linear(&graph, &seeds, rule));
        assert_nowhere_above(&graph, &lower, &upper);
        prop_assert!(lower.stats.edges_traversed <= upper.stats.edges_traversed);
    }

    /// Running a request again, with another engine, or into an outcome used before, changes no
    /// bit.
    #[test]
    fn repeats_to_the_bit(
        graph in graphs(Weights::NonNegative),
        first in requests(any_rule()),
        second in requests(any_rule()),
    ) {
        let snapshot = Graph::from(graph.generation()).snapshot();
        let engine = Engine::new();
        let mut reused = SpreadOutcome::new();
        for plan in [&first, &second, &first, &second] {
            let request: SpreadRequest = plan.request(graph.nodes);
            let fresh = Engine::new().spread_at(&snapshot, &request);
            let again = engine.spread_at(&snapshot, &request);
            let into = engine.spread_into(&snapshot, &request, &mut reused);
            match (fresh, again, into) {
                (Ok(fresh), Ok(again), Ok(())) => {
                    assert_same_bits(&again, &fresh, Scope::Whole);
                    assert_same_bits(&reused, &fresh, Scope::Whole);
                }
                (Err(fresh), Err(again), Err(into)) => {
                    prop_assert_eq!(&fresh, &again);
                    prop_assert_eq!(&fresh, &into);
                    prop_assert!(reused.activations.is_empty() && reused.steps.is_empty());
                }
                (fresh, again, into) => panic!("{fresh:?}, {again:?}, {into:?}"),
            }
        }
    }
}
