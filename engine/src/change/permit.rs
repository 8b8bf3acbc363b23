//! What changes and checkpoints ask of their breakers, and what they tell them.
//!
//! A breaker guards what is stored. So what storage does decides, and a panic; what the caller got
//! wrong does not, nor what was refused before it came to storing.

use super::error::{ApplyError, ErrorClass};
use super::options::{ApplyOptions, Run};
use super::report::ApplyReport;
use super::store::{CheckpointError, CheckpointReport};
use crate::gate::{Gate, Operation, OutcomeClass, Permit};
use crate::sync::Clock;

/// Runs `work`, which applies a change set, if the breaker of changes lets it in, and tells that
/// breaker how it ended. A dry run stores nothing, so it is neither kept out nor counted.
pub(crate) fn guarded(
    gate: &Gate,
    clock: &dyn Clock,
    options: &ApplyOptions,
    work: impl FnOnce() -> Result<ApplyReport, ApplyError>,
) -> Result<ApplyReport, ApplyError> {
    if options.run == Run::Dry {
        return work();
    }
    let permit = gate
        .enter(Operation::Mutation)
        .map_err(|open| ApplyError::BreakerOpen { retry_in: open.retry_in })?;
    recorded(permit, clock, class_of_change, work)
}

/// Runs `work`, which makes a checkpoint, if the breaker of checkpoints lets it in, and tells that
/// breaker how it ended.
pub(crate) fn guarded_checkpoint(
    gate: &Gate,
    clock: &dyn Clock,
    work: impl FnOnce() -> Result<CheckpointReport, CheckpointError>,
) -> Result<CheckpointReport, CheckpointError> {
    let permit = gate
        .enter(Operation::Checkpoint)
        .map_err(|open| CheckpointError::BreakerOpen { retry_in: open.retry_in })?;
    recorded(permit, clock, class_of_checkpoint, work)
}

/// Runs `work`, and tells the breaker that gave `permit`, where there is one, how it ended.
fn recorded<R, E>(
    permit: Option<Permit<'_>>,
    clock: &dyn Clock,
    class_of: fn(&Result<R, E>) -> OutcomeClass,
    work: impl FnOnce() -> Result<R, E>,
) -> Result<R, E> {
    let Some(permit) = permit else { return work() };
    let started_ns = clock.now_ns();
    let result = work();
    permit.record_timed(class_of(&result), started_ns, clock.now_ns());
    result
}

/// What the ending of a change set says to its breaker.
fn class_of_change(result: &Result<ApplyReport, ApplyError>) -> OutcomeClass {
    let report = match result {
        Ok(report) => Some(report),
        Err(error) => error.report(),
    };
    let unread = |report: &ApplyReport| {
        report.failures.iter().any(|failure| failure.error.class() == ErrorClass::Storage)
    };
    if report.is_some_and(unread) {
        return OutcomeClass::Failure;
    }
    match result {
        Ok(report) if does_nothing(report) => OutcomeClass::Ignored,
        Ok(_) => OutcomeClass::Success,
        Err(ApplyError::Storage { .. } | ApplyError::Damaged(_)) => OutcomeClass::Failure,
        Err(ApplyError::Late { .. }) => OutcomeClass::Slow,
        Err(
            ApplyError::Refused { .. }
            | ApplyError::Stale { .. }
            | ApplyError::Busy { .. }
            | ApplyError::BreakerOpen { .. }
            | ApplyError::ScratchTooSmall { .. }
            | ApplyError::Unbuildable(_),
        ) => OutcomeClass::Ignored,
    }
}

/// Whether nothing was stored or published, so that nothing can be said of either.
fn does_nothing(report: &ApplyReport) -> bool {
    report.successes.is_empty() && report.store_attempts == 0 && report.totals == Default::default()
}

/// What the ending of a checkpoint says to its breaker.
const fn class_of_checkpoint(result: &Result<CheckpointReport, CheckpointError>) -> OutcomeClass {
    match result {
        Ok(_) => OutcomeClass::Success,
        Err(CheckpointError::Disk(_) | CheckpointError::Failed(_)) => OutcomeClass::Failure,
        Err(
            CheckpointError::UnderWay
            | CheckpointError::NotStored { .. }
            | CheckpointError::BreakerOpen { .. },
        ) => OutcomeClass::Ignored,
    }
}
