//! What lets work in: circuit breakers.
//!
//! A [`Breaker`] stands before work that may fail for a while: a tier of storage, or a kind of
//! operation. It lets everything through while that goes well; opens when too much fails, too much
//! is slow, or too many failures follow each other; and after a wait lets single probes through,
//! whose outcomes decide whether it closes \[1\]. Compared with others \[2\]:
//!
//! - All that decides is one word (`control`). A transition is one exchange, so no two threads see
//!   different states and nothing decides twice.
//! - Every state that begins is a generation of its own. A [`Permit`] carries the generation in
//!   which it was given, and what is reported under an older one is refused and counted: a late
//!   answer of yesterday's trouble never decides about today.
//! - A permit comes back however the work ends: recorded, dropped, in a panic, or never, by lease.
//! - Rejections are counted apart and are nobody's failures.
//! - The window is striped by thread: recording writes to no line that another thread writes.
//! - Nobody is called from inside: transitions are left in a ring for whoever looks.
//!
//! \[1\] Nygard. Release It! 2nd edition, 2018. \[2\] resilience4j, Polly, gobreaker, failsafe,
//! recloser, Envoy's outlier detection; the thirteen defects found in them are tests here.
//!
//! # Orderings
//! Each type that holds an atomic describes its own protocol; [`Breaker`] describes the whole.
//!
//! # Progress
//! Everything is lock-free, for everybody, and allocates nothing after it was made; only
//! [`Breaker::set`] makes a copy of its settings.

mod breaker;
mod control;
mod counts;
mod events;
mod opening;
mod operations;
mod permit;
mod reading;
mod settings;
mod shape;
mod state;
mod timer;
mod verdict;
mod window;

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests;

pub use breaker::{Breaker, BreakerOpen};
pub use events::{BreakerEvent, EventCursor};
pub use operations::{Gate, Operation};
pub use permit::{OutcomeClass, Permit, Recorded};
pub use reading::{BreakerReading, CallCounts};
pub use settings::{
    BreakerSettings, Confidence, DEFAULT_FAILURE_RATE, DEFAULT_HALF_OPEN_MAX, DEFAULT_JITTER,
    DEFAULT_LEASE, DEFAULT_MINIMUM_CALLS, DEFAULT_OPEN_WAIT_MAX, DEFAULT_SLOW_RATE, DEFAULT_STABLE,
    DEFAULT_WINDOW_CALLS, DEFAULT_WINDOW_SLICES, HalfOpenEnd, Jitter, Rate, Window,
};
pub use state::{BreakerState, TransitionReason};
pub use verdict::WindowTally;
