//! The work whose instructions are counted: small, on one thread, the same on every machine.
//!
//! Kernels and instructions are fixed. What the engine chooses by itself it chooses by time, and
//! by what the processor can do; a count would tell machines apart instead of changes.

use emanate::graph::{Load, LoadOptions, load_from};
use emanate::spread::{Kernel, PageRankMethod, Precision};
use emanate::{Engine, Snapshot, SpreadOutcome, SpreadRequest};

use crate::edge_list::EdgeList;
use crate::work::{
    Work, baseline_instructions, edge_list, engine, graph, pagerank as by_method, saturating,
    seeded, seeded_from,
};

/// Large enough that what a spread costs beside its edges is small, small enough to be emulated.
const SCALE: u32 = 11;
/// Requests of the batch that shares its edges: the lanes of single precision.
const LANES: u32 = 16;

/// Ten iterations, since the tolerance is not reached in so few.
pub const POWER: PageRankMethod = PageRankMethod::Power { tolerance: 1e-12, iterations_max: 10 };
/// A push that leaves the neighbourhood of its seed.
pub const PUSH: PageRankMethod = PageRankMethod::Push { epsilon: 1e-5 };

fn on_graph(kernel: Kernel, request: impl FnOnce(&Snapshot) -> SpreadRequest) -> Work {
    let graph = graph(SCALE);
    let request = request(&graph);
    Work::warm(engine(kernel, baseline_instructions()), graph, request)
}

/// A spread of no hop: what every spread costs.
#[must_use]
pub fn empty() -> Work {
    on_graph(Kernel::List, |graph| seeded(saturating(0, Precision::Double), graph, 1))
}

/// Two hops from one seed.
#[must_use]
pub fn two_hops() -> Work {
    on_graph(Kernel::List, |graph| seeded_from(saturating(2, Precision::Double), graph, 1, 40))
}

/// One hop from a quarter of all nodes.
#[must_use]
pub fn hop(kernel: Kernel) -> Work {
    on_graph(kernel, |graph| seeded(saturating(1, Precision::Double), graph, (1 << SCALE) / 4))
}

/// Personalised PageRank of one node.
#[must_use]
pub fn pagerank(method: PageRankMethod) -> Work {
    on_graph(Kernel::List, |graph| seeded(by_method(method), graph, 1))
}

/// Requests that follow the same edges together.
#[derive(Debug)]
pub struct Lanes {
    /// Runs them.
    pub engine: Engine,
    /// What they are run on.
    pub graph: Snapshot,
    /// What is run.
    pub requests: Vec<SpreadRequest>,
}

impl Lanes {
    /// Sixteen saturated requests of single precision, run once.
    #[must_use]
    pub fn warm() -> Self {
        let graph = graph(SCALE);
        let request = |lane| seeded_from(saturating(3, Precision::Single), &graph, 1, lane);
        let requests = (0..LANES).map(request).collect();
        let lanes = Self { engine: engine(Kernel::List, baseline_instructions()), graph, requests };
        drop(lanes.run());
        lanes
    }

    /// Runs them; what came of each.
    ///
    /// # Panics
    /// Where one is refused.
    #[must_use]
    pub fn run(&self) -> Vec<SpreadOutcome> {
        let outcomes = self.engine.spread_many(&self.graph, &self.requests);
        outcomes.into_iter().map(|outcome| outcome.expect("each is allowed")).collect()
    }
}

/// The graph as text, one edge a line.
#[must_use]
pub fn text() -> String {
    use std::fmt::Write;
    edge_list(SCALE).edges.iter().fold(String::new(), |mut text, edge| {
        let (source, target) = (EdgeList::label(edge.source), EdgeList::label(edge.target));
        writeln!(text, "{source}\t{target}\t{:.4}", edge.weight).expect("a string takes all");
        text
    })
}

/// Loads what [`text`] gives.
///
/// # Panics
/// Where the text is not an edge list.
#[must_use]
pub fn load(text: &str) -> Load {
    load_from(text.as_bytes(), "edges.tsv", &LoadOptions::default()).expect("it is an edge list")
}
