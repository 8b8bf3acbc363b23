//! What is written is read back, and reading takes no more than it needs.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;

use proptest::prelude::*;

use super::{
    Folder, Held, assert_same, blocks_resident, bytes_of, nodes_of, open_bytes, plain, rich, seen,
    small_labelled, small_wide,
};
use crate::graph::native::file::{ReadAt, Reopened};
use crate::graph::native::open::open_reader;
use crate::graph::{Edge, Generation, GraphBuilder, Row, WeightSlice, open, verify, write};
use crate::sync::{Arc, Ordering};
use crate::terms::{Label, NodeId};

fn round_trip(graph: &Generation, test: &str) -> Generation {
    let folder = Folder::new(test);
    let file = folder.file("graph.emg");
    write(graph, &file).unwrap();
    assert_eq!(folder.names(), ["graph.emg"], "nothing else is left");
    let opened = open(&file).unwrap();
    assert_same(&opened, graph);
    assert_eq!(opened.number(), 1);
    let report = verify(&opened).unwrap();
    let sections = opened.sections();
    assert_eq!(report.blocks + 1, sections.iter().map(|section| section.blocks).sum());
    let length = std::fs::metadata(&file).unwrap().len();
    assert_eq!(sections.iter().map(|section| section.file_bytes).sum::<u64>(), length);
    opened
}

#[test]
fn every_kind_of_graph_comes_back() {
    round_trip(&small_labelled(), "labels");
    round_trip(&small_wide(), "wide-keys");
    round_trip(&plain(3000, 9000), "keys");
    round_trip(&rich(5000, 20_000), "rich");
}

#[test]
fn graphs_of_nothing_and_of_full_blocks_come_back() {
    round_trip(&GraphBuilder::new().build().unwrap(), "empty");
    round_trip(&GraphBuilder::with_keys().build().unwrap(), "empty-keys");
    round_trip(&plain(1, 0), "one-node");
    for nodes in [1023, 1024, 1025, 4095, 4096, 4097, 8192] {
        round_trip(&plain(nodes, 10), "boundaries");
    }
    let mut builder = GraphBuilder::new();
    for label in ["a", "b", "c"] {
        builder.node(label).unwrap();
    }
    round_trip(&builder.build().unwrap(), "isolated");
}

#[test]
fn a_graph_with_times_but_no_relations_comes_back_and_the_other_way_round() {
    for (relation, time) in [(None, Some(2.0)), (Some("of"), None)] {
        let mut builder = GraphBuilder::new();
        let (source, target) = (Label::Text("a"), Label::Text("b"));
        builder.add(&Edge { source, target, weight: 1.0, relation, time }).unwrap();
        builder.add(&Edge { source, target, weight: 2.0, relation: None, time: None }).unwrap();
        let opened = round_trip(&builder.build().unwrap(), "half-rich");
        let node = opened.find("a").unwrap().unwrap();
        assert_eq!(opened.out_relations(node).unwrap().len(), 2 * usize::from(time.is_none()));
        assert_eq!(opened.out_times(node).unwrap().len(), 2 * usize::from(time.is_some()));
    }
}

#[test]
fn the_numbers_in_a_file_are_those_that_were_given() {
    let opened = round_trip(&small_wide(), "given");
    let three = opened.find(3u128 << 100 | 3).unwrap().unwrap();
    let one = opened.find(1u128 << 100 | 1).unwrap().unwrap();
    let targets = [three.get(), one.get()];
    let expected = Row { targets: &targets, weights: WeightSlice::Single(&[1.0, 4.0]) };
    assert_eq!(opened.out_row(three).unwrap(), expected);
}

#[test]
fn what_was_opened_can_be_written_again_to_the_same_bytes_and_place() {
    let graph = rich(1500, 5000);
    let folder = Folder::new("again");
    let file = folder.file("graph.emg");
    write(&graph, &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    let opened = open(&file).unwrap();
    write(&opened, &file).unwrap();
    assert!(std::fs::read(&file).unwrap() == before, "the same graph gives the same bytes");
    let names = opened.sections().into_iter().find(|section| section.name == "names").unwrap();
    assert_eq!(names.resident_bytes, 0, "a pass over a graph does not bring it into memory");
    // The opened graph lives on though its file was replaced.
    assert_same(&opened, &graph);
}

#[test]
fn opening_reads_little_and_touching_reads_one_block() {
    let graph = plain(100_000, 1_000_000);
    let bytes = bytes_of(&graph, "large");
    let length = bytes.len() as u64;
    let held = Held::new(bytes);
    let opened = open_reader(Arc::clone(&held) as Arc<dyn ReadAt>, Path::new("held").into());
    let opened = opened.unwrap();
    let read_at_open = held.bytes_read.load(Ordering::Relaxed);
    assert!(read_at_open * 500 < length, "{read_at_open} of {length} bytes were read");
    assert!(held.reads.load(Ordering::Relaxed) <= 8);
    assert_eq!(blocks_resident(&opened), 0);

    let node = NodeId::new(50_000);
    assert_eq!(opened.out_row(node).unwrap(), graph.out_row(node).unwrap());
    let row_bytes = held.bytes_read.load(Ordering::Relaxed) - read_at_open;
    let out_edges = opened.sections()[3];
    assert_eq!(out_edges.name, "out-edges");
    assert_eq!(row_bytes, out_edges.resident_bytes, "one block is read, once");
    assert!((1..length / 50).contains(&row_bytes), "{row_bytes}");
    let _ = opened.out_row(NodeId::new(50_001)).unwrap();
    assert_eq!(held.bytes_read.load(Ordering::Relaxed) - read_at_open, row_bytes);
}

#[test]
fn a_graph_in_memory_says_what_it_takes() {
    let graph = small_labelled();
    let names = |graph: &Generation| {
        graph.sections().iter().map(|section| section.name).collect::<Vec<_>>()
    };
    let out = ["facts", "names", "order", "out-edges", "out-relations", "out-times"];
    assert_eq!(names(&graph), out);
    graph.in_edges().unwrap();
    assert_eq!(names(&graph)[6..], ["in-edges", "in-relations", "in-times"]);
    let sections = graph.sections();
    assert!(sections.iter().all(|section| section.file_bytes == 0 && section.blocks == 1));
    // Text and five offsets; four ids; five offsets and seven edges with weights of 8 bytes.
    let bytes: Vec<u64> = sections[1..6].iter().map(|section| section.resident_bytes).collect();
    assert_eq!(bytes, [22 + 20, 16, 20 + 7 * 12, 7 * 4, 7 * 8]);
}

#[test]
fn threads_that_touch_one_file_at_once_read_the_same() {
    let graph = rich(3000, 9000);
    let opened = open_bytes(bytes_of(&graph, "threads")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for node in nodes_of(&graph) {
                    assert_eq!(seen(&opened, node), seen(&graph, node));
                }
            });
        }
    });
}

#[test]
fn a_file_that_is_opened_anew_for_each_read_reads_the_same() {
    let graph = small_labelled();
    let folder = Folder::new("reopened");
    let file = folder.file("graph.emg");
    write(&graph, &file).unwrap();
    let reader = Arc::new(Reopened(file.clone()));
    assert_eq!(reader.length().unwrap(), std::fs::metadata(&file).unwrap().len());
    let opened = open_reader(reader, file.into()).unwrap();
    assert_same(&opened, &graph);
}

#[test]
fn an_open_graph_may_cross_threads_and_panics() {
    fn assert_safe<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    assert_safe::<Generation>();
}

type GivenEdge = (u8, u8, f64, Option<u8>, Option<i16>);

fn given_edge() -> impl Strategy<Value = GivenEdge> {
    let weight = prop_oneof![-4.0..4.0f64, (0..8u8).prop_map(|eighths| f64::from(eighths) / 8.0)];
    (0..12u8, 0..12u8, weight, prop::option::of(0..3u8), prop::option::of(-2..3i16))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn any_graph_comes_back(edges in prop::collection::vec(given_edge(), 0..60)) {
        let mut builder = GraphBuilder::new();
        for (source, target, weight, relation, time) in edges {
            let (source, target) = (format!("n{source}"), format!("n{target}"));
            let relation = relation.map(|relation| format!("r{relation}"));
            builder.add(&Edge {
                source: Label::Text(&source),
                target: Label::Text(&target),
                weight,
                relation: relation.as_deref(),
                time: time.map(f64::from),
            }).unwrap();
        }
        round_trip(&builder.build().unwrap(), "any");
    }
}
