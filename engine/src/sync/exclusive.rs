//! A value for one thread at a time, and a way to wait until it changes.
#![expect(
    clippy::disallowed_types,
    reason = "whoever stores waits for a disk and for others who store; no spread comes here"
)]

use std::sync::{Condvar, Mutex, TryLockError};

pub use std::sync::MutexGuard as ExclusiveGuard;

/// A value for one thread at a time. The others wait, and so it is for work that waits anyway: that
/// of a disk. No path of a spread may come here.
///
/// A panic while a thread has the value leaves it as it was then, for the others to use: whoever
/// changes it keeps it right at every step.
///
/// # Orderings
/// What a thread wrote before it gave the value back is seen by the next that has it. The pair is
/// inside [`std::sync::Mutex`].
///
/// # Progress
/// Blocking.
#[derive(Debug, Default)]
pub struct Exclusive<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Exclusive<T> {
    /// A value that nobody has.
    pub const fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// The value, once nobody else has it.
    pub fn take(&self) -> ExclusiveGuard<'_, T> {
        self.value.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The value, unless somebody has it.
    pub fn try_take(&self) -> Option<ExclusiveGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Gives the value back until [`Exclusive::tell`] is called, or for no reason; look again.
    pub fn wait<'a>(&self, guard: ExclusiveGuard<'a, T>) -> ExclusiveGuard<'a, T> {
        self.changed.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Wakes all who wait.
    pub fn tell(&self) {
        self.changed.notify_all();
    }
}
