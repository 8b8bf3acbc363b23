//! One call of an operation.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use super::counts::OperationEnd;
use super::operation::HostOperation;
use super::running::Running;

/// Why an operation gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationError<E> {
    /// It ran and returned this.
    Failed(E),
    /// Its breaker is open, so it was not run. Try again after `retry_in`.
    Rejected {
        /// What is left of the open wait.
        retry_in: Duration,
    },
}

impl<E: fmt::Display> fmt::Display for OperationError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Rejected { retry_in } => write!(
                f,
                "the operation failed too often and is not run for now; try again in {retry_in:?}"
            ),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for OperationError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The sentence is the error's own, so what caused it is what caused that.
            Self::Failed(error) => error.source(),
            Self::Rejected { .. } => None,
        }
    }
}

/// One call of an operation, with a context; made by [`HostOperation::with`].
#[must_use = "a call does nothing until it is given work"]
pub struct Call<'a, C> {
    operation: &'a HostOperation,
    context: C,
}

impl<'a, C: FnOnce() -> String> Call<'a, C> {
    pub(super) fn new(operation: &'a HostOperation, context: C) -> Self {
        Self { operation, context }
    }

    /// As [`HostOperation::run`].
    ///
    /// # Errors
    /// As [`HostOperation::run`].
    pub fn run<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, OperationError<E>> {
        self.run_unless(|_| false, work)
    }

    /// As [`Call::run`], but errors for which `is_callers` holds are the caller's own mistakes:
    /// they are counted apart, and the breaker does not hear of them.
    ///
    /// # Errors
    /// As [`HostOperation::run`].
    pub fn run_unless<T, E>(
        self,
        is_callers: impl FnOnce(&E) -> bool,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, OperationError<E>> {
        if !self.operation.watch.is_on() {
            return work().map_err(OperationError::Failed);
        }
        let mut running = Running::begin(self.operation, self.context).map_err(rejected)?;
        running.enter();
        let result = work();
        running.leave();
        running.end_as(end_of(&result, is_callers));
        result.map_err(OperationError::Failed)
    }

    /// As [`HostOperation::watch`]; this one borrows the operation.
    ///
    /// # Errors
    /// As [`HostOperation::watch`].
    pub async fn watched<T, E>(
        self,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, OperationError<E>> {
        if !self.operation.watch.is_on() {
            return future.await.map_err(OperationError::Failed);
        }
        let mut running = Running::begin(self.operation, self.context).map_err(rejected)?;
        let mut future = pin!(future);
        let result = poll_fn(|context| {
            running.enter();
            let polled = future.as_mut().poll(context);
            running.leave();
            polled
        })
        .await;
        running.end_as(end_of(&result, |_| false));
        result.map_err(OperationError::Failed)
    }
}

impl<C> fmt::Debug for Call<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", self.operation).finish_non_exhaustive()
    }
}

fn end_of<T, E>(result: &Result<T, E>, is_callers: impl FnOnce(&E) -> bool) -> OperationEnd {
    match result {
        Ok(_) => OperationEnd::Success,
        Err(error) if is_callers(error) => OperationEnd::Ignored,
        Err(_) => OperationEnd::Failure,
    }
}

/// The same as an error of an operation that can fail in other ways as well.
pub(super) fn rejected<E>(error: OperationError<std::convert::Infallible>) -> OperationError<E> {
    match error {
        OperationError::Failed(never) => match never {},
        OperationError::Rejected { retry_in } => OperationError::Rejected { retry_in },
    }
}
