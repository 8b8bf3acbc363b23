//! The ring by itself, on one thread and on several.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use super::{COUNT_MAX, Counted, Name, RING, Ring, Word};
use crate::gate::control::Control;
use crate::gate::settings::Window;
use crate::gate::shape::Shape;
use crate::gate::state::BreakerState;
use crate::gate::verdict::WindowTally;
use crate::sync::Ordering;

fn calls(calls: u32, slices: u8) -> Control {
    let calls = NonZeroU32::new(calls).unwrap();
    Control::new(Shape::of(Window::Calls { calls, slices: NonZeroU8::new(slices).unwrap() }))
}

fn millis(span: u64, slices: u8) -> Control {
    let slices = NonZeroU8::new(slices).unwrap();
    Control::new(Shape::of(Window::Time { span: Duration::from_millis(span), slices }))
}

const MS: u64 = 1_000_000;

#[test]
fn a_window_of_calls_holds_what_was_asked_and_little_more() {
    for (asked, slices) in [(1, 1), (2, 1), (7, 3), (100, 4), (100, 15), (16, 15)] {
        let (ring, control) = (Ring::new(), calls(asked, slices));
        let shape = control.shape();
        assert!(shape.whole() >= u64::from(asked));
        for recorded in 1..=3 * shape.whole() + 5 {
            ring.add(control, Counted::Success, 0);
            let held = ring.tally(control, 0).calls();
            assert!(held >= shape.whole().min(recorded), "{asked} {slices} {recorded}");
            let slice = u64::from(shape.span()) + if shape.is_fine() { 0 } else { 3 };
            assert!(held < slice * u64::from(shape.slices() + 1));
        }
    }
}

#[test]
fn a_window_of_time_forgets_slice_by_slice() {
    let (ring, control) = (Ring::new(), millis(30, 3));
    ring.add(control, Counted::Failure, 9 * MS);
    ring.add(control, Counted::Slow, 10 * MS);
    let at = |now: u64| {
        let WindowTally { failures, slow, .. } = ring.tally(control, now * MS);
        (failures, slow)
    };
    assert_eq!(at(10), (1, 1));
    assert_eq!(at(39), (1, 1));
    assert_eq!(at(40), (0, 1));
    assert_eq!(at(50), (0, 0));
    assert_eq!(ring.totals().calls(), 2);
}

#[test]
fn a_clock_that_lags_does_not_disturb_newer_slices() {
    let (ring, control) = (Ring::new(), millis(10, 1));
    let around = RING as u64 * 10 * MS;
    ring.add(control, Counted::Success, around);
    ring.add(control, Counted::Success, 0);
    assert_eq!(ring.tally(control, around).calls(), 1);
    assert_eq!(ring.totals().successes, 2, "late ones count in the total");
}

#[test]
fn another_generation_begins_empty() {
    let (ring, control) = (Ring::new(), calls(10, 2));
    (0..4).for_each(|_| ring.add(control, Counted::Failure, 0));
    let next = control.next(BreakerState::Closed);
    assert_eq!(ring.tally(next, 0).calls(), 0);
    ring.add(next, Counted::Success, 0);
    ring.add(control, Counted::Failure, 0);
    assert_eq!(ring.tally(next, 0), WindowTally { successes: 1, ..WindowTally::default() });
    assert_eq!((ring.totals().successes, ring.totals().failures), (1, 5));
}

#[test]
fn totals_lose_nothing_while_slices_are_replaced() {
    let (ring, control) = (Ring::new(), calls(4, 2));
    for round in 0..1000 {
        let class = [Counted::Success, Counted::Failure, Counted::Slow][round % 3];
        ring.add(control, class, 0);
        assert_eq!(ring.totals().calls(), round as u64 + 1);
    }
}

#[test]
fn threads_lose_nothing_and_windows_stay_within_twice() {
    const THREADS: u64 = 4;
    const EACH: u64 = if cfg!(miri) { 200 } else { 20_000 };
    let (ring, control) = (Ring::new(), calls(100, 4));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut before = 0;
                for turn in 0..EACH {
                    ring.add(control, Counted::Success, 0);
                    if turn % 64 == 0 {
                        let total = ring.totals().successes;
                        assert!(total >= before && total <= THREADS * EACH);
                        before = total;
                    }
                }
            });
        }
    });
    assert_eq!(ring.totals().successes, THREADS * EACH);
    let held = ring.tally(control, 0).calls();
    assert!((100..=250).contains(&held), "{held}");
}

#[test]
fn a_full_slice_counts_no_more_but_the_total_does() {
    let (ring, control) = (Ring::new(), millis(1000, 1));
    ring.add(control, Counted::Success, 0);
    for stripe in &ring.stripes {
        let word = &stripe.slices[0][Counted::Success as usize];
        let name = Name::new(control.generation(), 0);
        word.store(Word::new(name, COUNT_MAX).0, Ordering::Relaxed);
    }
    let full = ring.totals().successes;
    ring.add(control, Counted::Success, 0);
    assert_eq!(ring.totals().successes, full + 1);
    assert_eq!(ring.tally(control, 0).successes, full);
}

#[test]
fn names_are_ordered_by_generation_then_slice_and_come_again() {
    let after = |a: (u32, u64), b: (u32, u64)| Name::new(a.0, a.1).is_after(Name::new(b.0, b.1));
    assert!(after((0, 1), (0, 0)) && !after((0, 0), (0, 1)) && !after((0, 0), (0, 0)));
    assert!(after((1, 9), (0, 9)) && after((63, 9), (0, 0)) && !after((0, 9), (1, 0)));
    assert!(after((0, 7), (4095, 7)), "generations come again");
    assert!(after((3, 0), (3, (1 << 28) - 1)), "slices come again");
    assert!(after((4096, 1), (0, 0)) && !after((4096, 0), (0, 0)));
    assert!(!after((1, 8), (0, 9)), "later by generation, earlier by slice: it came again");
    assert!(!after((64, 9), (0, 0)) && after((0, 1023), (0, 0)) && !after((0, 1024), (0, 0)));
}

/// A stripe that nobody used while the breaker went through thousands of generations.
#[test]
fn a_stripe_that_was_left_alone_counts_again() {
    for passed in (1..5000).step_by(61) {
        let (ring, control) = (Ring::new(), millis(10, 1));
        ring.add(control, Counted::Failure, 0);
        let now_ns = RING as u64 * 10 * MS;
        let later = control.with_generation(passed);
        ring.add(later, Counted::Success, now_ns);
        let held = ring.tally(later, now_ns);
        assert_eq!((held.successes, held.failures), (1, 0), "after {passed}");
    }
}
