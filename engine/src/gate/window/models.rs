//! The ring under every schedule.

use std::time::Duration;

use super::{Counted, Ring};
use crate::gate::control::Control;
use crate::gate::settings::Window;
use crate::gate::shape::Shape;
use crate::sync::Arc;
use crate::sync::checker::{check, spawn};

const MS: u64 = 1_000_000;

/// A window of slices of 1 ms, so that a model says by the time which slice an outcome is of.
fn control() -> Control {
    let one = std::num::NonZeroU8::MIN;
    Control::new(Shape::of(Window::time(Duration::from_millis(1), one)))
}

/// A failure that races with another is not lost: whoever adds up last sees both.
#[test]
fn of_two_failures_at_once_one_sees_both() {
    check(11, || {
        let ring = Arc::new(Ring::new());
        let failing = |stripe| {
            let ring = Arc::clone(&ring);
            spawn(stripe, move || {
                ring.add(control(), Counted::Failure, 0);
                ring.tally(control(), 0).failures
            })
        };
        let (one, other) = (failing(0), failing(1));
        let seen = [one.join().unwrap(), other.join().unwrap()];
        assert!(seen.contains(&2), "neither saw both: {seen:?}");
    });
}

/// Threads of one stripe that meet in one word, one of them in a newer slice, lose nothing.
#[test]
fn a_stripe_loses_nothing_between_slices() {
    check(20, || {
        let ring = Arc::new(Ring::new());
        ring.add(control(), Counted::Success, 0);
        let adding = |now_ns| {
            let ring = Arc::clone(&ring);
            spawn(0, move || ring.add(control(), Counted::Success, now_ns))
        };
        let (present, newer) = (adding(0), adding(2 * MS));
        present.join().unwrap();
        newer.join().unwrap();
        assert_eq!(ring.totals().successes, 3, "an outcome was lost");
        assert_eq!(ring.tally(control(), 2 * MS).successes, 1, "the newest slice");
    });
}

/// A total never has more than there was, and a later one never less than an earlier one.
#[test]
fn totals_never_count_twice_and_never_fall() {
    check(70, || {
        let ring = Arc::new(Ring::new());
        ring.add(control(), Counted::Success, 0);
        ring.add(control(), Counted::Success, 0);
        let adding = {
            let ring = Arc::clone(&ring);
            spawn(0, move || ring.add(control(), Counted::Success, 2 * MS))
        };
        let reading = {
            let ring = Arc::clone(&ring);
            spawn(1, move || {
                let first = ring.totals().successes;
                assert!(first <= 3, "counted twice: {first}");
                let second = ring.totals().successes;
                assert!(second <= 3, "counted twice: {second}");
                assert!(first <= second, "{first}, then {second}");
            })
        };
        adding.join().unwrap();
        reading.join().unwrap();
        assert_eq!(ring.totals().successes, 3);
    });
}
