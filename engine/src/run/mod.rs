//! One spread: scratch from the pool, the algorithm, scratch back, and the time it took.

mod pool;

use std::time::Instant;

use crate::graph::Generation;
use crate::spread::{self, Conditions, SpreadError, SpreadOutcome, SpreadRequest};
use crate::terms::Deadline;

pub(crate) use pool::ScratchPool;

/// Runs `request` on `graph` in a scratch of `pool`.
pub(crate) fn once(
    pool: &ScratchPool,
    graph: &Generation,
    request: &SpreadRequest,
    hop_limit_auto: u32,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    let started = Instant::now();
    let deadline = request.bounds.budget.map_or(Deadline::NEVER, Deadline::after);
    let conditions = Conditions { deadline, hop_limit_auto, ..Conditions::ALONE };
    let mut scratch = pool.take();
    spread::spread(graph, request, &conditions, &mut scratch, outcome)?;
    outcome.stats.elapsed = started.elapsed();
    Ok(())
}
