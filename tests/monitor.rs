//! Monitored operations: closures, futures, guards and batches are timed, counted and reported,
//! whatever ends them.
#![forbid(unsafe_code)]

#[path = "monitor/batches.rs"]
mod batches;
#[path = "monitor/breakers.rs"]
mod breakers;
#[path = "monitor/futures.rs"]
mod futures;
#[path = "monitor/notices.rs"]
mod notices;

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use emanate::monitor::{
    HostOperation, Monitor, MonitorSwitch, OPERATIONS_MAX, OperationEnd, OperationError,
    OperationOptions, OperationSettings,
};
use emanate::observe::custom::{CustomMetrics, MetricSpec};
use emanate::sync::{Clock, ManualClock};
use emanate::terms::NameError;

/// A clock that stands still and counts how often it is read.
#[derive(Clone, Debug, Default)]
struct Counted(ManualClock, Arc<AtomicU64>);

impl Clock for Counted {
    fn now_ns(&self) -> u64 {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now_ns()
    }
}

/// A monitor, one operation of it, and the clock.
fn watched(settings: OperationSettings) -> (Monitor, HostOperation, ManualClock) {
    let clock = ManualClock::new();
    let monitor = Monitor::new(Arc::new(clock.clone()), || None);
    let operation = monitor.register("backup", settings).expect("a good name");
    (monitor, operation, clock)
}

/// Settings by which work is slow after a second, and every notice is kept.
fn all_notices() -> OperationSettings {
    let mut settings = OperationSettings::default();
    settings.slow_limit = Duration::from_secs(1);
    settings.notice_interval = Duration::ZERO;
    settings.notice_burst = NonZeroU32::MIN;
    settings
}

/// How often the operation ended in each way, and how many are in flight.
fn ended(operation: &HostOperation) -> ([u64; 6], u64) {
    let reading = operation.reading();
    (reading.ended, reading.in_flight)
}

/// An error of a test's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broken(u32);

#[test]
fn what_work_returns_is_returned_and_counted() {
    let (_, operation, clock) = watched(OperationSettings::default());
    let took = |ms| {
        clock.advance(Duration::from_millis(ms));
        Ok::<_, Broken>(ms)
    };
    assert_eq!(operation.run(|| took(5)), Ok(5));
    assert_eq!(operation.run(|| took(7)), Ok(7));
    let failed: Result<(), _> = operation.run(|| Err(Broken(3)));
    assert_eq!(failed, Err(OperationError::Failed(Broken(3))));
    let callers = |error: &Broken| error.0 == 4;
    let ignored: Result<(), _> = operation.with(String::new).run_unless(callers, || Err(Broken(4)));
    assert_eq!(ignored, Err(OperationError::Failed(Broken(4))));
    let reading = operation.reading();
    assert_eq!(ended(&operation), ([2, 1, 1, 0, 0, 0], 0));
    assert_eq!(reading.ended_as(OperationEnd::Success), 2);
    assert_eq!(
        (reading.took, reading.took_max),
        (Duration::from_millis(12), Duration::from_millis(7))
    );
    assert_eq!(reading.slow, 0);
}

#[test]
fn durations_go_into_a_metric_of_the_hosts() {
    let metrics = CustomMetrics::default();
    let spec = MetricSpec {
        name: "host_operation_seconds",
        help: "How long the host's operations take.",
        labels: &["operation"],
        series_max: 2,
    };
    let family = metrics.histogram(&spec, &[0.5, 2.0]).expect("a good metric");
    let (monitor, _, clock) = watched(OperationSettings::default());
    let mut options = OperationOptions::default();
    options.durations = Some(family.with(&["restore"]).expect("one label"));
    let operation = monitor.register("restore", options).expect("good");
    for seconds in [0.25, 0.5, 1.0, 3.0] {
        let done = operation.run(|| {
            clock.advance(Duration::from_secs_f64(seconds));
            if seconds > 2.0 { Err(Broken(1)) } else { Ok(()) }
        });
        assert_eq!(done.is_err(), seconds > 2.0);
    }
    let text = metrics.families().text();
    for line in [
        "host_operation_seconds_bucket{operation=\"restore\",le=\"0.5\"} 2\n",
        "host_operation_seconds_bucket{operation=\"restore\",le=\"2\"} 3\n",
        "host_operation_seconds_sum{operation=\"restore\"} 4.75\n",
        "host_operation_seconds_count{operation=\"restore\"} 4\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_panic_is_counted_and_goes_on() {
    let (_, operation, _) = watched(OperationSettings::default());
    let run = AssertUnwindSafe(|| operation.run(|| -> Result<(), Broken> { panic!("it breaks") }));
    let thrown = catch_unwind(run).expect_err("the panic goes on");
    assert_eq!(thrown.downcast_ref::<&str>(), Some(&"it breaks"));
    assert_eq!(ended(&operation), ([0, 0, 0, 1, 0, 0], 0));
}

#[test]
fn what_runs_is_in_flight() {
    let (_, operation, _) = watched(OperationSettings::default());
    let inner = operation.clone();
    let seen = operation.run(|| inner.run(|| Ok::<_, Broken>(inner.reading().in_flight)));
    assert_eq!(seen, Ok(Ok(2)).map(|two: Result<u64, Broken>| two.expect("fine")));
    assert_eq!(ended(&operation), ([2, 0, 0, 0, 0, 0], 0));
}

#[test]
fn a_guard_says_how_its_work_ended() {
    let (_, operation, clock) = watched(OperationSettings::default());
    let begin = || operation.begin().expect("nothing holds it back");
    begin().success();
    begin().failure();
    begin().ignored();
    drop(begin());
    let panics = AssertUnwindSafe(|| {
        let _running = operation.begin().expect("nothing holds it back");
        clock.advance(Duration::from_millis(9));
        panic!("it breaks");
    });
    catch_unwind(panics).expect_err("the panic goes on");
    assert_eq!(ended(&operation), ([1, 1, 1, 1, 1, 0], 0));
    assert_eq!(operation.reading().took, Duration::from_millis(9));
}

/// A guard that was made while a panic was under way, by something that cleans up, is not that
/// panic's.
#[test]
fn what_begins_during_a_panic_is_not_the_panics() {
    struct CleansUp(HostOperation);
    impl Drop for CleansUp {
        fn drop(&mut self) {
            assert_eq!(self.0.run(|| Ok::<_, Broken>(1)), Ok(1));
            drop(self.0.begin().expect("nothing holds it back"));
        }
    }
    let (_, operation, _) = watched(OperationSettings::default());
    let held = operation.clone();
    let panics = AssertUnwindSafe(|| {
        let _cleans = CleansUp(held);
        panic!("something else");
    });
    catch_unwind(panics).expect_err("the panic goes on");
    assert_eq!(ended(&operation), ([1, 0, 0, 0, 1, 0], 0));
}

#[test]
fn switched_off_it_does_nothing_but_the_work() {
    let clock = Counted::default();
    let reads = clock.1.clone();
    let monitor = Monitor::new(Arc::new(clock), || panic!("nobody asks for memory"));
    let mut settings = all_notices();
    settings.slow_limit = Duration::ZERO;
    let operation = monitor.register("a", settings).expect("good");
    assert_eq!(operation.run(|| Ok::<_, Broken>(1)), Ok(1));
    assert_eq!(reads.swap(0, Ordering::Relaxed), 2, "once before, once after");
    monitor.switch(MonitorSwitch::Off);
    assert_eq!(operation.run(|| Ok::<_, Broken>(2)), Ok(2));
    assert_eq!(operation.run(|| Err::<(), _>(Broken(1))), Err(OperationError::Failed(Broken(1))));
    operation.begin().expect("nothing holds it back").failure();
    assert_eq!(emanate_tests::waiting::wait(operation.watch(async { Ok::<_, Broken>(3) })), Ok(3));
    assert_eq!(reads.load(Ordering::Relaxed), 0);
    assert_eq!(ended(&operation), ([1, 0, 0, 0, 0, 0], 0));
    // What begins on ends on, and the other way round.
    monitor.switch(MonitorSwitch::On);
    let begun_on = operation.begin().expect("nothing holds it back");
    monitor.switch(MonitorSwitch::Off);
    let begun_off = operation.begin().expect("nothing holds it back");
    begun_on.success();
    monitor.switch(MonitorSwitch::On);
    begun_off.success();
    assert_eq!(ended(&operation), ([2, 0, 0, 0, 0, 0], 0));
}

#[test]
fn nothing_is_allocated_where_nothing_is_reported() {
    let (_, operation, _) = watched(OperationSettings::default());
    let run = || {
        for _ in 0..100 {
            assert_eq!(operation.run(|| Ok::<_, Broken>(1)), Ok(1));
        }
    };
    run();
    let allocated = allocation_counter::measure(run);
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn counts_are_exact_with_many_threads() {
    let (monitor, operation, _) = watched(OperationSettings::default());
    thread::scope(|scope| {
        for number in 0..4_u32 {
            let operation = &operation;
            scope.spawn(move || {
                for turn in 0..1000_u32 {
                    let fails = (turn + number) % 4 == 0;
                    let _ = operation.run(|| if fails { Err(Broken(turn)) } else { Ok(turn) });
                }
            });
        }
    });
    assert_eq!(ended(&operation), ([3000, 1000, 0, 0, 0, 0], 0));
    assert_eq!(monitor.reading(), [operation.reading()]);
}

#[test]
fn names_are_checked_and_few() {
    let (monitor, operation, _) = watched(OperationSettings::default());
    let of = "operations";
    for name in ["", "Backup", "a b", &"x".repeat(65)] {
        let error = monitor.register(name, OperationSettings::default()).expect_err("a bad name");
        assert_eq!(error, NameError::Bad { of, name: name.into() });
        assert!(error.to_string().len() > 30);
    }
    let taken = monitor.register("backup", OperationSettings::default()).expect_err("taken");
    assert_eq!(taken, NameError::Taken { of, name: "backup".into() });
    let same = monitor.find("backup").expect("it was registered");
    same.begin().expect("nothing holds it back").success();
    assert_eq!(operation.reading().ended_as(OperationEnd::Success), 1, "they are one");
    assert!(monitor.find("other").is_none());
    for number in 1..OPERATIONS_MAX {
        let name = format!("a-{number}");
        monitor.register(&name, OperationSettings::default()).expect("there is room");
    }
    let full = monitor.register("more", OperationSettings::default()).expect_err("no room");
    assert_eq!(full, NameError::TooMany { of, most: OPERATIONS_MAX });
}
