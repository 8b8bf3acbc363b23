//! Runs a history on the engine and on the model, and compares them after every step.

use std::sync::OnceLock;

use emanate::change::{ApplyReport, ChangeSet, Commit, ErrorClass};
use emanate::graph::{open, verify, write};
use emanate::{ApplyError, Engine, Generation, Graph, NodeId, Snapshot, SpreadRequest};
use emanate_tests::agreement::{Arithmetic, compare, every_kernel};
use emanate_tests::compare::{Scope, assert_same_bits};

use crate::changes::model::{Mistake, Model};
use crate::changes::plan::{History, Options, Step};

fn engines() -> &'static [Engine] {
    static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();
    ENGINES.get_or_init(every_kernel)
}

/// Where a set stops, by the model: what failed, what was applied, and the graph after that.
struct Expected {
    failures: Vec<(usize, ErrorClass)>,
    successes: Vec<usize>,
    model: Model,
}

fn expected(model: &Model, set: &ChangeSet, options: Options) -> Expected {
    let mut after = model.clone();
    let (mut failures, mut successes) = (Vec::new(), Vec::new());
    for (index, change) in set.changes().iter().enumerate() {
        match after.apply(change) {
            Ok(()) => successes.push(index),
            Err(class) => {
                failures.push((index, class));
                if options.stop_on_first_error || failures.len() > options.failures_max {
                    break;
                }
            }
        }
    }
    if options.commit == Commit::Atomic && !failures.is_empty() {
        successes.clear();
        after = model.clone();
    }
    Expected { failures, successes, model: after }
}

fn told(report: &ApplyReport) -> (Vec<(usize, ErrorClass)>, Vec<usize>) {
    let failures = report.failures.iter().map(|failure| (failure.index, failure.error.class()));
    let successes = report.successes.iter().map(|success| success.index);
    (failures.collect(), successes.collect())
}

/// Applies a set to both.
fn apply(graph: &Graph, model: &mut Model, set: &ChangeSet, options: Options) {
    let before = graph.snapshot();
    let Expected { failures, successes, model: after } = expected(model, set, options);
    let applied = engines()[0].apply(graph, set, &options.apply());
    let refused = options.commit == Commit::Atomic && !failures.is_empty();
    let report = match &applied {
        Ok(report) => report,
        Err(ApplyError::Refused { report }) => report,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(applied.is_err(), refused, "{report:?}");
    assert_eq!(told(report), (failures, successes), "{set:?}");
    let now = graph.snapshot();
    assert_eq!(report.generation, now.number());
    assert_eq!(now.number() > before.number(), !report.successes.is_empty());
    let (nodes, edges) = (model.nodes.len() as u64, model.edges.len() as u64);
    let totals = report.totals;
    assert_eq!(nodes + totals.nodes_added - totals.nodes_removed, after.nodes.len() as u64);
    assert_eq!(edges + totals.edges_added - totals.edges_removed, after.edges.len() as u64);
    *model = after;
}

/// Compares a generation with the model, and itself with a merged one.
fn check(graph: &Snapshot, model: &Model, requests: &[SpreadRequest]) {
    check_content(graph, model);
    let merged = graph.merged().expect("it is in memory and small");
    assert_eq!(merged.number(), graph.number());
    assert_eq!(merged.rows_over_blocks(), 0);
    verify(&merged).expect("a merged graph is a good one");
    check_content(&merged, model);
    let merged = Graph::from(merged).snapshot();
    for request in requests {
        for engine in engines() {
            let outcomes = [graph, &merged].map(|graph| engine.spread_at(graph, request));
            match &outcomes {
                [Ok(over), Ok(merged)] => assert_same_bits(over, merged, Scope::Whole),
                [Err(over), Err(merged)] => assert_eq!(over, merged),
                outcomes => panic!("one of two equal graphs refuses: {outcomes:?}"),
            }
        }
        if let Err(what) = compare(&engines()[0], graph, request, Arithmetic::Rounds) {
            panic!("{what}");
        }
    }
}

pub(crate) fn check_content(graph: &Generation, model: &Model) {
    let held = Model::of(graph, Mistake::None);
    assert_eq!(held.nodes, model.nodes);
    assert_eq!(held.edges, model.edges);
    let facts = graph.facts();
    assert_eq!(facts.edges, model.edges.len() as u64);
    assert_eq!(facts.nodes - facts.removed_nodes, model.nodes.len() as u64);
    let loops = model.edges.keys().filter(|place| place.0 == place.1).count();
    assert_eq!(facts.self_loops, loops as u64);
    let names = std::iter::once("").chain(graph.relation_names());
    for (name, facts) in names.zip(&facts.relations) {
        let of_it = || model.edges.iter().filter(|(place, _)| place.2 == name);
        assert_eq!(facts.edges, of_it().count() as u64, "{name}");
        assert_eq!(facts.negative, of_it().filter(|(_, w)| **w < 0.0).count() as u64, "{name}");
        assert_eq!(facts.positive, of_it().filter(|(_, w)| **w > 0.0).count() as u64, "{name}");
    }
    let all: Vec<&str> = model.nodes.iter().map(String::as_str).collect();
    for (prefix, most) in [("", 100), ("", 3), ("d", 100), ("é", 1)] {
        let found = graph.labels_with_prefix(prefix, most).unwrap();
        let found: Vec<&str> = found.into_iter().map(|(_, label)| label).collect();
        let expected = all.iter().copied().filter(|label| label.starts_with(prefix));
        assert_eq!(found, expected.take(most).collect::<Vec<_>>(), "{prefix:?}");
    }
    check_in_rows(graph);
}

/// In-edges are the out-edges turned round, and in the order of a row.
fn check_in_rows(graph: &Generation) {
    let count = u32::try_from(graph.node_count()).unwrap();
    let mut turned = vec![Vec::new(); count as usize];
    for source in 0..count {
        let row = graph.out_row(NodeId::new(source)).unwrap();
        for (at, target) in row.targets.iter().enumerate() {
            turned[*target as usize].push((source, row.weights.at(at).to_bits()));
        }
        let bounds = graph.facts();
        assert!(row.len() as u64 <= bounds.fan_out_max);
        let weights = (0..row.len()).map(|at| row.weights.at(at));
        assert!(weights.into_iter().all(|w| bounds.weight_min <= w && w <= bounds.weight_max));
    }
    for (target, expected) in (0..count).zip(turned) {
        let row = graph.in_row(NodeId::new(target)).unwrap();
        let bits = |(at, source): (usize, &u32)| (*source, row.weights.at(at).to_bits());
        let found: Vec<(u32, u64)> = row.targets.iter().enumerate().map(bits).collect();
        assert_eq!(found, expected, "into {target}");
        assert!(row.len() as u64 <= graph.facts().fan_in_max);
    }
}

/// The graph out of a file it was written to.
pub(crate) fn reopened(graph: &Generation) -> Generation {
    let thread = std::thread::current().id();
    let name = format!("emanate-changes-{}-{thread:?}.emg", std::process::id());
    let file = std::env::temp_dir().join(name);
    write(graph, &file).expect("there is room for a small file");
    let opened = open(&file).expect("it was just written");
    // What is open lives on without its name.
    std::fs::remove_file(&file).expect("it is there");
    opened
}

/// Runs a history on both.
///
/// # Panics
/// Where they differ, or a merged graph differs from one with changes over its blocks.
pub(crate) fn run(history: &History, mistake: Mistake) {
    let mut graph = Graph::from(history.graph.generation());
    let mut model = Model::of(&graph.snapshot(), mistake);
    let requests: Vec<SpreadRequest> =
        history.requests.iter().map(|request| request.request(history.graph.nodes)).collect();
    let mut kept = Vec::new();
    for step in &history.steps {
        kept.push((graph.snapshot(), model.clone()));
        match step {
            Step::Apply(set, options) => apply(&graph, &mut model, set, *options),
            Step::Merge => engines()[0].merge(&graph).expect("it is in memory and small"),
            Step::Maintain => {
                engines()[0].maintain(std::time::Duration::from_millis(1));
            }
            Step::Reopen => {
                graph = Graph::from(reopened(&graph.snapshot()));
                verify(&graph.snapshot()).unwrap();
            }
            Step::TurnRound => {
                graph.snapshot().in_row(NodeId::new(0)).unwrap();
            }
        }
        check(&graph.snapshot(), &model, &requests);
    }
    // What was read before is what it was then.
    for (snapshot, model) in kept {
        check_content(&snapshot, &model);
    }
}
