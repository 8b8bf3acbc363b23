//! Rule `synapse` by hand.

use super::{assert_near, graph_of, labels};
use crate::spread::oracle::spread;
use crate::spread::{Rule, SpreadRequest, Synapse};
use crate::terms::StopReason;

fn request(rule: Synapse) -> SpreadRequest {
    SpreadRequest::new(Rule::Synapse(rule)).seed("s", 1.0)
}

#[test]
fn one_step() {
    let graph = graph_of(&[("s", "x", 1.0), ("s", "y", 0.5)]);
    let outcome = spread(&graph, &request(Synapse { steps: 1, ..Synapse::default() })).unwrap();
    // u: s .5, x .8/2, y .4/2. v: s .5, x .4 - .15 * .1 = .385, y .2 - .15 (.3 + .2) = .125.
    assert_eq!(labels(&graph, &outcome), ["s", "x", "y"]);
    assert_near(&graph, &outcome, "s", 0.5, 1e-15);
    assert_near(&graph, &outcome, "x", 0.36008390326226586, 1e-15);
    assert_near(&graph, &outcome, "y", 0.13296424019782926, 1e-15);
    assert_eq!(outcome.stop_reason, StopReason::HopLimit);
    let stats = outcome.stats;
    assert_eq!((stats.edges_traversed, stats.nodes_reached, stats.revisits), (2, 3, 0));
    let gated = Synapse { steps: 1, gate: 0.2, ..Synapse::default() };
    assert_eq!(labels(&graph, &spread(&graph, &request(gated)).unwrap()), ["s", "x"]);
}

#[test]
fn only_the_strongest_inhibit() {
    let graph = graph_of(&[("s", "x", 1.0), ("s", "y", 0.5)]);
    let mut rule = Synapse { steps: 1, ..Synapse::default() };
    rule.inhibit.competitors = 1;
    let outcome = spread(&graph, &request(rule)).unwrap();
    // y: .2 - .15 * .3 = .155.
    assert_near(&graph, &outcome, "y", 1.0 / (1.0 + 1.725f64.exp()), 1e-15);
}

#[test]
fn the_gate_holds_without_a_step_and_a_silent_graph_is_exhausted() {
    let graph = graph_of(&[("s", "x", 1.0)]);
    let none = Synapse { steps: 0, gate: 2.0, ..Synapse::default() };
    let outcome = spread(&graph, &request(none)).unwrap();
    assert!(outcome.activations.is_empty());
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::HopLimit, 0));
    // Everything is forgotten and nothing passed on.
    let silent = Synapse { time_decay: 1.0, spread: 0.0, ..Synapse::default() };
    let outcome = spread(&graph, &request(silent)).unwrap();
    assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Exhausted, 1));
    assert_eq!(outcome.stats.nodes_reached, 1);
}
