use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use proptest::prelude::*;

use super::Ring;
use crate::sync::Arc;

#[test]
fn a_full_ring_gives_the_value_back_and_an_empty_one_nothing() {
    let ring = Ring::new(3);
    assert!(ring.is_empty() && ring.pop().is_none());
    for value in 0..3 {
        assert_eq!(ring.push(value), Ok(()));
    }
    assert_eq!((ring.push(3), ring.len()), (Err(3), 3));
    assert_eq!([ring.pop(), ring.pop(), ring.pop(), ring.pop()], [Some(0), Some(1), Some(2), None]);
}

#[test]
fn who_pushes_over_loses_the_oldest() {
    let ring = Ring::new(2);
    assert_eq!([ring.push_over(1), ring.push_over(2), ring.push_over(3)], [0, 0, 1]);
    assert_eq!([ring.pop(), ring.pop(), ring.pop()], [Some(2), Some(3), None]);
}

#[test]
fn looking_in_vain_again_and_again_leaves_it_as_it_was() {
    let ring = Ring::new(1);
    for turn in 0..1000 {
        (0..turn % 7).for_each(|_| assert_eq!(ring.pop(), None));
        assert!(ring.is_empty());
        assert_eq!(ring.push(turn), Ok(()));
        assert_eq!(ring.len(), 1);
        assert_eq!(ring.pop(), Some(turn));
    }
}

#[test]
fn what_is_left_is_dropped_with_it() {
    let value = Arc::new(());
    let ring = Ring::new(4);
    for _ in 0..3 {
        assert!(ring.push(Arc::clone(&value)).is_ok());
    }
    drop(ring.pop());
    assert_eq!(Arc::strong_count(&value), 3);
    drop(ring);
    assert_eq!(Arc::strong_count(&value), 1);
}

proptest! {
    /// By one thread, it is a queue with so much room.
    #[test]
    fn alone_it_is_a_bounded_queue(
        room in 1_usize..9,
        pushes in prop::collection::vec(any::<bool>(), 0..200),
    ) {
        let (ring, mut queue) = (Ring::new(room), VecDeque::new());
        for (value, is_push) in pushes.into_iter().enumerate() {
            if is_push {
                let expected = if queue.len() < room { Ok(()) } else { Err(value) };
                prop_assert_eq!(ring.push(value), expected);
                if expected.is_ok() {
                    queue.push_back(value);
                }
            } else {
                prop_assert_eq!(ring.pop(), queue.pop_front());
            }
            prop_assert_eq!(ring.len(), queue.len());
        }
    }
}

/// Threads that push and pop without end lose and double nothing, and each gets what another
/// pushed in its order.
#[test]
fn many_threads_lose_nothing() {
    const THREADS: u64 = 4;
    let each: u64 = if cfg!(miri) { 50 } else { 2_000 };
    for room in [1, 3, 8] {
        let (ring, sum, count) = (Ring::new(room), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let ring = &ring;
                scope.spawn(move || {
                    for number in 0..each {
                        let mut value = (thread, number);
                        while let Err(back) = ring.push(value) {
                            value = back;
                            thread::yield_now();
                        }
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut next = [0; THREADS as usize];
                    while count.load(Ordering::Relaxed) < THREADS * each {
                        let Some((thread, number)) = ring.pop() else {
                            thread::yield_now();
                            continue;
                        };
                        let least = &mut next[thread as usize];
                        assert!(number >= *least, "out of order");
                        *least = number + 1;
                        sum.fetch_add(number, Ordering::Relaxed);
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), THREADS * (each * (each - 1) / 2));
        assert!(ring.is_empty());
    }
}
