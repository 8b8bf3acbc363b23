//! Many items of one operation, one after the other or side by side.

use std::num::NonZeroUsize;
use std::time::Duration;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::call::OperationError;
use super::operation::HostOperation;
use crate::run::scheduler::caught;
use crate::sync::{AtomicUsize, Ordering};
use crate::terms::{CancelToken, Deadline};

/// How a batch is run, and what ends it early. By default, one item after the other, to the end.
#[derive(Clone, Debug)]
pub struct BatchOptions<'a> {
    /// Runs items side by side on these threads.
    pub pool: Option<&'a rayon::ThreadPool>,
    /// Begins no more items once so many have failed; 1 for stopping at the first.
    pub failures_max: Option<NonZeroUsize>,
    /// Begins no more items after this.
    pub deadline: Deadline,
    /// Begins no more items once it is cancelled.
    pub token: CancelToken,
}

impl Default for BatchOptions<'_> {
    fn default() -> Self {
        Self {
            pool: None,
            failures_max: None,
            deadline: Deadline::NEVER,
            token: CancelToken::new(),
        }
    }
}

/// What came of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchItem<T, E> {
    /// It was done, and gave this.
    Done(T),
    /// It failed with this.
    Failed(E),
    /// It panicked.
    Panicked,
    /// The breaker did not let it begin.
    Rejected {
        /// What is left of the open wait.
        retry_in: Duration,
    },
    /// The batch ended before it began.
    Skipped,
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchReport<T, E> {
    /// Each item, in the order they were given.
    pub items: Vec<BatchItem<T, E>>,
    /// Those that were done.
    pub successes: usize,
    /// Those that failed, or panicked.
    pub failures: usize,
    /// Those that were not begun: rejected or skipped.
    pub not_begun: usize,
    /// From the call to the last item's end, by the monitor's clock.
    pub took: Duration,
}

/// Runs `work` on all of `items`.
pub(super) fn run<I: Sync, T: Send, E: Send>(
    operation: &HostOperation,
    items: &[I],
    options: &BatchOptions<'_>,
    work: impl Fn(&I) -> Result<T, E> + Sync,
) -> BatchReport<T, E> {
    let began_ns = operation.watch.clock.now_ns();
    let failed = AtomicUsize::new(0);
    let is_over = || {
        // Relaxed: an item that sees a failure late is run, as if it had begun before.
        let failures = failed.load(Ordering::Relaxed);
        options.failures_max.is_some_and(|most| failures >= most.get())
            || options.token.is_cancelled()
            || options.deadline.has_passed()
    };
    let run_one = |item: &I| {
        if is_over() {
            return BatchItem::Skipped;
        }
        let done = match caught(|| operation.run(|| work(item))) {
            Some(Ok(done)) => BatchItem::Done(done),
            Some(Err(OperationError::Failed(error))) => BatchItem::Failed(error),
            Some(Err(OperationError::Rejected { retry_in })) => BatchItem::Rejected { retry_in },
            None => BatchItem::Panicked,
        };
        if matches!(done, BatchItem::Failed(_) | BatchItem::Panicked) {
            // Relaxed: see `is_over`.
            failed.fetch_add(1, Ordering::Relaxed);
        }
        done
    };
    let items: Vec<BatchItem<T, E>> = match options.pool {
        Some(pool) => pool.install(|| items.par_iter().map(run_one).collect()),
        None => items.iter().map(run_one).collect(),
    };
    let count = |is: fn(&BatchItem<T, E>) -> bool| items.iter().filter(|item| is(item)).count();
    let successes = count(|item| matches!(item, BatchItem::Done(_)));
    let failures = count(|item| matches!(item, BatchItem::Failed(_) | BatchItem::Panicked));
    BatchReport {
        successes,
        failures,
        not_begun: items.len() - successes - failures,
        took: Duration::from_nanos(operation.watch.clock.now_ns().saturating_sub(began_ns)),
        items,
    }
}
