//! Published numbers that a fresh clone must reproduce: each rule against figures somebody else
//! printed. The figures are copied into `tests/data`, each with its source; a case that is missing
//! fails.

use emanate::Engine;
use emanate_tests::Tally;
use emanate_tests::compare::assert_close;
use emanate_tests::published::{FanEffect, GdsCase, KatzCase, PageRankCase, RetentionCase};
use serde_json::Value;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("our own data is JSON")
}

fn walks() -> Value {
    parse(include_str!("data/walks.json"))
}

#[test]
fn spreadr() {
    let cases = RetentionCase::read_all(&parse(include_str!("data/spreadr.json"))["cases"]);
    let mut tally = Tally::new("published spreadr cases");
    for case in &cases {
        case.check(&Engine::new());
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 16);
    let has = |what: fn(&RetentionCase) -> bool| cases.iter().any(what);
    assert!(has(|case| !case.rule.per_node.is_empty()), "one has retentions of its nodes' own");
    assert!(has(|case| case.start.iter().any(|(_, _, time)| *time > 0)), "one has timed seeds");
    assert!(has(|case| case.rule.time.is_none()), "one stops by threshold alone");
    assert!(has(|case| case.rule.suppress > 0.0), "one suppresses");
}

#[test]
fn networkx_pagerank() {
    let mut tally = Tally::new("published networkx PageRank cases");
    for case in PageRankCase::read_all(&walks()["networkx"]["cases"]) {
        if case.has_own_dangling_vector {
            tally.skip(&case.name, "dead ends send their mass to the seeds in our rule");
            continue;
        }
        case.check(&Engine::new());
        tally.ran();
    }
    assert_eq!((tally.ran_count(), tally.skipped_count()), (4, 1));
}

#[test]
fn neo4j_gds_pagerank_through_linear() {
    let mut tally = Tally::new("published Neo4j GDS cases");
    for case in GdsCase::read_all(&walks()["neo4j_gds"]) {
        case.check(&Engine::new());
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 4);
}

#[test]
fn networkx_katz_through_linear() {
    let mut tally = Tally::new("published networkx Katz cases");
    for case in KatzCase::read_all(&walks()["katz"]["cases"]) {
        case.check(&Engine::new());
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 3);
}

#[test]
fn act_r_fan_effect() {
    let experiment = FanEffect::read(&parse(include_str!("data/fan_effect.json")));
    let times_s = experiment.times_s(&Engine::new());
    let mut tally = Tally::new("published ACT-R fan-effect times");
    for (probe, time_s) in experiment.probes.iter().zip(&times_s) {
        let (got, expected) = (format!("{time_s:.3}"), format!("{:.3}", probe.model_s));
        assert_eq!(got, expected, "{} in the {}", probe.person, probe.location);
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 18);
    assert_eq!(experiment.probes.iter().filter(|probe| probe.fact.is_some()).count(), 9);

    let people_s: Vec<f64> = experiment.probes.iter().map(|probe| probe.people_s).collect();
    let correlation = emanate_tests::compare::pearson(&times_s, &people_s);
    assert_close("correlation", correlation, experiment.correlation, 0.0005);
    let squares: f64 = times_s.iter().zip(&people_s).map(|(a, b)| (a - b) * (a - b)).sum();
    let deviation_s = (squares / times_s.len() as f64).sqrt();
    assert_close("deviation", deviation_s, experiment.deviation_s, 0.0005);
}
