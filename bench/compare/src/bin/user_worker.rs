//! Spreading as a user writes it on a graph library: `petgraph`'s `DiGraph`, and the sparse rows of
//! the crate `graph`.
//!
//! Variants: `LIBRARY-hash` keeps activation in a `HashMap`, `LIBRARY-vec` in a fresh `Vec` for
//! each hop, where `LIBRARY` is `petgraph` or `graph`.

use std::collections::HashMap;
use std::error::Error;
use std::ops::{AddAssign, Mul};

use emanate_compare::{
    Arguments, Ask, GraphFile, Measured, Strongest, measure, serve, strongest, write_answers,
};
use graph::prelude::{CsrLayout, DirectedCsrGraph, DirectedNeighborsWithValues};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

const HOP_DECAY: f64 = 0.85;

/// The state's number.
trait Number: AddAssign + Copy + Default + Mul<Output = Self> + PartialOrd {
    fn of(number: f64) -> Self;
    fn wide(self) -> f64;
}

impl Number for f32 {
    fn of(number: f64) -> Self {
        number as Self
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Number for f64 {
    fn of(number: f64) -> Self {
        number
    }

    fn wide(self) -> f64 {
        self
    }
}

/// A library's graph whose weights are of the state's type, so that no edge is converted.
trait Rows<N> {
    fn node_count(&self) -> usize;
    fn for_each_edge(&self, node: u32, visit: impl FnMut(u32, N));
}

impl<N: Number> Rows<N> for DiGraph<(), N> {
    fn node_count(&self) -> usize {
        Self::node_count(self)
    }

    fn for_each_edge(&self, node: u32, mut visit: impl FnMut(u32, N)) {
        for edge in self.edges(NodeIndex::from(node)) {
            visit(edge.target().index() as u32, *edge.weight());
        }
    }
}

/// The library counts nodes up to the last one that has an edge.
struct Csr<N> {
    graph: DirectedCsrGraph<u32, (), N>,
    nodes: usize,
}

impl<N: Number + Send + Sync> Rows<N> for Csr<N> {
    fn node_count(&self) -> usize {
        self.nodes
    }

    fn for_each_edge(&self, node: u32, mut visit: impl FnMut(u32, N)) {
        for edge in self.graph.out_neighbors_with_values(node) {
            visit(edge.target, edge.value);
        }
    }
}

fn with_maps<N: Number>(graph: &impl Rows<N>, seed: u32, hops: u32, threshold: N) -> Strongest {
    let mut pulses = HashMap::from([(seed, N::of(1.0))]);
    let mut activations = pulses.clone();
    for _ in 0..hops {
        let mut next = HashMap::new();
        for (&node, &pulse) in &pulses {
            if pulse >= threshold {
                let passed = pulse * N::of(HOP_DECAY);
                graph.for_each_edge(node, |target, weight| {
                    *next.entry(target).or_default() += passed * weight;
                });
            }
        }
        for (&node, &pulse) in &next {
            *activations.entry(node).or_default() += pulse;
        }
        pulses = next;
    }
    strongest(activations.into_iter().map(|(node, x)| (u64::from(node), x.wide())).collect())
}

fn with_vecs<N: Number>(graph: &impl Rows<N>, seed: u32, hops: u32, threshold: N) -> Strongest {
    let none = N::default();
    let mut pulses = vec![none; graph.node_count()];
    pulses[seed as usize] = N::of(1.0);
    let mut activations = pulses.clone();
    for _ in 0..hops {
        let mut next = vec![none; pulses.len()];
        for (node, &pulse) in (0u32..).zip(&pulses) {
            if pulse > none && pulse >= threshold {
                let passed = pulse * N::of(HOP_DECAY);
                graph.for_each_edge(node, |target, weight| {
                    next[target as usize] += passed * weight;
                });
            }
        }
        for (activation, &pulse) in activations.iter_mut().zip(&next) {
            *activation += pulse;
        }
        pulses = next;
    }
    let nodes = (0u64..).zip(activations).filter(|(_, activation)| *activation > none);
    strongest(nodes.map(|(node, activation)| (node, activation.wide())).collect())
}

fn answer<N: Number>(
    graph: &impl Rows<N>,
    hashed: bool,
    seeds: &[u32],
    ask: Ask,
) -> Result<Measured, Box<dyn Error>> {
    let Ask::Spread { hops, threshold, first, count, batch: false, out } = ask else {
        return Err("a user's own code answers queries one by one".into());
    };
    let threshold = N::of(threshold);
    let numbers = first..first + count;
    let seeds: Vec<u32> = numbers.map(|number| seeds[number % seeds.len()]).collect();
    let one = |seed: &u32| {
        if hashed {
            with_maps(graph, *seed, hops, threshold)
        } else {
            with_vecs(graph, *seed, hops, threshold)
        }
    };
    let (answers, measured) = measure(|| seeds.iter().map(one).collect::<Vec<_>>());
    if let Some(path) = out {
        write_answers(&path, &answers)?;
    }
    let checksum = answers.iter().flatten().map(|(_, activation)| activation).sum();
    Ok(Measured { work: count as f64, checksum, ..measured })
}

fn run<N: Number + Send + Sync + 'static>(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let file = GraphFile::read(&arguments.graph)?;
    let nodes = file.node_count();
    let edges = file.edges().map(|(s, t, weight)| (s, t, N::of(f64::from(weight))));
    let hashed = arguments.variant.ends_with("-hash");
    if arguments.variant.starts_with("petgraph-") {
        let mut graph = DiGraph::with_capacity(nodes, file.targets.len());
        (0..nodes).for_each(|_| _ = graph.add_node(()));
        for (source, target, weight) in edges {
            graph.add_edge(NodeIndex::from(source), NodeIndex::from(target), weight);
        }
        serve(|ask| answer(&graph, hashed, &file.seeds, ask))
    } else {
        let builder = graph::prelude::GraphBuilder::new().csr_layout(CsrLayout::Sorted);
        let graph = builder.edges_with_values(edges.collect::<Vec<_>>()).build();
        let graph = Csr { graph, nodes };
        serve(|ask| answer(&graph, hashed, &file.seeds, ask))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    if arguments.single { run::<f32>(&arguments) } else { run::<f64>(&arguments) }
}
