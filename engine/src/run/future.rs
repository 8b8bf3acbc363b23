//! A spread that was submitted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::scheduler::{Answer, Scheduler};
use super::ticket::Ticket;
use crate::sync::Arc;

/// A submitted spread: resolves to what [`Engine::spread`](crate::Engine::spread) would return.
///
/// It needs no runtime and has no timer: any executor may poll it, and it wakes its task when the
/// answer is there. The spread runs whether or not the future is polled. Dropping the future
/// cancels the spread: one that has not begun never does, one that runs ends at its next look at
/// its cancel token. After it has given its answer it stays pending.
///
/// Errors besides those of a spread: [`Shed`](crate::SpreadError::Shed) where the queue was full
/// until the deadline, found out when the queue next moves or the future is polled, or where not
/// even the room before the queue is left; [`Panicked`](crate::SpreadError::Panicked).
#[must_use = "dropping the future cancels the spread"]
pub struct SpreadFuture {
    scheduler: Arc<Scheduler>,
    ticket: Arc<Ticket>,
}

impl SpreadFuture {
    pub(crate) fn new(scheduler: Arc<Scheduler>, ticket: Arc<Ticket>) -> Self {
        Self { scheduler, ticket }
    }
}

impl Future for SpreadFuture {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let answer = self.ticket.reply.poll(context);
        if answer.is_pending() {
            // Whoever first sees that it is too late sheds it; this may be the one.
            self.ticket.shed_if_late(&self.scheduler);
            return self.ticket.reply.poll(context);
        }
        answer
    }
}

impl Drop for SpreadFuture {
    fn drop(&mut self) {
        // Whoever takes it out of the queue now finds it claimed and passes on.
        if !self.ticket.reply.claim() {
            self.ticket.abandoned.cancel();
        }
    }
}

impl fmt::Debug for SpreadFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpreadFuture")
            .field("request", &self.ticket.request)
            .finish_non_exhaustive()
    }
}
