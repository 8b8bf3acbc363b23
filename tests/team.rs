//! One spread on several threads, where there is little to divide or something is wrong: as on one.
#![forbid(unsafe_code)]

use std::num::NonZeroU32;
use std::time::Duration;

use emanate::change::{ApplyOptions, ChangeSet, EdgeKey};
use emanate::graph::{open, write};
use emanate::spread::{Execution, Hops, Kernel, Linear, Precision, Rule, Share};
use emanate::{
    CancelToken, Engine, Generation, Graph, GraphBuilder, SpreadOutcome, SpreadRequest, StopReason,
};
use emanate_bench::{EdgeList, RMat};
use emanate_tests::compare::{Scope, assert_same_bits};

/// More than one thread weighs at once, and not a multiple of 64.
const NODES: u64 = 20_001;

fn graph(edges: impl Iterator<Item = (u64, u64)>, nodes: u64) -> Graph {
    let mut builder = GraphBuilder::with_keys();
    for node in 0..nodes {
        builder.node(node).expect("few nodes");
    }
    for (source, target) in edges {
        let weight = 0.05 + (source * 31 + target * 17) as f64 % 97.0 / 100.0;
        builder.edge(source, target, weight).expect("a good edge");
    }
    Graph::from(builder.build().expect("a good graph"))
}

fn engine(kernel: Kernel) -> Engine {
    let execution = Execution { kernel, ..Execution::default() };
    Engine::builder().execution(execution).threads(8).build().expect("good options")
}

const KERNELS: [Kernel; 4] = [Kernel::List, Kernel::Scan, Kernel::Dense, Kernel::Auto];

fn threads(request: &SpreadRequest, threads: u32) -> SpreadRequest {
    request.clone().threads(NonZeroU32::new(threads).expect("at least one"))
}

fn spread(engine: &Engine, graph: &Graph, request: &SpreadRequest) -> SpreadOutcome {
    engine.spread(graph, request).expect("a good request")
}

fn rules() -> [Rule; 3] {
    let linear = Linear { hops: Hops::Limit(3), firing_threshold: 0.0, ..Linear::default() };
    let shared = Linear { share: Share::Weight, ..linear.clone() };
    let single = Linear { precision: Precision::Single, ..linear.clone() };
    [linear, shared, single].map(Rule::Linear)
}

/// What is looked at, told where it fails.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn assert_as_on_one_thread(graph: &Graph, request: &SpreadRequest, how: &str) {
    let expected = spread(&Engine::new(), graph, request);
    for kernel in KERNELS {
        let engine = engine(kernel);
        for count in [2, 3, 8, 1000] {
            let _told = Told(format!("{how}: {kernel:?}, {count} threads"));
            let got = spread(&engine, graph, &threads(request, count));
            assert_same_bits(&got, &expected, Scope::Whole);
        }
    }
}

#[test]
fn graphs_that_cannot_be_divided_evenly() {
    let all = || 1..NODES;
    let shapes: [(&str, Graph); 6] = [
        ("one node leads to all", graph(all().map(|node| (0, node)), NODES)),
        ("all lead to one node", graph(all().map(|node| (node, 0)), NODES)),
        ("all lead to one node and back", {
            graph(all().flat_map(|node| [(node, 0), (0, node)]), NODES)
        }),
        ("one edge many times", graph((0..40_000).map(|_| (0, 1)), 2)),
        ("no edges", graph(std::iter::empty(), NODES)),
        ("one node", graph(std::iter::once((0, 0)), 1)),
    ];
    for (how, graph) in &shapes {
        let nodes = graph.snapshot().node_count() as u64;
        for rule in rules() {
            let request = SpreadRequest::new(rule).top(300);
            assert_as_on_one_thread(graph, &request.clone().seed(0_u64, 1.0), how);
            let request = (0..nodes).fold(request, |request, node| request.seed(node, 0.5));
            assert_as_on_one_thread(graph, &request, how);
        }
    }
}

#[test]
fn a_graph_with_changes_over_its_blocks() {
    let list = EdgeList::rmat(8, RMat { scale: 14, edges: 60_000 }).with_weights(8, 0.1, 0.9);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let mut changes = ChangeSet::new();
    for edge in list.edges.iter().step_by(50) {
        let (source, target) = (EdgeList::label(edge.source), EdgeList::label(edge.target));
        changes.upsert_edge(EdgeKey::new(target.as_str(), source.as_str()), 0.7);
    }
    Engine::new().apply(&graph, &changes, &ApplyOptions::default()).expect("good changes");
    for rule in rules() {
        let request = SpreadRequest::new(rule).seed("n0", 1.0).seed("n77", 0.5).top(300);
        assert_as_on_one_thread(&graph, &request, "changed");
    }
}

/// A file, removed when this is dropped.
struct File(std::path::PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The value of the one sample of `text` whose line begins with `name`.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(name)).expect("it is among the metrics");
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[test]
fn rows_of_a_file_are_read_counted_and_missed_alike() {
    let list = EdgeList::rmat(9, RMat { scale: 14, edges: 60_000 }).with_weights(9, 0.1, 0.9);
    let whole: Generation = list.to_generation().expect("a good graph");
    let name = format!("emanate-team-{}.emg", std::process::id());
    let file = File(std::env::temp_dir().join(name));
    write(&whole, &file.0).expect("there is room");
    let bytes = std::fs::read(&file.0).expect("it was just written");
    let request = SpreadRequest::new(rules()[0].clone()).top(300);
    let request = (0..whole.node_count()).fold(request, |request, node| {
        request.seed(emanate::NodeId::new(u32::try_from(node).expect("few")), 0.5)
    });
    let mut missed = 0;
    for place in [None, Some(0.2), Some(0.4), Some(0.6)] {
        let mut bytes = bytes.clone();
        if let Some(place) = place {
            let at = (bytes.len() as f64 * place) as usize;
            bytes[at] ^= 0x10;
        }
        std::fs::write(&file.0, &bytes).expect("there is room");
        // Opened anew each time, so that every block is read by the spread.
        let Ok(once) = open(&file.0) else { continue };
        let (graph, one) = (Graph::from(once), Engine::new());
        let expected = spread(&one, &graph, &request);
        missed += expected.degraded.count;
        for kernel in KERNELS {
            let graph = Graph::from(open(&file.0).expect("it opened before"));
            let engine = engine(kernel);
            let got = spread(&engine, &graph, &threads(&request, 8));
            assert_same_bits(&got, &expected, Scope::Whole);
            for name in [
                "emanate_tier_read_duration_seconds_count{tier=\"warm\"}",
                "emanate_spreads_by_tier_total{tier=\"warm\"}",
            ] {
                let read = sample(&engine.reading().text(), name);
                assert_eq!(read, sample(&one.reading().text(), name), "{name} {kernel:?}");
                assert!(read > 0.0, "{name}: nothing was read");
            }
        }
    }
    assert!(missed > 0, "no row was damaged, so little was tested");
}

#[test]
fn a_spread_that_is_cancelled_or_late_ends_where_it_ends_on_one_thread() {
    let list = EdgeList::rmat(8, RMat { scale: 14, edges: 60_000 }).with_weights(8, 0.1, 0.9);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let request = SpreadRequest::new(rules()[0].clone()).seed("n0", 1.0);
    let mut cancelled = request.clone();
    let token = CancelToken::new();
    token.cancel();
    cancelled.bounds.cancel = Some(token);
    let late = request.within(Duration::ZERO);
    for (request, reason) in [(cancelled, StopReason::Cancelled), (late, StopReason::Deadline)] {
        assert_eq!(spread(&Engine::new(), &graph, &request).stop_reason, reason);
        assert_as_on_one_thread(&graph, &request, "ended");
    }
}
