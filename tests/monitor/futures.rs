//! Futures under watch, without a runtime.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use emanate::monitor::{OperationEnd, OperationError, OperationSettings};
use emanate_tests::waiting::{is_pending, wait};

use crate::{Broken, all_notices, ended, watched};

fn can_be_spawned<F: Future<Output = T> + Send + 'static, T>(future: F) -> Pin<Box<F>> {
    Box::pin(future)
}

#[test]
fn a_future_counts_from_its_first_poll_until_it_is_ready() {
    let (monitor, operation, clock) = watched(all_notices());
    let moving = clock.clone();
    let mut polls = 0;
    let mut future = can_be_spawned(operation.watch(poll_fn(move |_| {
        polls += 1;
        moving.advance(Duration::from_millis(1));
        if polls == 3 { Poll::Ready(Ok::<_, Broken>("done")) } else { Poll::Pending }
    })));
    clock.advance(Duration::from_secs(60));
    assert_eq!(ended(&operation), ([0; 6], 0), "it is not begun before it is polled");
    assert!(is_pending(&mut future));
    assert_eq!(ended(&operation), ([0; 6], 1));
    clock.advance(Duration::from_secs(1));
    assert!(is_pending(&mut future));
    assert_eq!(wait(future), Ok("done"));
    assert_eq!(ended(&operation), ([1, 0, 0, 0, 0, 0], 0));
    assert_eq!(operation.reading().took, Duration::from_millis(1003), "waiting counts");
    assert_eq!(monitor.take_notices().len(), 1);
}

#[test]
fn an_error_is_a_failure() {
    let (_, operation, _) = watched(OperationSettings::default());
    let failed = wait(operation.watch(async { Err::<(), _>(Broken(2)) }));
    assert_eq!(failed, Err(OperationError::Failed(Broken(2))));
    assert_eq!(ended(&operation), ([0, 1, 0, 0, 0, 0], 0));
}

#[test]
fn a_future_that_is_dropped_is_cancelled() {
    let (_, operation, _) = watched(OperationSettings::default());
    drop(operation.watch(pending::<Result<(), Broken>>()));
    assert_eq!(ended(&operation), ([0; 6], 0), "it never began");
    let mut future = can_be_spawned(operation.watch(pending::<Result<(), Broken>>()));
    assert!(is_pending(&mut future));
    drop(future);
    assert_eq!(ended(&operation), ([0, 0, 0, 0, 1, 0], 0));
}

#[test]
fn a_future_that_panics_is_not_taken_for_cancelled() {
    let (_, operation, _) = watched(OperationSettings::default());
    let panics = operation.watch(async { panic!("it breaks") });
    catch_unwind(AssertUnwindSafe(|| wait::<_>(panics) as Result<(), OperationError<Broken>>))
        .expect_err("the panic goes on");
    assert_eq!(ended(&operation), ([0, 0, 0, 1, 0, 0], 0));
}

#[test]
fn a_future_that_another_panic_drops_is_cancelled() {
    let (_, operation, _) = watched(OperationSettings::default());
    let mut future = can_be_spawned(operation.watch(pending::<Result<(), Broken>>()));
    assert!(is_pending(&mut future));
    let panics = AssertUnwindSafe(move || {
        let _held = future;
        panic!("something else");
    });
    catch_unwind(panics).expect_err("the panic goes on");
    assert_eq!(operation.reading().ended_as(OperationEnd::Cancelled), 1);
}

#[test]
fn a_context_comes_with_a_future_too() {
    let (monitor, operation, clock) = watched(all_notices());
    let work = async {
        clock.advance(Duration::from_secs(2));
        Ok::<_, Broken>(())
    };
    wait(operation.with(|| "row 5".to_owned()).watched(work)).expect("it works");
    assert_eq!(&*monitor.take_notices()[0].context, "row 5");
}
