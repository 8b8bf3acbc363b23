//! The pool of scratches under every schedule. Nobody who waits for one is woken by time here.

use super::{Need, Part, ScratchPool};
use crate::observe::Metrics;
use crate::run::room::Amount;
use crate::sync::checker::{both, check};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::terms::Deadline;

fn pool(slots: u64, bytes: u64) -> Arc<ScratchPool> {
    Arc::new(ScratchPool::new(Amount { slots, bytes }, Metrics::off()))
}

const fn need(part: Part, bytes: u64) -> Need {
    Need { bytes, part }
}

/// Leases for `need`, waiting for it, and gives back.
fn lease(pool: &ScratchPool, need: Need, out: &AtomicU64) {
    let lease = pool.lease_by(need, Deadline::NEVER).expect("a wait without an end");
    // Relaxed, both: exclusion is what is shown.
    assert_eq!(out.fetch_add(1, Ordering::Relaxed), 0, "leased twice");
    out.fetch_sub(1, Ordering::Relaxed);
    drop(lease);
}

/// Both of two who want `need` have it, one after the other, and all is back at last.
fn both_are_served(pool: &Arc<ScratchPool>, need: Need) {
    let out = Arc::new(AtomicU64::new(0));
    let leasing = || {
        let (pool, out) = (Arc::clone(pool), Arc::clone(&out));
        move || lease(&pool, need, &out)
    };
    both(leasing(), leasing());
    pool.free_idle();
    assert_eq!((pool.used().leased, pool.used().bytes), (0, 0), "not all is back");
}

/// One scratch serves two, one after the other.
#[test]
fn one_scratch_serves_all_who_wait() {
    check(200, || both_are_served(&pool(1, 2), need(Part::Double, 2)));
}

/// Where there are slots for two and bytes for one, and an idle scratch of another width holds some
/// of these, who fails leaves the other what it needs: somebody is served, and wakes the rest.
#[test]
fn of_all_who_want_bytes_somebody_is_served() {
    check(1000, || {
        let pool = pool(2, 2);
        drop(pool.try_lease(need(Part::Single, 1)));
        assert_eq!(pool.used().bytes, 1);
        both_are_served(&pool, need(Part::Double, 2));
    });
}
