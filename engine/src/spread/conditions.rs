//! What a spread is given beside its request, by whoever runs it.

use super::kernel::Execution;
use super::params::DEFAULT_HOP_LIMIT;
use super::unread::Shut;
use crate::sync::{Clock, Team};
use crate::terms::{CancelToken, Deadline};

/// The conditions a spread runs under. No result depends on them, except on where it stops.
#[derive(Clone, Copy)]
pub(crate) struct Conditions<'a> {
    /// When the budget of the request ends: fixed at the call, so that waiting counts.
    pub(crate) deadline: Deadline,
    /// What `hops = auto` stands for.
    pub(crate) hop_limit_auto: u32,
    /// How its hops are run.
    pub(crate) execution: Execution,
    /// Ends the spread when nobody waits for its outcome any more; the request may hold another.
    pub(crate) abandoned: Option<&'a CancelToken>,
    /// Called at the end of each slice of a bounded number of edges. May run other spreads.
    pub(crate) between_slices: Option<&'a (dyn Fn() + Sync)>,
    /// Threads for a request that allows more than one; `None` where it does not.
    pub(crate) team: Option<Team<'a>>,
    /// Where no rows are read from.
    pub(crate) shut: Shut,
    /// Where somebody wants to know how long each hop takes.
    pub(crate) hop_clock: Option<&'a dyn Clock>,
}

impl Conditions<'_> {
    /// No deadline, nobody to hand over to, no other thread.
    pub(crate) fn alone() -> Self {
        Self {
            deadline: Deadline::NEVER,
            hop_limit_auto: DEFAULT_HOP_LIMIT,
            execution: Execution::default(),
            abandoned: None,
            between_slices: None,
            team: None,
            shut: Shut::default(),
            hop_clock: None,
        }
    }
}
