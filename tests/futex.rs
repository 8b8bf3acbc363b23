//! A warm spread makes no futex call, nor does a call through a breaker, seen from outside the
//! process, by `strace`.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use emanate::gate::{Breaker, BreakerSettings, BreakerState, OutcomeClass};
use emanate::sync::MonotonicClock;
use emanate::{Engine, Graph, SpreadOutcome, SpreadRequest};
use emanate_bench::{EdgeList, RMat};
use emanate_tests::Tally;
use emanate_tests::waiting::{Meeting, warm};

/// Spreads of each thread that are watched.
const SPREADS: u64 = 10_000;
/// Says to the child what to do.
const ROLE: &str = "EMANATE_FUTEX_ROLE";
/// Files that are asked for, and do not exist, so that the trace shows when.
const MARKS: [&str; 2] = ["emanate-warm-begins", "emanate-warm-ends"];

/// `threads` threads, this one among them, spread on one engine.
fn spreads(threads: u64) {
    let list = EdgeList::rmat(5, RMat { scale: 9, edges: 4000 }).with_weights(5, 0.1, 0.9);
    let snapshot = Graph::from(list.to_generation().expect("a good graph")).snapshot();
    let engine = Engine::new();
    let request = SpreadRequest::linear(2).seed("n7", 1.0).top(10);
    warm(&engine, &snapshot, &request, threads);
    between_marks(threads, || {
        let mut outcome = SpreadOutcome::new();
        let (engine, snapshot, request) = (&engine, &snapshot, &request);
        let run = move |times| {
            for _ in 0..times {
                engine.spread_into(snapshot, request, &mut outcome).expect("a good request");
            }
        };
        // What belongs to the thread: its outcome, its part of the published pointers.
        (run, 1, SPREADS)
    });
}

/// `threads` threads, this one among them, each do what `work` gives them: so often to warm up, and
/// so often while they are watched.
fn between_marks<R: FnMut(u64)>(threads: u64, work: impl Fn() -> (R, u64, u64) + Sync) {
    let meeting = Meeting::new(threads);
    let work = |first: bool| {
        let (mut run, warm_up, watched) = work();
        let mark = |mark: &str| {
            meeting.wait();
            if first {
                drop(fs::metadata(mark));
            }
            meeting.wait();
        };
        run(warm_up);
        mark(MARKS[0]);
        run(watched);
        mark(MARKS[1]);
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(|| work(false))));
        work(true);
    });
}

/// `threads` threads, this one among them, call through one breaker that opens and recovers.
fn guarded(threads: u64) {
    let mut settings = BreakerSettings::spread();
    settings.open_wait = Duration::from_micros(50);
    settings.open_wait_max = Duration::from_micros(50);
    let breaker = Breaker::new("guarded", settings, Arc::new(MonotonicClock::new()));
    between_marks(threads, || {
        let run = |times| {
            for turn in 0..times {
                let failing = turn % 1000 < 10;
                let class = if failing { OutcomeClass::Failure } else { OutcomeClass::Success };
                if let Ok(permit) = breaker.acquire() {
                    let _ = permit.record(class);
                }
            }
        };
        (run, 2000, 100 * SPREADS)
    });
    let reading = breaker.reading();
    assert!(reading.transitions(BreakerState::Closed, BreakerState::Open) > 0);
    assert!(reading.transitions(BreakerState::HalfOpen, BreakerState::Closed) > 0);
}

/// Not a test but what the tests below watch: it does nothing where it was not told to.
#[test]
fn watched() {
    match env::var(ROLE).as_deref() {
        Ok("parks") => {
            drop(fs::metadata(MARKS[0]));
            thread::park_timeout(Duration::from_micros(1));
            drop(fs::metadata(MARKS[1]));
        }
        Ok("guarded") => guarded(4),
        Ok(threads) => spreads(threads.parse().expect("a number of threads")),
        Err(_) => {}
    }
}

/// Futex calls of a child in `role` between the two marks; `None` where it cannot be watched.
fn futex_calls(role: &str, tally: &mut Tally) -> Option<usize> {
    let trace = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let trace = trace.join(format!("futex-{role}-{}", process::id()));
    let run = Command::new("strace")
        .args(["-f", "-e", "trace=futex,statx,newfstatat,stat", "-o"])
        .arg(&trace)
        .arg(env::current_exe().expect("this test has a file"))
        .args(["--exact", "watched", "--test-threads=1"])
        .env(ROLE, role)
        .output();
    let Ok(run) = run else {
        tally.skip(role, "there is no `strace`; install it to have futex calls counted");
        return None;
    };
    let text = fs::read_to_string(&trace).unwrap_or_default();
    drop(fs::remove_file(&trace));
    if !run.status.success() || !MARKS.iter().all(|mark| text.contains(mark)) {
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(!said.contains("panicked"), "{said}");
        tally.skip(role, &format!("`strace` may not watch a process here: {said}"));
        return None;
    }
    tally.ran();
    let watched = text.lines().skip_while(|line| !line.contains(MARKS[0]));
    let watched = watched.take_while(|line| !line.contains(MARKS[1]));
    let calls: Vec<&str> = watched.filter(|line| line.contains("futex")).collect();
    calls.iter().take(5).for_each(|call| println!("{call}"));
    Some(calls.len())
}

#[test]
fn warm_spreads_make_no_futex_call() {
    let mut tally = Tally::new("warm spreads watched for futex calls");
    for threads in ["1", "2", "5"] {
        if let Some(calls) = futex_calls(threads, &mut tally) {
            assert_eq!(calls, 0, "{threads} threads");
        }
    }
}

#[test]
fn guarded_calls_make_no_futex_call() {
    let mut tally = Tally::new("guarded calls watched for futex calls");
    if let Some(calls) = futex_calls("guarded", &mut tally) {
        assert_eq!(calls, 0);
    }
}

#[test]
fn the_count_sees_a_futex_call() {
    let mut tally = Tally::new("a thread that parks watched for futex calls");
    if let Some(calls) = futex_calls("parks", &mut tally) {
        assert!(calls > 0);
    }
}
