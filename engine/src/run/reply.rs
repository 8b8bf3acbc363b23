//! One answer, from the thread that makes it to the task that waits for it.

use std::task::{Context, Poll};

use crate::sync::{Arc, AtomicBool, AtomicWaker, Ordering, Slot, mutated};

/// A place for one answer.
///
/// Of all who could make the answer (a worker that runs the spread, a task that finds the deadline
/// passed, a future that is dropped), one wins the right to: the first to claim it.
///
/// # Orderings
/// The answer is put, then the waker woken; the waker is registered, then the answer looked
/// for. The pair is inside [`AtomicWaker`].
///
/// # Progress
/// Lock-free, but for the waker's own code.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    claimed: AtomicBool,
    answer: Slot<T>,
    waker: AtomicWaker,
}

impl<T> Reply<T> {
    /// No answer yet.
    pub(crate) fn new() -> Self {
        Self { claimed: AtomicBool::new(false), answer: Slot::default(), waker: AtomicWaker::new() }
    }

    /// Whether the caller is the first to claim the right to answer.
    pub(crate) fn claim(&self) -> bool {
        if mutated("claim_looks_first") && !self.is_claimed() {
            self.claimed.store(true, Ordering::Relaxed);
            return true;
        }
        // Relaxed: only who wins matters; the answer itself goes through its slot.
        !self.claimed.swap(true, Ordering::Relaxed)
    }

    /// Whether somebody has claimed it.
    pub(crate) fn is_claimed(&self) -> bool {
        // Relaxed: see `claim`; who sees it late finds out when it claims.
        self.claimed.load(Ordering::Relaxed)
    }

    /// Answers. Only for who has claimed, and once.
    pub(crate) fn put(&self, answer: T) {
        debug_assert!(!self.answer.is_full(), "answered twice");
        self.answer.put(Arc::new(answer));
        self.waker.wake();
    }

    /// The answer; where there is none yet, the task is woken when it comes.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<T> {
        if let Some(answer) = self.take() {
            return Poll::Ready(answer);
        }
        self.waker.register(context.waker());
        if mutated("answer_is_looked_for_once") {
            return Poll::Pending;
        }
        // Once more: the answer may have come before the waker was there.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    fn take(&self) -> Option<T> {
        // Nobody looks at it in its slot, so who takes it out has it alone.
        Arc::into_inner(self.answer.take()?)
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
