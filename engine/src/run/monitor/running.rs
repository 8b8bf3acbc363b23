//! Work that has begun and not ended.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use super::call::OperationError;
use super::counts::OperationEnd;
use super::notice::{Notice, NoticeKind, cut};
use super::operation::{HostOperation, Known};
use super::settings::OperationSettings;
use super::watch::Watch;
use crate::gate::{OutcomeClass, Permit};
use crate::run::scheduler::caught;
use crate::sync::{Arc, Ordering, panicking};

/// Work of an operation that has begun; [`HostOperation::begin`] gives it. Whoever holds it says
/// how the work ended. Dropped without that, it was cancelled, or, where a panic drops it, it
/// panicked.
///
/// Where the monitor is switched off it does nothing.
#[must_use = "dropping it says that the work was cancelled"]
pub struct Running<'a, C: FnOnce() -> String = fn() -> String>(Option<Begun<'a, C>>);

/// Whether the work is inside a call that either returns or panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// It is.
    Call,
    /// It is not: between two polls, or done.
    Nothing,
    /// Nobody says; a panic that began later than the work is the work's.
    Unknown { was_panicking: bool },
}

struct Begun<'a, C> {
    known: &'a Known,
    watch: &'a Watch,
    settings: Arc<OperationSettings>,
    context: C,
    permit: Option<Permit<'a>>,
    began_ns: u64,
    bytes_before: Option<u64>,
    inside: Inside,
}

impl<'a, C: FnOnce() -> String> Running<'a, C> {
    pub(super) fn begin(
        operation: &'a HostOperation,
        context: C,
    ) -> Result<Self, OperationError<Infallible>> {
        let HostOperation { known, watch } = operation;
        if !watch.is_on() {
            return Ok(Self(None));
        }
        let permit = known.breaker.as_ref().map(|breaker| breaker.acquire()).transpose();
        let permit = permit.map_err(|open| {
            known.counts.reject();
            OperationError::Rejected { retry_in: open.retry_in }
        })?;
        let settings = known.settings.load();
        let bytes_before = settings.memory.and_then(|_| (watch.read_memory)());
        known.counts.begin();
        Ok(Self(Some(Begun {
            known,
            watch,
            settings,
            context,
            permit,
            began_ns: watch.clock.now_ns(),
            bytes_before,
            inside: Inside::Unknown { was_panicking: panicking() },
        })))
    }

    /// From here on a panic is the work's, whatever else panics.
    pub(super) fn enter(&mut self) {
        self.put_inside(Inside::Call);
    }

    /// The call returned.
    pub(super) fn leave(&mut self) {
        self.put_inside(Inside::Nothing);
    }

    fn put_inside(&mut self, inside: Inside) {
        if let Some(begun) = &mut self.0 {
            begun.inside = inside;
        }
    }

    /// The work ended so.
    pub(super) fn end_as(mut self, end: OperationEnd) {
        if let Some(begun) = self.0.take() {
            begun.end(end);
        }
    }

    /// The work did what it should.
    pub fn success(self) {
        self.end_as(OperationEnd::Success);
    }

    /// The work failed.
    pub fn failure(self) {
        self.end_as(OperationEnd::Failure);
    }

    /// The work failed by its caller's mistake; a breaker does not hear of it.
    pub fn ignored(self) {
        self.end_as(OperationEnd::Ignored);
    }
}

impl<C: FnOnce() -> String> Drop for Running<'_, C> {
    fn drop(&mut self) {
        if let Some(begun) = self.0.take() {
            let panicked = match begun.inside {
                Inside::Call => true,
                Inside::Nothing => false,
                Inside::Unknown { was_panicking } => panicking() && !was_panicking,
            };
            begun.end(if panicked { OperationEnd::Panicked } else { OperationEnd::Cancelled });
        }
    }
}

impl<C: FnOnce() -> String> Begun<'_, C> {
    fn end(self, end: OperationEnd) {
        let Self { known, watch, settings, context, permit, began_ns, bytes_before, .. } = self;
        let ended_ns = watch.clock.now_ns();
        let took_ns = ended_ns.saturating_sub(began_ns);
        let took = Duration::from_nanos(took_ns);
        let is_slow = took > settings.slow_limit;
        known.counts.end(end, took_ns, is_slow);
        if let Some(permit) = permit {
            settle(permit, end, is_slow);
        }
        if let Some(durations) = &known.durations {
            durations.record(took.as_secs_f64());
        }
        let memory = settings.memory.zip(bytes_before).and_then(|(memory, before)| {
            // A second panic while the first one drops this would end the process, so what the
            // host gave is called with care, here and below.
            let after = caught(|| (watch.read_memory)())??;
            let kind = NoticeKind::Memory { before, after };
            memory.is_passed(before, after).then_some(kind)
        });
        if memory.is_some() {
            known.counts.memory_passed();
        }
        let slow = is_slow.then_some(NoticeKind::Slow { limit: settings.slow_limit });
        let mut context = Some(context);
        for kind in slow.into_iter().chain(memory) {
            let interval_ns = u64::try_from(settings.notice_interval.as_nanos());
            let interval_ns = interval_ns.unwrap_or(u64::MAX);
            if !known.limit.passes(ended_ns, interval_ns, settings.notice_burst) {
                known.hold_back();
                continue;
            }
            // The second of two notices about the same work needs no second context.
            let said = context.take().and_then(caught);
            let context = cut(said.unwrap_or_default());
            watch.notices.put(Notice {
                operation: known.name.clone(),
                kind,
                end,
                began_ns,
                took,
                context,
                suppressed: known.take_held_back(),
            });
        }
    }
}

/// Tells the breaker how the work ended.
fn settle(permit: Permit<'_>, end: OperationEnd, is_slow: bool) {
    let class = match end {
        OperationEnd::Success if is_slow => OutcomeClass::Slow,
        OperationEnd::Success => OutcomeClass::Success,
        OperationEnd::Failure | OperationEnd::Panicked => OutcomeClass::Failure,
        // Dropped during a panic that is not the work's, a permit would take it for that.
        OperationEnd::Cancelled if panicking() => OutcomeClass::Ignored,
        OperationEnd::Cancelled | OperationEnd::Rejected => return drop(permit),
        OperationEnd::Ignored => OutcomeClass::Ignored,
    };
    // What is stale, the breaker counts itself.
    let _ = permit.record(class);
}

impl Known {
    fn hold_back(&self) {
        // Relaxed: plain counters, here and below.
        self.counts.suppressed.fetch_add(1, Ordering::Relaxed);
        self.held_back.fetch_add(1, Ordering::Relaxed);
    }

    fn take_held_back(&self) -> u64 {
        // Relaxed: see `hold_back`; each is taken by one notice.
        self.held_back.swap(0, Ordering::Relaxed)
    }
}

impl<C: FnOnce() -> String> fmt::Debug for Running<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_ref().map(|begun| &begun.known.name);
        f.debug_struct("Running").field("operation", &name).finish_non_exhaustive()
    }
}
