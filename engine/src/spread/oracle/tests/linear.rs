//! Rule `linear` on graphs small enough to compute by hand. The weights are sums of few powers of
//! two where they can be, so that most figures are exact.

use super::{EXACT, assert_linear, assert_near, graph_of, linear_from, plain};
use crate::spread::oracle::{spread, spread_traced};
use crate::spread::{Combine, Firing, Inhibit, Linear, Share, SpreadError, Squash};
use crate::terms::StopReason;

#[test]
fn a_chain_decays_with_every_hop() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "c", 0.5), ("c", "d", 0.5)]);
    let rule = Linear { hop_decay: 0.5, ..plain(2) };
    let wanted = [("a", 1.0), ("b", 0.25), ("c", 0.0625)];
    let outcome = assert_linear(&graph, rule.clone(), &[("a", 1.0)], &wanted);
    assert_eq!(outcome.stop_reason, StopReason::HopLimit);
    let stats = outcome.stats;
    assert_eq!((stats.hops, stats.hop_limit, stats.edges_traversed), (2, 2, 2));
    assert_eq!((stats.nodes_reached, stats.revisits), (3, 0));
    let hops: Vec<u32> = outcome.activations.iter().map(|reported| reported.hop).collect();
    assert_eq!(hops, [0, 1, 2]);
    let seeds_only = assert_linear(&graph, plain(0), &[("a", 1.0), ("a", 0.5)], &[("a", 1.5)]);
    assert_eq!(seeds_only.stop_reason, StopReason::HopLimit);
}

#[test]
fn a_spread_ends_one_hop_after_the_last_node_fired() {
    let graph = graph_of(&[("a", "b", 0.5)]);
    let outcome = assert_linear(&graph, plain(9), &[("a", 1.0)], &[("a", 1.0), ("b", 0.5)]);
    // b fires in hop 2, though it has no edges.
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Exhausted, 2));
    let limited = assert_linear(&graph, plain(2), &[("a", 1.0)], &[("a", 1.0), ("b", 0.5)]);
    assert_eq!(limited.stop_reason, StopReason::HopLimit);
}

#[test]
fn activation_at_the_firing_threshold_fires_and_below_it_does_not() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "c", 1.0)]);
    let rule = Linear { firing_threshold: 0.5, ..plain(3) };
    let wanted = [("a", 1.0), ("b", 0.5), ("c", 0.5)];
    assert_linear(&graph, rule.clone(), &[("a", 1.0)], &wanted);
    let rule = Linear { firing_threshold: 0.5000001, ..rule };
    let outcome = assert_linear(&graph, rule, &[("a", 1.0)], &[("a", 1.0), ("b", 0.5)]);
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Exhausted, 1));
}

#[test]
fn each_way_of_sharing() {
    let graph = graph_of(&[("a", "b", 1.0), ("a", "c", 2.0), ("a", "d", 5.0)]);
    let shares = [
        (Share::None, 1.0),
        (Share::Weight, 0.125),
        (Share::Sqrt, 1.0 / 3f64.sqrt()),
        (Share::Log, 1.0 / (1.0 + 3f64.ln())),
    ];
    for (share, passed) in shares {
        let request = linear_from(Linear { share, ..plain(1) }, &[("a", 1.0)]);
        let outcome = spread(&graph, &request).unwrap();
        for (node, weight) in [("b", 1.0), ("c", 2.0), ("d", 5.0)] {
            assert_near(&graph, &outcome, node, passed * weight, 4.0 * EXACT);
        }
    }
    let inhibitory = graph_of(&[("a", "b", 1.0), ("a", "c", -3.0)]);
    let rule = Linear { share: Share::Weight, ..plain(1) };
    assert_linear(&inhibitory, rule.clone(), &[("a", 1.0)], &[("a", 1.0), ("b", 0.25)]);
    let weightless = graph_of(&[("a", "b", 0.0)]);
    let outcome = assert_linear(&weightless, rule, &[("a", 1.0)], &[("a", 1.0)]);
    assert_eq!((outcome.stop_reason, outcome.stats.edges_traversed), (StopReason::HopLimit, 1));
}

#[test]
fn combine_sum_adds_what_comes_together_and_what_comes_later() {
    let graph = graph_of(&[("a", "c", 0.5), ("b", "c", 0.25), ("c", "a", 1.0)]);
    let wanted = [("a", 1.75), ("b", 1.0), ("c", 0.75)];
    let outcome = assert_linear(&graph, plain(2), &[("a", 1.0), ("b", 1.0)], &wanted);
    assert_eq!(outcome.stats.revisits, 1);
}

#[test]
fn combine_max_keeps_the_largest() {
    let graph = graph_of(&[("a", "c", 0.5), ("b", "c", 0.25), ("c", "a", 1.0)]);
    let rule = Linear { combine: Combine::Max, ..plain(2) };
    let wanted = [("a", 1.0), ("b", 1.0), ("c", 0.5)];
    assert_linear(&graph, rule.clone(), &[("a", 1.0), ("b", 1.0)], &wanted);
    // c's 0.5 comes back to a seed that had less.
    let wanted = [("b", 2.0), ("a", 0.5), ("c", 0.5)];
    assert_linear(&graph, rule, &[("a", 0.25), ("b", 2.0)], &wanted);
}

#[test]
fn combine_noisy_or_is_the_chance_that_any_comes_through() {
    let graph = graph_of(&[("a", "c", 1.0), ("b", "c", 0.5), ("b", "a", 0.5), ("a", "d", 4.0)]);
    let rule = Linear { combine: Combine::NoisyOr, ..plain(2) };
    // Hop 1: c 1 - (1-.5)(1-.25), a .25, d clamped to 1. Hop 2: c .25 and d 1 once more.
    let a = 1.0 - 0.5 * 0.75;
    let c = 1.0 - (1.0 - 0.625) * 0.75;
    let wanted = [("d", 1.0), ("c", c), ("a", a), ("b", 0.5)];
    assert_linear(&graph, rule.clone(), &[("a", 0.5), ("b", 0.5)], &wanted);
    let request = linear_from(rule, &[("a", 0.5), ("a", 0.75)]);
    let error = spread(&graph, &request).unwrap_err();
    assert!(matches!(error, SpreadError::SeedAboveOne { activation: 1.25, .. }), "{error:?}");
}

#[test]
fn firing_once_and_again() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "a", 0.5)]);
    let wanted = [("a", 1.25), ("b", 0.625)];
    let repeat = assert_linear(&graph, plain(3), &[("a", 1.0)], &wanted);
    assert_eq!((repeat.stats.edges_traversed, repeat.stats.revisits), (3, 2));
    let rule = Linear { firing: Firing::Once, ..plain(3) };
    let once = assert_linear(&graph, rule, &[("a", 1.0)], &[("a", 1.25), ("b", 0.5)]);
    assert_eq!((once.stop_reason, once.stats.hops), (StopReason::Exhausted, 2));
    assert_eq!((once.stats.edges_traversed, once.stats.revisits), (2, 1));
}

#[test]
fn nodes_above_the_fan_out_limit_do_not_fire() {
    let graph = graph_of(&[("a", "b", 0.5), ("a", "c", 0.5), ("d", "a", 0.5)]);
    let rule = Linear { fan_out_limit: Some(1), ..plain(3) };
    let outcome = assert_linear(&graph, rule.clone(), &[("d", 1.0)], &[("d", 1.0), ("a", 0.5)]);
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Exhausted, 1));
    let rule = Linear { fan_out_limit: Some(2), ..rule };
    let wanted = [("d", 1.0), ("a", 0.5), ("b", 0.25), ("c", 0.25)];
    assert_linear(&graph, rule, &[("d", 1.0)], &wanted);
}

#[test]
fn the_ceiling_holds_activation_but_not_the_pulse() {
    let graph = graph_of(&[("a", "b", 2.0), ("b", "c", 0.125)]);
    let rule = Linear { ceiling: Some(1.5), ..plain(2) };
    let wanted = [("a", 1.5), ("b", 1.5), ("c", 0.5)];
    assert_linear(&graph, rule, &[("a", 2.0)], &wanted);
}

#[test]
fn inhibitory_edges_take_away() {
    let graph = graph_of(&[("a", "c", 1.0), ("b", "c", -0.75), ("c", "d", 1.0)]);
    let wanted = [("a", 1.0), ("b", 1.0), ("c", 0.25), ("d", 0.25)];
    assert_linear(&graph, plain(2), &[("a", 1.0), ("b", 1.0)], &wanted);
    // Below 0 nothing is left, nothing fires, and the node is not reached.
    let outcome =
        assert_linear(&graph, plain(2), &[("a", 0.5), ("b", 1.0)], &[("b", 1.0), ("a", 0.5)]);
    assert_eq!((outcome.stop_reason, outcome.stats.nodes_reached), (StopReason::Exhausted, 2));
    // What was there before is reduced, not below 0.
    let wanted = [("b", 1.0), ("d", 0.5)];
    let outcome = assert_linear(&graph, plain(2), &[("b", 1.0), ("c", 0.5)], &wanted);
    assert_eq!(outcome.stats.nodes_reached, 3);
    // What would have been below 0 is not owed later.
    let graph = graph_of(&[("a", "c", -1.0), ("a", "b", 1.0), ("b", "c", 0.5)]);
    let wanted = [("a", 1.0), ("b", 1.0), ("c", 0.5)];
    assert_linear(&graph, plain(2), &[("a", 1.0)], &wanted);
}

#[test]
fn inhibitory_edges_need_combine_sum() {
    let graph = graph_of(&[("a", "b", -0.5)]);
    for combine in [Combine::Max, Combine::NoisyOr] {
        let request = linear_from(Linear { combine, ..plain(2) }, &[("a", 1.0)]);
        let error = spread(&graph, &request).unwrap_err();
        assert_eq!(error, SpreadError::NegativeWeight { rule: "linear" });
    }
}

#[test]
fn what_cancels_is_close_to_a_threshold() {
    let graph = graph_of(&[("a", "d", 0.3), ("b", "d", -0.1), ("c", "d", -0.2)]);
    let request = linear_from(plain(2), &[("a", 1.0), ("b", 1.0), ("c", 1.0)]);
    assert!(spread_traced(&graph, &request).unwrap().threshold_margin < 1e-15);
    let graph = graph_of(&[("a", "d", 0.3), ("b", "d", 0.1), ("c", "d", 0.2)]);
    assert!(spread_traced(&graph, &request).unwrap().threshold_margin > 0.5);
}

#[test]
fn the_margin_is_the_relative_distance_from_the_firing_threshold() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "c", 0.5)]);
    for (threshold, margin) in [(0.4, 0.2), (0.5 - 1e-10, 2e-10), (0.5, 0.0)] {
        let rule = Linear { firing_threshold: threshold, ..plain(2) };
        let run = spread_traced(&graph, &linear_from(rule, &[("a", 1.0)])).unwrap();
        let found = run.threshold_margin;
        assert!((found - margin).abs() <= 1e-6 * margin.max(1e-9), "{found} {margin}");
    }
}

#[test]
fn inhibition_then_squashing_then_the_report_threshold() {
    let graph = graph_of(&[("a", "b", 0.75), ("a", "c", 0.5), ("a", "d", 0.125)]);
    let inhibit = Some(Inhibit { beta: 0.5, competitors: 2 });
    let rule = Linear { inhibit, ..plain(1) };
    // T = {a, b}. c: 0.5 - 0.5 (0.5 + 0.25); d: 0.125 - 0.5 (0.875 + 0.625) < 0.
    let wanted = [("a", 1.0), ("b", 0.625), ("c", 0.125)];
    assert_linear(&graph, rule.clone(), &[("a", 1.0)], &wanted);
    let squash = Some(Squash { gain: 2.0, center: 0.625 });
    let rule = Linear { squash, report_threshold: 0.4, ..rule };
    let a = 1.0 / (1.0 + (-0.75f64).exp());
    assert_linear(&graph, rule, &[("a", 1.0)], &[("a", a), ("b", 0.5)]);
}

#[test]
fn steps_give_totals_before_the_last_stages() {
    let graph = graph_of(&[("a", "b", 0.5), ("b", "c", 0.5)]);
    let inhibit = Some(Inhibit { beta: 9.0, competitors: 1 });
    let mut request = linear_from(Linear { inhibit, ..plain(2) }, &[("a", 1.0)]);
    request.by_step = true;
    let outcome = spread(&graph, &request).unwrap();
    assert_eq!(outcome.activations.len(), 1);
    let steps: Vec<(u32, f64, u64)> =
        outcome.steps.iter().map(|step| (step.t, step.total, step.active)).collect();
    assert_eq!(steps, [(0, 1.0, 1), (1, 1.5, 2), (2, 1.75, 3)]);
}
