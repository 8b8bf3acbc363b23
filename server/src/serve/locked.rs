//! A lock for records that are written after the fact: logs, audit, events, rates. No spread ever
//! waits for one of them.

use std::fmt;

#[expect(
    clippy::disallowed_types,
    reason = "the service's records are no path of a spread, and each hold is a few steps long"
)]
type Mutex<T> = std::sync::Mutex<T>;

/// A value that one thread uses at a time.
#[derive(Default)]
pub(crate) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    /// The value, unlocked.
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// What `work` makes of the value. A panic in earlier work leaves the value as it was then.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl<T> fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").finish_non_exhaustive()
    }
}
