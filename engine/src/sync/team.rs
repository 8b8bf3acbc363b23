//! The threads that share one spread.

use super::Workers;

/// Threads of a pool that one spread may use. It runs on one of them ([`Team::install`]) and
/// divides what it does by `rayon::join`, which from another thread would take another pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Team<'a> {
    workers: &'a Workers,
    threads: usize,
}

impl<'a> Team<'a> {
    /// At most `threads` of the threads of `workers`.
    pub(crate) fn of(workers: &'a Workers, threads: usize) -> Self {
        Self { workers, threads: threads.min(workers.count()) }
    }

    /// How many threads there are.
    pub(crate) const fn threads(self) -> usize {
        self.threads
    }

    /// Into how many parts to divide what has `most`: as many, so that who is done early takes over
    /// from others, but no more than there are threads where the pool has more of them.
    pub(crate) fn parts(self, most: usize) -> usize {
        if self.threads < self.workers.count() { most.min(self.threads) } else { most }
    }

    /// Runs `work` on one of the threads; what it divides is run by the others too.
    pub(crate) fn install<R: Send>(self, work: impl FnOnce() -> R + Send) -> R {
        self.workers.pool().install(work)
    }

    /// Whether the calling thread is one of the pool's.
    pub(crate) fn has_this_thread(self) -> bool {
        self.workers.has_this_thread()
    }
}
