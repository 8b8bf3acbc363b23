//! A thread of a replay on a clock that only waiting and working move.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use emanate::terms::StopReason;

use super::clock::Clock;
use super::collect::collect;
use super::recording::{Ended, Recording};
use super::turns::{Pace, Plan, Turn, Turns, Until};
use super::worker::{Shared, work};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A clock of one thread.
#[derive(Debug, Default)]
struct StillClock(AtomicU64);

impl StillClock {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(nanos(time), Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn wait_until(&self, instant: Duration) {
        self.0.fetch_max(nanos(instant), Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}

/// What one thread records of `plan`, where a spread takes as long as `takes` says of its turn;
/// `None` is one that is refused at once.
fn replayed(plan: Plan, takes: impl Fn(&Turn) -> Option<Duration>) -> (Recording, Vec<u64>) {
    let (clock, turns, spares) = (StillClock::default(), Turns::new(plan), ArrayQueue::new(1));
    let shared = Shared { clock: &clock, turns: &turns, spares: &spares };
    let (teller, told) = channel();
    work(&shared, 0, teller, |turn| {
        let time = takes(turn)?;
        clock.pass(time);
        Some(Ended { reason: StopReason::HopLimit, edges: 7 })
    });
    let seconds = RefCell::new(Vec::new());
    let total = collect(1, &told, &spares, |_, second| {
        seconds.borrow_mut().push(second.spreads() + second.errors);
    });
    (total, seconds.into_inner())
}

/// A quantile in milliseconds, to the nearest: a histogram gives the upper end of what it cannot
/// tell apart.
fn millis(histogram: &hdrhistogram::Histogram<u64>, quantile: f64) -> u64 {
    (histogram.value_at_quantile(quantile) + 500_000) / 1_000_000
}

fn open(rate: f64, until: Until) -> Plan {
    Plan { pace: Pace::Open { rate }, warm_up: Duration::ZERO, until }
}

#[test]
fn a_stall_shows_in_the_response_of_all_who_wait_behind_it() {
    let stalled = |turn: &Turn| Some(if turn.number == 50 { SECOND } else { MILLISECOND });
    let (total, _) = replayed(open(100.0, Until::Count(400)), stalled);
    assert_eq!(total.spreads(), 400);
    // One spread of 400 took a second; the 110 behind it waited although they took a millisecond.
    assert_eq!(millis(&total.service, 0.99), 1);
    assert_eq!(millis(&total.service, 1.0), 1000);
    let late = total.response.iter_recorded().filter(|value| value.value_iterated_to() > 1_100_000);
    let late: u64 = late.map(|value| value.count_since_last_iteration()).sum();
    assert_eq!(late, 111);
    assert_eq!(millis(&total.response, 0.7), 1);
    assert!(millis(&total.response, 0.9) > 500, "{}", millis(&total.response, 0.9));
    assert_eq!(millis(&total.response, 1.0), 1000);

    // In a closed loop of one caller nobody waits.
    let plan = Plan { pace: Pace::Closed { callers: 1 }, ..open(1.0, Until::Count(400)) };
    let (total, _) = replayed(plan, stalled);
    assert_eq!(total.response, total.service);
    // With ten, nine wait.
    let plan = Plan { pace: Pace::Closed { callers: 10 }, ..open(1.0, Until::Count(400)) };
    let (total, _) = replayed(plan, stalled);
    assert_eq!(millis(&total.service, 0.99), 1);
    assert_eq!(millis(&total.response, 0.5), 10);
    assert_eq!(total.response.count_between(900_000_000, u64::MAX), 10);
}

#[test]
fn what_was_scheduled_is_run_after_the_end_for_as_long_again() {
    let slow = |_: &Turn| Some(15 * MILLISECOND);
    let (total, seconds) = replayed(open(100.0, Until::Time(SECOND)), slow);
    assert_eq!(total.spreads(), 100, "nothing is lost at the end");
    assert_eq!(total.last_end, 1500 * MILLISECOND);
    assert_eq!(seconds, [66, 34]);
    assert_eq!(millis(&total.response, 1.0), 510);

    let slower = |_: &Turn| Some(40 * MILLISECOND);
    let (total, _) = replayed(open(100.0, Until::Time(SECOND)), slower);
    assert_eq!(total.spreads(), 50, "none begins two seconds from the beginning, or later");
    assert_eq!(total.last_end, 2 * SECOND);
}

#[test]
fn errors_and_warm_up_are_no_spreads() {
    let half = |turn: &Turn| turn.number.is_multiple_of(2).then_some(MILLISECOND);
    let plan = Plan { warm_up: SECOND, ..open(10.0, Until::Time(2 * SECOND)) };
    let (total, seconds) = replayed(plan, half);
    assert_eq!((total.spreads(), total.errors, total.edges), (10, 10, 70));
    assert_eq!(total.response.len(), 10);
    assert_eq!(total.stop_reasons.iter().sum::<u64>(), 10);
    assert_eq!(seconds, [10, 10]);
}
