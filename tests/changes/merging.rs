//! Maintenance: merging beside changes, and freeing what nobody reads.

use std::time::Duration;

use emanate::change::{ChangeSet, EdgeKey};
use emanate::graph::{open, verify, write};
use emanate::{ApplyOptions, Engine, Graph, GraphBuilder, NodeId, SpreadRequest};
use emanate_bench::{EdgeList, RMat};

use crate::changes::model::{Mistake, Model};

fn rmat() -> Graph {
    let list = EdgeList::rmat(7, RMat { scale: 11, edges: 9000 }).with_weights(7, 0.1, 0.5);
    Graph::from(list.to_generation().expect("a good graph"))
}

/// Reinforces edges that are there and makes some that are not, `count` of them from `first` on.
fn edits(graph: &Graph, first: u32, count: u32) -> ChangeSet {
    let now = graph.snapshot();
    let nodes = u32::try_from(now.node_count()).unwrap();
    let mut set = ChangeSet::new();
    for turn in first..first + count {
        let source = NodeId::new(turn.wrapping_mul(2_654_435_761) % nodes);
        let target = NodeId::new(turn.wrapping_mul(40_503) % nodes);
        set.upsert_edge((source, target), 0.25 + f64::from(turn % 7) / 3.0);
    }
    set
}

#[test]
fn changes_made_during_a_merge_stand_over_the_new_blocks() {
    let (engine, graph) = (Engine::new(), rmat());
    let apply = |first, count| {
        engine.apply(&graph, &edits(&graph, first, count), &ApplyOptions::default()).unwrap();
    };
    graph.snapshot().in_row(NodeId::new(0)).unwrap();
    apply(0, 1000);
    let mut merged = 0;
    for turn in 1..200 {
        // A slice of a merge, then more changes.
        let done = engine.maintain(Duration::ZERO);
        assert_eq!(done.failed, 0);
        merged += done.merged;
        apply(turn * 1000, 3);
    }
    assert!(merged > 0, "nothing was merged");
    let now = graph.snapshot();
    assert!(now.rows_over_blocks() > 0, "the last changes stand over the blocks");
    assert!(now.rows_over_blocks() < 1000, "the first ones do not");
    let model = Model::of(&now, Mistake::None);
    engine.merge(&graph).unwrap();
    assert_eq!(graph.snapshot().rows_over_blocks(), 0);
    assert_eq!(Model::of(&graph.snapshot(), Mistake::None), model);
    for node in (0..u32::try_from(now.node_count()).unwrap()).map(NodeId::new) {
        let merged = graph.snapshot();
        assert_eq!(now.in_row(node).unwrap().targets, merged.in_row(node).unwrap().targets);
    }
}

#[test]
fn a_generation_is_freed_once_nobody_reads_it() {
    let (engine, graph) = (Engine::new(), rmat());
    let reader = graph.snapshot();
    let expected = engine.spread(&graph, &SpreadRequest::linear(3).seed(NodeId::new(5), 1.0));
    for turn in 0..50 {
        engine.apply(&graph, &edits(&graph, turn * 10, 10), &ApplyOptions::default()).unwrap();
    }
    engine.merge(&graph).unwrap();
    let done = engine.maintain(Duration::from_millis(1));
    assert_eq!(done.retired, 1, "one is still read");
    assert_eq!(reader.number(), 1);
    let again = engine.spread_at(&reader, &SpreadRequest::linear(3).seed(NodeId::new(5), 1.0));
    assert_eq!(again.unwrap().activations, expected.unwrap().activations);
    drop(reader);
    let done = engine.maintain(Duration::from_millis(1));
    assert_eq!((done.freed, done.retired), (1, 0));
}

#[test]
fn a_graph_that_is_gone_is_not_looked_after() {
    let (engine, graph) = (Engine::new(), rmat());
    engine.apply(&graph, &edits(&graph, 0, 1000), &ApplyOptions::default()).unwrap();
    assert_eq!(engine.maintain(Duration::ZERO).merging, 1);
    drop(graph);
    assert_eq!(engine.maintain(Duration::from_secs(1)), Default::default());
}

#[test]
fn what_was_opened_and_changed_is_written_whole_though_nothing_was_read() {
    let mut builder = GraphBuilder::new();
    // No single-precision number is a tenth.
    builder.edge("a", "b", 0.1).unwrap().edge("b", "c", 0.5).unwrap();
    let folder = std::env::temp_dir();
    let file = |name: &str| folder.join(format!("emanate-unread-{}-{name}", std::process::id()));
    let [first, second] = ["first", "second"].map(file);
    write(&builder.build().unwrap(), &first).unwrap();
    let graph = Graph::from(open(&first).unwrap());
    let mut changes = ChangeSet::new();
    changes.upsert_edge(EdgeKey::new("c", "a"), 0.25);
    Engine::new().apply(&graph, &changes, &ApplyOptions::default()).unwrap();
    write(&graph.snapshot(), &second).unwrap();
    let written = open(&second).unwrap();
    verify(&written).unwrap();
    let node = |label: &str| written.find(label).unwrap().unwrap();
    let weight = |label: &str| written.out_row(node(label)).unwrap().weights.at(0);
    assert_eq!(["a", "b", "c"].map(weight), [0.1, 0.5, 0.25]);
    for path in [first, second] {
        std::fs::remove_file(path).unwrap();
    }
}

/// Merging copies blocks: a change or two do not pay for that, and what a file holds may not fit.
#[test]
fn few_changes_and_those_over_a_file_are_not_merged_by_maintenance() {
    let (engine, few) = (Engine::new(), rmat());
    let options = ApplyOptions::default();
    engine.apply(&few, &edits(&few, 0, 10), &options).unwrap();
    let over_blocks = few.snapshot().rows_over_blocks();
    let path = std::env::temp_dir().join(format!("emanate-unmerged-{}", std::process::id()));
    write(&few.snapshot(), &path).unwrap();
    let of_file = Graph::from(open(&path).unwrap());
    engine.apply(&of_file, &edits(&of_file, 0, 1000), &options).unwrap();
    for _ in 0..3 {
        let done = engine.maintain(Duration::from_millis(1));
        assert_eq!((done.merged, done.merging), (0, 0));
    }
    assert!(over_blocks > 0 && few.snapshot().rows_over_blocks() == over_blocks);
    assert!(of_file.snapshot().rows_over_blocks() > 500);
    std::fs::remove_file(path).unwrap();
}
