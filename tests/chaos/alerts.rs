//! What alerts are about, at the pace of a service: minutes of traffic in which something goes
//! wrong for a while. `dashboards/record-chaos` makes cases of alerts of it.

use std::time::Duration;

use emanate::SpreadError;
use emanate::gate::BreakerState;
use emanate::sync::fault::SPREAD;
use emanate_tests::waiting::wait;

use crate::site::{ROWS, Site, request, set};

/// Faults begin after the first minute,
const FAULTY_FROM: u32 = 60;
/// and end after the fourth.
const FAULTY_TO: u32 = 240;

/// Lets `spread` run every `step` seconds for so many of them, and says to it whether now is when
/// things go wrong.
fn traffic(site: &Site, step: usize, seconds: u32, mut spread: impl FnMut(u32, bool)) {
    for second in (0..seconds).step_by(step) {
        spread(second, (FAULTY_FROM..FAULTY_TO).contains(&second));
        site.pass(Duration::from_secs(step as u64));
    }
}

#[test]
fn a_tier_that_fails_for_minutes_keeps_its_breaker_open_until_it_is_well() {
    let site = Site::new("minutes_of_unreadable_rows");
    let mut opened = None;
    traffic(&site, 5, 480, |second, faulty| {
        set(ROWS, if faulty { "return" } else { "off" });
        // Nothing of a graph opened anew is in memory.
        let outcome = site.engine.spread(&site.graph(), &request(second)).expect("it goes on");
        site.assert_right(&request(second), &outcome);
        if site.tier().state() == BreakerState::Open {
            opened = opened.or(Some(second));
        }
    });
    assert_eq!(opened, Some(FAULTY_FROM + 10), "the third in a row opens it");
    assert_eq!(site.spreads().reading().calls.failure, 0);
    site.assert_whole();
    site.assert_no_lease_ended();
}

#[test]
fn panics_that_are_fewer_than_a_breaker_minds_are_failures_nevertheless() {
    let site = Site::new("minutes_of_some_panics");
    let graph = site.graph();
    let mut panicked = 0;
    traffic(&site, 1, 480, |second, faulty| {
        let falls = faulty && second % 5 < 2;
        set(SPREAD, if falls { "panic" } else { "off" });
        match wait(site.engine.submit(&graph, request(second))) {
            Ok(outcome) => site.assert_right(&request(second), &outcome),
            Err(error) => {
                assert_eq!((error, falls), (SpreadError::Panicked, true));
                panicked += 1;
            }
        }
        assert_eq!(site.spreads().state(), BreakerState::Closed);
    });
    assert_eq!(panicked, (FAULTY_TO - FAULTY_FROM) * 2 / 5);
    site.assert_whole();
    site.assert_no_lease_ended();
}
