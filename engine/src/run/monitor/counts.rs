//! How often an operation ended in which way, and how long it took.

use std::time::Duration;

use crate::sync::{Arc, AtomicU64, Ordering};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationEnd {
    /// It did what it should.
    Success,
    /// It returned an error.
    Failure,
    /// It returned an error that is the caller's; a breaker does not hear of it.
    Ignored,
    /// It panicked; to a breaker a failure.
    Panicked,
    /// It was given up before it ended: its future or its guard was dropped.
    Cancelled,
    /// The breaker did not let it begin.
    Rejected,
}

impl OperationEnd {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Failure,
        Self::Ignored,
        Self::Panicked,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// Its position in [`OperationEnd::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in metrics and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Ignored => "ignored",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

/// What an operation has done since it was registered, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationReading {
    /// The operation's name.
    pub name: Arc<str>,
    /// Begun and not ended.
    pub in_flight: u64,
    /// How often it ended so, by [`OperationEnd::index`].
    pub ended: [u64; OperationEnd::ALL.len()],
    /// Of all that began and ended, those that took longer than the limit.
    pub slow: u64,
    /// Of all that began and ended, those in which memory passed its bound.
    pub memory: u64,
    /// Notices held back by the rate limit.
    pub suppressed: u64,
    /// The time of all that began and ended, added up.
    pub took: Duration,
    /// The longest of them.
    pub took_max: Duration,
}

impl OperationReading {
    /// How often it ended so.
    #[must_use]
    pub const fn ended_as(&self, end: OperationEnd) -> u64 {
        self.ended[end.index()]
    }
}

/// The numbers behind a reading. They are read one by one: nothing is concluded from one about
/// another, so Relaxed suffices for all of them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    begun: AtomicU64,
    ended: [AtomicU64; OperationEnd::ALL.len()],
    slow: AtomicU64,
    memory: AtomicU64,
    pub(super) suppressed: AtomicU64,
    took_ns: AtomicU64,
    took_max_ns: AtomicU64,
}

impl Counts {
    pub(super) fn begin(&self) {
        // Relaxed: see the type.
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reject(&self) {
        // Relaxed: see the type.
        self.ended[OperationEnd::Rejected.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self, end: OperationEnd, took_ns: u64, slow: bool) {
        // Relaxed: see the type.
        self.took_ns.fetch_add(took_ns, Ordering::Relaxed);
        self.took_max_ns.fetch_max(took_ns, Ordering::Relaxed);
        self.slow.fetch_add(u64::from(slow), Ordering::Relaxed);
        self.ended[end.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn memory_passed(&self) {
        // Relaxed: see the type.
        self.memory.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reading(&self, name: Arc<str>) -> OperationReading {
        // Relaxed: see the type.
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let ended = std::array::from_fn(|at| get(&self.ended[at]));
        let rejected = ended[OperationEnd::Rejected.index()];
        let over = ended.iter().sum::<u64>() - rejected;
        OperationReading {
            name,
            // What ends between the two readings must not make it negative.
            in_flight: get(&self.begun).saturating_sub(over),
            ended,
            slow: get(&self.slow),
            memory: get(&self.memory),
            suppressed: get(&self.suppressed),
            took: Duration::from_nanos(get(&self.took_ns)),
            took_max: Duration::from_nanos(get(&self.took_max_ns)),
        }
    }
}
