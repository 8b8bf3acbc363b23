//! One spread, on the thread of the caller.

use std::time::Instant;

use super::pool::Need;
use super::sampling::Sampling;
use super::scheduler::{Scheduler, Spread};
use crate::graph::Generation;
use crate::spread::{Conditions, SpreadError, SpreadOutcome, SpreadRequest};
use crate::sync::Arc;
use crate::terms::Deadline;

/// How a spread gets past the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// It asks, and may be refused.
    Asked,
    /// A canary's: it asks no breaker, and is recorded like any other.
    Canary,
}

/// Runs `request` on `graph`; waits for scratch until its deadline.
pub(crate) fn once(
    scheduler: &Arc<Scheduler>,
    entrance: Entrance,
    graph: &Generation,
    request: &SpreadRequest,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    let started = Instant::now();
    outcome.clear();
    let entered = match entrance {
        Entrance::Asked => scheduler.guard.enter()?,
        Entrance::Canary => scheduler.guard.pass(),
    };
    let deadline = Deadline::of(started, request.bounds.budget);
    let need = Need::of(graph, &request.rule);
    if let Err(error) = scheduler.pool.check(need) {
        return Err(entered.give_back(error));
    }
    let Some(mut leased) = scheduler.lease_by(need, deadline) else {
        return Err(entered.give_back(scheduler.shed()));
    };
    let settings = scheduler.settings.load();
    let conditions = Conditions {
        deadline,
        hop_limit_auto: settings.hop_limit,
        execution: scheduler.execution,
        abandoned: None,
        between_slices: None,
        team: scheduler.team_for(request),
        ..Conditions::alone()
    };
    let spread = Spread { graph, request, started, conditions };
    let mut sampling = Sampling::begin(scheduler, &settings);
    let result = scheduler.run(entered, spread, &mut leased.lease, outcome);
    if let Ok(service) = &result {
        scheduler.note_if_asked(*service, outcome.stats.edges_traversed);
    }
    sampling.add(result.as_ref().ok().map(|_| outcome.stats.hops));
    sampling.end(true);
    result.map(|_| ())
}
