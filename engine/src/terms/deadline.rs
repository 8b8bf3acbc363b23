//! When a spread must end although it has not finished.

use std::time::{Duration, Instant};

use crate::sync::{Arc, AtomicBool, Ordering};

/// The instant by which a spread stops with what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline.
    pub const NEVER: Self = Self(None);

    /// The deadline `budget` from now; [`Deadline::NEVER`] where the clock cannot hold it.
    #[must_use]
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now().checked_add(budget))
    }

    /// The deadline at `instant`.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(Some(instant))
    }

    /// The deadline `budget` after `start`; [`Deadline::NEVER`] without a budget, or where the
    /// clock cannot hold it.
    #[must_use]
    pub fn of(start: Instant, budget: Option<Duration>) -> Self {
        Self(budget.and_then(|budget| start.checked_add(budget)))
    }

    /// The instant it lies at; `None` for [`Deadline::NEVER`].
    #[must_use]
    pub const fn instant(self) -> Option<Instant> {
        self.0
    }

    /// Whether the deadline has passed. Reads the clock only where there is a deadline.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }
}

/// Cancels the spreads it was given to, from any thread.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every spread that holds this token, at its next check.
    pub fn cancel(&self) {
        // Relaxed: the flag carries no data; a spread that sees it late ends late.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        // Relaxed: see `cancel`.
        self.0.load(Ordering::Relaxed)
    }
}
