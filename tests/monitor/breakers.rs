//! Operations behind a breaker.

use std::future::pending;
use std::num::NonZeroU8;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use emanate::gate::{Breaker, BreakerSettings, BreakerState};
use emanate::monitor::{
    BatchItem, BatchOptions, HostOperation, Monitor, OperationError, OperationOptions,
};
use emanate::sync::{Clock, ManualClock};
use emanate_tests::waiting::{is_pending, wait};

use crate::{Broken, all_notices, ended};

/// An operation behind a breaker that opens after two failures for a minute.
fn guarded() -> (HostOperation, Arc<Breaker>, ManualClock) {
    let clock = ManualClock::new();
    let dynamic: Arc<dyn Clock> = Arc::new(clock.clone());
    let two = NonZeroU8::new(2).expect("not 0");
    let mut settings = BreakerSettings::new(two, Duration::from_secs(60), NonZeroU8::MIN);
    settings.jitter = emanate::gate::Jitter::NONE;
    let breaker = Arc::new(Breaker::new("backup", settings, dynamic.clone()));
    let mut options = OperationOptions::from(all_notices());
    options.breaker = Some(breaker.clone());
    let monitor = Monitor::new(dynamic, || None);
    (monitor.register("backup", options).expect("a good name"), breaker, clock)
}

fn fails(operation: &HostOperation) -> Result<(), OperationError<Broken>> {
    operation.run(|| Err(Broken(1)))
}

#[test]
fn what_fails_too_often_is_kept_out_until_a_probe_succeeds() {
    let (operation, breaker, clock) = guarded();
    for _ in 0..2 {
        assert_eq!(fails(&operation), Err(OperationError::Failed(Broken(1))));
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    clock.advance(Duration::from_secs(20));
    let kept_out = operation.run(|| -> Result<(), Broken> { panic!("it is not run") });
    let Err(OperationError::Rejected { retry_in }) = kept_out else { panic!("{kept_out:?}") };
    // Waits are kept a little rounded up.
    assert_eq!(retry_in.as_secs(), 40);
    let polled = wait(operation.watch(async { Ok::<_, Broken>(()) }));
    assert_eq!(polled, Err(OperationError::Rejected { retry_in }));
    assert!(matches!(operation.begin(), Err(OperationError::Rejected { .. })));
    let items = operation.batch(&[1, 2], &BatchOptions::default(), |_| Ok::<(), Broken>(()));
    assert_eq!(items.items, [BatchItem::Rejected { retry_in }, BatchItem::Rejected { retry_in }]);
    assert_eq!((items.failures, items.not_begun), (0, 2));
    assert_eq!(ended(&operation), ([0, 2, 0, 0, 0, 5], 0));
    clock.advance(retry_in);
    assert_eq!(operation.run(|| Ok::<_, Broken>(7)), Ok(7));
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn ends_are_told_the_breaker_for_what_they_are() {
    let (operation, breaker, clock) = guarded();
    let callers = operation.with(String::new);
    callers.run_unless(|_| true, || Err::<(), _>(Broken(1))).expect_err("it fails");
    drop(operation.begin().expect("closed"));
    let mut future = Box::pin(operation.watch(pending::<Result<(), Broken>>()));
    assert!(is_pending(&mut future));
    let other = AssertUnwindSafe(move || {
        let _held = future;
        panic!("something else");
    });
    catch_unwind(other).expect_err("the panic goes on");
    let slow = operation.run(|| {
        clock.advance(Duration::from_secs(2));
        Ok::<_, Broken>(())
    });
    slow.expect("late, but done");
    operation.run(|| Ok::<_, Broken>(())).expect("done");
    let calls = breaker.reading().calls;
    assert_eq!((calls.success, calls.slow, calls.failure), (1, 1, 0));
    assert_eq!((calls.ignored, calls.cancelled), (2, 1));
    assert_eq!(breaker.state(), BreakerState::Closed);
    for _ in 0..2 {
        let panics = AssertUnwindSafe(|| operation.run(|| -> Result<(), Broken> { panic!("x") }));
        catch_unwind(panics).expect_err("the panic goes on");
    }
    assert_eq!(breaker.state(), BreakerState::Open, "a panic is a failure");
}

#[test]
fn no_probe_is_lost() {
    let (operation, breaker, clock) = guarded();
    let _ = (fails(&operation), fails(&operation));
    clock.advance(Duration::from_secs(61));
    // One probe at a time: each way out gives its place back.
    drop(operation.begin().expect("a probe"));
    let mut future = Box::pin(operation.watch(pending::<Result<(), Broken>>()));
    assert!(is_pending(&mut future));
    assert!(matches!(operation.begin(), Err(OperationError::Rejected { .. })));
    drop(future);
    operation.begin().expect("a probe").ignored();
    assert_eq!(breaker.reading().probes_in_flight, 0);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    operation.run(|| Ok::<_, Broken>(())).expect("the probe");
    assert_eq!(breaker.state(), BreakerState::Closed);
}
