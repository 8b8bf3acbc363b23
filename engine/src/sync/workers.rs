//! The threads that work for an engine.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use crate::sync::Arc;

/// A pool of threads, the host's or the engine's own.
///
/// # Progress
/// Handing work over is lock-free for whoever is awake. A thread that has nothing to do is parked
/// by rayon, which takes a mutex of that thread's own to put it to sleep and to wake it.
#[derive(Clone)]
pub struct Workers(Arc<rayon::ThreadPool>);

// A panic in what a thread of the pool ran leaves nothing of the pool half-done.
impl UnwindSafe for Workers {}
impl RefUnwindSafe for Workers {}

impl Workers {
    /// The threads of `pool`.
    #[must_use]
    pub const fn new(pool: Arc<rayon::ThreadPool>) -> Self {
        Self(pool)
    }

    /// Starts `threads` threads; 0 for as many as the machine runs at once. `None` where the
    /// operating system gives no more.
    #[must_use]
    pub fn start(threads: usize) -> Option<Self> {
        let named = |number| format!("emanate-{number}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(named);
        pool.build().ok().map(|pool| Self::new(Arc::new(pool)))
    }

    /// How many threads there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Whether the calling thread is one of them.
    #[must_use]
    pub fn has_this_thread(&self) -> bool {
        self.0.current_thread_index().is_some()
    }

    /// The pool itself.
    #[must_use]
    pub fn pool(&self) -> &rayon::ThreadPool {
        &self.0
    }

    /// Runs `work` on some thread of the pool, later.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.0.spawn(work);
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("count", &self.count()).finish()
    }
}
