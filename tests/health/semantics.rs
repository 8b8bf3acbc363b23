//! When checks are run, and what changes a status.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use emanate::health::{
    CHECKS_MAX, CheckKind, CheckPolicy, HealthStatus, RegisterError, Registry, Verdict,
};
use emanate::terms::NameError;

use crate::{check, policy, registry, seconds, tick};

/// Registers a check that fails while the flag is set, and counts its runs.
fn switched(
    registry: &Registry,
    name: &str,
    kind: CheckKind,
    policy: CheckPolicy,
) -> (Arc<AtomicBool>, Arc<AtomicU64>) {
    let (fails, runs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (flag, count) = (fails.clone(), runs.clone());
    let verdict = move |_: &_| {
        count.fetch_add(1, Ordering::Relaxed);
        if flag.load(Ordering::Relaxed) {
            Verdict::fail("it is switched off")
        } else {
            Verdict::Pass
        }
    };
    registry.register(name, kind, policy, verdict).expect("a good name and policy");
    (fails, runs)
}

#[test]
fn thresholds_count_in_a_row_and_differ_by_direction() {
    let (registry, clock) = registry();
    let (fails, _) = switched(&registry, "a", CheckKind::Ready, policy(3, 2));
    // (whether it fails in this period, the status after it)
    use HealthStatus::{Fail, Pass, Unknown};
    let periods = [
        (false, Unknown),
        (true, Unknown),
        (false, Unknown),
        (false, Pass),
        (true, Pass),
        (true, Pass),
        (false, Pass),
        (true, Pass),
        (true, Pass),
        (true, Fail),
        (true, Fail),
        (false, Fail),
        (true, Fail),
        (false, Fail),
        (false, Pass),
    ];
    for (at, (failing, status)) in periods.into_iter().enumerate() {
        fails.store(failing, Ordering::Relaxed);
        tick(&registry);
        let stands = check(&registry, "a");
        assert_eq!(stands.status, status, "period {at}");
        assert_eq!(stands.last, Some(if failing { Fail } else { Pass }), "period {at}");
        assert_eq!(stands.reason.is_some(), failing, "period {at}");
        assert_eq!(registry.reading().ready, status, "period {at}");
        assert_eq!(registry.reading().live, Pass, "a ready check says nothing of life");
        clock.advance(seconds(10));
    }
    assert_eq!(check(&registry, "a").counts.turns, 3);
}

#[test]
fn one_that_flaps_below_the_threshold_never_turns() {
    let (registry, clock) = registry();
    let (fails, _) = switched(&registry, "a", CheckKind::Live, policy(2, 1));
    for period in 0..100 {
        fails.store(period % 2 == 1, Ordering::Relaxed);
        tick(&registry);
        assert_eq!(check(&registry, "a").status, HealthStatus::Pass, "period {period}");
        clock.advance(seconds(10));
    }
    let counts = check(&registry, "a").counts;
    assert_eq!((counts.passes, counts.failures, counts.turns), (50, 50, 1));
}

#[test]
fn a_check_is_run_once_a_period_however_often_it_is_looked_at() {
    let (registry, clock) = registry();
    let (_, runs) = switched(&registry, "a", CheckKind::Live, policy(1, 1));
    for _ in 0..100 {
        tick(&registry);
        tick(&registry);
        clock.advance(seconds(1));
    }
    assert_eq!(runs.load(Ordering::Relaxed), 10);
}

#[test]
fn what_was_missed_is_not_made_up_for() {
    let (registry, clock) = registry();
    let (_, runs) = switched(&registry, "a", CheckKind::Live, policy(1, 1));
    tick(&registry);
    clock.advance(seconds(1000));
    for _ in 0..5 {
        tick(&registry);
    }
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn starts_stay_on_their_grid_where_ticks_are_late() {
    let (registry, clock) = registry();
    let (_, runs) = switched(&registry, "a", CheckKind::Live, policy(1, 1));
    tick(&registry);
    // Ticks at 13, 26, 39, ..: the starts after 0 are due at 10, 20, 30, ..
    for _ in 0..10 {
        clock.advance(seconds(13));
        tick(&registry);
    }
    assert_eq!(runs.load(Ordering::Relaxed), 11, "every tick comes after another multiple of 10");
    clock.advance(seconds(1));
    tick(&registry);
    assert_eq!(runs.load(Ordering::Relaxed), 11, "131 is not past 140");
}

#[test]
fn nothing_but_startup_is_run_before_it_has_passed() {
    let (registry, clock) = registry();
    let delayed = CheckPolicy { initial_delay: seconds(30), ..policy(1, 1) };
    let (late, started) = switched(&registry, "start", CheckKind::Startup, policy(3, 1));
    let (_, live) = switched(&registry, "live", CheckKind::Live, policy(1, 1));
    let (_, ready) = switched(&registry, "ready", CheckKind::Ready, delayed);
    late.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        tick(&registry);
        clock.advance(seconds(10));
    }
    let reading = registry.reading();
    use HealthStatus::{Fail, Pass, Unknown};
    assert_eq!((reading.startup, reading.live, reading.ready), (Unknown, Pass, Unknown));
    assert!(!reading.serves());
    tick(&registry);
    let reading = registry.reading();
    assert_eq!((reading.startup, reading.live, reading.ready), (Fail, Fail, Unknown));
    assert_eq!((live.load(Ordering::Relaxed), ready.load(Ordering::Relaxed)), (0, 0));
    late.store(false, Ordering::Relaxed);
    clock.advance(seconds(10));
    tick(&registry);
    assert_eq!(registry.reading().startup, Pass);
    let runs_of_startup = started.load(Ordering::Relaxed);
    // The delay counts from now, not from when the check was registered.
    for at in 0..60 {
        tick(&registry);
        assert_eq!(live.load(Ordering::Relaxed), at / 10 + 1, "second {at}");
        assert_eq!(ready.load(Ordering::Relaxed), if at < 30 { 0 } else { at / 10 - 2 });
        clock.advance(seconds(1));
    }
    assert!(registry.reading().serves());
    assert_eq!(started.load(Ordering::Relaxed), runs_of_startup, "once passed, never run again");
}

#[test]
fn a_warning_is_a_pass_that_shows() {
    let (registry, clock) = registry();
    let warns = Arc::new(AtomicBool::new(true));
    let flag = warns.clone();
    let verdict = move |_: &_| {
        if flag.load(Ordering::Relaxed) { Verdict::warn("look at me") } else { Verdict::Pass }
    };
    registry.register("a", CheckKind::Ready, policy(1, 3), verdict).expect("good");
    for _ in 0..3 {
        assert_eq!(registry.reading().ready, HealthStatus::Unknown);
        tick(&registry);
        clock.advance(seconds(10));
    }
    let reading = registry.reading();
    assert_eq!(reading.ready, HealthStatus::Warn);
    assert!(reading.serves());
    assert_eq!(
        reading.checks[0].reason.as_ref().map(ToString::to_string).as_deref(),
        Some("look at me")
    );
    warns.store(false, Ordering::Relaxed);
    tick(&registry);
    assert_eq!(registry.reading().ready, HealthStatus::Pass, "no threshold between the two");
}

#[test]
fn the_worst_check_of_a_kind_counts() {
    let (registry, clock) = registry();
    let (first, _) = switched(&registry, "first", CheckKind::Ready, policy(1, 1));
    let (second, _) = switched(&registry, "second", CheckKind::Ready, policy(1, 1));
    for (a, b) in [(false, false), (true, false), (false, true), (true, true)] {
        first.store(a, Ordering::Relaxed);
        second.store(b, Ordering::Relaxed);
        tick(&registry);
        let expected = if a || b { HealthStatus::Fail } else { HealthStatus::Pass };
        assert_eq!(registry.reading().status(CheckKind::Ready), expected);
        clock.advance(seconds(10));
    }
}

#[test]
fn a_reading_says_how_old_it_is_and_how_long_the_run_took() {
    let (registry, clock) = registry();
    let moving = clock.clone();
    let verdict = move |_: &_| {
        moving.advance(Duration::from_millis(700));
        Verdict::Pass
    };
    registry.register("a", CheckKind::Live, policy(1, 1), verdict).expect("good");
    let before = check(&registry, "a");
    assert_eq!(
        (before.age, before.took, before.last, before.standing_for),
        (None, None, None, None)
    );
    tick(&registry);
    clock.advance(seconds(3));
    let after = check(&registry, "a");
    assert_eq!(after.took, Some(Duration::from_millis(700)));
    assert_eq!((after.age, after.standing_for), (Some(seconds(3)), Some(seconds(3))));
}

#[test]
fn the_metrics_say_how_each_check_stands() {
    let (registry, _clock) = registry();
    for name in ["good", "bad", "late"] {
        let delayed = if name == "late" { seconds(5) } else { Duration::ZERO };
        let policy = CheckPolicy { initial_delay: delayed, ..policy(1, 1) };
        let verdict = move |_: &_| {
            if name == "bad" { Verdict::fail("it is bad") } else { Verdict::Pass }
        };
        registry.register(name, CheckKind::Ready, policy, verdict).expect("good");
    }
    tick(&registry);
    let mut reading = emanate::observe::Reading::default();
    reading.supplied.checks = registry.reading().supplied();
    let text = reading.text();
    for (check, status) in [("good", "pass"), ("bad", "fail"), ("late", "unknown")] {
        for other in HealthStatus::ALL.map(HealthStatus::name) {
            let value = u8::from(other == status);
            let line =
                format!("emanate_health_status{{check=\"{check}\",status=\"{other}\"}} {value}\n");
            assert!(text.contains(&line), "{line}");
        }
    }
}

#[test]
fn bad_registrations_are_refused_and_say_why() {
    let (registry, _) = registry();
    let register =
        |name: &str, policy| registry.register(name, CheckKind::Live, policy, |_| Verdict::Pass);
    let (good, of) = (policy(1, 1), "checks");
    for name in ["", "A", "a b", "ä", &"x".repeat(65)] {
        let error = register(name, good).expect_err("a bad name");
        assert_eq!(error, RegisterError::Name(NameError::Bad { of, name: name.into() }));
        assert!(error.to_string().len() > 30);
    }
    let no_period = register("a", CheckPolicy { period: Duration::ZERO, ..good });
    assert_eq!(no_period, Err(RegisterError::NoPeriod));
    let no_budget = register("a", CheckPolicy { budget: Duration::ZERO, ..good });
    assert_eq!(no_budget, Err(RegisterError::NoBudget));
    assert!(registry.reading().checks.is_empty(), "nothing was registered");
    for number in 0..CHECKS_MAX {
        register(&format!("a-{number}"), good).expect("there is room");
    }
    let refused = |name: &str| match register(name, good) {
        Err(RegisterError::Name(error)) => error,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(refused("more"), NameError::TooMany { of, most: CHECKS_MAX });
    assert_eq!(refused("a-0"), NameError::Taken { of, name: "a-0".into() });
    assert!(registry.remove("a-0") && !registry.remove("a-0"));
    register("a-0", good).expect("the name and its place are free again");
}
