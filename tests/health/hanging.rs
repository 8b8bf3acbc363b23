//! Checks that hang, panic or are never run, and what that does to the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Verdict};
use emanate_tests::waiting::until;

use crate::{check, policy, registry, seconds, tick};

#[test]
fn a_check_that_hangs_fails_alone_and_is_not_run_twice() {
    let (registry, clock) = registry();
    let (running, opened) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (inside, gate) = (running.clone(), opened.clone());
    let hang = move |_: &_| {
        inside.fetch_add(1, Ordering::AcqRel);
        until(|| gate.load(Ordering::Acquire));
        Verdict::Pass
    };
    registry.register("hangs", CheckKind::Ready, policy(3, 1), hang).expect("good");
    registry.register("works", CheckKind::Live, policy(1, 1), |_| Verdict::Pass).expect("good");
    for period in 0..5 {
        registry.tick(CheckJob::on_thread);
        until(|| running.load(Ordering::Acquire) == 1);
        until(|| {
            registry.tick(CheckJob::on_thread);
            check(&registry, "works").counts.passes == period + 1
        });
        let reading = registry.reading();
        assert_eq!(reading.live, HealthStatus::Pass);
        clock.advance(seconds(10));
    }
    registry.tick(CheckJob::on_thread);
    let hangs = check(&registry, "hangs");
    assert_eq!((hangs.status, hangs.hangs), (HealthStatus::Fail, true));
    assert_eq!((hangs.counts.runs, running.load(Ordering::Acquire)), (1, 1));
    assert!(hangs.reason.expect("it failed").as_str().contains("hangs"));
    // It comes back, which says nothing; the next run does.
    opened.store(true, Ordering::Release);
    until(|| {
        registry.tick(CheckJob::on_thread);
        !check(&registry, "hangs").hangs
    });
    let late = check(&registry, "hangs");
    assert_eq!((late.status, late.counts.late, late.counts.passes), (HealthStatus::Fail, 1, 0));
    clock.advance(seconds(10));
    until(|| {
        registry.tick(CheckJob::on_thread);
        check(&registry, "hangs").status == HealthStatus::Pass
    });
}

/// Hanging jobs in virtual time: a job that nobody runs hangs.
#[test]
fn each_period_of_hanging_is_one_more_failure() {
    let (registry, clock) = registry();
    registry.register("a", CheckKind::Live, policy(3, 1), |_| Verdict::Pass).expect("good");
    let mut held = Vec::new();
    let mut failures = Vec::new();
    for _ in 0..40 {
        registry.tick(|job| held.push(job));
        failures.push(check(&registry, "a").counts.failures);
        clock.advance(seconds(1));
    }
    // The budget of 2 s is over at 2; then the periods end at 10, 20, 30.
    let expected: Vec<u64> = (0..40).map(|at| if at < 2 { 0 } else { 1 + at / 10 }).collect();
    assert_eq!(failures, expected);
    assert_eq!((held.len(), check(&registry, "a").status), (1, HealthStatus::Fail));
    held.into_iter().for_each(CheckJob::run);
    registry.tick(drop);
    assert_eq!(check(&registry, "a").counts.late, 1);
}

#[test]
fn an_answer_after_the_budget_is_a_failure_even_where_nobody_looked_meanwhile() {
    let (registry, clock) = registry();
    let moving = clock.clone();
    let slow = move |_: &_| {
        moving.advance(seconds(2));
        Verdict::Pass
    };
    registry.register("a", CheckKind::Live, policy(1, 1), slow).expect("good");
    tick(&registry);
    let stands = check(&registry, "a");
    assert_eq!((stands.status, stands.hangs), (HealthStatus::Fail, false));
    assert_eq!((stands.counts.overruns, stands.counts.late), (1, 0));
    assert_eq!(stands.took, Some(seconds(2)));
}

#[test]
fn a_check_is_told_its_budget_and_asked_to_end() {
    let (registry, clock) = registry();
    let asked = Arc::new(AtomicBool::new(false));
    let (saw, moving) = (asked.clone(), clock.clone());
    let obedient = move |context: &emanate::health::CheckContext| {
        assert_eq!(context.budget_left(), seconds(2));
        moving.advance(seconds(1));
        assert_eq!(context.budget_left(), seconds(1));
        assert_eq!(context.clock().now_ns(), 1_000_000_000);
        saw.store(true, Ordering::Release);
        until(|| context.token().is_cancelled());
        Verdict::Pass
    };
    registry.register("a", CheckKind::Live, policy(1, 1), obedient).expect("good");
    registry.tick(CheckJob::on_thread);
    until(|| asked.load(Ordering::Acquire));
    clock.advance(seconds(1));
    registry.tick(CheckJob::on_thread);
    assert_eq!(check(&registry, "a").status, HealthStatus::Fail);
    until(|| {
        registry.tick(|_| ());
        check(&registry, "a").counts.late == 1
    });
}

#[test]
fn a_check_that_panics_fails_and_says_what_it_said() {
    let (registry, clock) = registry();
    registry.register("a", CheckKind::Live, policy(2, 1), |_| panic!("no {}", 7)).expect("good");
    registry.register("b", CheckKind::Live, policy(2, 1), |_| panic!("plain")).expect("good");
    let odd = |_: &_| std::panic::panic_any(7_u8);
    registry.register("c", CheckKind::Live, policy(2, 1), odd).expect("good");
    registry.register("d", CheckKind::Ready, policy(2, 1), |_| Verdict::Pass).expect("good");
    for _ in 0..2 {
        tick(&registry);
        clock.advance(seconds(10));
    }
    for (name, said) in [("a", "no 7"), ("b", "plain"), ("c", "it said nothing")] {
        let stands = check(&registry, name);
        assert_eq!((stands.status, stands.counts.panics), (HealthStatus::Fail, 2));
        let reason = stands.reason.expect("it failed").to_string();
        assert_eq!(reason, format!("the check panicked: {said}"));
    }
    assert_eq!(registry.reading().ready, HealthStatus::Pass);
}

#[test]
fn a_job_that_is_dropped_is_a_failure_and_not_a_hang() {
    let (registry, _clock) = registry();
    registry.register("a", CheckKind::Live, policy(1, 1), |_| Verdict::Pass).expect("good");
    registry.tick(drop);
    let stands = check(&registry, "a");
    assert_eq!((stands.status, stands.hangs), (HealthStatus::Fail, false));
    assert!(stands.reason.expect("it failed").as_str().contains("not run"));
}

#[test]
fn one_that_is_removed_is_asked_to_end_and_forgotten() {
    let (registry, _clock) = registry();
    let (begun, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (b, e) = (begun.clone(), ended.clone());
    let waits = move |context: &emanate::health::CheckContext| {
        b.store(true, Ordering::Release);
        until(|| context.token().is_cancelled());
        e.store(true, Ordering::Release);
        Verdict::Pass
    };
    registry.register("a", CheckKind::Live, policy(1, 1), waits).expect("good");
    registry.tick(CheckJob::on_thread);
    until(|| begun.load(Ordering::Acquire));
    assert!(registry.remove("a"));
    until(|| ended.load(Ordering::Acquire));
    assert!(registry.reading().checks.is_empty());
}

#[test]
fn a_check_may_tick_and_read_and_register() {
    let (registry, _clock) = registry();
    let registry = Arc::new(registry);
    let inner = Arc::downgrade(&registry);
    let meddles = move |_: &_| {
        let registry = inner.upgrade().expect("the test holds it");
        assert!(registry.tick(CheckJob::run));
        assert_eq!(registry.reading().checks.len(), 1);
        registry.register("b", CheckKind::Live, policy(1, 1), |_| Verdict::Pass).expect("good");
        Verdict::Pass
    };
    registry.register("a", CheckKind::Live, policy(1, 1), meddles).expect("good");
    tick(&registry);
    tick(&registry);
    assert_eq!(check(&registry, "a").counts.runs, 1);
    assert_eq!(check(&registry, "b").status, HealthStatus::Pass);
}

/// How something breaks.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Fails,
    Hangs,
    Panics,
    IsSlow,
}

/// Whatever breaks, and whenever in a period it does, the default policy says so in time.
#[test]
fn every_fault_is_reported_within_thirty_seconds() {
    let step = Duration::from_millis(250);
    let tick_every = seconds(1);
    let bound = CheckPolicy::default().detects_within(tick_every);
    assert!(bound <= seconds(30), "{bound:?}");
    for fault in [Fault::Fails, Fault::Hangs, Fault::Panics, Fault::IsSlow] {
        let mut longest = Duration::ZERO;
        for breaks_at in 0..40 {
            let took = detection(fault, step * (40 + breaks_at), step, tick_every);
            assert!(took <= bound, "{fault:?} at {breaks_at}: {took:?}");
            longest = longest.max(took);
        }
        // The bound is no exaggeration either.
        assert!(longest + seconds(6) >= bound, "{fault:?}: {longest:?}");
    }
}

/// How long after it broke at `breaks_at` the live status says so.
fn detection(fault: Fault, breaks_at: Duration, step: Duration, tick_every: Duration) -> Duration {
    let (registry, clock) = registry();
    let broken = Arc::new(AtomicBool::new(false));
    let (is_broken, moving) = (broken.clone(), clock.clone());
    let verdict = move |_: &_| {
        if !is_broken.load(Ordering::Relaxed) {
            return Verdict::Pass;
        }
        match fault {
            Fault::Fails => Verdict::fail("broken"),
            Fault::Panics => panic!("broken"),
            Fault::IsSlow => {
                moving.advance(seconds(1));
                Verdict::Pass
            }
            Fault::Hangs => unreachable!("a job that hangs is not run here"),
        }
    };
    registry.register("a", CheckKind::Live, CheckPolicy::default(), verdict).expect("good");
    let now = || Duration::from_nanos(emanate::sync::Clock::now_ns(&clock));
    let mut held = Vec::new();
    let mut next_tick = Duration::ZERO;
    loop {
        if now() >= breaks_at {
            broken.store(true, Ordering::Relaxed);
        }
        if now() >= next_tick {
            next_tick += tick_every;
            let hangs = broken.load(Ordering::Relaxed) && matches!(fault, Fault::Hangs);
            registry.tick(|job| if hangs { held.push(job) } else { job.run() });
        }
        if registry.reading().live == HealthStatus::Fail {
            return now() - breaks_at;
        }
        assert!(now() < breaks_at + seconds(120), "never reported");
        clock.advance(step);
    }
}
