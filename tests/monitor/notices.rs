//! What is reported, how often, and what it says.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use emanate::monitor::{
    HostOperation, MemoryWatch, Monitor, NOTICES_MAX, Notice, NoticeKind, OperationEnd,
    OperationSettings,
};
use emanate::sync::ManualClock;

use crate::{Broken, all_notices, watched};

const SECOND: Duration = Duration::from_secs(1);

/// Work of this operation that takes so long and says this when asked.
fn takes(operation: &HostOperation, clock: &ManualClock, time: Duration, says: &str) {
    let done = operation.with(|| says.to_owned()).run(|| {
        clock.advance(time);
        Ok::<_, Broken>(())
    });
    assert_eq!(done, Ok(()));
}

#[test]
fn slow_work_leaves_a_notice_that_says_what_it_was() {
    let (monitor, operation, clock) = watched(all_notices());
    clock.advance(SECOND);
    takes(&operation, &clock, SECOND, "as long as it may");
    assert!(monitor.take_notices().is_empty());
    takes(&operation, &clock, SECOND + Duration::from_nanos(1), "file 7");
    let failed = operation.with(|| "file 8".to_owned()).run(|| {
        clock.advance(SECOND * 3);
        Err::<(), _>(Broken(1))
    });
    failed.expect_err("it fails");
    let notices = monitor.take_notices();
    let [first, second]: &[Notice; 2] = notices.as_slice().try_into().expect("two");
    assert_eq!(&*first.operation, "backup");
    assert_eq!(first.kind, NoticeKind::Slow { limit: SECOND });
    assert_eq!((first.began_ns, first.took), (2_000_000_000, SECOND + Duration::from_nanos(1)));
    assert_eq!(
        (&*first.context, first.end, first.suppressed),
        ("file 7", OperationEnd::Success, 0)
    );
    assert_eq!((&*second.context, second.end), ("file 8", OperationEnd::Failure));
    assert_eq!(operation.reading().slow, 2);
}

#[test]
fn a_panic_leaves_a_notice_even_where_its_context_panics_too() {
    let (monitor, operation, clock) = watched(all_notices());
    let panics = AssertUnwindSafe(|| {
        operation.with(|| panic!("no context either")).run(|| -> Result<(), Broken> {
            clock.advance(SECOND * 2);
            panic!("it breaks")
        })
    });
    catch_unwind(panics).expect_err("the first panic goes on");
    let notices = monitor.take_notices();
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].end, &*notices[0].context), (OperationEnd::Panicked, ""));
}

#[test]
fn a_context_is_made_only_for_a_notice() {
    let (monitor, operation, clock) = watched(OperationSettings::default());
    let made = AtomicU64::new(0);
    for turn in 0..100 {
        let context = || {
            made.fetch_add(1, Ordering::Relaxed);
            format!("turn {turn}")
        };
        let time = if turn % 10 == 0 { SECOND * 2 } else { SECOND / 2 };
        let done = operation.with(context).run(|| {
            clock.advance(time);
            Ok::<_, Broken>(())
        });
        done.expect("it works");
    }
    assert_eq!(made.load(Ordering::Relaxed), monitor.take_notices().len() as u64);
}

#[test]
fn notices_are_limited_and_say_how_many_were_held_back() {
    let mut settings = OperationSettings::default();
    settings.slow_limit = Duration::ZERO;
    settings.notice_interval = Duration::from_secs(60);
    settings.notice_burst = NonZeroU32::new(2).expect("not 0");
    let (monitor, operation, clock) = watched(settings);
    for _ in 0..20 {
        takes(&operation, &clock, Duration::from_nanos(1), "");
    }
    let suppressed = |notices: Vec<Notice>| -> Vec<u64> {
        notices.into_iter().map(|notice| notice.suppressed).collect()
    };
    assert_eq!(suppressed(monitor.take_notices()), [0, 0]);
    clock.advance(Duration::from_secs(60));
    for _ in 0..5 {
        takes(&operation, &clock, Duration::from_nanos(1), "");
    }
    assert_eq!(suppressed(monitor.take_notices()), [18]);
    let reading = operation.reading();
    assert_eq!((reading.slow, reading.suppressed), (25, 22), "counted all the same");
    // One operation's noise takes nothing from another's.
    let other = monitor.register("other", operation.settings().as_ref().clone()).expect("good");
    takes(&other, &clock, Duration::from_nanos(1), "");
    assert_eq!(suppressed(monitor.take_notices()), [0]);
}

#[test]
fn settings_change_what_begins_afterwards() {
    let (monitor, operation, clock) = watched(all_notices());
    let begun = operation.begin().expect("nothing holds it back");
    let mut never = all_notices();
    never.slow_limit = Duration::MAX;
    operation.set(never);
    takes(&operation, &clock, SECOND * 100, "not slow any more");
    assert!(monitor.take_notices().is_empty());
    begun.success();
    assert_eq!(monitor.take_notices().len(), 1, "it began when that was slow");
}

#[test]
fn the_ring_is_bounded() {
    let (monitor, operation, clock) = watched(all_notices());
    for _ in 0..NOTICES_MAX + 10 {
        takes(&operation, &clock, SECOND * 2, "");
    }
    assert_eq!(monitor.notices_dropped(), 10);
    assert_eq!(monitor.take_notices().len(), NOTICES_MAX);
}

#[test]
fn memory_is_held_against_growth_and_size() {
    let bytes = Arc::new(AtomicU64::new(1000));
    let read = bytes.clone();
    let monitor = Monitor::new(Arc::new(ManualClock::new()), move || {
        Some(read.load(Ordering::Relaxed)).filter(|&bytes| bytes > 0)
    });
    let mut settings = all_notices();
    settings.memory = Some(MemoryWatch { growth_bytes_max: 100, bytes_max: 2000 });
    let operation = monitor.register("load", settings).expect("good");
    let changes = |to: u64| {
        let done = operation.run(|| {
            bytes.store(to, Ordering::Relaxed);
            Ok::<_, Broken>(())
        });
        done.expect("it works");
        let notices = monitor.take_notices();
        assert!(notices.len() <= 1);
        notices.first().map(|notice| notice.kind)
    };
    assert_eq!(changes(1100), None);
    assert_eq!(changes(1201), Some(NoticeKind::Memory { before: 1100, after: 1201 }));
    assert_eq!(changes(500), None, "shrinking is fine");
    assert_eq!(changes(600), None);
    bytes.store(1990, Ordering::Relaxed);
    assert_eq!(changes(2000), None);
    assert_eq!(changes(2001), Some(NoticeKind::Memory { before: 2000, after: 2001 }));
    assert_eq!(changes(0), None, "it is not told any more");
    assert_eq!(changes(9000), None, "it was not told before");
    assert_eq!(operation.reading().memory, 2);
}
