//! Threads that wait for each other, and threads that are handed work.

use std::fmt;
use std::time::Duration;

#[cfg(emanate_loom)]
use loom::sync::{Condvar, Mutex};
#[cfg(emanate_loom)]
use loom::thread_local;
#[cfg(emanate_shuttle)]
use shuttle::sync::{Condvar, Mutex};
#[cfg(emanate_shuttle)]
use shuttle::thread_local;

use super::Arc;

/// A thread that can be woken, with the contract of the standard library's.
#[derive(Clone)]
pub struct Thread(Arc<Token>);

/// What waking leaves for who parks.
struct Token {
    is_left: Mutex<bool>,
    left: Condvar,
}

const NO_PANIC: &str = "no model panics while it holds this";

thread_local! {
    static OWN: Thread = Thread::new();
}

impl Thread {
    fn new() -> Self {
        Self(Arc::new(Token { is_left: Mutex::new(false), left: Condvar::new() }))
    }

    /// Wakes the thread, now or when it parks next.
    pub fn unpark(&self) {
        *self.0.is_left.lock().expect(NO_PANIC) = true;
        self.0.left.notify_one();
    }

    fn park(&self) {
        let mut is_left = self.0.is_left.lock().expect(NO_PANIC);
        while !*is_left {
            is_left = self.0.left.wait(is_left).expect(NO_PANIC);
        }
        *is_left = false;
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").finish_non_exhaustive()
    }
}

/// The calling thread.
pub fn current_thread() -> Thread {
    OWN.with(Thread::clone)
}

/// Waits until the calling thread is woken. In a model time stands still, so that who is forgotten
/// is found out: its nap never ends.
pub fn park_timeout(_nap: Duration) {
    current_thread().park();
}

/// Threads that work for an engine, with the contract of the pool over rayon: what is handed over
/// is run on a thread that is not the caller's, at some time.
#[derive(Clone, Debug)]
pub struct Workers {
    count: usize,
}

impl Workers {
    /// As many as `pool` has, but a model's.
    pub fn new(pool: Arc<rayon::ThreadPool>) -> Self {
        Self { count: pool.current_num_threads() }
    }

    /// So many, or one where it is 0.
    pub fn start(threads: usize) -> Option<Self> {
        Some(Self { count: threads.max(1) })
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the calling thread is one of them: in no model is it asked by one.
    pub fn has_this_thread(&self) -> bool {
        false
    }

    /// Rayon's own pool, which no model may come to.
    pub fn pool(&self) -> &rayon::ThreadPool {
        unreachable!("a model has no pool of rayon")
    }

    /// Runs `work` on a thread of its own.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        #[cfg(test)]
        drop(crate::sync::checker::spawn(1, work));
        #[cfg(not(test))]
        drop(work);
    }
}
