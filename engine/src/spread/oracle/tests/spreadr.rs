//! Rule `retention` against the figures of the R package `spreadr`: its test suite, its two
//! printed snapshots and its vignette.

use super::{assert_near, graph_with};
use crate::spread::oracle::spread;
use crate::spread::{Retention, Rule, Seed, SpreadRequest};
use crate::terms::StopReason;

/// One published run; `expected` holds the steps that were published, from step `first` on, each
/// with the activations of the nodes in their order.
struct Published {
    nodes: &'static [&'static str],
    edges: &'static [(&'static str, &'static str, f64)],
    /// Node, activation, time.
    seeds: &'static [(&'static str, f64, u32)],
    rule: Retention,
    first: u32,
    expected: &'static [&'static [f64]],
    tolerance: f64,
    stop_reason: StopReason,
}

/// Runs every published step as the last one, and the whole as it was asked for.
fn assert_published(published: &Published) {
    let graph = graph_with(published.nodes, published.edges);
    let mut request = SpreadRequest::new(Rule::Retention(published.rule.clone()));
    for &(node, activation, time) in published.seeds {
        request.seeds.push(Seed { node: node.into(), activation, time });
    }
    let whole = spread(&graph, &request).unwrap();
    assert_eq!(whole.stop_reason, published.stop_reason);
    let steps = u32::try_from(published.expected.len()).unwrap();
    assert_eq!(whole.stats.hops, published.first + steps - 1);
    for (t, expected) in (published.first..).zip(published.expected) {
        request.rule = Rule::Retention(Retention {
            time: Some(t),
            stop_threshold: None,
            ..published.rule.clone()
        });
        let outcome = spread(&graph, &request).unwrap();
        for (node, &activation) in published.nodes.iter().zip(*expected) {
            assert_near(&graph, &outcome, node, activation, published.tolerance);
        }
    }
}

fn retention(retention: f64, time: u32) -> Retention {
    Retention { retention, time: Some(time), ..Retention::default() }
}

#[test]
fn start_run_without_time() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 10.0, 0), ("2", 10.0, 0)],
        rule: retention(0.5, 3),
        first: 1,
        expected: &[&[5.0, 15.0], &[2.5, 17.5], &[1.25, 18.75]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn start_run_with_time() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 10.0, 1), ("1", 10.0, 2)],
        rule: retention(0.5, 3),
        first: 1,
        expected: &[&[10.0, 0.0], &[15.0, 5.0], &[7.5, 12.5]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn stop_by_time() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 20.0, 0)],
        rule: retention(0.5, 1),
        first: 1,
        expected: &[&[10.0, 10.0]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn stop_by_threshold() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 20.0, 0)],
        rule: Retention {
            stop_threshold: Some(2.5),
            time_decay: 0.5,
            time: None,
            ..retention(0.5, 10)
        },
        first: 1,
        expected: &[&[5.0, 5.0], &[1.25, 3.75], &[0.3125, 2.1875]],
        tolerance: 1e-12,
        stop_reason: StopReason::Converged,
    });
}

#[test]
fn stop_by_both_threshold_first() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 20.0, 0)],
        rule: Retention { stop_threshold: Some(2.5), time_decay: 0.5, ..retention(0.5, 6) },
        first: 1,
        expected: &[&[5.0, 5.0], &[1.25, 3.75], &[0.3125, 2.1875]],
        tolerance: 1e-12,
        stop_reason: StopReason::Converged,
    });
}

#[test]
fn stop_by_both_time_first() {
    assert_published(&Published {
        nodes: &["1", "2"],
        edges: &[("1", "2", 1.0)],
        seeds: &[("1", 20.0, 0)],
        rule: Retention { stop_threshold: Some(1.0), ..retention(0.5, 4) },
        first: 1,
        expected: &[&[10.0, 10.0], &[5.0, 15.0], &[2.5, 17.5], &[1.25, 18.75]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn terminal_nodes_keep_everything() {
    assert_published(&Published {
        nodes: &["1", "2", "3", "4", "5"],
        edges: &[
            ("4", "1", 1.0),
            ("1", "2", 1.0),
            ("4", "2", 1.0),
            ("4", "3", 1.0),
            ("2", "4", 1.0),
            ("1", "5", 1.0),
            ("2", "5", 1.0),
        ],
        seeds: &[("1", 20.0, 0)],
        rule: retention(0.0, 3),
        first: 1,
        expected: &[
            &[0.0, 10.0, 0.0, 0.0, 10.0],
            &[0.0, 0.0, 0.0, 5.0, 15.0],
            &[1.6666666666666667, 1.6666666666666667, 1.6666666666666667, 0.0, 15.0],
        ],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn weighted_undirected() {
    assert_published(&Published {
        nodes: &["a", "b", "c"],
        edges: &[("a", "b", 1.0), ("b", "a", 1.0), ("a", "c", 9.0), ("c", "a", 9.0)],
        seeds: &[("a", 10.0, 0)],
        rule: retention(0.0, 1),
        first: 0,
        expected: &[&[10.0, 0.0, 0.0], &[0.0, 1.0, 9.0]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn vignette_directed() {
    assert_published(&Published {
        nodes: &["a", "b", "c"],
        edges: &[("a", "b", 1.0), ("b", "c", 1.0)],
        seeds: &[("b", 10.0, 0)],
        rule: retention(0.0, 1),
        first: 0,
        expected: &[&[0.0, 10.0, 0.0], &[0.0, 0.0, 10.0]],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn ring_with_timed_seeds() {
    assert_published(&Published {
        nodes: &["1", "2", "3", "4", "5", "6", "7", "8"],
        edges: &[
            ("1", "2", 1.0),
            ("2", "3", 1.0),
            ("3", "4", 1.0),
            ("4", "5", 1.0),
            ("5", "6", 1.0),
            ("6", "7", 1.0),
            ("7", "8", 1.0),
            ("8", "1", 1.0),
        ],
        seeds: &[("1", 100.0, 0), ("1", 100.0, 2), ("1", 100.0, 4), ("1", 100.0, 6)],
        rule: retention(0.05, 16),
        first: 0,
        expected: &[
            &[100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            &[5.0, 95.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            &[100.25, 9.5, 90.25, 0.0, 0.0, 0.0, 0.0, 0.0],
            &[5.0125, 95.7125, 13.5375, 85.7375, 0.0, 0.0, 0.0, 0.0],
            &[100.250625, 9.5475, 91.60375, 17.1475, 81.450625, 0.0, 0.0, 0.0],
            &[5.012531, 95.715469, 13.650312, 87.880937, 20.362656, 77.378094, 0.0, 0.0],
            &[100.250627, 9.547678, 91.612211, 17.361844, 84.505023, 23.213428, 73.509189, 0.0],
            &[5.012531, 95.715479, 13.650905, 87.899693, 20.719003, 81.440444, 25.728216, 69.83373],
            &[66.59267, 9.547679, 91.61225, 17.363344, 84.540658, 23.755075, 78.654832, 27.933492],
            &[29.866451, 63.74042, 13.650907, 87.899805, 20.72221, 81.501379, 26.500063, 76.118765],
            &[
                73.80615, 31.560149, 61.235945, 17.363352, 84.540925, 23.761168, 78.751313,
                28.980998,
            ],
            &[
                31.222255, 71.69385, 33.043939, 59.042315, 20.722231, 81.501937, 26.510676,
                76.262797,
            ],
            &[
                74.01077, 33.245835, 69.761354, 34.343858, 57.126311, 23.761216, 78.752374,
                28.998282,
            ],
            &[31.248906, 71.972523, 35.071611, 67.990479, 35.48298, 55.458056, 26.510774, 76.26467],
            &[
                74.013882, 33.285087, 70.127478, 36.717554, 66.365104, 36.481734, 54.010692,
                28.998469,
            ],
            &[
                31.24924, 71.977442, 35.127206, 68.456982, 38.199932, 64.870936, 37.358182,
                52.760081,
            ],
            &[51.684539, 33.28565, 70.13493, 36.793695, 66.944129, 39.533482, 63.495298, 38.128277],
        ],
        tolerance: 5e-7,
        stop_reason: StopReason::HopLimit,
    });
}

#[test]
fn retention_of_each_node() {
    assert_published(&Published {
        nodes: &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        edges: &[
            ("1", "2", 1.0),
            ("2", "3", 1.0),
            ("4", "5", 1.0),
            ("5", "6", 1.0),
            ("7", "8", 1.0),
            ("8", "9", 1.0),
        ],
        seeds: &[("1", 100.0, 0), ("4", 100.0, 0), ("7", 100.0, 0)],
        rule: Retention {
            per_node: vec![("5".into(), 0.5), ("8".into(), 1.0)],
            ..retention(0.0, 5)
        },
        first: 0,
        expected: &[
            &[100.0, 0.0, 0.0, 100.0, 0.0, 0.0, 100.0, 0.0, 0.0],
            &[0.0, 100.0, 0.0, 0.0, 100.0, 0.0, 0.0, 100.0, 0.0],
            &[0.0, 0.0, 100.0, 0.0, 50.0, 50.0, 0.0, 100.0, 0.0],
            &[0.0, 0.0, 100.0, 0.0, 25.0, 75.0, 0.0, 100.0, 0.0],
            &[0.0, 0.0, 100.0, 0.0, 12.5, 87.5, 0.0, 100.0, 0.0],
            &[0.0, 0.0, 100.0, 0.0, 6.25, 93.75, 0.0, 100.0, 0.0],
        ],
        tolerance: 1e-12,
        stop_reason: StopReason::HopLimit,
    });
}
