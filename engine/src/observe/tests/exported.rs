//! The table, and what is exported by it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::observe::table::{
    BREAKERS, CALLS, CHANGE_KINDS, CHANGE_OUTCOMES, Kind, STATES, STATUSES, TABLE, TIERS, TUNED,
    VERDICTS, Values, markdown,
};
use crate::observe::{
    BreakerReading, CacheReading, CheckReading, Ending, Metrics, Reading, SpreadRecord, Supplied,
    Value,
};
use crate::terms::{StopReason, Tier};

/// A server may take no more from one engine, its own metrics and a host's left aside.
const SERIES_MAX: usize = 420;

/// A reading in which every number is another, and none is 0.
fn distinct() -> Reading {
    let mut next = 0;
    let mut number = || {
        next += 1;
        next
    };
    let mut supplied = Supplied {
        scratch_in_use: number(),
        scratch_capacity: number(),
        scratch_bytes: number(),
        scratch_capacity_bytes: number(),
        spreads_in_flight: number(),
        batch_size: number(),
        queue_length: number(),
        graph_generation: number(),
        tuner_settings: [number() as f64, number() as f64],
        tuner_frozen: true,
        tuner_age: Some(Duration::from_millis(1500)),
        recall: Some(0.5),
        features: vec![("text".into(), true), ("other".into(), false)],
        ..Supplied::default()
    };
    for cache in &mut supplied.tier_cache {
        *cache = CacheReading { hits: number(), misses: number() };
    }
    for (at, breaker) in supplied.breakers.iter_mut().enumerate() {
        let mut transitions = [[0; STATES.len()]; STATES.len()];
        for (from, row) in transitions.iter_mut().enumerate() {
            for (to, count) in row.iter_mut().enumerate() {
                *count = if from == to { 0 } else { number() };
            }
        }
        let calls = CALLS.map(|_| number());
        *breaker =
            BreakerReading { state: at % STATES.len(), transitions, calls, false_trips: number() };
    }
    for count in supplied.tuner_decisions.iter_mut().flatten() {
        *count = number();
    }
    for count in supplied.changes.iter_mut().flatten() {
        *count = number();
    }
    for (at, status) in STATUSES.iter().enumerate() {
        supplied.checks.push(CheckReading { check: format!("is_{status}").into(), status: at });
    }
    let mut reading = Reading { supplied, ..Reading::default() };
    for count in reading.spreads.iter_mut().chain(&mut reading.spreads_by_tier) {
        *count = number();
    }
    reading.nodes_activated = number();
    reading.edges_traversed = number();
    reading.revisits = number();
    reading.confidence_aggregations = number();
    reading.spreads_degraded = number();
    reading.nodes_degraded = number();
    reading
}

#[test]
fn names_follow_the_rules() {
    let mut names = BTreeSet::new();
    for family in TABLE {
        let name = family.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.starts_with("emanate_"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert_eq!(name.ends_with("_total"), family.kind == Kind::Counter, "{name}");
        let units = ["ms", "us", "ns", "milliseconds", "microseconds", "kb", "mb", "percent"];
        assert!(name.split('_').all(|part| !units.contains(&part)), "{name}");
        assert_eq!(name.contains("duration"), name.ends_with("duration_seconds"), "{name}");
        assert_eq!(family.bounds().is_some(), family.kind == Kind::Histogram, "{name}");
        assert!(family.help.ends_with('.') && !family.help.contains("  "), "{name}");
        assert!(family.labels.len() <= 3, "{name}");
        for label in family.labels {
            assert!(!["le", "quantile", "job", "instance"].contains(&label.name), "{name}");
            if let Values::Listed(values) = label.values {
                assert_eq!(values.iter().collect::<BTreeSet<_>>().len(), values.len(), "{name}");
            }
        }
    }
    assert_eq!(TABLE.iter().find(|f| f.name.ends_with("bytes")).unwrap().unit(), Some("bytes"));
    assert_eq!(TABLE[0].unit(), Some("seconds"));
    assert_eq!(TABLE.iter().filter(|family| family.unit().is_some()).count(), 7);
}

/// What dashboards, alerts and hosts rely on.
#[test]
fn the_contracts_metrics_are_in_the_table() {
    let promised = [
        ("spread_duration_seconds", &["outcome"][..]),
        ("spread_response_seconds", &[]),
        ("hop_duration_seconds", &[]),
        ("tier_read_duration_seconds", &["tier"]),
        ("spreads_total", &["outcome"]),
        ("spreads_by_tier_total", &["tier"]),
        ("nodes_activated_total", &[]),
        ("edges_traversed_total", &[]),
        ("hops", &[]),
        ("revisits_total", &[]),
        ("confidence", &[]),
        ("confidence_aggregations_total", &[]),
        ("scratch_in_use", &[]),
        ("scratch_capacity", &[]),
        ("tier_cache_requests_total", &["tier", "result"]),
        ("spreads_in_flight", &[]),
        ("batch_size", &[]),
        ("queue_depth", &[]),
        ("breaker_state", &["breaker", "state"]),
        ("breaker_transitions_total", &["breaker", "from", "to"]),
        ("breaker_calls_total", &["breaker", "outcome"]),
        ("breaker_false_trips_total", &["breaker"]),
        ("tuner_decisions_total", &["knob", "verdict"]),
        ("tuner_setting", &["knob"]),
        ("tuner_frozen", &[]),
        ("tuner_age_seconds", &[]),
        ("quality_recall", &[]),
        ("health_status", &["check", "status"]),
        ("feature_enabled", &["feature"]),
        ("graph_generation", &[]),
        ("changes_total", &["kind", "outcome"]),
        ("build_info", &["version"]),
    ];
    for (name, labels) in promised {
        let name = format!("emanate_{name}");
        let family = TABLE.iter().find(|family| family.name == name);
        let family = family.unwrap_or_else(|| panic!("{name} is not in the table"));
        let found: Vec<&str> = family.labels.iter().map(|label| label.name).collect();
        assert_eq!(found, labels, "{name}");
        assert!(markdown().contains(&format!("| `{name}` | {} | ", family.kind.name())));
    }
    assert_eq!(markdown().lines().count(), TABLE.len() + 2);
    assert!(markdown().contains("| `tier`: hot, warm, cold; `result`: hit, miss | "));
    assert!(markdown().contains("`check`: named by who registers them; `status`: pass, "));
}

/// Each listed value of each label has a series, and all have the labels the table says.
#[test]
fn every_value_of_a_label_is_there_from_the_start() {
    let families = Metrics::new(1).reading().families();
    assert_eq!(families.iter().count(), TABLE.len());
    for (family, filled) in TABLE.iter().zip(&families) {
        assert_eq!((family.name, family.kind), (&*filled.name, filled.kind));
        for series in &filled.series {
            let names = series.labels.iter().map(|(name, _)| &**name);
            assert!(names.eq(family.labels.iter().map(|label| label.name)), "{series:?}");
        }
        for (at, label) in family.labels.iter().enumerate() {
            let Values::Listed(values) = label.values else { continue };
            let there: BTreeSet<&str> =
                filled.series.iter().map(|series| &*series.labels[at].1).collect();
            let commanded = family.name == "emanate_breaker_transitions_total" && at > 0;
            let named = family.name == "emanate_health_status";
            let expected: BTreeSet<&str> =
                values.iter().copied().take(if commanded { 3 } else { values.len() }).collect();
            assert_eq!(there, if named { BTreeSet::new() } else { expected }, "{}", family.name);
        }
        let all: BTreeSet<_> = filled.series.iter().map(|s| format!("{:?}", s.labels)).collect();
        assert_eq!(all.len(), filled.series.len(), "{} has a series twice", family.name);
    }
}

#[test]
fn there_are_few_series() {
    let mut reading = Metrics::new(1).reading();
    reading.supplied.checks = distinct().supplied.checks;
    let fresh = reading.families().exported();
    assert!(fresh <= SERIES_MAX, "{fresh} series");
    let text = reading.text();
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), fresh);
}

/// The number of one series.
fn number(reading: &Reading, name: &str, labels: &[&str]) -> f64 {
    let families = reading.families();
    let family = families.get(&format!("emanate_{name}")).unwrap();
    let mut found = family.series.iter().filter(|series| {
        series.labels.iter().map(|(_, value)| &**value).eq(labels.iter().copied())
    });
    let series = found.next().unwrap_or_else(|| panic!("{name} has no {labels:?}"));
    assert!(found.next().is_none());
    let Value::Number(number) = series.value else { panic!("{name} is a histogram") };
    number
}

/// Every number of a reading comes out once, under the right labels.
#[test]
fn every_number_is_exported_where_it_belongs() {
    let reading = distinct();
    let number = |name: &str, labels: &[&str]| number(&reading, name, labels);
    let count = |name: &str, labels: &[&str]| number(name, labels) as u64;
    let supplied = &reading.supplied;
    for (name, expected) in [
        ("scratch_in_use", supplied.scratch_in_use),
        ("scratch_capacity", supplied.scratch_capacity),
        ("scratch_bytes", supplied.scratch_bytes),
        ("scratch_capacity_bytes", supplied.scratch_capacity_bytes),
        ("spreads_in_flight", supplied.spreads_in_flight),
        ("batch_size", supplied.batch_size),
        ("queue_depth", supplied.queue_length),
        ("graph_generation", supplied.graph_generation),
        ("nodes_activated_total", reading.nodes_activated),
        ("edges_traversed_total", reading.edges_traversed),
        ("revisits_total", reading.revisits),
        ("confidence_aggregations_total", reading.confidence_aggregations),
        ("spreads_degraded_total", reading.spreads_degraded),
        ("nodes_degraded_total", reading.nodes_degraded),
        ("tuner_frozen", 1),
    ] {
        assert_eq!(count(name, &[]), expected, "{name}");
    }
    assert_eq!(number("quality_recall", &[]), 0.5);
    assert_eq!(number("tuner_age_seconds", &[]), 1.5);
    assert_eq!(count("build_info", &[env!("CARGO_PKG_VERSION")]), 1);
    for reason in StopReason::ALL {
        let expected = reading.spreads_of(Ending::Stopped(reason));
        assert_eq!(count("spreads_total", &[reason.name()]), expected);
    }
    for (tier, name) in Tier::ALL.into_iter().zip(TIERS) {
        assert_eq!(name, tier.name());
        let by_tier = reading.spreads_by_tier[tier.index()];
        assert_eq!(count("spreads_by_tier_total", &[name]), by_tier);
        let CacheReading { hits, misses } = supplied.tier_cache[tier.index()];
        assert_eq!(count("tier_cache_requests_total", &[name, "hit"]), hits);
        assert_eq!(count("tier_cache_requests_total", &[name, "miss"]), misses);
    }
}

#[test]
fn every_breaker_and_decision_is_exported_where_it_belongs() {
    let reading = distinct();
    let supplied = &reading.supplied;
    let number = |name: &str, labels: &[&str]| number(&reading, name, labels);
    let count = |name: &str, labels: &[&str]| number(name, labels) as u64;
    for (name, breaker) in BREAKERS.into_iter().zip(&supplied.breakers) {
        for (at, state) in STATES.into_iter().enumerate() {
            let is = u64::from(at == breaker.state);
            assert_eq!(count("breaker_state", &[name, state]), is);
            for (to, other) in STATES.into_iter().enumerate().filter(|(to, _)| *to != at) {
                let there = count("breaker_transitions_total", &[name, state, other]);
                assert_eq!(there, breaker.transitions[at][to]);
            }
        }
        for (call, calls) in CALLS.into_iter().zip(breaker.calls) {
            assert_eq!(count("breaker_calls_total", &[name, call]), calls);
        }
        assert_eq!(count("breaker_false_trips_total", &[name]), breaker.false_trips);
    }
    for (at, setting) in TUNED.into_iter().enumerate() {
        assert_eq!(number("tuner_setting", &[setting]), supplied.tuner_settings[at]);
        for (verdict, count_of) in VERDICTS.into_iter().zip(supplied.tuner_decisions[at]) {
            assert_eq!(count("tuner_decisions_total", &[setting, verdict]), count_of);
        }
    }
    for (kind, counts) in CHANGE_KINDS.into_iter().zip(supplied.changes) {
        for (outcome, expected) in CHANGE_OUTCOMES.into_iter().zip(counts) {
            assert_eq!(count("changes_total", &[kind, outcome]), expected);
        }
    }
    for status in STATUSES {
        for other in STATUSES {
            let is = u64::from(status == other);
            assert_eq!(count("health_status", &[&format!("is_{status}"), other]), is);
        }
    }
    assert_eq!([count("feature_enabled", &["text"]), count("feature_enabled", &["other"])], [1, 0]);
    let text = Metrics::new(1).reading().text();
    for unknown in ["emanate_quality_recall", "emanate_tuner_age_seconds"] {
        assert!(text.contains(&format!("\n{unknown} NaN\n")), "{unknown}");
    }
}

#[test]
fn durations_are_exported_by_class_with_exact_bounds() {
    let metrics = Metrics::new(1);
    let mut recorder = metrics.recorder().unwrap();
    let reasons = [StopReason::Converged, StopReason::Deadline, StopReason::Converged];
    for (reason, nanos) in reasons.into_iter().zip([200_000, 200_000, 200_001]) {
        recorder.record(&SpreadRecord {
            service: Duration::from_nanos(nanos),
            ..SpreadRecord::new(Ending::Stopped(reason))
        });
    }
    let text = metrics.reading().text();
    for line in [
        "emanate_spread_duration_seconds_bucket{outcome=\"complete\",le=\"0.0001\"} 0",
        "emanate_spread_duration_seconds_bucket{outcome=\"complete\",le=\"0.0002\"} 1",
        "emanate_spread_duration_seconds_bucket{outcome=\"complete\",le=\"0.0005\"} 2",
        "emanate_spread_duration_seconds_bucket{outcome=\"cut\",le=\"0.0002\"} 1",
        "emanate_spread_duration_seconds_count{outcome=\"failed\"} 0",
        "emanate_spread_duration_seconds_sum{outcome=\"cut\"} 0.0002",
        "emanate_spread_response_seconds_bucket{le=\"0.00001\"} 3",
        "emanate_tier_read_duration_seconds_bucket{tier=\"cold\",le=\"+Inf\"} 0",
    ] {
        assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
    }
}
