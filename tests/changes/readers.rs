//! Readers while writers publish: each sees one whole generation.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use emanate::change::ChangeSet;
use emanate::{ApplyOptions, Engine, Graph, GraphBuilder, SpreadRequest};

/// Nodes that hand a token on: in every generation exactly one of them has the edge to `sink`.
const NODES: u32 = 64;
/// Sets that each writer applies.
const SETS: u64 = 400;

fn ring() -> Graph {
    let mut builder = GraphBuilder::new();
    for node in 0..NODES {
        builder.edge("root", &format!("n{node}"), 1.0).unwrap();
    }
    builder.edge("n0", "sink", 1.0).unwrap();
    Graph::from(builder.build().unwrap())
}

/// Moves the token `step` nodes on, from wherever it is, in a set of several edits; tries again
/// where another writer was faster.
fn pass(engine: &Engine, graph: &Graph, step: u32) {
    loop {
        let now = graph.snapshot();
        let sink = now.find("sink").unwrap().unwrap();
        let holder = |node: &u32| {
            let id = now.find(format!("n{node}")).unwrap().unwrap();
            now.out_row(id).unwrap().targets.contains(&sink.get())
        };
        let from = (0..NODES).find(holder).expect("somebody has the token");
        let mut set = ChangeSet::new();
        set.remove_edge((format!("n{from}"), "sink"));
        set.upsert_edge((format!("n{}", (from + step) % NODES), "sink"), 1.0);
        set.upsert_edge(("root", format!("n{from}")), 1.0);
        let mut options = ApplyOptions::default();
        options.only_if = Some(now.number());
        match engine.apply(graph, &set, &options) {
            Ok(_) => return,
            Err(emanate::ApplyError::Stale { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn every_reader_sees_a_whole_generation() {
    let (engine, graph) = (Engine::new(), ring());
    let (writing, seen) = (AtomicBool::new(true), AtomicU64::new(0));
    let request = SpreadRequest::linear(2).seed("root", 1.0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while writing.load(Ordering::Acquire) {
                    let outcome = engine.spread(&graph, &request).unwrap();
                    let now = graph.snapshot();
                    let sink = now.find("sink").unwrap().unwrap();
                    let token = outcome.activations.iter().find(|entry| entry.node == sink);
                    let activation = token.expect("somebody has the token").activation;
                    // Twice or not at all would be 2 * 0.85^2, or nothing.
                    assert_eq!(activation.to_bits(), (0.85f64 * 0.85).to_bits());
                    assert_eq!(outcome.stats.nodes_reached, u64::from(NODES) + 2);
                    assert!(outcome.stats.generation >= last, "time went back");
                    last = outcome.stats.generation;
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while writing.load(Ordering::Acquire) {
                assert_eq!(engine.maintain(Duration::from_micros(100)).failed, 0);
                engine.merge(&graph).unwrap();
            }
        });
        let writers = [1, 7].map(|step| {
            let (engine, graph) = (&engine, &graph);
            scope.spawn(move || (0..SETS).for_each(|_| pass(engine, graph, step)))
        });
        let done = writers.map(|writer| writer.join());
        writing.store(false, Ordering::Release);
        done.into_iter().for_each(|done| done.expect("a writer came to its end"));
    });
    assert!(seen.load(Ordering::Relaxed) > 0, "nobody read anything");
    assert_eq!(graph.snapshot().number(), 1 + 2 * SETS);
}
