//! A clock that jumps, goes back, or stands still.

use std::time::Duration;

use emanate::gate::BreakerState;
use emanate::sync::fault::SPREAD;
use emanate::{NodeId, SpreadError};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::waiting::wait;

use crate::site::{ROWS, Site, request, set};

/// Opens the breaker of spreads.
fn open_spreads(site: &Site) {
    let graph = site.graph();
    set(SPREAD, "panic");
    while site.spreads().state() == BreakerState::Closed {
        assert_eq!(wait(site.engine.submit(&graph, request(1))), Err(SpreadError::Panicked));
    }
    set(SPREAD, "off");
}

fn retry_in(site: &Site) -> Duration {
    match site.engine.spread(&site.graph(), &request(1)) {
        Err(SpreadError::BreakerOpen { retry_in }) => retry_in,
        other => panic!("it should be kept out: {other:?}"),
    }
}

#[test]
fn a_clock_that_jumps_forward_ends_a_wait_and_no_more() {
    let site = Site::new("clock_forward");
    open_spreads(&site);
    assert!(retry_in(&site) <= Duration::from_secs(61));
    site.pass(Duration::from_hours(100));
    let outcome = site.engine.spread(&site.graph(), &request(1)).expect("a probe");
    site.assert_right(&request(1), &outcome);
    assert_eq!(site.spreads().state(), BreakerState::HalfOpen, "one of two probes");
    site.engine.spread(&site.graph(), &request(1)).expect("the other");
    site.assert_whole();
}

#[test]
fn a_clock_that_goes_back_only_makes_a_wait_longer_by_as_much() {
    let site = Site::new("clock_back");
    open_spreads(&site);
    let before = retry_in(&site);
    let back = Duration::from_hours(3);
    site.clock.go_back(back);
    let after = retry_in(&site);
    assert!(after >= back && after <= before + back, "{after:?}");
    site.pass(after);
    for _ in 0..2 {
        let outcome = site.engine.spread(&site.graph(), &request(1)).expect("a probe");
        site.assert_right(&request(1), &outcome);
    }
    site.assert_whole();
}

#[test]
fn a_clock_that_stands_still_stops_nobody_and_closes_nothing() {
    let site = Site::new("clock_stall");
    let expected = site.healthy(&request(4));
    for _ in 0..50 {
        let outcome = site.engine.spread(&site.graph(), &request(4)).expect("no clock is needed");
        assert_same_bits(&outcome, &expected, Scope::Whole);
    }
    open_spreads(&site);
    let wait = retry_in(&site);
    for _ in 0..50 {
        assert_eq!(retry_in(&site), wait);
    }
    site.pass(wait);
    for _ in 0..2 {
        site.engine.spread(&site.graph(), &request(4)).expect("a probe");
    }
    site.assert_whole();
}

/// The clock jumps while a spread runs and while its file is read, in both directions.
#[test]
fn a_jump_in_the_middle_of_a_spread_changes_no_answer() {
    let site = Site::new("clock_midway");
    let expected = site.healthy(&request(4));
    for back in [false, true, false, true] {
        let jumps = site.clock.clone();
        let jump = move || {
            let step = Duration::from_hours(2);
            if back { jumps.go_back(step) } else { jumps.advance(step * 2) }
        };
        fail::cfg_callback(ROWS, jump.clone()).expect("a good callback");
        let outcome = site.engine.spread(&site.graph(), &request(4)).expect("no clock is needed");
        assert_same_bits(&outcome, &expected, Scope::Whole);
        set(ROWS, "off");
        let filtered = request(4).only(move |node| {
            if node == NodeId::new(4) {
                jump();
            }
            true
        });
        let outcome = site.engine.spread(&site.graph(), &filtered).expect("no clock is needed");
        assert_eq!(outcome.activations, expected.activations);
        site.scrape();
    }
    site.assert_whole();
}
