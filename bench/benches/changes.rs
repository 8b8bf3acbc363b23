//! What does an edit cost, and what do spreads pay for edits that are not merged yet?
//!
//! `one_edge` publishes a generation for each edge, `set_of_1000` one for a thousand. `load` adds
//! the same edges to a graph as one operation, beside `build`, which makes a graph of nothing else.
//! `two_hops` spreads on a graph with one edge in a hundred changed, and on the same one merged.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use emanate::change::{ApplyOptions, ChangeSet};
use emanate::{Engine, Graph, GraphBuilder, NodeId, Snapshot, SpreadRequest};
use emanate_bench::{EdgeList, GeneratedEdge, RMat};

/// Nodes are `2^SCALE`, edges 16 times as many.
const SCALE: u32 = 20;
/// The same for what is loaded.
const LOADED_SCALE: u32 = 16;
/// Spreads of one measurement.
const SPREADS: u32 = 64;

fn rmat(scale: u32, seed: u64) -> EdgeList {
    let edges = 16 << scale;
    EdgeList::rmat(seed, RMat { scale, edges }).with_weights(seed, 0.01, 0.2)
}

fn engine() -> Engine {
    Engine::builder().threads(1).build().expect("the options are good")
}

/// The edges to change: of the same kind of graph, so hubs are changed more than others.
fn edits() -> Vec<GeneratedEdge> {
    let edges = 16 << (SCALE - 6);
    EdgeList::rmat(99, RMat { scale: SCALE, edges }).with_weights(99, 0.01, 0.2).edges
}

fn put(set: &mut ChangeSet, edge: &GeneratedEdge) {
    set.upsert_edge((EdgeList::label(edge.source), EdgeList::label(edge.target)), edge.weight);
}

fn apply(engine: &Engine, graph: &Graph, set: &ChangeSet) {
    engine.apply(graph, set, &ApplyOptions::default()).expect("every edit is a good one");
}

fn what_does_an_edit_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_an_edit_cost");
    group.sample_size(10);
    let graph = Graph::from(rmat(SCALE, 1).to_generation().expect("a good graph"));
    let (engine, edits) = (engine(), edits());
    for (name, size) in [("one_edge", 1), ("set_of_1000", 1000)] {
        let sets: Vec<ChangeSet> = edits
            .chunks_exact(size)
            .map(|edges| {
                let mut set = ChangeSet::new();
                edges.iter().for_each(|edge| put(&mut set, edge));
                set
            })
            .collect();
        let mut next = sets.iter().cycle();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(name, |b| {
            b.iter(|| apply(&engine, &graph, next.next().expect("a cycle has no end")));
        });
        engine.merge(&graph).expect("it is in memory");
    }
    group.finish();
}

fn collected(edges: &[GeneratedEdge]) -> GraphBuilder {
    let mut builder = GraphBuilder::new();
    for edge in edges {
        let (source, target) = (EdgeList::label(edge.source), EdgeList::label(edge.target));
        builder.edge(&source, &target, edge.weight).expect("a good edge");
    }
    builder
}

fn what_does_loading_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_loading_cost");
    group.sample_size(10);
    let engine = engine();
    let (list, more) = (rmat(LOADED_SCALE, 1), rmat(LOADED_SCALE, 2));
    let base = || Graph::from(list.to_generation().expect("a good graph"));
    let empty = || Graph::from(GraphBuilder::new().build().expect("a graph of nothing"));
    let options = ApplyOptions::default();
    group.throughput(Throughput::Elements(more.edges.len() as u64));
    group.bench_function("build", |b| {
        b.iter(|| collected(black_box(&more.edges)).build().expect("a good graph"));
    });
    for (name, graph) in [("load_into_nothing", &empty as &dyn Fn() -> Graph), ("load", &base)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                graph,
                |graph| {
                    let builder = collected(black_box(&more.edges));
                    engine.load(&graph, builder, &options).expect("good edges");
                    graph
                },
                BatchSize::PerIteration,
            );
        });
    }
    for (name, size) in [("one_by_one", 1), ("sets_of_1000", 1000)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                base,
                |graph| {
                    for edges in more.edges.chunks(size) {
                        let mut set = ChangeSet::new();
                        edges.iter().for_each(|edge| put(&mut set, edge));
                        apply(&engine, &graph, &set);
                    }
                    graph
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn spread_all(engine: &Engine, graph: &Snapshot) -> u64 {
    let nodes = u32::try_from(graph.node_count()).expect("ids have 32 bits");
    let mut reached = 0;
    for turn in 0..SPREADS {
        let seed = NodeId::new(turn.wrapping_mul(2_654_435_761) % nodes);
        let request = SpreadRequest::linear(2).seed(seed, 1.0).top(10);
        let outcome = engine.spread_at(graph, &request).expect("a good request");
        reached += outcome.stats.nodes_reached;
    }
    reached
}

fn what_do_spreads_pay_for_edits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_do_spreads_pay_for_edits");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(SPREADS)));
    let list = rmat(SCALE, 1);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let engine = engine();
    let before = graph.snapshot();
    group.bench_function("two_hops_unchanged", |b| b.iter(|| spread_all(&engine, &before)));
    drop(before);
    // Every hundredth edge has another weight.
    for edges in list.edges.iter().step_by(100).copied().collect::<Vec<_>>().chunks(1000) {
        let mut set = ChangeSet::new();
        let changed = edges.iter().map(|edge| GeneratedEdge { weight: edge.weight / 2.0, ..*edge });
        changed.for_each(|edge| put(&mut set, &edge));
        apply(&engine, &graph, &set);
    }
    drop(list);
    let over = graph.snapshot();
    engine.merge(&graph).expect("it is in memory");
    let merged = graph.snapshot();
    assert_eq!(spread_all(&engine, &over), spread_all(&engine, &merged));
    eprintln!("{} of {} rows are changed", over.rows_over_blocks(), over.node_count());
    for round in 1..=2 {
        let name = |what: &str| format!("two_hops_{what}_{round}");
        group.bench_function(name("changed"), |b| b.iter(|| spread_all(&engine, &over)));
        group.bench_function(name("merged"), |b| b.iter(|| spread_all(&engine, &merged)));
    }
    group.finish();
}

criterion_group!(
    benches,
    what_does_an_edit_cost,
    what_does_loading_cost,
    what_do_spreads_pay_for_edits
);
criterion_main!(benches);
