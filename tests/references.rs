//! Agreement with results of other programs: `spreadr` under R, personalised PageRank, ACT-R's
//! tutorial and De Deyne's Katz walks, on real graphs. The results and graphs lie beside the
//! repository, for most may not be passed on; where they are not, each test says what it skipped.

use emanate::Engine;
use emanate_tests::Tally;
use emanate_tests::compare::assert_close;
use emanate_tests::published::{FanEffect, GdsCase, KatzCase, PageRankCase, RetentionCase};
use emanate_tests::shared;
use serde_json::Value;

#[path = "references/katz.rs"]
mod katz;
#[path = "references/large.rs"]
mod large;
#[path = "references/ratings.rs"]
mod ratings;
#[path = "references/spreadr.rs"]
mod spreadr;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("our own data is JSON")
}

#[test]
fn spreadr_test_suite() {
    let mut tally = Tally::new("spreadr's own test cases");
    let Some(file) = shared::find("reference/spreadr_testsuite.json", &mut tally) else { return };
    for case in RetentionCase::read_all(&shared::json(&file)) {
        case.check(&Engine::new());
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 11);
}

#[test]
fn published_walks_are_copied_without_fault() {
    let mut tally = Tally::new("published PageRank figures");
    let Some(file) = shared::find("reference/ppr_published_small.json", &mut tally) else {
        return;
    };
    let (theirs, ours) = (shared::json(&file), parse(include_str!("data/walks.json")));
    for family in ["networkx", "neo4j_gds"] {
        let (theirs, ours) = (&theirs[family], &ours[family]);
        let [theirs_cases, ours_cases] =
            [theirs, ours].map(|of| of["cases"].as_array().expect("cases").as_slice());
        assert_eq!(theirs_cases.len(), ours_cases.len());
        for (theirs, ours) in theirs_cases.iter().zip(ours_cases) {
            assert_eq!(theirs["expected"], ours["expected"], "{ours}");
        }
    }
    assert_eq!(theirs["neo4j_gds"]["edges_weighted"], ours["neo4j_gds"]["edges"]);
    for case in PageRankCase::read_all(&ours["networkx"]["cases"]) {
        if case.has_own_dangling_vector {
            tally.skip(&case.name, "dead ends send their mass to the seeds in our rule");
            continue;
        }
        case.check(&Engine::new());
        tally.ran();
    }
    for case in GdsCase::read_all(&ours["neo4j_gds"]) {
        case.check(&Engine::new());
        tally.ran();
    }
    for case in KatzCase::read_all(&ours["katz"]["cases"]) {
        case.check(&Engine::new());
        tally.ran();
    }
}

#[test]
fn act_r_fan_effect() {
    let mut tally = Tally::new("ACT-R fan-effect times");
    let Some(graph) = shared::find("reference/act_r_fan_graph.tsv", &mut tally) else { return };
    let Some(table) = shared::find("reference/act_r_fan_expected.csv", &mut tally) else { return };
    let text = shared::text(&graph);
    let edges = shared::rows(&text)
        .iter()
        .map(|row| (row[0].to_owned(), row[1].to_owned(), shared::number(row[2])))
        .collect();
    let experiment = FanEffect::read(&parse(include_str!("data/fan_effect.json"))).on(edges);
    let table = shared::text(&table);
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|r| r.split(',').collect()).collect();
    assert_eq!(rows.len(), experiment.probes.len());
    let times_s = experiment.times_s(&Engine::new());
    for ((probe, time_s), row) in experiment.probes.iter().zip(times_s).zip(rows) {
        assert_eq!((&*probe.person, &*probe.location), (row[0], row[1]));
        let what = format!("{} in the {}", probe.person, probe.location);
        assert_close(&what, time_s, shared::number(row[7]), 1e-12);
        assert_eq!(format!("{time_s:.3}"), format!("{:.3}", probe.model_s), "{what}");
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 18);
}
