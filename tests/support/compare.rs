//! When two outcomes count as the same.

use std::collections::HashMap;

use emanate::spread::oracle;
use emanate::{Generation, NodeActivation, SpreadOutcome, SpreadRequest};

/// Asserts that `got` is within `tolerance` of `expected`, relative to the larger of 1 and it.
///
/// # Panics
/// Where it is not.
pub fn assert_close(what: &str, got: f64, expected: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(1.0);
    assert!(
        (got - expected).abs() <= allowed,
        "{what}: {got} instead of {expected}, further apart than {allowed:e}"
    );
}

/// Asserts that `got` is within `tolerance` of `expected`, relative to it.
///
/// # Panics
/// Where it is not.
pub fn assert_close_relative(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() <= tolerance * expected.abs(),
        "{what}: {got} instead of {expected}, further apart than {tolerance:e} of it"
    );
}

/// Asserts that `got` is what the oracle finds on `whole` without the rows that `got` says could
/// not be read. Activations may differ by rounding.
///
/// # Panics
/// Where it is not, or where not all of those rows are named.
pub fn assert_right_without_rows(whole: &Generation, request: &SpreadRequest, got: &SpreadOutcome) {
    let unread = &got.degraded.nodes;
    assert_eq!(got.degraded.count, unread.len() as u64, "few enough to be named");
    let expected = oracle::spread_without(whole, request, unread).expect("a good request").outcome;
    assert_eq!(got.activations.len(), expected.activations.len(), "{request:?}");
    for entry in &expected.activations {
        let found = got.activation_of(entry.node).expect("the oracle reached it");
        assert_close("activation", found, entry.activation, 1e-9);
    }
    assert_eq!(got.stats.edges_traversed, expected.stats.edges_traversed, "{request:?}");
    assert_eq!(got.stop_reason, expected.stop_reason);
}

/// Activations of an outcome by label; nodes that were not reported are missing.
///
/// # Panics
/// Where the graph's labels cannot be read.
#[must_use]
pub fn by_label(graph: &Generation, outcome: &SpreadOutcome) -> HashMap<String, f64> {
    let entry = |a: &NodeActivation| (label(graph, a), a.activation);
    outcome.activations.iter().map(entry).collect()
}

/// The label of one node of an outcome.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn label(graph: &Generation, activation: &NodeActivation) -> String {
    graph.label(activation.node).expect("labels are in memory").to_string()
}

/// Asserts that the outcome is in the order of the design: activation descending, then label
/// ascending, no node twice.
///
/// # Panics
/// Where it is not.
pub fn assert_ranked(graph: &Generation, outcome: &SpreadOutcome) {
    for pair in outcome.activations.windows(2) {
        let labels = [&pair[0], &pair[1]].map(|a| graph.label(a.node).expect("in memory"));
        let in_order = pair[0].activation > pair[1].activation
            || (pair[0].activation == pair[1].activation && labels[0] < labels[1]);
        assert!(in_order, "{labels:?} are out of order: {pair:?}");
    }
    assert!(outcome.activations.iter().all(|a| a.activation.is_finite()));
}

/// What of two outcomes must have the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All but the elapsed time and the generation's number.
    Whole,
    /// All but those, why it stopped, and the limit that held.
    ButTheEnd,
}

/// Asserts that two outcomes are the same, bit for bit.
///
/// # Panics
/// Where they are not.
pub fn assert_same_bits(got: &SpreadOutcome, expected: &SpreadOutcome, scope: Scope) {
    let bits = |outcome: &SpreadOutcome| -> Vec<(u32, u64, u32, Option<u64>)> {
        let of = |a: &NodeActivation| {
            (a.node.get(), a.activation.to_bits(), a.hop, a.latency_s.map(f64::to_bits))
        };
        outcome.activations.iter().map(of).collect()
    };
    assert_eq!(bits(got), bits(expected), "activations");
    let paths = |outcome: &SpreadOutcome| -> Vec<Option<(Vec<u32>, u64)>> {
        let of = |path: &emanate::spread::Path| {
            (path.nodes.iter().map(|n| n.get()).collect(), path.strength.to_bits())
        };
        outcome.paths.iter().map(|path| path.as_ref().map(of)).collect()
    };
    assert_eq!(paths(got), paths(expected), "paths");
    let steps = |outcome: &SpreadOutcome| -> Vec<(u32, u64, u64)> {
        outcome.steps.iter().map(|s| (s.t, s.total.to_bits(), s.active)).collect()
    };
    assert_eq!(steps(got), steps(expected), "steps");
    assert_eq!(got.degraded, expected.degraded);
    assert_eq!(got.residual.map(f64::to_bits), expected.residual.map(f64::to_bits), "residual");
    let counts = |outcome: &SpreadOutcome| {
        let s = &outcome.stats;
        [u64::from(s.hops), s.nodes_reached, s.edges_traversed, s.revisits, s.seeds_skipped]
    };
    assert_eq!(counts(got), counts(expected), "hops, nodes, edges, revisits, skipped seeds");
    if scope == Scope::Whole {
        assert_eq!(got.stop_reason, expected.stop_reason);
        assert_eq!(got.stats.hop_limit, expected.stats.hop_limit);
    }
}

/// Pearson's correlation of two samples of equal length.
///
/// # Panics
/// Where the lengths differ.
#[must_use]
pub fn pearson(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len());
    let count = left.len() as f64;
    let means = [left, right].map(|sample| sample.iter().sum::<f64>() / count);
    let (mut product, mut squares) = (0.0, [0.0; 2]);
    for (left, right) in left.iter().zip(right) {
        let (left, right) = (left - means[0], right - means[1]);
        product += left * right;
        squares[0] += left * left;
        squares[1] += right * right;
    }
    product / (squares[0] * squares[1]).sqrt()
}
