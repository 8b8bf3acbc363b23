//! One answer, from the thread that makes it to the task that waits for it.

use std::task::{Context, Poll};

use crate::sync::{ArrayQueue, AtomicBool, AtomicWaker, Ordering};

/// A place for one answer.
///
/// Of all who could make the answer (a worker that runs the spread, a task that finds the deadline
/// passed, a future that is dropped), one wins the right to: the first to claim it.
///
/// # Orderings
/// The answer is pushed, then the waker woken; the waker is registered, then the answer looked
/// for. The pair is inside [`AtomicWaker`].
///
/// # Progress
/// Lock-free, and wait-free but for the waker's own code.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    claimed: AtomicBool,
    answer: ArrayQueue<T>,
    waker: AtomicWaker,
}

impl<T> Reply<T> {
    /// No answer yet.
    pub(crate) fn new() -> Self {
        let answer = ArrayQueue::new(1);
        Self { claimed: AtomicBool::new(false), answer, waker: AtomicWaker::new() }
    }

    /// Whether the caller is the first to claim the right to answer.
    pub(crate) fn claim(&self) -> bool {
        // Relaxed: only who wins matters; the answer itself goes through the queue.
        !self.claimed.swap(true, Ordering::Relaxed)
    }

    /// Whether somebody has claimed it.
    pub(crate) fn is_claimed(&self) -> bool {
        // Relaxed: see `claim`; who sees it late finds out when it claims.
        self.claimed.load(Ordering::Relaxed)
    }

    /// Answers. Only for who has claimed, and once.
    pub(crate) fn put(&self, answer: T) {
        let refused = self.answer.push(answer).is_err();
        debug_assert!(!refused, "answered twice");
        self.waker.wake();
    }

    /// The answer; where there is none yet, the task is woken when it comes.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<T> {
        if let Some(answer) = self.answer.pop() {
            return Poll::Ready(answer);
        }
        self.waker.register(context.waker());
        // Once more: the answer may have come before the waker was there.
        self.answer.pop().map_or(Poll::Pending, Poll::Ready)
    }
}

#[cfg(test)]
#[cfg(emanate_loom)]
mod loom_models {
    use std::task::{Context, Poll, Waker};

    use super::Reply;
    use crate::sync::{Arc, AtomicBool, Ordering};

    /// Notes that it was woken.
    #[derive(Default)]
    struct Bell(AtomicBool);

    impl std::task::Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    /// One thread answers, one polls: the answer is there, or the task is woken.
    fn no_answer_is_missed(poll: fn(&Reply<u32>, &mut Context<'_>) -> Poll<u32>) {
        loom::model(move || {
            let reply = Arc::new(Reply::new());
            let bell = Arc::new(Bell::default());
            let waker = Waker::from(bell.clone());
            let worker = loom::thread::spawn({
                let reply = reply.clone();
                move || {
                    assert!(reply.claim());
                    reply.put(7);
                }
            });
            let polled = poll(&reply, &mut Context::from_waker(&waker));
            worker.join().unwrap();
            let woken = bell.0.load(Ordering::SeqCst);
            assert!(polled == Poll::Ready(7) || woken, "missed");
            if polled.is_pending() {
                assert_eq!(reply.poll(&mut Context::from_waker(&waker)), Poll::Ready(7));
            }
        });
    }

    #[test]
    fn loom_an_answer_is_there_or_wakes() {
        no_answer_is_missed(Reply::poll);
    }

    #[test]
    #[should_panic(expected = "missed")]
    fn loom_finds_that_registering_last_misses() {
        no_answer_is_missed(|reply, context| {
            let answer = reply.answer.pop().map_or(Poll::Pending, Poll::Ready);
            reply.waker.register(context.waker());
            answer
        });
    }

    /// A worker that begins and a future that is dropped: one of them has the right to answer.
    #[test]
    fn loom_one_alone_claims() {
        loom::model(|| {
            let reply = Arc::new(Reply::<u32>::new());
            let other = loom::thread::spawn({
                let reply = reply.clone();
                move || reply.claim()
            });
            let first = reply.claim();
            assert!(first != other.join().unwrap());
            assert!(reply.is_claimed());
        });
    }
}
