//! The queue under every schedule.

use super::{Entered, Line, Queue, Turn};
use crate::run::room::Amount;
use crate::sync::Arc;
use crate::sync::checker::{both, check};

fn enter(_: &u32) -> Turn {
    Turn::Enter
}

/// A queue of one place, which the spread 1 has that is about to begin.
fn with_one_begun() -> Arc<Queue<u32>> {
    let queue = Arc::new(Queue::new(1));
    assert_eq!(queue.enter(Line::Small, 1, enter), Entered::In);
    assert_eq!(queue.take(Line::Small), Some(1));
    queue
}

fn is_left_with(queue: &Queue<u32>, last: u32) {
    assert_eq!(queue.take(Line::Small), Some(last), "left outside");
    queue.give_up_place(enter);
    assert_eq!((queue.places.left(), queue.standing.left()), (Amount::SLOT, Amount::SLOT));
}

/// Who comes while the last place is given up is in, and not before a door that nobody opens.
#[test]
fn who_comes_is_let_in() {
    check(100, || {
        let queue = with_one_begun();
        let (worker, caller) = (Arc::clone(&queue), Arc::clone(&queue));
        let (let_in, entered) =
            both(move || worker.give_up_place(enter), move || caller.enter(Line::Small, 2, enter));
        // Whoever let it in calls a worker for it, once.
        let called = match entered {
            Entered::In => 1 + let_in,
            Entered::Stood(also) => also + let_in,
            Entered::Full(item) => panic!("{item} was refused"),
        };
        assert_eq!(called, 1, "workers called");
        is_left_with(&queue, 2);
    });
}

/// Who lets somebody go who need not come in any more lets in who came behind.
#[test]
fn who_comes_behind_one_that_leaves_is_let_in() {
    fn unless_two(item: &u32) -> Turn {
        if *item == 2 { Turn::Leave } else { Turn::Enter }
    }
    check(500, || {
        let queue = with_one_begun();
        assert_eq!(queue.enter(Line::Small, 2, enter), Entered::Stood(0));
        let (worker, caller) = (Arc::clone(&queue), Arc::clone(&queue));
        let (_, entered) = both(
            move || worker.give_up_place(unless_two),
            move || caller.enter(Line::Small, 3, unless_two),
        );
        // Who comes just when the one who leaves is let go may find the room still taken.
        if entered == Entered::Full(3) {
            assert!(queue.is_empty(Line::Small), "refused and let in");
        } else {
            is_left_with(&queue, 3);
        }
    });
}
