//! The face, as a host meets it first.

use super::{Engine, Graph};
use crate::graph::GraphBuilder;
use crate::spread::{Direction, SpreadError, SpreadOutcome, SpreadRequest};
use crate::terms::{CancelToken, StopReason};

fn chain() -> Graph {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).unwrap().edge("b", "c", 0.5).unwrap();
    builder.edge("c", "a", 0.5).unwrap();
    Graph::from(builder.build().unwrap())
}

fn is_shared<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}

#[test]
fn the_engine_can_be_shared_and_unwound_through() {
    is_shared::<Engine>();
    is_shared::<Graph>();
}

#[test]
fn an_outcome_used_again_equals_a_fresh_one() {
    let (engine, graph) = (Engine::new(), chain());
    let snapshot = graph.snapshot();
    let mut held = SpreadOutcome::new();
    for hops in [5, 0, 3, 1] {
        let request = SpreadRequest::linear(hops).seed("a", 1.0);
        engine.spread_into(&snapshot, &request, &mut held).unwrap();
        let mut fresh = Engine::new().spread(&graph, &request).unwrap();
        fresh.stats.elapsed = held.stats.elapsed;
        assert_eq!(held, fresh, "{hops} hops");
    }
}

#[test]
fn an_error_leaves_the_outcome_empty() {
    let (engine, graph) = (Engine::new(), chain());
    let mut outcome = engine.spread(&graph, &SpreadRequest::linear(2).seed("a", 1.0)).unwrap();
    let error =
        engine.spread_into(&graph.snapshot(), &SpreadRequest::linear(2), &mut outcome).unwrap_err();
    assert_eq!(error, SpreadError::NoSeeds);
    assert_eq!(outcome, SpreadOutcome::new());
}

#[test]
fn a_node_filter_that_panics_leaves_the_engine_usable() {
    let (engine, graph) = (Engine::new(), chain());
    let request = SpreadRequest::linear(3).seed("a", 1.0);
    let expected = engine.spread(&graph, &request).unwrap().activations;
    let last = graph.snapshot().find("c").unwrap();
    let bad = request.clone().only(move |node| {
        assert_ne!(Some(node), last, "the host's filter panics here");
        true
    });
    let run = std::panic::AssertUnwindSafe(|| engine.spread(&graph, &bad));
    let caught = std::panic::catch_unwind(run);
    assert!(caught.is_err());
    assert_eq!(engine.spread(&graph, &request).unwrap().activations, expected);
}

#[test]
fn a_cancelled_spread_reports_its_seeds() {
    let (engine, graph) = (Engine::new(), chain());
    let mut request = SpreadRequest::linear(3).seed("a", 1.0).direction(Direction::Both);
    let token = CancelToken::new();
    request.bounds.cancel = Some(token.clone());
    token.cancel();
    let outcome = engine.spread(&graph, &request).unwrap();
    assert_eq!(outcome.stop_reason, StopReason::Cancelled);
    assert_eq!((outcome.stats.hops, outcome.activations.len()), (0, 1));
}
