//! Many items at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use emanate::monitor::{BatchItem, BatchOptions, OperationSettings};
use emanate::terms::CancelToken;
use emanate::terms::Deadline;

use crate::{Broken, ended, watched};

fn pool() -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads")
}

/// Doubles; fails for 3, 6, 9, ..
fn work(item: &u32) -> Result<u32, Broken> {
    if item.is_multiple_of(3) { Err(Broken(*item)) } else { Ok(item * 2) }
}

#[test]
fn results_are_in_the_order_of_the_items() {
    let pool = pool();
    for pool in [None, Some(&pool)] {
        let (_, operation, clock) = watched(OperationSettings::default());
        let items: Vec<u32> = (1..=100).collect();
        let report =
            operation.batch(&items, &BatchOptions { pool, ..Default::default() }, |item| {
                clock.advance(Duration::from_millis(1));
                work(item)
            });
        for (item, came) in items.iter().zip(&report.items) {
            let expected = match work(item) {
                Ok(done) => BatchItem::Done(done),
                Err(error) => BatchItem::Failed(error),
            };
            assert_eq!(*came, expected);
        }
        assert_eq!((report.successes, report.failures, report.not_begun), (67, 33, 0));
        assert_eq!(report.took, Duration::from_millis(100));
        assert_eq!(ended(&operation), ([67, 33, 0, 0, 0, 0], 0));
    }
}

#[test]
fn a_batch_ends_after_so_many_failures() {
    let (_, operation, _) = watched(OperationSettings::default());
    let items: Vec<u32> = (1..=20).collect();
    for (most, begun) in [(1, 3), (2, 6), (6, 18), (7, 20)] {
        let failures_max = NonZeroUsize::new(most);
        let options = BatchOptions { failures_max, ..Default::default() };
        let report = operation.batch(&items, &options, work);
        assert_eq!(report.failures, most.min(6));
        assert_eq!((report.successes + report.failures, report.not_begun), (begun, 20 - begun));
        assert!(report.items[begun..].iter().all(|item| *item == BatchItem::Skipped));
        assert!(!report.items[..begun].contains(&BatchItem::Skipped));
    }
}

#[test]
fn side_by_side_at_most_those_that_run_are_begun_too_many() {
    let (_, operation, _) = watched(OperationSettings::default());
    let (pool, items) = (pool(), vec![0_u32; 1000]);
    let failures_max = NonZeroUsize::new(5);
    let options = BatchOptions { pool: Some(&pool), failures_max, ..Default::default() };
    let report = operation.batch(&items, &options, |_| Err::<(), _>(Broken(1)));
    assert!((5..5 + 3).contains(&report.failures), "{}", report.failures);
    assert_eq!(report.failures + report.not_begun, 1000);
}

#[test]
fn a_panic_is_one_items_own() {
    let pool = pool();
    for pool in [None, Some(&pool)] {
        let (_, operation, _) = watched(OperationSettings::default());
        let options = BatchOptions { pool, ..Default::default() };
        let report = operation.batch(&[1, 2, 3_u32], &options, |item| {
            assert_ne!(*item, 2, "this one panics");
            Ok::<_, Broken>(*item)
        });
        assert_eq!(report.items, [BatchItem::Done(1), BatchItem::Panicked, BatchItem::Done(3)]);
        assert_eq!(report.failures, 1);
        assert_eq!(ended(&operation), ([2, 0, 0, 1, 0, 0], 0));
    }
}

#[test]
fn a_batch_ends_when_it_is_cancelled_or_late() {
    let (_, operation, _) = watched(OperationSettings::default());
    let token = CancelToken::new();
    let begun = AtomicUsize::new(0);
    let options = BatchOptions { token: token.clone(), ..Default::default() };
    let report = operation.batch(&[0_u32; 10], &options, |_| {
        if begun.fetch_add(1, Ordering::Relaxed) == 3 {
            token.cancel();
        }
        Ok::<_, Broken>(())
    });
    assert_eq!((report.successes, report.not_begun), (4, 6));
    let late = BatchOptions { deadline: Deadline::after(Duration::ZERO), ..Default::default() };
    let report = operation.batch(&[0_u32; 10], &late, |_| Ok::<_, Broken>(()));
    assert_eq!((report.successes, report.not_begun), (0, 10));
    let nothing = operation.batch(&[], &BatchOptions::default(), work);
    assert!(nothing.items.is_empty());
}
