//! Checks: whether the engine works, asked again and again, and answered at once.
//!
//! A check is a closure that gives a [`Verdict`]. The [`Registry`] runs each by its
//! [`CheckPolicy`], with the semantics of Kubernetes' probes \[1\]: three kinds (is it alive, is it
//! ready, has it started), an initial delay, a period, a budget, and how many failures or passes in
//! a row change the status. A [`HealthReading`] is what was found last, with its age; taking one
//! runs no check and waits for nobody.
//!
//! # How a check that hangs hangs nobody
//! The registry runs nothing itself and has no thread. [`Registry::tick`] looks at the clock, takes
//! what answers there are, and hands out a [`CheckJob`] for each check that is due; who calls it
//! runs the jobs where it likes. A job carries a cell of its own for the one answer it will give.
//! Where the budget passes before the cell is full, the registry judges the check to have failed,
//! asks the job to end by its token, and keeps the cell only to know when the thread is free:
//! until then no second job of that check is handed out, each period counts as one more failure,
//! and an answer that comes after all is counted as late and not believed. So a check that hangs
//! costs one thread, of those that the host gives to checks, and nothing else.
//!
//! # Departures from Kubernetes
//! - Nothing is restarted, so a check that failed goes on being run, a startup check too, and its
//!   status recovers after enough passes, of which any kind may demand several.
//! - A check may pass with a warning, which never changes whether the whole is alive or ready.
//!
//! # Orderings
//! What a job found travels through a [`FirstWins`](crate::sync::FirstWins) cell, what the registry
//! found through a [`Published`](crate::sync::Published) one; the pairs are inside them. The flag
//! by which at most one thread ticks says its own.
//!
//! # Progress
//! Readings are lock-free. A tick is too: where another thread is at it, it leaves that one to it.
//!
//! \[1\] Kubernetes documentation, "Liveness, Readiness, and Startup Probes".

pub mod checks;

mod job;
mod policy;
mod reading;
mod registry;
mod standing;
mod verdict;

pub use job::{CheckContext, CheckJob};
pub use policy::{
    CheckPolicy, DEFAULT_BUDGET, DEFAULT_FAILURES, DEFAULT_PERIOD, DEFAULT_SUCCESSES,
};
pub use reading::{CheckCounts, CheckReading, HealthReading};
pub use registry::{CHECKS_MAX, RegisterError, Registry};
pub use verdict::{CheckKind, HealthStatus, REASON_BYTES_MAX, Reason, Verdict};
