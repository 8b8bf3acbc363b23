//! What benches run: a warm engine, a generated graph, a request, and whether its answer is right.

use emanate::spread::{Execution, InstructionSet, Kernel, Linear, PageRank, PageRankMethod};
use emanate::spread::{Hops, Precision, Rule, oracle};
use emanate::{Engine, Graph, NodeId, Snapshot, SpreadOutcome, SpreadRequest};

use crate::edge_list::EdgeList;
use crate::shapes::RMat;

/// The seed of every graph that benches spread on.
const GRAPH_SEED: u64 = 18;
/// Edges of a graph for each of its nodes.
const EDGES_PER_NODE: usize = 16;

/// An R-MAT graph of `2^scale` nodes with 16 times as many edges, weighted in `[0.01, 1)`.
///
/// # Panics
/// Where the scale is above 26, for which there are too many edges to be generated in memory.
#[must_use]
pub fn edge_list(scale: u32) -> EdgeList {
    assert!(scale <= 26, "larger graphs are read from a file");
    let shape = RMat { scale, edges: EDGES_PER_NODE << scale };
    EdgeList::rmat(GRAPH_SEED, shape).with_weights(GRAPH_SEED, 0.01, 1.0)
}

/// The graph of [`edge_list`].
///
/// # Panics
/// As [`edge_list`].
#[must_use]
pub fn graph(scale: u32) -> Snapshot {
    let generation = edge_list(scale).to_generation().expect("generated weights are finite");
    Graph::from(generation).snapshot()
}

/// An engine of two threads whose hops are all run by `kernel`, with `instructions`.
///
/// # Panics
/// Never: the other options are the default ones.
#[must_use]
pub fn engine(kernel: Kernel, instructions: InstructionSet) -> Engine {
    let builder = Engine::builder().execution(Execution { kernel, instructions }).threads(2);
    builder.build().expect("the other options are the default ones")
}

/// The instructions that every processor of the target has.
#[must_use]
pub fn baseline_instructions() -> InstructionSet {
    InstructionSet::available()[0]
}

/// `request` with `count` seeds, spread over the nodes of `graph` from the one most pointed to.
#[must_use]
pub fn seeded(request: SpreadRequest, graph: &Snapshot, count: u32) -> SpreadRequest {
    seeded_from(request, graph, count, 0)
}

/// As [`seeded`], from node `first` on.
///
/// # Panics
/// Where the graph has no node or more than `2^32 - 1`.
#[must_use]
pub fn seeded_from(
    request: SpreadRequest,
    graph: &Snapshot,
    count: u32,
    first: u32,
) -> SpreadRequest {
    let nodes = u32::try_from(graph.node_count()).expect("node ids have 32 bits");
    let step = (nodes / count.max(1)).max(1);
    (0..count).fold(request, |request, turn| {
        request.seed(NodeId::new((first + turn * step) % nodes), 1.0)
    })
}

/// Rule `linear` without a threshold, so that whatever is reached fires. The decay keeps
/// activations of several hops in a range in which no sum overflows.
#[must_use]
pub fn saturating(hops: u32, precision: Precision) -> SpreadRequest {
    SpreadRequest::new(Rule::Linear(Linear {
        hops: Hops::Limit(hops),
        hop_decay: 0.01,
        firing_threshold: 0.0,
        precision,
        ..Linear::default()
    }))
}

/// Personalised PageRank.
#[must_use]
pub fn pagerank(method: PageRankMethod) -> SpreadRequest {
    SpreadRequest::new(Rule::PageRank(PageRank { method, ..PageRank::default() }))
}

/// As many iterations of personalised PageRank as are asked for: the tolerance is never reached.
#[must_use]
pub fn pagerank_iterations(iterations_max: u32) -> SpreadRequest {
    pagerank(PageRankMethod::Power { tolerance: f64::MIN_POSITIVE, iterations_max })
}

/// One spread that can be run again and again without taking memory.
#[derive(Debug)]
pub struct Work {
    /// Runs it.
    pub engine: Engine,
    /// What it is run on.
    pub graph: Snapshot,
    /// What is run.
    pub request: SpreadRequest,
    /// What came of it last.
    pub outcome: SpreadOutcome,
}

impl Work {
    /// The work, run once so that scratch, layouts and the outcome's memory are there.
    ///
    /// # Panics
    /// Where the request is refused.
    #[must_use]
    pub fn warm(engine: Engine, graph: Snapshot, request: SpreadRequest) -> Self {
        let mut work = Self { engine, graph, request, outcome: SpreadOutcome::new() };
        work.run();
        work
    }

    /// Runs it; the nodes it reported.
    ///
    /// # Panics
    /// Where the request is refused.
    pub fn run(&mut self) -> usize {
        self.engine
            .spread_into(&self.graph, &self.request, &mut self.outcome)
            .expect("benches ask for what is allowed");
        self.outcome.activations.len()
    }

    /// Compares the last outcome with the oracle's.
    ///
    /// # Panics
    /// Where they differ.
    pub fn check(&self) {
        check_answer(&self.graph, &self.request, &self.outcome);
    }
}

/// Compares an outcome with the oracle's: the same nodes, their activations to a relative `1e-9`,
/// in single precision to `1e-4`.
///
/// # Panics
/// Where they differ.
pub fn check_answer(graph: &Snapshot, request: &SpreadRequest, outcome: &SpreadOutcome) {
    let is_single =
        matches!(request.rule, Rule::Linear(Linear { precision: Precision::Single, .. }));
    let allowed = if is_single { 1e-4 } else { 1e-9 };
    let expected = oracle::spread(graph, request).expect("benches ask for what is allowed");
    let by_node = |outcome: &SpreadOutcome| {
        let mut found = outcome.activations.clone();
        found.sort_unstable_by_key(|found| found.node);
        found
    };
    let (found, expected) = (by_node(outcome), by_node(&expected));
    assert_eq!(found.len(), expected.len(), "nodes reported for {request:?}");
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found.activation - expected.activation).abs();
        let right = found.node == expected.node && error <= allowed * expected.activation.abs();
        assert!(right, "{found:?} instead of {expected:?} for {request:?}");
    }
}

/// Whether two outcomes report the same nodes in the same order with the same bits.
#[must_use]
pub fn has_same_bits(one: &SpreadOutcome, other: &SpreadOutcome) -> bool {
    let bits = |outcome: &SpreadOutcome| -> Vec<_> {
        let reported = outcome.activations.iter();
        reported.map(|found| (found.node, found.activation.to_bits(), found.hop)).collect()
    };
    bits(one) == bits(other)
}

#[cfg(test)]
mod tests {
    use emanate::spread::{Kernel, PageRankMethod, Precision};

    use super::{
        Work, baseline_instructions, check_answer, engine, graph, has_same_bits,
        pagerank_iterations, saturating, seeded, seeded_from,
    };
    use crate::gated;

    #[test]
    fn every_kernel_answers_as_the_oracle_does() {
        let graph = graph(9);
        let request = seeded(saturating(2, Precision::Double), &graph, 8);
        let run = |kernel| {
            let engine = engine(kernel, baseline_instructions());
            let work = Work::warm(engine, graph.clone(), request.clone());
            work.check();
            work.outcome
        };
        let list = run(Kernel::List);
        assert!(list.activations.len() > 100, "{} nodes reached", list.activations.len());
        for kernel in [Kernel::Scan, Kernel::Dense, Kernel::Auto] {
            assert!(has_same_bits(&list, &run(kernel)), "{kernel:?}");
        }
    }

    #[test]
    #[should_panic(expected = "instead of")]
    fn an_answer_to_another_request_is_noticed() {
        let graph = graph(9);
        let engine = engine(Kernel::List, baseline_instructions());
        let two = Work::warm(engine, graph.clone(), seeded(pagerank_iterations(9), &graph, 2));
        check_answer(&graph, &seeded_from(pagerank_iterations(9), &graph, 2, 1), &two.outcome);
    }

    #[test]
    fn what_the_gate_counts_is_right() {
        for work in [
            gated::two_hops(),
            gated::hop(Kernel::List),
            gated::hop(Kernel::Scan),
            gated::hop(Kernel::Dense),
            gated::empty(),
            gated::pagerank(gated::POWER),
            gated::pagerank(gated::PUSH),
        ] {
            work.check();
        }
        assert!(matches!(gated::PUSH, PageRankMethod::Push { .. }));
        let lanes = gated::Lanes::warm();
        let alone = engine(Kernel::List, baseline_instructions());
        for (request, outcome) in lanes.requests.iter().zip(lanes.run()) {
            check_answer(&lanes.graph, request, &outcome);
            let alone = alone.spread_at(&lanes.graph, request).expect("the request is right");
            assert!(has_same_bits(&outcome, &alone), "{request:?}");
        }
    }
}
