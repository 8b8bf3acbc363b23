//! Health checks: Kubernetes' semantics in virtual time, checks that hang or panic, and what the
//! built-in checks find.
#![forbid(unsafe_code)]

#[path = "health/built_in.rs"]
mod built_in;
#[path = "health/canary.rs"]
mod canary;
#[path = "health/hanging.rs"]
mod hanging;
#[path = "health/model.rs"]
mod model;
#[path = "health/semantics.rs"]
mod semantics;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use emanate::health::{CheckJob, CheckPolicy, CheckReading, Registry};
use emanate::sync::ManualClock;

/// A registry and the clock that it reads.
fn registry() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    (Registry::new(Arc::new(clock.clone())), clock)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A check every 10 s, with a budget of 2 s.
fn policy(failures: u32, successes: u32) -> CheckPolicy {
    let count = |n| NonZeroU32::new(n).expect("not 0");
    CheckPolicy {
        initial_delay: Duration::ZERO,
        period: seconds(10),
        budget: seconds(2),
        failures: count(failures),
        successes: count(successes),
    }
}

/// How the check `name` stands.
#[track_caller]
fn check(registry: &Registry, name: &str) -> CheckReading {
    registry.reading().check(name).expect("it is registered").clone()
}

/// Runs every job on this thread, at once.
fn tick(registry: &Registry) {
    assert!(registry.tick(CheckJob::run), "nobody else ticks");
}
