//! Waiting under every schedule. A nap never ends by itself in a model, so whoever is not woken
//! waits for ever, which the checker says.

use super::Waiters;
use crate::sync::checker::{both, check, spawn};
use crate::sync::{Arc, AtomicU64, Ordering};

/// What is waited for: so many are left.
struct Left(AtomicU64, Waiters);

impl Left {
    fn nothing() -> Self {
        Self(AtomicU64::new(0), Waiters::new(2))
    }

    fn take(&self) -> Option<()> {
        let less = |left: u64| Some(left.saturating_sub(1));
        // AcqRel: all takes, failed ones too, and gives are in one order.
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Relaxed, less);
        before.is_ok_and(|before| before > 0).then_some(())
    }

    fn give(&self, count: u64) {
        // AcqRel: see `take`.
        self.0.fetch_add(count, Ordering::AcqRel);
        self.1.wake_all();
    }

    fn wait(&self) {
        assert_eq!(self.1.wait_for(None, || self.take()), Some(()));
    }
}

/// Who waits gets what is given back, whenever that happens.
#[test]
fn who_waits_is_served() {
    check(20, || {
        let left = Arc::new(Left::nothing());
        let giver = Arc::clone(&left);
        both(move || left.wait(), move || giver.give(1));
    });
}

/// A thread that was woken for nothing is woken again.
#[test]
fn who_was_woken_for_nothing_is_woken_again() {
    check(90, || {
        let left = Arc::new(Left::nothing());
        let giver = Arc::clone(&left);
        let giving = move || {
            giver.1.wake_all();
            giver.give(1);
        };
        both(move || left.wait(), giving);
    });
}

/// What is given back at once to two who wait serves both.
#[test]
fn all_who_wait_are_woken() {
    check(1000, || {
        let left = Arc::new(Left::nothing());
        let waiting = |number| {
            let left = Arc::clone(&left);
            spawn(number, move || left.wait())
        };
        let waiting = [waiting(0), waiting(1)];
        let giver = Arc::clone(&left);
        spawn(2, move || giver.give(2)).join().unwrap();
        waiting.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
