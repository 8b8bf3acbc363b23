//! Workers that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use emanate::gate::{BreakerState, TransitionReason};
use emanate::observe::{Ending, ErrorClass};
use emanate::sync::fault::SPREAD;
use emanate::{SpreadError, SpreadOutcome};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::waiting::wait;

use crate::site::{Site, request, set};

fn panicked(site: &Site) -> u64 {
    site.engine.reading().spreads_of(Ending::Error(ErrorClass::Panicked))
}

#[test]
fn panics_open_the_breaker_of_spreads_and_it_closes_by_probes() {
    let site = Site::new("panicking_worker");
    let graph = site.graph();
    let before = site.engine.spread(&graph, &request(1)).expect("all is well");
    set(SPREAD, "panic");
    let direct = AssertUnwindSafe(|| site.engine.spread(&graph, &request(1)));
    catch_unwind(direct).expect_err("the caller's own panic goes on");
    for _ in 0..2 {
        let answer = wait(site.engine.submit(&graph, request(1)));
        assert_eq!(answer, Err(SpreadError::Panicked));
    }
    site.pass(Duration::from_secs(1));
    assert_eq!((site.spreads().state(), panicked(&site)), (BreakerState::Closed, 3));
    let many = site.engine.spread_many(&graph, &vec![request(1); 6]);
    let kept_out = |answer: &Result<SpreadOutcome, SpreadError>| {
        matches!(answer, Err(SpreadError::BreakerOpen { .. }))
    };
    let fell = many.iter().filter(|answer| **answer == Err(SpreadError::Panicked)).count();
    let kept = many.iter().filter(|answer| kept_out(answer)).count();
    assert_eq!(fell + kept, 6);
    assert!(fell >= 2, "five in a row open it: {fell}");
    assert_eq!(site.spreads().state(), BreakerState::Open);
    let reading = site.spreads().reading();
    assert_eq!(reading.transitions_by_reason(TransitionReason::ConsecutiveFailures), 1);
    let Err(SpreadError::BreakerOpen { retry_in }) = site.engine.spread(&graph, &request(1)) else {
        panic!("it is open");
    };
    assert!(retry_in <= Duration::from_secs(61), "{retry_in:?}");
    site.scrape();
    set(SPREAD, "off");
    site.pass(retry_in);
    for _ in 0..2 {
        let outcome = site.engine.spread(&graph, &request(1)).expect("a probe");
        assert_same_bits(&outcome, &before, Scope::Whole);
    }
    assert_eq!(site.spreads().state(), BreakerState::Closed);
    assert_eq!(site.tier().state(), BreakerState::Closed);
    site.assert_whole();
    site.assert_no_lease_ended();
}

#[test]
fn a_panic_of_one_is_not_the_others() {
    let site = Site::with("panicking_neighbour", |builder| builder.scratch_slots(3));
    let graph = site.graph();
    let expected: Vec<SpreadOutcome> = (0..40)
        .map(|node| site.engine.spread(&graph, &request(node)).expect("all is well"))
        .collect();
    // Every fourth, so that never five follow each other.
    set(SPREAD, "3*off->1*panic->3*off->1*panic->3*off->1*panic->off");
    thread::scope(|scope| {
        for first in 0..2 {
            let (site, graph, expected) = (&site, &graph, &expected);
            scope.spawn(move || {
                for node in (first..40).step_by(2) {
                    let answer = wait(site.engine.submit(graph, request(node)));
                    match answer {
                        Ok(outcome) => {
                            assert_same_bits(&outcome, &expected[node as usize], Scope::Whole);
                        }
                        Err(error) => assert_eq!(error, SpreadError::Panicked),
                    }
                }
            });
        }
    });
    assert_eq!(panicked(&site), 3);
    assert_eq!(site.spreads().reading().calls.failure, 3);
    assert_eq!(site.spreads().state(), BreakerState::Closed);
    set(SPREAD, "off");
    site.assert_whole();
    site.assert_no_lease_ended();
}
