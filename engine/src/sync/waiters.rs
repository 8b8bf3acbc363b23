//! Threads that wait for something to come back.

use std::time::{Duration, Instant};

use super::{
    Arc, AtomicBool, Ordering, Ring, Thread, current_thread, mutated, park_timeout, spin_loop,
    yield_now,
};

/// Tries in a row before the thread gives its core away: what a small spread takes.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
const SPINS: usize = 64;
/// Tries with the core given away in between.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
const YIELDS: usize = 8;
/// In a model each try more is only more schedules.
#[cfg(any(emanate_loom, emanate_shuttle))]
const SPINS: usize = 0;
#[cfg(any(emanate_loom, emanate_shuttle))]
const YIELDS: usize = 0;
/// Longest sleep between two tries.
const NAP_MAX: Duration = Duration::from_millis(5);

/// A thread that waits. Listed while `listed`; taken off the list when it is woken.
#[derive(Debug)]
struct Waiter {
    thread: Thread,
    listed: AtomicBool,
}

/// Threads that wait for something to come back.
///
/// Whoever gives something back wakes them all, and each tries again. Waking one alone would be
/// cheaper, but then a stopped thread that was woken would stop those behind it. A sleep is short
/// for the same reason: nobody depends on being woken, it only makes the wait shorter. There is no
/// mutex and no condition variable: a thread spins for about as long as a small spread takes, then
/// gives its core away, then is listed and parks.
///
/// # Orderings
/// A thread is listed, then tries again, then parks; who gives back does so, then looks at the
/// list. That neither misses the other is up to what is tried: where every try and every giving
/// back is a read-modify-write of one word, they are in one order.
///
/// # Progress
/// Waking is lock-free. Waiting is blocking, by nature, until the deadline.
#[derive(Debug)]
pub struct Waiters {
    list: Ring<Arc<Waiter>>,
}

impl Waiters {
    /// Nobody waits. At most `listed_max` threads are listed at once; one more sleeps and looks
    /// again by itself.
    #[must_use]
    pub fn new(listed_max: usize) -> Self {
        Self { list: Ring::new(listed_max) }
    }

    /// How many are listed, about.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nobody is listed, about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Wakes whoever is listed.
    pub fn wake_all(&self) {
        // As many as were listed at first, so that threads which come back do not keep this one.
        for _ in 0..self.list.len() {
            let Some(waiter) = self.list.pop() else { return };
            let late = mutated("waiter_is_unlisted_late");
            if late {
                waiter.thread.unpark();
            }
            // Release: pairs with the Acquire in `enlist`, so that the thread lists itself anew
            // only after it was taken off.
            waiter.listed.store(false, Ordering::Release);
            if !late {
                waiter.thread.unpark();
            }
            if mutated("one_waiter_is_woken") {
                return;
            }
        }
    }

    /// Lists `waiter` unless it still is.
    fn enlist(&self, waiter: &Arc<Waiter>) {
        // Acquire: pairs with the Release in `wake_all`.
        if !waiter.listed.load(Ordering::Acquire) {
            // Relaxed: published by the push.
            waiter.listed.store(true, Ordering::Relaxed);
            if self.list.push(waiter.clone()).is_err() {
                // Relaxed: nobody else has it.
                waiter.listed.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Tries until `attempt` gives something or `until` has passed; for ever without one.
    pub fn wait_for<T>(
        &self,
        until: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        for turn in 0..SPINS + YIELDS {
            if let Some(found) = attempt() {
                return Some(found);
            }
            if until.is_some_and(|at| Instant::now() >= at) {
                return None;
            }
            if turn < SPINS {
                spin_loop();
            } else {
                yield_now();
            }
        }
        let waiter = Arc::new(Waiter { thread: current_thread(), listed: AtomicBool::new(false) });
        loop {
            if !mutated("waiter_is_listed_last") {
                self.enlist(&waiter);
            }
            if let Some(found) = attempt() {
                return Some(found);
            }
            if mutated("waiter_is_listed_last") {
                self.enlist(&waiter);
            }
            let now = Instant::now();
            let nap = until.map_or(NAP_MAX, |at| at.saturating_duration_since(now));
            if nap.is_zero() {
                return None;
            }
            park_timeout(nap.min(NAP_MAX));
        }
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::Waiters;
    use crate::sync::{AtomicU64, Ordering};

    #[test]
    fn a_deadline_ends_the_wait() {
        let waiters = Waiters::new(4);
        let started = Instant::now();
        let until = Some(started + Duration::from_millis(20));
        assert_eq!(waiters.wait_for(until, || None::<()>), None);
        assert!(started.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_passed_deadline_allows_one_try() {
        let waiters = Waiters::new(4);
        let until = Some(Instant::now());
        assert_eq!(waiters.wait_for(until, || Some(7)), Some(7));
        let mut tries = 0;
        let found = waiters.wait_for(until, || {
            tries += 1;
            None::<()>
        });
        assert_eq!((found, tries), (None, 1));
    }

    #[test]
    fn every_waiter_is_served() {
        let (waiters, left) = (Waiters::new(4), AtomicU64::new(0));
        let take = || {
            let less = |n: u64| n.checked_sub(1);
            left.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).ok()
        };
        thread::scope(|scope| {
            let served: Vec<_> =
                (0..8).map(|_| scope.spawn(|| waiters.wait_for(None, take).is_some())).collect();
            for _ in 0..8 {
                left.fetch_add(1, Ordering::AcqRel);
                waiters.wake_all();
            }
            assert!(served.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert_eq!(left.load(Ordering::Relaxed), 0);
    }
}
