//! Output of the R package `spreadr`, every node at every step.

use std::collections::HashMap;
use std::path::Path;

use emanate::spread::{Retention, Rule};
use emanate::{Engine, Generation, Graph, GraphBuilder, Key, Seed, SpreadRequest, StopReason};
use emanate_tests::compare::{assert_close_relative, by_label};
use emanate_tests::{Tally, shared};

/// Relative to the value.
const TOLERANCE: f64 = 1e-9;

/// How one file of results came about.
struct Run {
    graph: Generation,
    seeds: Vec<Seed>,
    rule: Retention,
}

fn seed(node: &str, activation: f64, time: u32) -> Seed {
    Seed { node: node.into(), activation, time }
}

fn pair() -> Generation {
    let mut builder = GraphBuilder::new();
    builder.edge("1", "2", 1.0).expect("a good edge");
    builder.build().expect("a good graph")
}

fn with_loop_and_isolate() -> Generation {
    let mut builder = GraphBuilder::new();
    let edges =
        [("a", "a", 2.0), ("a", "b", 1.0), ("a", "c", 1.0), ("b", "c", 3.0), ("c", "a", 0.5)];
    for (source, target, weight) in edges {
        builder.edge(source, target, weight).expect("a good edge");
    }
    builder.node("iso").expect("a good label");
    builder.build().expect("a good graph")
}

/// What `name` stands for; `None` where its graph is not there.
///
/// # Panics
/// Where nobody told this test what the file is.
fn run(name: &str, tally: &mut Tally) -> Option<Run> {
    let rule = |retention: f64, time_decay: f64, suppress: f64, time: u32| Retention {
        retention,
        time_decay,
        suppress,
        time: Some(time),
        ..Retention::default()
    };
    let usf = |seeds: &[(&str, f64)], rule: Retention, tally: &mut Tally| {
        let seeds = seeds.iter().map(|(node, x)| seed(node, *x, 0)).collect();
        Some(Run { graph: shared::graph("usf_cuecue", tally)?, seeds, rule })
    };
    let pnet = |speck_time: u32, rule: Retention, tally: &mut Tally| {
        let seeds = vec![seed("beach", 20.0, 0), seed("speck", 10.0, speck_time)];
        Some(Run { graph: shared::graph("pnet_phonological", tally)?, seeds, rule })
    };
    let vignette = |rule| Some(Run { graph: pair(), seeds: vec![seed("1", 10.0, 0)], rule });
    match name {
        "vignette_2node_ret0_dec0" => vignette(rule(0.0, 0.0, 0.0, 2)),
        "vignette_2node_ret0_dec0.5" => vignette(rule(0.0, 0.5, 0.0, 2)),
        "vignette_2node_ret0.5_dec0" => vignette(rule(0.5, 0.0, 0.0, 2)),
        "vignette_2node_ret0.5_dec0.5" => vignette(rule(0.5, 0.5, 0.0, 2)),
        "edgecase_selfloop_isolate_suppress" => Some(Run {
            graph: with_loop_and_isolate(),
            seeds: vec![seed("a", 8.0, 0), seed("iso", 4.0, 0), seed("a", 2.0, 0)],
            rule: rule(0.25, 0.1, 0.5, 6),
        }),
        "pnet_vignette_default" => pnet(0, rule(0.5, 0.0, 0.0, 10), tally),
        "pnet_timed_start" => pnet(5, rule(0.5, 0.0, 0.0, 10), tally),
        "pnet_decay0.1_supp0.01_ret0.3_t20" => pnet(0, rule(0.3, 0.1, 0.01, 20), tally),
        "pnet_threshold0.05_decay0.2_ret0.6" => {
            let rule =
                Retention { time: None, stop_threshold: Some(0.05), ..rule(0.6, 0.2, 0.0, 0) };
            pnet(0, rule, tally)
        }
        "pnet_per_node_retention" => {
            let file = "reference/spreadr/pnet_per_node_retention.input.tsv";
            let text = shared::text(&shared::find(file, tally)?);
            let own = |line: &str| {
                let (node, retention) = line.split_once('\t').expect("two fields");
                (Key::from(node), shared::number(retention.trim()))
            };
            let per_node = text.lines().map(own).collect();
            pnet(0, Retention { per_node, ..rule(0.5, 0.0, 0.0, 15) }, tally)
        }
        "usf_cuecue_bread_ret0.5_dec0.1_supp0.001_t10" => {
            usf(&[("bread", 100.0)], rule(0.5, 0.1, 0.001, 10), tally)
        }
        "usf_cuecue_doctor+hospital_ret0.2_dec0_supp0_t10" => {
            usf(&[("doctor", 50.0), ("hospital", 50.0)], rule(0.2, 0.0, 0.0, 10), tally)
        }
        "usf_cuecue_dog_ret0.5_dec0_supp0_t10" => {
            usf(&[("dog", 100.0)], rule(0.5, 0.0, 0.0, 10), tally)
        }
        "usf_cuecue_dog_ret0.8_dec0_supp0_t10" => {
            usf(&[("dog", 100.0)], rule(0.8, 0.0, 0.0, 10), tally)
        }
        _ => panic!("{name}: say in this test how this file came about"),
    }
}

/// Activations above 0 by step.
fn expected(file: &Path) -> Vec<HashMap<String, f64>> {
    let text = shared::text(file);
    let mut steps: Vec<HashMap<String, f64>> = Vec::new();
    for row in shared::rows(&text) {
        let time: usize = row[2].parse().expect("a step");
        steps.resize_with(steps.len().max(time + 1), HashMap::new);
        let activation = shared::number(row[1]);
        if activation > 0.0 {
            steps[time].insert(row[0].to_owned(), activation);
        }
    }
    steps
}

fn check(name: &str, file: &Path, run: Run) {
    let engine = Engine::new();
    let graph = Graph::from(run.graph);
    let request = |rule| SpreadRequest {
        seeds: run.seeds.clone(),
        by_step: true,
        ..SpreadRequest::new(Rule::Retention(rule))
    };
    let steps = expected(file);
    for (time, nodes) in steps.iter().enumerate() {
        let time = u32::try_from(time).expect("few steps");
        let rule = Retention { time: Some(time), stop_threshold: None, ..run.rule.clone() };
        let outcome = engine.spread(&graph, &request(rule)).expect("a good request");
        let got = by_label(&graph.snapshot(), &outcome);
        assert_eq!(got.len(), nodes.len(), "{name}: nodes at {time}");
        for (node, activation) in nodes {
            let got = got.get(node).copied().unwrap_or(0.0);
            assert_close_relative(
                &format!("{name}: {node} at {time}"),
                got,
                *activation,
                TOLERANCE,
            );
        }
    }
    let outcome = engine.spread(&graph, &request(run.rule.clone())).expect("a good request");
    assert_eq!(outcome.stats.hops as usize, steps.len() - 1, "{name}: where it stops");
    let by_threshold = run.rule.time.is_none();
    let reason = if by_threshold { StopReason::Converged } else { StopReason::HopLimit };
    assert_eq!(outcome.stop_reason, reason, "{name}");
    for (step, nodes) in outcome.steps.iter().zip(&steps) {
        assert_eq!(step.active, nodes.len() as u64, "{name}: active at {}", step.t);
        let total = nodes.values().sum();
        assert_close_relative(&format!("{name}: {}", step.t), step.total, total, TOLERANCE);
    }
}

#[test]
fn spreadr_under_r() {
    let mut tally = Tally::new("spreadr runs under R");
    for file in shared::list("reference/spreadr", &mut tally) {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".tsv.gz") else { continue };
        if let Some(run) = run(name, &mut tally) {
            check(name, &file, run);
            tally.ran();
        }
    }
    assert!(tally.skipped_count() > 0 || tally.ran_count() == 14);
}
