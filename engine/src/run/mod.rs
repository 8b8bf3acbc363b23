//! One spread: scratch from the pool, the algorithm, scratch back, and the time it took.

mod pool;

use std::time::Instant;

use crate::graph::Generation;
use crate::spread::{self, Conditions, SpreadError, SpreadOutcome, SpreadRequest};

pub(crate) use pool::ScratchPool;

/// Runs `request` on `graph` in a scratch of `pool`.
pub(crate) fn once(
    pool: &ScratchPool,
    graph: &Generation,
    request: &SpreadRequest,
    conditions: &Conditions<'_>,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    let started = Instant::now();
    let mut scratch = pool.take();
    spread::spread(graph, request, conditions, &mut scratch, outcome)?;
    outcome.stats.elapsed = started.elapsed();
    Ok(())
}
