//! One scene for each thing that a rule can do.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{LIMITS, World};
use crate::alerts::book::Acknowledge;
use crate::alerts::machine::Happened::{self, Escalated, Fired, Resolved};
use crate::alerts::rule::{RuleError, Severity};
use crate::alerts::sample::MetricKind::{Counter, Gauge};
use crate::alerts::watched::GROUPS_MAX;
use crate::alerts::{read, state};

fn above(limit: f64) -> Value {
    json!({"metric": "g", "condition": {"kind": "threshold", "above": limit}})
}

fn with(mut rule: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn history(world: &World) -> Vec<Happened> {
    let mut happened: Vec<_> = world.book.past().map(|record| record.happened).collect();
    happened.reverse();
    happened
}

#[test]
fn it_fires_when_held_and_tells_once_each_way() {
    let mut world = World::new(&[with(above(1.0), json!({"for": "30s"}))]);
    world.gauge(1.0);
    assert_eq!(world.run(100), []);
    world.gauge(1.1);
    // Pending from the first look on; 30 seconds later it fires.
    assert_eq!(world.run(60), [(31, Fired)]);
    world.gauge(0.0);
    assert_eq!(world.run(60), [(1, Resolved)]);
    assert_eq!(history(&world), [Fired, Resolved]);
    let resolved = world.told.last().unwrap();
    assert_eq!(resolved.at.since(resolved.since), Duration::from_secs(30));
}

#[test]
fn a_hold_that_is_interrupted_begins_anew() {
    let mut world = World::new(&[with(above(1.0), json!({"for": "30s"}))]);
    for _ in 0..10 {
        world.gauge(2.0);
        assert_eq!(world.run(30), []);
        assert_eq!(world.state(), "pending");
        world.gauge(0.0);
        assert_eq!(world.run(1), []);
        assert_eq!(world.state(), "clear");
    }
    assert_eq!(history(&world), []);
}

#[test]
fn between_the_limits_nothing_changes() {
    let rule = json!({"condition": {"kind": "threshold", "above": 10, "clear": 5}});
    let mut world = World::new(&[with(above(0.0), rule)]);
    world.gauge(7.0);
    assert_eq!(world.run(10), []);
    world.gauge(11.0);
    assert_eq!(world.run(10), [(1, Fired)]);
    world.gauge(7.0);
    assert_eq!(world.run(400), []);
    world.gauge(5.0);
    assert_eq!(world.run(10), [(1, Resolved)]);
}

#[test]
fn an_end_can_be_held_too() {
    let mut world = World::new(&[with(above(1.0), json!({"keep_for": "20s"}))]);
    world.gauge(2.0);
    world.run(1);
    for _ in 0..5 {
        world.gauge(0.0);
        assert_eq!(world.run(20), []);
        world.gauge(2.0);
        assert_eq!(world.run(3), []);
    }
    world.gauge(0.0);
    assert_eq!(world.run(30), [(21, Resolved)]);
}

#[test]
fn what_flaps_is_told_once_in_a_cooldown() {
    let mut world = World::new(&[above(1.0)]);
    let mut told = Vec::new();
    for second in 1..=1000 {
        world.gauge(if second % 10 < 5 { 2.0 } else { 0.0 });
        told.extend(world.run(1).into_iter().map(|(_, happened)| (second, happened)));
    }
    // The cooldown ends in a firing part each time: 300 is a multiple of the period.
    assert_eq!(told[..4], [(1, Fired), (5, Resolved), (301, Fired), (305, Resolved)]);
    let fired = told.iter().filter(|(_, happened)| *happened == Fired).count();
    assert_eq!(fired, 4);
    assert!(history(&world).len() > 150, "what happened is kept, told or not");
}

#[test]
fn what_still_fires_after_the_cooldown_is_told_then() {
    let mut world = World::new(&[with(above(1.0), json!({"cooldown": "60s"}))]);
    for value in [2.0, 0.0] {
        world.gauge(value);
        world.run(10);
    }
    world.gauge(2.0);
    // Told at second 1; it is second 20 now.
    assert_eq!(world.run(100), [(41, Fired)]);
    world.gauge(0.0);
    assert_eq!(world.run(1), [(1, Resolved)]);
}

#[test]
fn severity_rises_after_a_time_unless_somebody_sees_to_it() {
    let rule = json!({"severity": "warning", "escalate": {"after": "2m", "severity": "critical"}});
    let mut world = World::new(&[with(above(1.0), rule)]);
    world.gauge(2.0);
    assert_eq!(world.run(200), [(1, Fired), (121, Escalated)]);
    let severities: Vec<Severity> = world.told.iter().map(|notice| notice.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Critical]);
    assert_eq!(world.book.firing(), [0, 0, 1]);
    world.gauge(0.0);
    assert_eq!(world.run(500), [(1, Resolved)]);
    world.gauge(2.0);
    assert_eq!(world.run(60), [(1, Fired)]);
    let seen = Acknowledge {
        name: "rule-0".to_owned(),
        labels: None,
        by: "who".to_owned(),
        note: "on it".to_owned(),
    };
    assert_eq!(world.book.acknowledge(&seen, world.now), Ok(1));
    assert_eq!(world.run(1000), []);
    assert_eq!(world.book.firing(), [0, 1, 0]);
    world.gauge(0.0);
    assert_eq!(world.run(1), [(1, Resolved)]);
    let late = world.book.acknowledge(&seen, world.now);
    assert_eq!(late, Err(RuleError::NotFiring { name: "rule-0".to_owned() }));
}

#[test]
fn a_silence_hides_and_its_end_tells_what_still_fires() {
    let mut world = World::new(&[above(1.0)]);
    let silence = json!({"alerts": ["rule-0"], "for": "100s"});
    world.book.silence(silence.clone(), "who", world.now).unwrap();
    world.gauge(2.0);
    assert_eq!(world.run(99), []);
    assert_eq!((world.state(), history(&world)), ("firing", vec![Fired]));
    assert_eq!(world.run(10), [(1, Fired)]);
    assert!(world.book.silences().is_empty());
    let id = world.book.silence(silence, "who", world.now).unwrap().id.to_string();
    world.gauge(0.0);
    assert_eq!(world.run(10), [], "what ends in a silence is not told");
    assert!(world.book.unsilence(&id).is_ok());
    assert_eq!(world.book.unsilence(&id), Err(RuleError::NoSilence));
}

#[test]
fn a_rate_is_one_of_the_window() {
    let condition = json!({"kind": "rate", "above": 0.1});
    let rule = json!({"metric": "c", "condition": condition, "window": "1m", "for": "1m"});
    let mut world = World::new(&[rule]);
    for second in 0..600_u32 {
        let failures = if second < 200 { second / 20 } else { 10 + (second - 200) / 5 };
        world.set(Counter, "c", &[], f64::from(failures));
        let told = world.run(1);
        assert!(told.is_empty() || second > 260, "{second}: {told:?}");
    }
    assert_eq!(world.state(), "firing");
    // The counter stands still; a window later nothing failed in it.
    assert_eq!(world.run(100).len(), 1);
    assert_eq!(world.state(), "clear");
}

#[test]
fn absence_fires_and_ends() {
    let rule = json!({
        "metric": "c", "labels": {"kind": "x"}, "condition": {"kind": "absence"}, "for": "10s",
    });
    let mut world = World::new(&[rule]);
    world.set(Counter, "c", &[("kind", "y")], 1.0);
    assert_eq!(world.run(20), [(11, Fired)]);
    world.set(Counter, "c", &[("kind", "x")], 0.0);
    assert_eq!(world.run(20), [(1, Resolved)]);
}

#[test]
fn an_anomaly_is_judged_by_its_own_history() {
    let condition = json!({"kind": "anomaly", "history": "10m", "deviations": 4});
    let mut world = World::new(&[json!({"metric": "g", "condition": condition, "for": "5s"})]);
    for second in 0..1200_u32 {
        world.gauge(f64::from(100 + second % 7));
        assert_eq!(world.run(1), [], "{second}");
    }
    world.gauge(140.0);
    assert_eq!(world.run(20), [(6, Fired)]);
    // It stays so: half a history later that is how it is.
    let told = world.run(400);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1, Resolved);
}

#[test]
fn a_disk_that_fills_is_foretold() {
    let condition = json!({"kind": "trend", "below": 0, "ahead": "60m", "history": "10m"});
    let mut world = World::new(&[json!({"metric": "g", "condition": condition})]);
    // It falls by 1 a second, and is foretold to be empty once 3600 are left.
    let mut told = Vec::new();
    for second in 0..1000_u32 {
        world.gauge(f64::from(4000 - second));
        told.extend(world.run(1).into_iter().map(|_| second));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!((390..=410).contains(&told[0]), "{told:?}");
}

#[test]
fn groups_have_alerts_of_their_own() {
    let rule = json!({
        "metric": "b", "labels": {"state": ["open", "half"]}, "by": ["breaker"],
        "condition": {"kind": "threshold", "above": 0}, "for": "30s",
    });
    let mut world = World::new(&[rule]);
    let state = |world: &mut World, breaker: &str, state: &str| {
        for known in ["open", "half", "closed"] {
            let labels = [("breaker", breaker), ("state", known)];
            world.set(Gauge, "b", &labels, f64::from(u8::from(state == known)));
        }
    };
    state(&mut world, "one", "closed");
    state(&mut world, "two", "open");
    world.run(20);
    // A change between two states that both count interrupts nothing.
    state(&mut world, "two", "half");
    assert_eq!(world.run(20), [(11, Fired)]);
    assert_eq!(world.told[0].labels["breaker"], "two");
    state(&mut world, "one", "open");
    assert_eq!(world.run(40), [(31, Fired)]);
    assert_eq!(world.book.firing(), [0, 2, 0]);
}

#[test]
fn groups_are_bounded_and_those_that_fire_keep_their_place() {
    let rule = json!({
        "metric": "m", "by": ["l"], "condition": {"kind": "threshold", "above": 0},
    });
    let mut world = World::new(&[rule]);
    world.set(Gauge, "m", &[("l", "zzz")], 1.0);
    world.run(1);
    for number in 0..1000 {
        world.set(Gauge, "m", &[("l", &format!("a{number}"))], 1.0);
    }
    world.run(1);
    let watched = world.book.watched("rule-0").unwrap();
    assert_eq!((watched.groups.len(), watched.left_out), (GROUPS_MAX, 1001 - GROUPS_MAX));
    assert!(watched.groups.keys().any(|labels| labels["l"] == "zzz"));
}

#[test]
fn a_series_that_goes_ends_its_alert_and_is_forgotten() {
    let mut world = World::new(&[above(1.0)]);
    world.gauge(2.0);
    world.run(1);
    world.gathered.0.get_mut("g").unwrap().series.clear();
    assert_eq!(world.run(1), [(1, Resolved)]);
    world.run(400);
    assert_eq!(world.book.watched("rule-0").unwrap().groups.len(), 0);
    // Where the whole metric is gone, nothing is known for a while.
    world.gauge(2.0);
    world.run(1);
    world.gathered.0.clear();
    assert_eq!(world.run(599), []);
    assert_eq!(world.run(10).len(), 1);
}

#[test]
fn a_restart_in_the_middle_goes_on() {
    let rule =
        with(above(1.0), json!({"for": "30s", "cooldown": "60m", "escalate": {"after": "5m"}}));
    let mut world = World::new(&[rule]);
    world.gauge(2.0);
    world.run(20);
    world.restart(Duration::from_secs(3600));
    // 19 seconds were seen to hold; the hour in between is not counted.
    assert_eq!(world.run(30), [(11, Fired)]);
    world.restart(Duration::from_secs(60));
    assert_eq!(world.state(), "firing");
    // Told already, so only the rise is: 5 minutes after it began.
    assert_eq!(world.run(300), [(221, Escalated)]);
    world.restart(Duration::from_secs(1));
    assert_eq!(world.run(10), []);
    world.gauge(0.0);
    assert_eq!(world.run(1), [(1, Resolved)]);
    world.restart(Duration::from_secs(1));
    world.gauge(2.0);
    // The cooldown survives, too.
    world.run(40);
    assert_eq!(world.state(), "firing");
    assert_eq!(world.told.len(), 3);
    assert_eq!(history(&world), [Fired, Escalated, Resolved, Fired]);
}

#[test]
fn a_rate_that_fires_goes_on_until_it_is_known_again() {
    let rule = json!({"metric": "c", "condition": {"kind": "rate", "above": 0.1}});
    let mut world = World::new(&[rule]);
    for second in 0..10_u32 {
        world.set(Counter, "c", &[], f64::from(second));
        world.run(1);
    }
    world.restart(Duration::from_secs(30));
    // One look is too few for a rate, and counters began anew.
    world.set(Counter, "c", &[], 0.0);
    assert_eq!(world.run(1), []);
    assert_eq!(world.state(), "firing");
    assert_eq!(world.run(1), [(1, Resolved)]);
}

#[test]
fn acknowledgements_and_silences_survive() {
    let mut world = World::new(&[above(1.0), above(2.0)]);
    world.gauge(3.0);
    world.run(1);
    let seen = Acknowledge {
        name: "rule-0".to_owned(),
        labels: None,
        by: "wh\u{7}o".to_owned(),
        note: String::new(),
    };
    world.book.acknowledge(&seen, world.now).unwrap();
    let silence = json!({"labels": {"a": "b\"\n"}, "for": "60m", "severities": ["critical"]});
    world.book.silence(silence, "who", world.now).unwrap();
    let before = state::kept(&world.book, world.now);
    world.restart(Duration::ZERO);
    assert_eq!(state::kept(&world.book, world.now), before);
    world.book.silence(json!({"alerts": ["x"], "for": "1s"}), "who", world.now).unwrap();
    assert_eq!(world.book.silences()[1].id, 2, "no id is given twice");
}

#[test]
fn a_rule_that_is_changed_or_deleted_ends_its_alerts() {
    let mut world = World::new(&[above(1.0)]);
    world.gauge(2.0);
    world.run(1);
    let other = read::rule(above(5.0), Some("rule-0")).unwrap();
    let told = world.book.replace(other, world.now).unwrap();
    assert_eq!(told.iter().map(|notice| notice.happened).collect::<Vec<_>>(), [Resolved]);
    assert_eq!(world.run(400), []);
    assert_eq!(world.book.remove("rule-0", world.now), Ok(Vec::new()));
    assert!(matches!(world.book.remove("rule-0", world.now), Err(RuleError::NoRule { .. })));
}

#[test]
fn a_rule_that_is_off_is_not_looked_at() {
    let mut world = World::new(&[with(above(1.0), json!({"enabled": false}))]);
    world.gauge(2.0);
    assert_eq!(world.run(10), []);
    assert_eq!(world.state(), "clear");
}

#[test]
fn rules_are_bounded_and_have_names_of_their_own() {
    let mut world = World::new(&vec![above(1.0); LIMITS.rules]);
    let rule = |name: &str| read::rule(above(1.0), Some(name)).unwrap();
    let taken = world.book.add(rule("rule-3"));
    assert_eq!(taken, Err(RuleError::NameTaken { name: "rule-3".to_owned() }));
    assert_eq!(world.book.add(rule("more")), Err(RuleError::TooMany { most: LIMITS.rules }));
    let told = world.book.replace(rule("more"), world.now);
    assert!(matches!(told, Err(RuleError::NoRule { .. })));
}

#[test]
fn a_rule_must_fit_what_there_is() {
    let mut world = World::new(&[]);
    world.set(Counter, "emanate_spreads_total", &[("outcome", "shed")], 0.0);
    let check = |rule: Value| {
        let rule = read::rule(rule, Some("r")).unwrap();
        rule.check(&world.gathered).map_err(|error| error.to_string())
    };
    let on = |metric: &str, more: Value| {
        let condition = json!({"kind": "threshold", "above": 0});
        with(json!({"metric": metric, "condition": condition}), more)
    };
    assert_eq!(check(on("emanate_spreads_total", json!({}))), Ok(()));
    let said = check(on("emanate_spread_total", json!({}))).unwrap_err();
    assert!(said.contains("did you mean \"emanate_spreads_total\"?"), "{said}");
    let said = check(on("emanate_spreads_total", json!({"by": ["outcom"]}))).unwrap_err();
    assert!(said.contains("has no label \"outcom\"; did you mean \"outcome\"?"), "{said}");
    let said = check(on("emanate_spreads_total", json!({"measure": "quantile(0.5)"})));
    assert!(said.unwrap_err().contains("no quantile(0.5) can be taken of the counter"));
    let absent = json!({"condition": {"kind": "absence"}});
    assert_eq!(check(on("anything", absent)), Ok(()));
}
