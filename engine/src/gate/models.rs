//! The breaker under every schedule. Each model has a control in `.ci/controls.txt`: with that
//! mutant, it must fail.

use std::num::NonZeroU8;
use std::time::Duration;

use super::breaker::{Breaker, nanos};
use super::control::Control;
use super::events::{BreakerEvent, EventCursor, EventRing};
use super::permit::{OutcomeClass, Recorded};
use super::settings::{BreakerSettings, Jitter, Window};
use super::shape::Shape;
use super::state::{BreakerState, TransitionReason};
use crate::sync::checker::{check, spawn};
use crate::sync::{Arc, AtomicU64, Clock, Ordering};

/// What the clock of every model shows; a time that a breaker need not round.
const NOW: Duration = Duration::from_nanos(4096 * 250_000);

/// A clock that nobody can move, so that reading it adds no schedules.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now_ns(&self) -> u64 {
        nanos(NOW)
    }
}

fn count(count: u8) -> NonZeroU8 {
    NonZeroU8::new(count).unwrap()
}

/// Opens at once, by runs only, for no time; closes after `successes`.
fn settings(failures: u8, successes: u8) -> BreakerSettings {
    BreakerSettings {
        failure_rate: None,
        slow_rate: None,
        jitter: Jitter::NONE,
        window: Window::time(Duration::from_secs(1), count(1)),
        ..BreakerSettings::new(count(failures), Duration::ZERO, count(successes))
    }
}

fn closed(settings: BreakerSettings) -> Arc<Breaker> {
    Arc::new(Breaker::new("modelled", settings, Arc::new(Standing)))
}

/// In `HalfOpen`, generation 1, for one more second.
fn half_open(settings: BreakerSettings, succeeded: u32) -> Arc<Breaker> {
    let breaker = closed(settings);
    let control = Control::new(Shape::of(breaker.settings().window));
    breaker.timers().announce(BreakerState::HalfOpen, 1, nanos(2 * NOW));
    breaker.overwrite(control.next(BreakerState::HalfOpen).with_tally(succeeded));
    breaker
}

/// D2: more than one probe is never out where one is permitted, and places come back.
#[test]
fn probes_are_never_more_than_permitted() {
    check(200, || {
        let breaker = half_open(settings(1, 4), 0);
        let inside = Arc::new(AtomicU64::new(0));
        let probing = |stripe| {
            let (breaker, inside) = (Arc::clone(&breaker), Arc::clone(&inside));
            spawn(stripe, move || {
                let Ok(permit) = breaker.acquire() else { return };
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0, "two probes at once");
                inside.fetch_sub(1, Ordering::Relaxed);
                drop(permit);
            })
        };
        let (one, other) = (probing(0), probing(1));
        one.join().unwrap();
        other.join().unwrap();
        assert_eq!(breaker.control().out(), 0, "a place did not come back");
    });
}

/// D3, D4: what was let in before a reset neither takes nor gives, nor decides anything after it.
#[test]
fn a_stale_permit_touches_nothing() {
    check(1000, || {
        let breaker = half_open(settings(1, 2), 0);
        let old = {
            let breaker = Arc::clone(&breaker);
            spawn(0, move || {
                let permit = breaker.acquire();
                permit.map(|permit| permit.record(OutcomeClass::Ignored)).ok()
            })
        };
        let new = {
            let breaker = Arc::clone(&breaker);
            spawn(1, move || {
                breaker.reset();
                let failed = breaker.acquire().unwrap().record(OutcomeClass::Failure);
                let probe = breaker.acquire();
                if failed == Recorded::Recorded && probe.is_ok() {
                    let probes = breaker.control().out();
                    assert_eq!(probes, 1, "a permit of an older generation gave a place back");
                }
                probe.map(std::mem::forget).is_ok()
            })
        };
        old.join().unwrap();
        new.join().unwrap();
    });
}

/// D11: of two failures at once, which together open, none is lost.
#[test]
fn failures_in_a_row_are_not_lost() {
    check(90, || {
        let breaker = closed(settings(2, 1));
        let failing = |stripe| {
            let breaker = Arc::clone(&breaker);
            spawn(stripe, move || {
                breaker.acquire().unwrap().record(OutcomeClass::Failure);
            })
        };
        let (one, other) = (failing(0), failing(1));
        one.join().unwrap();
        other.join().unwrap();
        assert_eq!(breaker.state(), BreakerState::Open);
    });
}

/// D1: a place is taken back from a forgotten permit, never from one that was just let in.
#[test]
fn a_lease_ends_for_the_forgotten_only() {
    check(200, || {
        let settings = BreakerSettings { lease: NOW, ..settings(1, 4) };
        let breaker = half_open(settings, 0);
        // Let in at time 0, a whole lease ago.
        breaker.overwrite(breaker.control().admit_one());
        let old = breaker.control();
        let renewing = {
            let breaker = Arc::clone(&breaker);
            spawn(0, move || {
                drop(super::permit::Permit::new(&breaker, old));
                breaker.acquire().map(std::mem::forget).is_ok()
            })
        };
        let other = {
            let breaker = Arc::clone(&breaker);
            spawn(1, move || breaker.acquire().map(std::mem::forget).is_ok())
        };
        let both = renewing.join().unwrap() && other.join().unwrap();
        assert!(!both, "a fresh permit lost its place");
    });
}

/// A state is seen together with its time: who finds the breaker open is told how long to wait.
#[test]
fn a_state_is_seen_with_its_time() {
    check(8, || {
        let settings = BreakerSettings { open_wait: NOW, ..settings(1, 1) };
        let breaker = closed(settings);
        let failing = {
            let breaker = Arc::clone(&breaker);
            spawn(0, move || {
                breaker.acquire().unwrap().record(OutcomeClass::Failure);
            })
        };
        let asking = {
            let breaker = Arc::clone(&breaker);
            spawn(1, move || {
                if breaker.state() == BreakerState::Open {
                    let generation = breaker.control().generation();
                    let until = breaker.timers().get(BreakerState::Open, generation);
                    assert!(until.is_some_and(|until| until >= nanos(2 * NOW)), "no time");
                }
            })
        };
        failing.join().unwrap();
        asking.join().unwrap();
    });
}

/// Of a success that closes and a failure that opens, one decides and the other is stale.
#[test]
fn one_probe_decides() {
    check(800, || {
        let wait = BreakerSettings { open_wait: NOW, ..settings(9, 2) };
        let breaker = half_open(wait, 1);
        let two = breaker.control().admit_one().admit_one();
        breaker.overwrite(two);
        let ending = |stripe, class| {
            let breaker = Arc::clone(&breaker);
            spawn(stripe, move || super::permit::Permit::new(&breaker, two).record(class))
        };
        let success = ending(0, OutcomeClass::Success);
        let failure = ending(1, OutcomeClass::Failure);
        let (success, failure) = (success.join().unwrap(), failure.join().unwrap());
        let control = breaker.control();
        assert_eq!(control.generation(), 2, "both decided");
        match control.state() {
            BreakerState::Closed => assert_eq!(failure, Recorded::Stale),
            BreakerState::Open => {
                assert_eq!(success, Recorded::Stale);
                let until = breaker.timers().get(BreakerState::Open, 2);
                assert!(until.is_some_and(|until| until >= nanos(2 * NOW)), "the wait was lost");
            }
            state => panic!("{state}"),
        }
    });
}

/// Rivals that set different settings leave one of them in force, whole.
#[test]
fn settings_are_in_force_whole() {
    check(1000, || {
        let breaker = closed(settings(1, 1));
        let setting = |stripe, millis| {
            let breaker = Arc::clone(&breaker);
            spawn(stripe, move || {
                let span = Duration::from_millis(millis);
                let window = Window::time(span, count(1));
                breaker.set(BreakerSettings { window, slow_limit: span, ..settings(1, 1) });
            })
        };
        let (one, other) = (setting(0, 10), setting(1, 20));
        one.join().unwrap();
        other.join().unwrap();
        let settings = breaker.settings();
        assert_eq!(breaker.slow_limit_ns(), nanos(settings.slow_limit), "not the limit in force");
        assert_eq!(
            breaker.control().shape(),
            Shape::of(settings.window),
            "not the window in force"
        );
    });
}

/// A late writer does not replace a newer transition, and a reader never sees half of one.
#[test]
fn events_are_whole_and_never_go_back() {
    check(13, || {
        let events = Arc::new(EventRing::new());
        let pushing = |stripe, generation: u32| {
            let events = Arc::clone(&events);
            spawn(stripe, move || {
                events.push(BreakerEvent {
                    generation,
                    from: BreakerState::Closed,
                    to: BreakerState::Open,
                    reason: TransitionReason::FailureRate,
                    at_ns: u64::from(generation) << 17,
                });
            })
        };
        // With two places in a model, generations 1 and 3 share one.
        let (late, newer) = (pushing(0, 1), pushing(1, 3));
        late.join().unwrap();
        newer.join().unwrap();
        let mut cursor = EventCursor::after(2);
        let event = events.next(&mut cursor, 3).expect("the newer one is gone");
        assert_eq!((event.generation, event.at_ns), (3, 3 << 17), "the newer one is gone");
    });
}
