//! What the checks of breakers, pool, memory and disk say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use emanate::gate::BreakerState;
use emanate::health::checks::{breakers, disk, disk_bytes_free, memory, pool};
use emanate::health::{CheckContext, CheckKind, HealthStatus, Verdict};

use crate::{check, policy, registry, seconds, tick};

/// What a check says, in each period, while `step` changes what it looks at.
fn says(
    looks: impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static,
    steps: u64,
    step: impl Fn(u64),
) -> Vec<HealthStatus> {
    let (registry, clock) = registry();
    registry.register("a", CheckKind::Ready, policy(1, 1), looks).expect("good");
    let mut found = Vec::new();
    for at in 0..steps {
        step(at);
        tick(&registry);
        found.push(check(&registry, "a").last.expect("it ran"));
        clock.advance(seconds(10));
    }
    found
}

#[test]
fn an_open_breaker_is_a_warning_at_first_and_a_failure_at_last() {
    use BreakerState::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open};
    use HealthStatus::{Fail, Pass, Warn};
    // A period is 10 s, and 20 s are allowed.
    let steps = [
        (Closed, Pass),
        (Open, Warn),
        (HalfOpen, Warn),
        (Open, Warn),
        (HalfOpen, Fail),
        (Open, Fail),
        (Closed, Pass),
        (Open, Warn),
        (Disabled, Pass),
        (MetricsOnly, Pass),
        (ForcedOpen, Warn),
        (ForcedOpen, Warn),
        (ForcedOpen, Warn),
        (ForcedOpen, Warn),
    ];
    let state = Arc::new(AtomicUsize::new(0));
    let read = state.clone();
    let looks = breakers(seconds(20), move || {
        let warm = steps[read.load(Ordering::Relaxed)].0;
        vec![("warm".to_owned(), warm), ("spread".to_owned(), Closed)]
    });
    let found = says(looks, steps.len() as u64, |at| state.store(at as usize, Ordering::Relaxed));
    assert_eq!(found, steps.map(|(_, status)| status));
}

#[test]
fn a_pool_without_scratch_left_fails() {
    let leased = Arc::new(AtomicU64::new(0));
    let read = leased.clone();
    let looks = pool(move || (read.load(Ordering::Relaxed), 3));
    let found = says(looks, 4, |at| leased.store(at, Ordering::Relaxed));
    use HealthStatus::{Fail, Pass};
    assert_eq!(found, [Pass, Pass, Pass, Fail]);
}

#[test]
fn memory_is_held_against_its_bound() {
    let bytes = Arc::new(AtomicU64::new(0));
    let read = bytes.clone();
    let looks = memory(1000, move || Some(read.load(Ordering::Relaxed)).filter(|&b| b > 0));
    let given = [0, 900, 901, 1000, 1001, 1];
    let found = says(looks, 6, |at| bytes.store(given[at as usize], Ordering::Relaxed));
    use HealthStatus::{Fail, Pass, Warn};
    assert_eq!(found, [Warn, Pass, Warn, Warn, Fail, Pass], "one that is not told is a warning");
}

#[test]
#[cfg(unix)]
fn a_disk_is_held_against_its_bound() {
    let folder = std::env::temp_dir();
    let free = disk_bytes_free(&folder).expect("the folder of the system is there");
    assert!(free > 0);
    use HealthStatus::{Fail, Pass, Warn};
    // Others write meanwhile, so the bounds are far from what is free.
    assert_eq!(says(disk(&folder, free / 8), 1, |_| ()), [Pass]);
    assert_eq!(says(disk(&folder, free / 4 * 3), 1, |_| ()), [Warn]);
    assert_eq!(says(disk(&folder, free.saturating_mul(2)), 1, |_| ()), [Fail]);
    assert_eq!(says(disk(folder.join("no such folder here"), 1), 1, |_| ()), [Fail]);
}
