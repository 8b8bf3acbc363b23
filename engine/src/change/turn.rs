//! Whose turn it is.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use crate::sync::{AtomicUsize, Ordering, Ring, Waiters, mutated};

/// Threads listed at once as waiting for one turn: few want the same.
const LISTED_MAX: usize = 16;

/// A value that one thread at a time has, the others wait for, and nobody locks.
///
/// The value itself is the turn: whoever takes it out of its place has it, and puts it back when
/// done, also where a panic ends its work. Threads that wait try again when it is put back, and
/// now and then by themselves, so a thread that stops without putting it back stops nobody but
/// those who want the turn; readers need none.
///
/// # Orderings
/// What a holder wrote before it put the value back is seen by the next who takes it: the pair is
/// inside [`Ring`].
///
/// # Progress
/// Trying is lock-free. Waiting blocks, by nature, until the deadline.
#[derive(Debug)]
pub(crate) struct Turn<T> {
    place: Ring<T>,
    waiters: Waiters,
    waiting: AtomicUsize,
}

/// Why a turn was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// As many wait already as may.
    Full,
    /// The deadline has passed.
    Late,
}

impl<T> Turn<T> {
    /// A turn that nobody has.
    pub(crate) fn new(value: T) -> Self {
        let place = Ring::new(1);
        assert!(place.push(value).is_ok(), "an empty place has room");
        Self { place, waiters: Waiters::new(LISTED_MAX), waiting: AtomicUsize::new(0) }
    }

    /// The turn, where nobody has it.
    pub(crate) fn take(&self) -> Option<Held<'_, T>> {
        let value = self.place.pop()?;
        Some(Held { turn: self, value: Some(value) })
    }

    /// The turn, waited for until `until` among at most `waiting_max` others.
    pub(crate) fn wait(
        &self,
        until: Option<Instant>,
        waiting_max: usize,
    ) -> Result<Held<'_, T>, NoTurn> {
        if let Some(held) = self.take() {
            return Ok(held);
        }
        let _waiting = Waiting::of(&self.waiting, waiting_max).ok_or(NoTurn::Full)?;
        self.waiters.wait_for(until, || self.take()).ok_or(NoTurn::Late)
    }

    /// How many threads wait, about.
    pub(crate) fn waiting(&self) -> usize {
        // Relaxed: a number to look at.
        self.waiting.load(Ordering::Relaxed)
    }
}

/// One of those who wait, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn of(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let more = |waiting: usize| (waiting < most).then_some(waiting + 1);
        // Relaxed: the count guards no data.
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Relaxed: see `of`.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a, T> {
    turn: &'a Turn<T>,
    value: Option<T>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("only `drop` takes it")
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("only `drop` takes it")
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            if mutated("turn_wakes_first") {
                self.turn.waiters.wake_all();
                assert!(self.turn.place.push(value).is_ok());
                return;
            }
            let back = self.turn.place.push(value);
            debug_assert!(back.is_ok(), "the place is empty while somebody has the turn");
            self.turn.waiters.wake_all();
        }
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::{Duration, Instant};

    use super::{NoTurn, Turn};

    #[test]
    fn one_at_a_time_has_it() {
        let turn = Turn::new(0);
        let held = turn.take().unwrap();
        assert!(turn.take().is_none());
        let soon = Some(Instant::now() + Duration::from_millis(1));
        assert_eq!(turn.wait(soon, 1).map(|held| *held), Err(NoTurn::Late));
        assert_eq!(turn.wait(soon, 0).map(|held| *held), Err(NoTurn::Full));
        assert_eq!(turn.waiting(), 0);
        drop(held);
        assert!(turn.wait(soon, 0).is_ok());
    }

    #[test]
    fn a_panic_gives_it_back() {
        let turn = Turn::new(7);
        let run = AssertUnwindSafe(|| {
            let mut held = turn.take().unwrap();
            *held = 8;
            panic!("while it is held");
        });
        assert!(catch_unwind(run).is_err());
        assert_eq!(*turn.take().unwrap(), 8);
    }

    #[test]
    fn no_step_is_lost() {
        const STEPS: u32 = if cfg!(miri) { 5 } else { 500 };
        let turn = Turn::new(0u32);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..STEPS {
                        *turn.wait(None, 4).unwrap() += 1;
                    }
                });
            }
        });
        assert_eq!(*turn.take().unwrap(), 4 * STEPS);
    }
}
