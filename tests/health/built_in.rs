//! What the checks of breakers, pool, memory and disk say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use emanate::health::checks::{OpenBreaker, breakers, disk, disk_bytes_free, memory, pool};
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
    let open_for = Arc::new(AtomicU64::new(0));
    let read = open_for.clone();
    let looks = breakers(seconds(20), move || match read.load(Ordering::Relaxed) {
        0 => Vec::new(),
        open => vec![
            OpenBreaker { name: "tier:warm".to_owned(), open_for: seconds(open) },
            OpenBreaker { name: "spread".to_owned(), open_for: seconds(1) },
        ],
    });
    let found = says(looks, 4, |at| open_for.store([0, 20, 21, 0][at as usize], Ordering::Relaxed));
    use HealthStatus::{Fail, Pass, Warn};
    assert_eq!(found, [Pass, Warn, Fail, Pass]);
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
