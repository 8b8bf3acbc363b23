//! What is fixed about an operation, and what may change while it runs.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::gate::Breaker;
use crate::observe::custom::CustomHistogram;
use crate::sync::Arc;

/// Default of [`OperationSettings::slow_limit`].
pub const DEFAULT_SLOW_LIMIT: Duration = Duration::from_secs(1);
/// Default of [`OperationSettings::notice_interval`].
pub const DEFAULT_NOTICE_INTERVAL: Duration = Duration::from_secs(10);
/// Default of [`OperationSettings::notice_burst`].
pub const DEFAULT_NOTICE_BURST: NonZeroU32 = NonZeroU32::new(5).expect("not 0");

/// What an operation is registered with; [`OperationSettings`] alone will do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OperationOptions {
    /// What it begins with of what may change.
    pub settings: OperationSettings,
    /// Keeps work out while it fails; by default nothing does. A panic is a failure to it, work
    /// that succeeds too late by [`OperationSettings::slow_limit`] is slow, and a cancellation
    /// decides nothing.
    pub breaker: Option<Arc<Breaker>>,
    /// Where the time of each call that began is recorded, in seconds; by default nowhere, but for
    /// their sum and the longest.
    pub durations: Option<CustomHistogram>,
}

impl From<OperationSettings> for OperationOptions {
    fn from(settings: OperationSettings) -> Self {
        Self { settings, ..Self::default() }
    }
}

/// What may change about an operation while it runs; published whole. Work that has begun keeps
/// what it began with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationSettings {
    /// Work that takes longer is slow: it leaves a notice, and to a breaker it is slow rather than
    /// a success. By default [`DEFAULT_SLOW_LIMIT`]; [`Duration::MAX`] for never.
    pub slow_limit: Duration,
    /// On average, one notice in this time is kept. By default [`DEFAULT_NOTICE_INTERVAL`]; 0 for
    /// all of them.
    pub notice_interval: Duration,
    /// So many may come at once. By default [`DEFAULT_NOTICE_BURST`].
    pub notice_burst: NonZeroU32,
    /// What memory is held against; by default it is not read, which would cost a few system
    /// calls each time.
    pub memory: Option<MemoryWatch>,
}

impl Default for OperationSettings {
    fn default() -> Self {
        Self {
            slow_limit: DEFAULT_SLOW_LIMIT,
            notice_interval: DEFAULT_NOTICE_INTERVAL,
            notice_burst: DEFAULT_NOTICE_BURST,
            memory: None,
        }
    }
}

/// What the memory that the process has in use is held against.
///
/// It is the whole process's, so what other threads allocate meanwhile counts as well: a notice
/// says where to look, not who it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryWatch {
    /// Most bytes by which it may have grown from the work's begin to its end.
    pub growth_bytes_max: u64,
    /// Most bytes it may have at the end.
    pub bytes_max: u64,
}

impl MemoryWatch {
    /// Whether a notice is due.
    pub(super) const fn is_passed(&self, before: u64, after: u64) -> bool {
        after.saturating_sub(before) > self.growth_bytes_max || after > self.bytes_max
    }
}
