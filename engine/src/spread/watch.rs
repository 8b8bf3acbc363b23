//! What ends a spread from outside, tested at a bounded number of edges.

use super::conditions::Conditions;
use super::request::Bounds;
use crate::terms::{CancelToken, Deadline, StopReason};

/// Edges followed between two looks at the clock: the length of a slice.
const EDGES_PER_LOOK: usize = 1 << 14;

/// Looks at the deadline and the cancel tokens every [`EDGES_PER_LOOK`] edges.
pub(crate) struct Watch<'a> {
    deadline: Deadline,
    cancel: Option<&'a CancelToken>,
    abandoned: Option<&'a CancelToken>,
    between_slices: Option<&'a (dyn Fn() + Sync)>,
    edges_left: usize,
}

impl<'a> Watch<'a> {
    /// A watch over one spread.
    pub(crate) fn start(bounds: &'a Bounds, conditions: &Conditions<'a>) -> Self {
        Self {
            deadline: conditions.deadline,
            cancel: bounds.cancel.as_ref(),
            abandoned: conditions.abandoned,
            between_slices: conditions.between_slices,
            edges_left: EDGES_PER_LOOK,
        }
    }

    /// Whether the spread must end now.
    pub(crate) fn look(&mut self) -> Result<(), StopReason> {
        self.edges_left = EDGES_PER_LOOK;
        // First, so that the time it takes counts against this spread's deadline at once.
        if let Some(between_slices) = self.between_slices {
            between_slices();
        }
        let tokens = [self.cancel, self.abandoned];
        if tokens.into_iter().flatten().any(CancelToken::is_cancelled) {
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
