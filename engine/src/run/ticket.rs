//! A submitted spread, from the caller to a worker and back.

use std::time::Instant;

use super::guard::Guard;
use super::queue::Turn;
use super::reply::Reply;
use super::scheduler::{Answer, Scheduler};
use crate::graph::Generation;
use crate::spread::{SpreadError, SpreadRequest};
use crate::sync::{Arc, AtomicBool, Ordering};
use crate::terms::{CancelToken, Deadline};

/// A submitted spread. The task that waits for it and the queue hold it together.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) graph: Arc<Generation>,
    pub(crate) request: SpreadRequest,
    pub(crate) submitted: Instant,
    pub(crate) deadline: Deadline,
    /// Cancelled when nobody waits for the answer any more.
    pub(crate) abandoned: CancelToken,
    pub(crate) reply: Reply<Answer>,
    stood: AtomicBool,
}

impl Ticket {
    pub(crate) fn new(graph: Arc<Generation>, request: SpreadRequest) -> Self {
        let submitted = Instant::now();
        let deadline = Deadline::of(submitted, request.bounds.budget);
        let (abandoned, reply) = (CancelToken::new(), Reply::new());
        let stood = AtomicBool::new(false);
        Self { graph, request, submitted, deadline, abandoned, reply, stood }
    }

    /// Notes that it found the queue full.
    pub(crate) fn note_stood(&self) {
        // Relaxed: who sees it late sheds it late.
        self.stood.store(true, Ordering::Relaxed);
    }

    /// Sheds it where it found the queue full and has not begun by its deadline.
    pub(crate) fn shed_if_late(&self, scheduler: &Scheduler) {
        // Relaxed: see `note_stood`.
        if self.stood.load(Ordering::Relaxed) {
            self.turn(scheduler);
        }
    }

    /// Answers with `error`, where nobody has claimed to answer otherwise.
    pub(crate) fn refuse(&self, guard: &Guard, error: SpreadError) {
        if self.reply.claim() {
            self.reply.put(Err(guard.refused(error)));
        }
    }

    /// What becomes of it before the door: it is shed at its deadline.
    pub(crate) fn turn(&self, scheduler: &Scheduler) -> Turn {
        if self.reply.is_claimed() {
            return Turn::Leave;
        }
        if !self.deadline.has_passed() {
            return Turn::Enter;
        }
        self.refuse(&scheduler.guard, scheduler.shed());
        Turn::Leave
    }
}
