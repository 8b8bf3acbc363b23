//! A graph whose file is damaged in one block of edges: spreads go on without those rows, say
//! which, and everything else is as right as ever.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use emanate::graph::{open, write};
use emanate::spread::{
    ActR, Direction, Execution, Hops, InstructionSet, Kernel, Linear, PageRank, PageRankMethod,
    Retention, Rule, Share, Synapse,
};
use emanate::{Engine, Generation, Graph, NodeId, SpreadRequest, StopReason};
use emanate_bench::{EdgeList, RMat, Uniform};
use emanate_tests::compare::{Scope, assert_right_without_rows, assert_same_bits};

/// Nodes of one block of a native file.
const ROWS_PER_BLOCK: u32 = 1024;

/// The graph as it was, and the bytes of its file.
struct Whole {
    graph: Generation,
    bytes: Vec<u8>,
}

/// Most edges leave and enter few nodes, which lie in the first block.
fn skewed() -> EdgeList {
    EdgeList::rmat(11, RMat { scale: 13, edges: 40_000 })
}

fn whole(list: EdgeList) -> Whole {
    let graph = list.with_weights(5, 0.05, 0.4).to_generation().expect("a good graph");
    // In-edges become a section of the file where the graph has them.
    graph.in_row(NodeId::new(0)).expect("in memory");
    // Tests of one process run at once.
    static FILES: AtomicU32 = AtomicU32::new(0);
    let path = scratch_file(&format!("whole-{}", FILES.fetch_add(1, Ordering::Relaxed)));
    write(&graph, &path).expect("there is room");
    let bytes = std::fs::read(&path).expect("it was just written");
    std::fs::remove_file(path).expect("it is there");
    Whole { graph, bytes }
}

fn scratch_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("emanate-degraded-{}-{name}.emg", std::process::id()))
}

/// A file that is removed when this is dropped.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether the rows of `node` cannot be read in this direction.
fn is_damaged(graph: &Generation, node: NodeId, direction: Direction) -> bool {
    let out = || graph.out_row(node).is_err();
    let into = || graph.in_row(node).is_err();
    match direction {
        Direction::Out => out(),
        Direction::In => into(),
        Direction::Both => out() || into(),
    }
}

/// The file with one byte changed somewhere in a block of rows, out-rows or in-rows: the first
/// place from `from` on that spoils some rows and not the rest.
fn damaged(whole: &Whole, from: f64, direction: Direction, name: &str) -> (File, Generation) {
    let file = File(scratch_file(name));
    let blocks = u32::try_from(whole.graph.node_count()).expect("a small graph") / ROWS_PER_BLOCK;
    let mut at = (whole.bytes.len() as f64 * from) as usize;
    while at < whole.bytes.len() {
        let mut bytes = whole.bytes.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&file.0, &bytes).expect("there is room");
        if let Ok(graph) = open(&file.0) {
            let first = |block: u32| NodeId::new(block * ROWS_PER_BLOCK);
            let spoilt = (0..blocks).filter(|b| is_damaged(&graph, first(*b), direction)).count();
            if spoilt > 0 && spoilt < blocks as usize {
                // Opened anew, so that no block was read yet.
                let graph = open(&file.0).expect("it opened before");
                return (file, graph);
            }
        }
        at += 4096;
    }
    panic!("no place was found that spoils a block of rows and nothing else");
}

fn rules() -> Vec<Rule> {
    let linear = Linear { hops: Hops::Limit(3), firing_threshold: 0.0, ..Linear::default() };
    let push = PageRankMethod::Push { epsilon: 1e-5 };
    let power = PageRankMethod::Power { tolerance: 1e-10, iterations_max: 40 };
    vec![
        Rule::Linear(linear.clone()),
        Rule::Linear(Linear { share: Share::Weight, ..linear.clone() }),
        Rule::Linear(Linear { fan_out_limit: Some(9), ..linear }),
        Rule::Retention(Retention { time: Some(4), ..Retention::default() }),
        Rule::PageRank(PageRank { method: push, ..PageRank::default() }),
        Rule::PageRank(PageRank { method: power, ..PageRank::default() }),
        Rule::ActR(ActR::default()),
        Rule::Synapse(Synapse::default()),
    ]
}

fn requests(rule: &Rule, direction: Direction) -> impl Iterator<Item = SpreadRequest> {
    let starts = [[0, 3000], [1500, 2500], [5000, 70], [7000, 4100]];
    starts.into_iter().map(move |nodes| {
        let request = SpreadRequest::new(rule.clone()).direction(direction);
        nodes.into_iter().fold(request, |r, node| r.seed(NodeId::new(node), 1.0))
    })
}

#[test]
fn what_was_read_is_right_and_what_was_not_is_named() {
    let whole = whole(skewed());
    let mut degraded = 0;
    for (direction, from) in [(Direction::Out, 0.1), (Direction::In, 0.5), (Direction::Both, 0.3)] {
        let name = format!("right-{direction:?}");
        let (_file, graph) = damaged(&whole, from, direction, &name);
        let graph = Graph::from(graph);
        for rule in rules() {
            for request in requests(&rule, direction) {
                let got = Engine::new().spread(&graph, &request).expect("rows are not vital");
                assert_eq!(got.degraded.count, got.degraded.nodes.len() as u64);
                assert!(got.degraded.nodes.is_sorted());
                let snapshot = graph.snapshot();
                let is_damaged = |node: &NodeId| is_damaged(&snapshot, *node, direction);
                assert!(got.degraded.nodes.iter().all(is_damaged), "{request:?}");
                degraded += got.degraded.count;
                assert_right_without_rows(&whole.graph, &request, &got);
            }
        }
    }
    assert!(degraded > 400, "only {degraded} rows were missed, so little was tested");
}

#[test]
fn every_kernel_and_every_batch_misses_the_same_rows() {
    let whole = whole(skewed());
    let (_file, graph) = damaged(&whole, 0.1, Direction::Out, "kernels");
    let graph = Graph::from(graph);
    for rule in rules() {
        let all: Vec<_> = requests(&rule, Direction::Out).collect();
        let expected: Vec<_> =
            all.iter().map(|r| Engine::new().spread(&graph, r).expect("a good request")).collect();
        for kernel in [Kernel::List, Kernel::Scan, Kernel::Dense, Kernel::Auto] {
            let execution = Execution { kernel, instructions: InstructionSet::best() };
            let engine = Engine::builder().execution(execution).build().expect("good options");
            for (request, expected) in all.iter().zip(&expected) {
                let got = engine.spread(&graph, request).expect("a good request");
                assert_same_bits(&got, expected, Scope::Whole);
            }
            for (got, expected) in engine.spread_many(&graph, &all).iter().zip(&expected) {
                assert_same_bits(got.as_ref().expect("a good request"), expected, Scope::Whole);
            }
        }
    }
}

#[test]
fn a_hop_that_is_discarded_misses_nothing() {
    let whole = whole(EdgeList::uniform(7, Uniform { nodes: 9000, edges: 40_000 }));
    let (_file, graph) = damaged(&whole, 0.28, Direction::Out, "discarded");
    let graph = Graph::from(graph);
    let linear = |hops| {
        let hops = Hops::Limit(hops);
        Rule::Linear(Linear { hops, firing_threshold: 0.0, ..Linear::default() })
    };
    let mut stopped = 0;
    let nodes = (0..2000).map(NodeId::new);
    let starts = nodes.filter(|node| whole.graph.out_row(*node).is_ok_and(|row| row.len() > 4));
    for start in starts.step_by(100) {
        let request = SpreadRequest::new(linear(6)).seed(start, 1.0);
        for edges_max in [10, 100, 1000, 10_000] {
            let mut request = request.clone();
            request.bounds.edges_max = Some(edges_max);
            let got = Engine::new().spread(&graph, &request).expect("a good request");
            stopped += u32::from(got.stop_reason == StopReason::EdgeBudget);
            request.bounds.edges_max = None;
            request.rule = linear(got.stats.hops);
            let fewer = Engine::new().spread(&graph, &request).expect("a good request");
            assert_same_bits(&got, &fewer, Scope::ButTheEnd);
        }
    }
    assert!(stopped > 20, "only {stopped} spreads were stopped");
}
