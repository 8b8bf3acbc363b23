//! When what was stored is made to reach the disk, and other choices.

use std::num::NonZeroU64;
use std::time::Duration;

/// When the log is synced, and so what a crash can lose.
///
/// A process that is killed loses nothing that was acknowledged, by any policy: the operating
/// system has it. What follows is about a machine that stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushPolicy {
    /// A set is acknowledged once it is on the disk: nothing acknowledged is ever lost. Sets that
    /// wait together share one sync.
    #[default]
    Always,
    /// A set is acknowledged once it is written, and on the disk at most this long later: a crash
    /// loses at most what was acknowledged within that time before it. Half of it is for the sync
    /// itself. Zero is [`FlushPolicy::Always`].
    Every(Duration),
    /// Nothing is synced but by a checkpoint, by closing and by opening: a crash may lose all
    /// that was stored since the last of these.
    Never,
}

/// Choices for one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// When the log is synced.
    pub flush: FlushPolicy,
    /// Whether a store is made where the directory is empty. Default: no.
    pub create: bool,
    /// Most bytes a second that a checkpoint writes, so that it leaves the disk to others;
    /// `None`, the default, for as fast as it goes.
    pub checkpoint_bytes_per_second: Option<NonZeroU64>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { flush: FlushPolicy::Always, create: false, checkpoint_bytes_per_second: None }
    }
}

impl StoreOptions {
    /// The options with this flush policy.
    #[must_use]
    pub const fn flush(mut self, policy: FlushPolicy) -> Self {
        self.flush = policy;
        self
    }

    /// The options that make a store where there is none.
    #[must_use]
    pub const fn create(mut self) -> Self {
        self.create = true;
        self
    }

    /// The options with this bound on what a checkpoint writes.
    #[must_use]
    pub const fn checkpoint_bytes_per_second(mut self, bytes: NonZeroU64) -> Self {
        self.checkpoint_bytes_per_second = Some(bytes);
        self
    }
}
