//! Thirteen defects that breakers in use have, or had, and that this one has not.
//!
//! Each test is named after the defect. What is said of others comes from their sources and issue
//! trackers; several need threads to be seen, and are checked by models beside the breaker too.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![forbid(unsafe_code)]

use std::num::{NonZeroU8, NonZeroU32};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use emanate::gate::{
    Breaker, BreakerSettings, BreakerState, EventCursor, HalfOpenEnd, Jitter, OutcomeClass,
    Recorded, TransitionReason, Window,
};
use emanate::sync::{Clock, ManualClock};

const WAIT: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(30);

fn count(count: u8) -> NonZeroU8 {
    NonZeroU8::new(count).unwrap()
}

/// Opens after 2 failures in a row, for 10 s, without chance; closes after 3 successes.
fn settings() -> BreakerSettings {
    let mut settings = BreakerSettings::new(count(2), WAIT, count(3));
    settings.jitter = Jitter::NONE;
    settings.failure_rate = None;
    settings.slow_rate = None;
    settings.lease = LEASE;
    settings.half_open_max = Duration::from_secs(120);
    settings
}

fn breaker(settings: BreakerSettings) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    (Breaker::new("guarded", settings, Arc::new(clock.clone())), clock)
}

fn report(breaker: &Breaker, class: OutcomeClass) -> Recorded {
    breaker.acquire().expect("the breaker lets it in").record(class)
}

fn trip(breaker: &Breaker) {
    (0..2).for_each(|_| assert_eq!(report(breaker, OutcomeClass::Failure), Recorded::Recorded));
    assert_eq!(breaker.state(), BreakerState::Open);
}

/// Open until now, so that the next to ask is a probe.
fn waited(settings: BreakerSettings) -> (Breaker, ManualClock) {
    let (breaker, clock) = breaker(settings);
    trip(&breaker);
    clock.advance(WAIT + Duration::from_millis(1));
    (breaker, clock)
}

/// Polls a future once and drops it, as a runtime does with a task that is aborted.
fn abort_after_one_poll(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    assert_eq!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
}

/// Permits of `HalfOpen` that are swallowed, leaked by a panic, cancelled, or never come back keep
/// others half open for ever.
#[test]
fn d1_no_lost_permit_keeps_the_breaker_half_open() {
    let (breaker, clock) = waited(settings());
    drop(breaker.acquire().unwrap());
    assert_eq!(breaker.reading().probes_in_flight, 0, "a permit that was dropped");

    abort_after_one_poll(async {
        let _permit = breaker.acquire().unwrap();
        std::future::pending::<()>().await;
    });
    assert_eq!(breaker.reading().probes_in_flight, 0, "a task that was aborted");
    assert_eq!(report(&breaker, OutcomeClass::Ignored), Recorded::Recorded);
    assert_eq!(breaker.reading().probes_in_flight, 0, "an outcome that says nothing");
    assert_eq!(breaker.state(), BreakerState::HalfOpen);

    std::mem::forget(breaker.acquire().unwrap());
    let retry_in = breaker.acquire().unwrap_err().retry_in;
    assert_eq!(retry_in, LEASE, "until the forgotten one's lease is over");
    clock.advance(LEASE);
    assert_eq!(report(&breaker, OutcomeClass::Success), Recorded::Recorded);
    assert_eq!(breaker.reading().reclaimed, 1);
    let reasons = breaker.reading().transitions_by_reason(TransitionReason::LeaseOver);
    assert_eq!(reasons, 1);

    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = breaker.acquire().unwrap();
        panic!("the guarded work panics");
    }));
    assert!(panicked.is_err());
    assert_eq!(breaker.state(), BreakerState::Open, "a panic is a failure");
    let calls = breaker.reading().calls;
    assert_eq!((calls.cancelled, calls.ignored, calls.failure), (2, 1, 3));
}

/// Others admit more probes than permitted: they compare with those that ended, or hand a place
/// back that belongs to nobody.
#[test]
fn d2_never_more_probes_than_permitted() {
    let mut settings = settings();
    settings.permitted_probes = count(4);
    settings.success_threshold = count(8);
    let (breaker, _clock) = waited(settings);
    for (succeeded, places) in [(0, 1), (1, 2), (2, 4), (3, 4), (4, 4), (5, 3), (6, 2), (7, 1)] {
        let permits: Vec<_> = std::iter::from_fn(|| breaker.acquire().ok()).collect();
        assert_eq!(permits.len(), places, "after {succeeded} successes");
        assert_eq!(breaker.reading().probes_succeeded, succeeded);
        let mut permits = permits.into_iter();
        assert_eq!(permits.next().unwrap().record(OutcomeClass::Success), Recorded::Recorded);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

/// A result of the time before the breaker opened decides its `HalfOpen` elsewhere.
#[test]
fn d3_a_late_result_of_closed_does_not_decide_half_open() {
    let (breaker, clock) = breaker(settings());
    let late: Vec<_> = (0..6).map(|_| breaker.acquire().unwrap()).collect();
    trip(&breaker);
    clock.advance(WAIT + Duration::from_millis(1));
    let probe = breaker.acquire().unwrap();
    let mut late = late.into_iter();
    for _ in 0..3 {
        assert_eq!(late.next().unwrap().record(OutcomeClass::Success), Recorded::Stale);
        assert_eq!(late.next().unwrap().record(OutcomeClass::Failure), Recorded::Stale);
    }
    let reading = breaker.reading();
    assert_eq!((reading.state, reading.probes_succeeded), (BreakerState::HalfOpen, 0));
    assert_eq!(probe.record(OutcomeClass::Success), Recorded::Recorded);
}

/// A permit of an older generation gives back a place of the present one.
#[test]
fn d4_a_stale_permit_releases_no_place_of_the_new_generation() {
    let (breaker, clock) = waited(settings());
    let stale = breaker.acquire().unwrap();
    breaker.reset();
    trip(&breaker);
    clock.advance(WAIT + Duration::from_millis(1));
    let probe = breaker.acquire().unwrap();
    drop(stale);
    assert_eq!(breaker.reading().probes_in_flight, 1);
    assert!(breaker.acquire().is_err(), "the place is still taken");
    assert_eq!((breaker.reading().calls.stale, breaker.reading().calls.cancelled), (1, 0));
    drop(probe);
    assert!(breaker.acquire().is_ok());
}

/// A cancelled probe closes elsewhere, since it is no error.
#[test]
fn d5_a_cancelled_probe_is_no_success() {
    let (breaker, _clock) = waited(settings());
    for _ in 0..10 {
        drop(breaker.acquire().unwrap());
        assert_eq!(report(&breaker, OutcomeClass::Ignored), Recorded::Recorded);
    }
    let reading = breaker.reading();
    assert_eq!((reading.state, reading.probes_succeeded), (BreakerState::HalfOpen, 0));
    assert_eq!((reading.calls.cancelled, reading.calls.ignored), (10, 10));
    for _ in 0..3 {
        assert_eq!(report(&breaker, OutcomeClass::Success), Recorded::Recorded);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

/// A listener that is called under a lock and calls the breaker waits for itself.
#[test]
fn d6_a_subscriber_may_call_everything() {
    let (breaker, _clock) = waited(settings());
    let (mut cursor, mut seen) = (EventCursor::default(), Vec::new());
    for event in breaker.events(&mut cursor) {
        seen.push((event.from, event.to, event.reason));
        if seen.len() > 20 {
            break;
        }
        let _ = (breaker.state(), breaker.reading(), breaker.name(), format!("{breaker:?}"));
        let again: Vec<_> = breaker.events(&mut EventCursor::default()).collect();
        assert!(again.len() >= seen.len());
        drop(breaker.acquire());
        breaker.set((*breaker.settings()).clone());
        breaker.disable();
        breaker.metrics_only();
        breaker.force_open();
        breaker.reset();
    }
    assert_eq!(seen.len(), 21, "what the subscriber does itself, it is told too");
    let first = (BreakerState::Closed, BreakerState::Open, TransitionReason::ConsecutiveFailures);
    let second = (BreakerState::Open, BreakerState::HalfOpen, TransitionReason::OpenWaitOver);
    assert_eq!(seen[..2], [first, second]);
    assert_eq!(seen[2], (BreakerState::HalfOpen, BreakerState::Disabled, TransitionReason::Host));
    assert_eq!(cursor.dropped(), 0);
}

/// A result that no longer counts is dropped without a word.
#[test]
fn d7_a_result_that_does_not_count_says_so() {
    let (breaker, _clock) = breaker(settings());
    let commands = [Breaker::force_open, Breaker::disable, Breaker::metrics_only, Breaker::reset];
    for (done, command) in commands.into_iter().enumerate() {
        breaker.reset();
        let permit = breaker.acquire().unwrap();
        command(&breaker);
        assert_eq!(permit.record(OutcomeClass::Failure), Recorded::Stale);
        assert_eq!(breaker.reading().calls.stale, done as u64 + 1);
    }
    let permit = breaker.acquire().unwrap();
    let mut wider = settings();
    wider.window = Window::calls(NonZeroU32::new(500).unwrap(), count(5));
    breaker.set(wider);
    assert_eq!(permit.record(OutcomeClass::Success), Recorded::Stale);
    assert_eq!(report(&breaker, OutcomeClass::Success), Recorded::Recorded);
    let calls = breaker.reading().calls;
    assert_eq!((calls.stale, calls.success, calls.failure), (5, 1, 0));
}

/// A clock that a host got wrong: it goes where it is told.
#[derive(Clone, Debug, Default)]
struct Wild(Arc<AtomicU64>);

impl Wild {
    fn go(&self, to: Duration) {
        self.0.store(to.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Clock for Wild {
    fn now_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The time of day, put right by its keeper, lengthens or skips an open wait. Ours is monotonic
/// and handed in; even one that jumps back breaks nothing.
#[test]
fn d8_a_clock_that_jumps_neither_skips_nor_lengthens_a_wait() {
    let clock = Wild::default();
    clock.go(Duration::from_secs(1000));
    let breaker = Breaker::new("guarded", settings(), Arc::new(clock.clone()));
    trip(&breaker);
    clock.go(Duration::from_secs(1));
    let retry_in = breaker.acquire().unwrap_err().retry_in;
    assert!(retry_in >= WAIT, "a wait that goes on where the clock went back");
    clock.go(Duration::from_secs(1000) + WAIT - Duration::from_millis(1));
    assert!(breaker.acquire().is_err());
    clock.go(Duration::from_secs(1000) + WAIT + Duration::from_millis(1));
    let probe = breaker.acquire().unwrap();
    clock.go(Duration::ZERO);
    assert!(breaker.acquire().is_err(), "the probe's lease does not end early");
    assert_eq!(probe.record(OutcomeClass::Failure), Recorded::Recorded);
    assert_eq!(breaker.state(), BreakerState::Open);
    clock.go(Duration::MAX);
    assert!(breaker.acquire().is_ok());
    // What the machine's own time of day says is asked nowhere: the engine names no such clock.
}

/// All that waited are let through at once, and breakers of many replicas probe together.
#[test]
fn d9_no_herd_after_the_wait() {
    let mut waits = std::collections::BTreeSet::new();
    for replica in 0..32 {
        let mut settings = settings();
        settings.jitter = Jitter::new(0.5).unwrap();
        settings.jitter_seed = replica;
        let (breaker, clock) = breaker(settings);
        trip(&breaker);
        let wait = breaker.acquire().unwrap_err().retry_in;
        assert!(wait > WAIT / 2 - Duration::from_millis(1) && wait <= WAIT + WAIT / 1000);
        waits.insert(wait);
        clock.advance(wait);
        let through = (0..1000).filter(|_| breaker.acquire().map(std::mem::forget).is_ok()).count();
        assert_eq!(through, 1, "of a thousand that waited");
    }
    assert!(waits.len() >= 30, "only {} different waits of 32", waits.len());
}

/// A window without a lock that fails at its smallest size.
#[test]
fn d10_windows_of_every_size_from_one_on() {
    for size in (1..=70).chain([99, 100, 101, 1000]) {
        for slices in [1, 2, 4, 15] {
            let mut by_rate = settings();
            by_rate.consecutive_failures = None;
            by_rate.failure_rate = Some(emanate::gate::Rate::new(1.0).unwrap());
            by_rate.minimum_calls = 1;
            by_rate.window = Window::calls(NonZeroU32::new(size).unwrap(), count(slices));
            let (breaker, _clock) = breaker(by_rate);
            report(&breaker, OutcomeClass::Success);
            let mut failures = 0;
            while breaker.state() == BreakerState::Closed {
                report(&breaker, OutcomeClass::Failure);
                failures += 1;
            }
            // Until the success has left the window: never before `size`, soon afterwards.
            let slice = size.div_ceil(u32::from(slices).min(size));
            assert!(
                failures >= size && failures <= size + 2 * slice,
                "{size}, {slices}: {failures}"
            );
        }
    }
}

/// Two counters that are written apart, or a count that is read before it is written, lose the
/// failure that should have opened. Models check it for every schedule; here are real threads.
#[test]
fn d11_a_failure_that_races_is_not_lost() {
    const THREADS: u8 = 4;
    for round in 0..200 {
        let mut together = settings();
        together.consecutive_failures = Some(count(THREADS));
        if round % 2 == 1 {
            together.consecutive_failures = None;
            together.failure_rate = Some(emanate::gate::Rate::new(1.0).unwrap());
            together.minimum_calls = u64::from(THREADS);
        }
        let (breaker, _clock) = breaker(together);
        let permits: Vec<_> = (0..THREADS).map(|_| breaker.acquire().unwrap()).collect();
        std::thread::scope(|scope| {
            for permit in permits {
                scope
                    .spawn(|| assert_eq!(permit.record(OutcomeClass::Failure), Recorded::Recorded));
            }
        });
        assert_eq!(breaker.state(), BreakerState::Open, "round {round}");
    }
}

/// A rejection by one breaker counts as a failure in the one around it.
#[test]
fn d12_a_rejection_is_nobodys_failure() {
    let (outer, _clock) = breaker(settings());
    let (inner, _clock) = breaker(settings());
    inner.force_open();
    for _ in 0..100 {
        let permit = outer.acquire().unwrap();
        assert!(inner.acquire().is_err());
        assert_eq!(permit.record(OutcomeClass::Ignored), Recorded::Recorded);
    }
    assert_eq!(outer.state(), BreakerState::Closed);
    let (outer, inner) = (outer.reading(), inner.reading());
    assert_eq!((outer.calls.failure, outer.calls.ignored, outer.window.calls()), (0, 100, 0));
    assert_eq!((inner.calls.rejected, inner.calls.failure, inner.window.calls()), (100, 0, 0));
}

/// With few calls, or none that end, `HalfOpen` never reaches as many outcomes as it wants.
#[test]
fn d13_half_open_ends_even_with_hardly_any_calls() {
    for (end, state) in
        [(HalfOpenEnd::Open, BreakerState::Open), (HalfOpenEnd::Closed, BreakerState::Closed)]
    {
        let mut trickle = settings();
        trickle.half_open_end = end;
        let (breaker, clock) = waited(trickle);
        report(&breaker, OutcomeClass::Success);
        let hangs = breaker.acquire().unwrap();
        clock.advance(Duration::from_secs(119));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        clock.advance(Duration::from_secs(2));
        assert_eq!(breaker.acquire().is_ok(), state == BreakerState::Closed);
        assert_eq!(breaker.state(), state);
        assert_eq!(hangs.record(OutcomeClass::Success), Recorded::Stale);
        let reading = breaker.reading();
        assert_eq!(reading.transitions_by_reason(TransitionReason::HalfOpenTooLong), 1);
        assert_eq!(reading.transitions(BreakerState::HalfOpen, state), 1);
    }
}
