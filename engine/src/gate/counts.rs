//! What a breaker counts besides the outcomes in its window.

use super::state::{BreakerState, TransitionReason};
use crate::sync::{AtomicU64, Ordering, stripe, stripes};

const STATES: usize = BreakerState::ALL.len();
const REASONS: usize = TransitionReason::ALL.len();

/// What may be counted by every call, by stripes.
#[derive(Clone, Copy)]
enum Often {
    Rejected,
    Stale,
    Cancelled,
    Ignored,
}

const OFTEN: usize = 4;

#[derive(Debug)]
#[repr(align(128))]
struct Stripe([AtomicU64; OFTEN]);

/// Counters that only grow. All accesses are Relaxed: additions commute, and a reader wants no more
/// than each number by itself.
#[derive(Debug)]
pub(super) struct Counts {
    often: Box<[Stripe]>,
    transitions: [[AtomicU64; STATES]; STATES],
    reasons: [AtomicU64; REASONS],
    false_trips: AtomicU64,
    reclaimed: AtomicU64,
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn read(counter: &AtomicU64) -> u64 {
    // Relaxed: see the type.
    counter.load(Ordering::Relaxed)
}

fn add(counter: &AtomicU64, count: u64) {
    // Relaxed: see the type.
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            often: (0..stripes()).map(|_| Stripe(zeros())).collect(),
            transitions: std::array::from_fn(|_| zeros()),
            reasons: zeros(),
            false_trips: AtomicU64::new(0),
            reclaimed: AtomicU64::new(0),
        }
    }

    fn one(&self, what: Often) {
        add(&self.often[stripe() & (self.often.len() - 1)].0[what as usize], 1);
    }

    fn sum(&self, what: Often) -> u64 {
        self.often.iter().map(|stripe| read(&stripe.0[what as usize])).sum()
    }

    pub(super) fn reject(&self) {
        self.one(Often::Rejected);
    }

    pub(super) fn stale(&self) {
        self.one(Often::Stale);
    }

    pub(super) fn cancel(&self) {
        self.one(Often::Cancelled);
    }

    pub(super) fn ignore(&self) {
        self.one(Often::Ignored);
    }

    pub(super) fn false_trip(&self) {
        add(&self.false_trips, 1);
    }

    pub(super) fn reclaim(&self, probes: u32) {
        add(&self.reclaimed, u64::from(probes));
    }

    pub(super) fn transition(
        &self,
        from: BreakerState,
        to: BreakerState,
        reason: TransitionReason,
    ) {
        add(&self.transitions[from.index()][to.index()], 1);
        add(&self.reasons[reason.index()], 1);
    }

    pub(super) fn rejected(&self) -> u64 {
        self.sum(Often::Rejected)
    }

    pub(super) fn stale_count(&self) -> u64 {
        self.sum(Often::Stale)
    }

    pub(super) fn cancelled(&self) -> u64 {
        self.sum(Often::Cancelled)
    }

    pub(super) fn ignored(&self) -> u64 {
        self.sum(Often::Ignored)
    }

    pub(super) fn false_trips(&self) -> u64 {
        read(&self.false_trips)
    }

    pub(super) fn reclaimed(&self) -> u64 {
        read(&self.reclaimed)
    }

    pub(super) fn transitions(&self) -> [[u64; STATES]; STATES] {
        std::array::from_fn(|from| std::array::from_fn(|to| read(&self.transitions[from][to])))
    }

    pub(super) fn reasons(&self) -> [u64; REASONS] {
        std::array::from_fn(|reason| read(&self.reasons[reason]))
    }
}
