//! What applying a set promises, one promise after the other.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use emanate::change::{
    ApplyOptions, ChangeError, ChangeSet, Chunk, EdgeEnd, EdgeKey, ErrorClass, Journal, Queueing,
    RowEdge, StorageError, Totals,
};
use emanate::{ApplyError, Engine, Generation, Graph, GraphBuilder, NodeId, SpreadRequest};

use crate::changes::model::{Mistake, Model};

/// a -> b -> c, and d alone.
fn small() -> Generation {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).unwrap().edge("b", "c", 0.25).unwrap().node("d").unwrap();
    builder.build().unwrap()
}

fn weight(graph: &Generation, source: &str, target: &str) -> Option<f64> {
    let [source, target] = [source, target].map(|label| graph.find(label).unwrap().unwrap());
    let row = graph.out_row(source).unwrap();
    let at = row.targets.iter().position(|held| *held == target.get())?;
    Some(row.weights.at(at))
}

fn set(fill: impl FnOnce(&mut ChangeSet)) -> ChangeSet {
    let mut set = ChangeSet::new();
    fill(&mut set);
    set
}

fn content(graph: &Graph) -> Model {
    Model::of(&graph.snapshot(), Mistake::None)
}

/// A journal that fails as it is told, and keeps what it is given.
#[derive(Debug, Default)]
struct Told {
    failures_left: AtomicU32,
    is_final: bool,
    panics: bool,
    kept: Mutex<Vec<(ChangeSet, u64)>>,
}

impl Journal for Told {
    fn append(&self, changes: &ChangeSet, generation: u64) -> Result<(), StorageError> {
        assert!(!self.panics, "the journal panics here");
        let less = |left: u32| left.checked_sub(1);
        if self.failures_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            let cause = Arc::new(std::io::ErrorKind::StorageFull);
            return Err(StorageError { transient: !self.is_final, cause: Arc::new(Full(cause)) });
        }
        self.kept.lock().unwrap().push((changes.clone(), generation));
        Ok(())
    }
}

#[derive(Debug)]
struct Full(Arc<std::io::ErrorKind>);

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Full {}

fn quick() -> ApplyOptions {
    let mut options = ApplyOptions::default();
    options.retry_delay = Duration::from_millis(2);
    options
}

#[test]
fn a_set_that_fails_leaves_the_very_same_generation() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let before = (content(&graph), graph.snapshot().number());
    let bad = set(|set| {
        set.upsert_edge(("a", "new"), 1.0).remove_node("b").add_node("d").remove_edge(("a", "c"));
    });
    let error = engine.apply(&graph, &bad, &ApplyOptions::default()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Conflict);
    let ApplyError::Refused { report } = error else { panic!("{error}") };
    let failed: Vec<usize> = report.failures.iter().map(|failure| failure.index).collect();
    assert_eq!(failed, [2, 3]);
    assert!(report.successes.is_empty() && report.totals == Default::default());
    assert_eq!((content(&graph), graph.snapshot().number()), before);
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let before = content(&graph);
    let good = set(|set| {
        set.upsert_edge(("a", "new"), 1.0).remove_node("b");
    });
    let report = engine.apply(&graph, &good, &ApplyOptions::dry_run()).unwrap();
    assert_eq!((report.successes.len(), report.generation), (2, 1));
    assert_eq!((report.totals.edges_added, report.totals.edges_removed), (1, 2));
    assert_eq!(content(&graph), before);
    assert_eq!(graph.snapshot().number(), 1);
}

#[test]
fn a_generation_that_is_no_longer_there_is_a_conflict() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let mut options = ApplyOptions::default();
    options.only_if = Some(1);
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
    });
    assert_eq!(engine.apply(&graph, &more, &options).unwrap().generation, 2);
    let error = engine.apply(&graph, &more, &options).unwrap_err();
    assert!(matches!(error, ApplyError::Stale { expected: 1, found: 2 }));
    assert_eq!(error.class(), ErrorClass::Conflict);
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.75));
}

#[test]
fn merging_makes_no_new_generation() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
    });
    engine.apply(&graph, &more, &ApplyOptions::default()).unwrap();
    engine.merge(&graph).unwrap();
    let mut options = ApplyOptions::default();
    options.only_if = Some(2);
    assert_eq!(engine.apply(&graph, &more, &options).unwrap().generation, 3);
}

#[test]
fn best_effort_commits_chunk_by_chunk() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let mut options = ApplyOptions::best_effort();
    options.chunk = Chunk::Fixed(NonZeroUsize::new(2).unwrap());
    options.direct_below = 0;
    options.failures_max = 1;
    let mixed = set(|set| {
        set.add_node("e").add_node("a").add_node("f").add_node("g").add_node("b").add_node("h");
        set.add_node("i");
    });
    let report = engine.apply(&graph, &mixed, &options).unwrap();
    let failed: Vec<usize> = report.failures.iter().map(|failure| failure.index).collect();
    assert_eq!(failed, [1, 4], "the second is one too many");
    assert_eq!(report.successes.iter().map(|s| s.index).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(report.generation, 3, "one for each chunk that changed anything");
    assert_eq!(graph.snapshot().find("h"), Ok(None));
    let node = report.successes[0].node;
    assert_eq!(graph.snapshot().find("e"), Ok(node));
}

#[test]
fn what_is_switched_off_gives_the_same() {
    let mixed = set(|set| {
        for node in 0..30 {
            set.upsert_edge((format!("n{node}"), format!("n{}", node * 7 % 30)), 0.5);
            set.move_edge(("a", "b"), EdgeEnd::Target, format!("n{node}"));
            set.remove_node("b");
        }
    });
    let applied = |chunk| {
        let (engine, graph) = (Engine::new(), Graph::from(small()));
        let mut options = ApplyOptions::best_effort();
        (options.chunk, options.failures_max) = (chunk, 1000);
        let report = engine.apply(&graph, &mixed, &options).unwrap();
        (content(&graph), report.successes, report.failures, report.totals)
    };
    let together = applied(ApplyOptions::default().chunk);
    assert_eq!(applied(Chunk::One), together);
    assert!(!together.1.is_empty() && !together.2.is_empty());
}

#[test]
fn edits_name_what_is_wrong_with_them() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let bad = set(|set| {
        set.add_node(7u64).add_node("").upsert_edge((NodeId::new(77), "a"), 1.0);
        set.add_weight(("a", "b"), f64::NAN).set_weight(("a", "c"), 1.0).add_node("a");
        set.move_edge(("a", "b"), EdgeEnd::Source, "nobody").rename_node("a", "b");
        set.add_edge(("a", "b"), 1.0);
    });
    let mut options = ApplyOptions::default();
    options.failures_max = 100;
    let error = engine.apply(&graph, &bad, &options).unwrap_err();
    let failures = &error.report().unwrap().failures;
    let errors: Vec<&ChangeError> = failures.iter().map(|failure| &failure.error).collect();
    let key = ChangeError::WrongKeyKind { node: 7u64.into() };
    assert_eq!(errors[0], &key);
    assert_eq!(errors[1], &ChangeError::EmptyLabel);
    assert_eq!(errors[2], &ChangeError::UnknownNode { node: NodeId::new(77).into() });
    assert!(matches!(errors[3], ChangeError::NotFinite { name: "amount", .. }));
    let edge = Box::new(EdgeKey::new("a", "c"));
    assert_eq!(errors[4], &ChangeError::UnknownEdge { edge });
    assert_eq!(errors[5], &ChangeError::NodeExists { node: "a".into() });
    assert_eq!(errors[6], &ChangeError::UnknownNode { node: "nobody".into() });
    assert_eq!(errors[7], &ChangeError::NodeExists { node: "b".into() });
    let edge = Box::new(EdgeKey::new("a", "b"));
    assert_eq!(errors[8], &ChangeError::EdgeExists { edge });
    assert!(
        errors.iter().all(|error| error.to_string().contains(';')
            || matches!(error, ChangeError::NotFinite { .. }))
    );
}

#[test]
fn a_weight_never_grows_beyond_what_a_number_holds() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let row = |weight| RowEdge { target: "b".into(), weight, relation: None, time: None };
    for bad in [
        set(|set| {
            set.set_weight(("a", "b"), f64::MAX).add_weight(("a", "b"), f64::MAX);
        }),
        set(|set| {
            set.oja([(EdgeKey::new("a", "b"), 1e300, 1e300)], 1.0);
        }),
        set(|set| {
            set.rebuild_row("a", vec![row(f64::MAX), row(f64::MAX)]);
        }),
    ] {
        let error = engine.apply(&graph, &bad, &ApplyOptions::default()).unwrap_err();
        let failures = &error.report().unwrap().failures;
        assert_eq!(failures[0].error, ChangeError::WeightOverflow);
    }
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.5));
}

#[test]
fn transient_storage_errors_are_tried_again_and_others_are_not() {
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
    });
    for (failures, is_final, attempts, stored) in
        [(0, false, 1, true), (2, false, 3, true), (3, false, 3, false), (1, true, 1, false)]
    {
        let journal =
            Arc::new(Told { failures_left: failures.into(), is_final, ..Told::default() });
        let graph = Graph::journaled(small(), journal.clone());
        let applied = Engine::new().apply(&graph, &more, &quick());
        let report = match &applied {
            Ok(report) => report,
            Err(ApplyError::Storage { report, error }) => {
                assert_eq!(error.transient, !is_final);
                report
            }
            Err(error) => panic!("{error}"),
        };
        assert_eq!(applied.is_ok(), stored);
        assert_eq!(report.store_attempts, attempts);
        assert_eq!(report.successes.len(), usize::from(stored));
        let expected = if stored { 0.75 } else { 0.5 };
        assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(expected));
        assert_eq!(journal.kept.lock().unwrap().len(), usize::from(stored));
    }
}

#[test]
fn the_journal_is_given_what_is_published_and_nothing_else() {
    let journal = Arc::new(Told::default());
    let graph = Graph::journaled(small(), journal.clone());
    let mixed = set(|set| {
        set.add_node("e").add_node("a").add_edge(("e", "a"), 1.0).remove_edge(("a", "c"));
        set.remove_node("b");
    });
    let mut options = ApplyOptions::best_effort();
    options.chunk = Chunk::Fixed(NonZeroUsize::new(3).unwrap());
    options.direct_below = 0;
    Engine::new().apply(&graph, &mixed, &options).unwrap();
    // Replayed, it makes the same graph: ids, numbers and bits.
    let (engine, replayed) = (Engine::new(), Graph::from(small()));
    for (set, generation) in &*journal.kept.lock().unwrap() {
        let mut bytes = Vec::new();
        set.encode(&mut bytes);
        let set = ChangeSet::decode(&bytes).unwrap();
        let report = engine.apply(&replayed, &set, &ApplyOptions::default()).unwrap();
        assert_eq!(report.generation, *generation);
    }
    assert_eq!(content(&replayed), content(&graph));
    assert_eq!(replayed.snapshot().number(), graph.snapshot().number());
    let request = SpreadRequest::linear(3).seed("e", 1.0);
    let spread = |graph| engine.spread(graph, &request).unwrap().activations;
    assert_eq!(spread(&replayed), spread(&graph));
}

#[test]
fn a_panic_in_the_middle_leaves_the_graph_and_the_turn() {
    let journal = Arc::new(Told { panics: true, ..Told::default() });
    let graph = Graph::journaled(small(), journal);
    let engine = Engine::new();
    let before = content(&graph);
    let more = set(|set| {
        set.remove_node("b").upsert_edge(("x", "y"), 1.0);
    });
    let run = AssertUnwindSafe(|| engine.apply(&graph, &more, &ApplyOptions::default()));
    assert!(catch_unwind(run).is_err());
    assert_eq!(content(&graph), before);
    // Whoever comes next has the turn at once.
    let mut options = ApplyOptions::dry_run();
    options.queueing = Queueing::Refuse;
    assert!(engine.apply(&graph, &more, &options).is_ok());
}

/// A journal that holds whoever calls it until it is let go.
#[derive(Debug, Default)]
struct Held {
    gate: Mutex<()>,
    reached: AtomicU32,
}

impl Journal for Held {
    fn append(&self, _: &ChangeSet, _: u64) -> Result<(), StorageError> {
        self.reached.fetch_add(1, Ordering::Release);
        drop(self.gate.lock().unwrap());
        Ok(())
    }
}

#[test]
fn a_writer_waits_for_its_turn_and_readers_for_nobody() {
    let journal = Arc::new(Held::default());
    let graph = Graph::journaled(small(), journal.clone());
    let engine = Engine::new();
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
    });
    std::thread::scope(|scope| {
        let gate = journal.gate.lock().unwrap();
        let first = scope.spawn(|| engine.apply(&graph, &more, &ApplyOptions::default()));
        while journal.reached.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        // The first is stored and not published: readers see what was there before.
        assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.5));
        let request = SpreadRequest::linear(2).seed("a", 1.0);
        assert_eq!(engine.spread(&graph, &request).unwrap().stats.generation, 1);
        let mut options = ApplyOptions::default();
        options.queueing = Queueing::Refuse;
        let error = engine.apply(&graph, &more, &options).unwrap_err();
        assert!(matches!(error, ApplyError::Busy { .. }));
        options.queueing = Queueing::Wait { most: 1 };
        options.budget = Duration::from_millis(10);
        let error = engine.apply(&graph, &more, &options).unwrap_err();
        assert!(matches!(error, ApplyError::Late { .. }));
        assert_eq!(error.class(), ErrorClass::Late);
        let second = scope.spawn(|| engine.apply(&graph, &more, &ApplyOptions::default()));
        drop(gate);
        let generations = [first, second].map(|thread| thread.join().unwrap().unwrap().generation);
        assert_eq!(generations, [2, 3]);
    });
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(1.0));
}

#[test]
fn a_set_whose_time_is_over_leaves_what_it_committed() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
    });
    let mut options = ApplyOptions::default();
    options.budget = Duration::ZERO;
    let started = Instant::now();
    let error = engine.apply(&graph, &more, &options).unwrap_err();
    assert!(matches!(&error, ApplyError::Late { report } if report.successes.is_empty()));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.5));
}

#[test]
fn a_graph_does_not_outgrow_the_scratch_that_serves_it() {
    let generation = small();
    let probe = Engine::builder().scratch_bytes(1).serves(&generation).build().unwrap_err();
    let emanate::BuildEngineError::ScratchTooSmall { bytes_needed, .. } = probe else {
        panic!("{probe}")
    };
    let engine = Engine::builder().scratch_bytes(bytes_needed).build().unwrap();
    let graph = Graph::from(generation);
    let more = set(|set| {
        set.add_weight(("a", "b"), 0.25);
        for node in 0..1000 {
            set.add_node(format!("n{node}"));
        }
    });
    let error = engine.apply(&graph, &more, &ApplyOptions::default()).unwrap_err();
    assert!(matches!(error, ApplyError::ScratchTooSmall { .. }), "{error}");
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.5));
    assert!(Engine::new().apply(&graph, &more, &ApplyOptions::default()).is_ok());
}

#[test]
fn keys_of_a_host_are_names_too() {
    let mut builder = GraphBuilder::with_keys();
    builder.edge(1u64, 2u64, 0.5).unwrap();
    let (engine, graph) = (Engine::new(), Graph::from(builder.build().unwrap()));
    let more = set(|set| {
        set.upsert_edge((2u64, 3u64), 0.25).rename_node(1u64, 9u64).remove_node(2u64);
        set.add_node(2u64).upsert_edge((9u64, 2u64), 1.0);
    });
    engine.apply(&graph, &more, &ApplyOptions::default()).unwrap();
    for _ in 0..2 {
        let now = graph.snapshot();
        assert_eq!(now.find(1u64), Ok(None));
        let nodes = [9u64, 2, 3].map(|key| now.find(key).unwrap().unwrap());
        assert_eq!(now.out_row(nodes[0]).unwrap().targets, [nodes[1].get()]);
        assert!(now.in_row(nodes[2]).unwrap().is_empty());
        assert_eq!((now.facts().nodes, now.facts().removed_nodes), (4, 1));
        engine.merge(&graph).unwrap();
    }
    let file = crate::changes::driver::reopened(&graph.snapshot());
    assert_eq!(file.find(2u64), graph.snapshot().find(2u64));
    assert_eq!(file.facts().removed_nodes, 1);
}

#[test]
fn what_each_edit_did_is_counted_and_an_edge_that_was_there_is_changed_not_added() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let edits = set(|set| {
        set.add_node("e").upsert_edge(("x", "y"), 0.5).upsert_edge(("d", "z"), 0.5);
        set.upsert_edge(("a", "b"), 0.25).set_weight(("a", "b"), 0.5).upsert_node("a");
        set.rename_node("d", "late").remove_edge(("b", "c")).remove_node("e");
    });
    let report = engine.apply(&graph, &edits, &ApplyOptions::default()).unwrap();
    let expected = Totals {
        nodes_added: 4,
        nodes_renamed: 1,
        nodes_removed: 1,
        edges_added: 2,
        edges_changed: 2,
        edges_removed: 1,
    };
    assert_eq!(report.totals, expected);
}

#[test]
fn ojas_rule_is_the_published_one() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let learned = set(|set| {
        set.oja([(EdgeKey::new("a", "b"), 0.5, 0.25)], 0.5);
    });
    engine.apply(&graph, &learned, &ApplyOptions::default()).unwrap();
    // w + r * y * (x - y * w), all of it exact.
    assert_eq!(weight(&graph.snapshot(), "a", "b"), Some(0.5 + 0.5 * 0.25 * (0.5 - 0.25 * 0.5)));
}

#[test]
fn minus_zero_is_the_same_instant_as_zero() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let edge = |time| EdgeKey::new("a", "c").time(time);
    let edits = set(|set| {
        set.upsert_edge(edge(-0.0), 0.5).set_weight(edge(0.0), 0.75).upsert_edge(edge(-0.0), 1.0);
    });
    let report = engine.apply(&graph, &edits, &ApplyOptions::default()).unwrap();
    assert_eq!((report.totals.edges_added, report.totals.edges_changed), (1, 2));
    assert_eq!(weight(&graph.snapshot(), "a", "c"), Some(1.0));
}

#[test]
fn chunks_are_halved_by_a_failure_and_doubled_without() {
    let (engine, graph) = (Engine::new(), Graph::from(small()));
    let mut options = ApplyOptions::best_effort();
    let [first, most] = [2, 8].map(|size| NonZeroUsize::new(size).unwrap());
    options.chunk = Chunk::BySuccess { first, most };
    (options.direct_below, options.failures_max) = (0, 100);
    let edits = set(|set| {
        for index in 0..12 {
            set.add_node(if index == 3 { "a".to_owned() } else { format!("n{index}") });
        }
    });
    let report = engine.apply(&graph, &edits, &options).unwrap();
    assert_eq!((report.successes.len(), report.failures.len()), (11, 1));
    // Two edits, four with a failure among them, two again, and four.
    assert_eq!(report.generation, 1 + 4);
}
