//! What ends a spread from outside, tested at a bounded number of edges.

use super::request::Bounds;
use crate::terms::{CancelToken, Deadline, StopReason};

/// Edges followed between two looks at the clock.
const EDGES_PER_LOOK: usize = 1 << 14;

/// Looks at the deadline and the cancel token every [`EDGES_PER_LOOK`] edges.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    deadline: Deadline,
    cancel: Option<&'a CancelToken>,
    edges_left: usize,
}

impl<'a> Watch<'a> {
    /// Starts the budget of `bounds` now.
    pub(crate) fn start(bounds: &'a Bounds) -> Self {
        Self {
            deadline: bounds.budget.map_or(Deadline::NEVER, Deadline::after),
            cancel: bounds.cancel.as_ref(),
            edges_left: EDGES_PER_LOOK,
        }
    }

    /// Whether the spread must end now.
    pub(crate) fn look(&mut self) -> Result<(), StopReason> {
        self.edges_left = EDGES_PER_LOOK;
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(StopReason::Cancelled);
        }
        if self.deadline.has_passed() {
            return Err(StopReason::Deadline);
        }
        Ok(())
    }

    /// Notes that `edges` more are about to be followed; looks where it is time to.
    #[inline]
    pub(crate) fn spend(&mut self, edges: usize) -> Result<(), StopReason> {
        // A node without edges costs time too.
        match self.edges_left.checked_sub(edges + 1) {
            Some(left) => {
                self.edges_left = left;
                Ok(())
            }
            None => self.look(),
        }
    }
}
