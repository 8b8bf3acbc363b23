//! What histories do not reach: the end of the generations' numbers, the clock, panics.

use std::num::NonZeroU8;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::control::{Control, GENERATIONS};
use super::shape::Shape;
use super::{
    Breaker, BreakerSettings, BreakerState, EventCursor, Jitter, OutcomeClass, Recorded, Window,
};
use crate::sync::{Arc, AtomicU64, Clock, ManualClock, Ordering};

fn settings(failures: u8, successes: u8) -> BreakerSettings {
    let count = |count| NonZeroU8::new(count).unwrap();
    let wait = Duration::from_secs(1);
    BreakerSettings {
        jitter: Jitter::NONE,
        ..BreakerSettings::new(count(failures), wait, count(successes))
    }
}

/// A closed breaker whose next generation but `before` is number 0 again.
fn late(before: u32) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = Breaker::new("late", settings(1, 1), Arc::new(clock.clone()));
    let generation = GENERATIONS - before;
    // Times are told from older ones by the distance of their generations, so go there in steps
    // that are odd, for each of the two words, and shorter than half of what tells them.
    const STEP: usize = 8191;
    for passed in (1..generation).step_by(STEP).chain([generation - 1, generation]) {
        breaker.timers().announce(BreakerState::Closed, passed, 0);
    }
    let control = Control::new(Shape::of(Window::default()));
    breaker.overwrite(control.with_generation(generation));
    (breaker, clock)
}

#[test]
fn generations_begin_again_without_a_break() {
    let (breaker, clock) = late(3);
    let old = breaker.acquire().unwrap();
    let mut cursor = EventCursor::after(GENERATIONS - 3);
    for _ in 0..4 {
        let _ = breaker.acquire().unwrap().record(OutcomeClass::Failure);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.acquire().unwrap_err().retry_in > Duration::ZERO);
        clock.advance(Duration::from_secs(100));
        let probe = breaker.acquire().unwrap();
        assert_eq!(probe.record(OutcomeClass::Success), Recorded::Recorded);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
    assert_eq!(breaker.reading().generation, 9);
    assert_eq!(old.record(OutcomeClass::Failure), Recorded::Stale);
    let generations: Vec<u32> = breaker.events(&mut cursor).map(|event| event.generation).collect();
    let wanted: Vec<u32> = (GENERATIONS - 2..GENERATIONS).chain(0..=9).collect();
    assert_eq!((generations, cursor.dropped()), (wanted, 0));
}

#[test]
fn a_permit_as_old_as_all_numbers_is_taken_for_a_new_one() {
    let (breaker, _clock) = late(0);
    let permit = breaker.acquire().unwrap();
    breaker.reset();
    assert_eq!(permit.record(OutcomeClass::Success), Recorded::Stale);
    // What the documentation says of exactly 2^20 transitions.
    let permit = breaker.acquire().unwrap();
    let again = breaker.control().with_generation(breaker.control().generation() + GENERATIONS);
    breaker.overwrite(again);
    assert_eq!(permit.record(OutcomeClass::Success), Recorded::Recorded);
}

/// Counts how often it is read.
#[derive(Debug, Default)]
struct Read(AtomicU64);

impl Clock for Read {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[test]
fn a_closed_breaker_reads_no_clock() {
    let clock = Arc::new(Read::default());
    let breaker = Breaker::new("read", settings(3, 1), clock.clone());
    let reads = |calls: &dyn Fn()| {
        let before = clock.0.load(Ordering::Relaxed);
        calls();
        clock.0.load(Ordering::Relaxed) - before
    };
    for class in OutcomeClass::ALL {
        let recorded = reads(&|| {
            let _ = breaker.acquire().unwrap().record(class);
            let _ = breaker.acquire().unwrap().record_timed(class, 0, 7);
        });
        assert_eq!(recorded, 0, "{class:?}");
    }
    let window = Window::time(Duration::from_secs(1), NonZeroU8::MIN);
    breaker.set(BreakerSettings { window, ..settings(3, 1) });
    let timed = reads(&|| {
        let _ = breaker.acquire().unwrap().record_timed(OutcomeClass::Slow, 0, 7);
    });
    assert_eq!(timed, 0, "the caller's own time will do");
    let timed = reads(&|| {
        let _ = breaker.acquire().unwrap().record(OutcomeClass::Success);
    });
    assert_eq!(timed, 1);
}

#[test]
fn a_permit_taken_while_unwinding_is_cancelled_not_failed() {
    struct Late<'a>(&'a Breaker);
    impl Drop for Late<'_> {
        fn drop(&mut self) {
            drop(self.0.acquire().unwrap());
        }
    }
    let clock = Arc::new(ManualClock::new());
    let breaker = Breaker::new("unwinding", settings(1, 1), clock);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _late = Late(&breaker);
        resume_unwind(Box::new(()));
    }));
    assert!(unwound.is_err());
    let calls = breaker.reading().calls;
    assert_eq!((calls.cancelled, calls.failure), (1, 0));
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_success_beyond_the_limit_is_slow() {
    let clock = Arc::new(ManualClock::new());
    let breaker = Breaker::new("slow", settings(5, 1), clock);
    let slow_limit = Duration::from_nanos(10);
    let timed = |class, ended| breaker.acquire().unwrap().record_timed(class, 100, ended);
    let _ = timed(OutcomeClass::Success, 1000);
    breaker.set(BreakerSettings { slow_limit, ..settings(5, 1) });
    let _ = timed(OutcomeClass::Success, 110);
    let _ = timed(OutcomeClass::Success, 111);
    let _ = timed(OutcomeClass::Failure, 111);
    let _ = timed(OutcomeClass::Success, 90);
    let calls = breaker.reading().calls;
    assert_eq!((calls.success, calls.slow, calls.failure), (3, 1, 1));
    assert_eq!(breaker.slow_limit_ns(), 10);
}

#[test]
fn errors_and_names_read_well() {
    let breaker = Breaker::new("warm", settings(1, 1), Arc::new(ManualClock::new()));
    breaker.force_open();
    let error = breaker.acquire().unwrap_err();
    assert_eq!(error.to_string(), "the breaker is open; ask again in 1s");
    let shown = format!("{breaker:?}");
    assert!(shown.contains("warm") && shown.contains("ForcedOpen"), "{shown}");
}
