//! Random small graphs.

use std::fmt;

use emanate::{Edge, Generation, GraphBuilder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Labels of the nodes of a plan: ordinary ones, and such as a parser might take for something
/// else.
pub const LABELS: [&str; 16] = [
    "dog", "nan", "null", "a b", "\"q\"", "é", "-1", "1e5", "=", "x=0.5", "@7", "Zoo", "zoo", ",",
    "#", "日本",
];

/// One edge of a [`GraphPlan`].
#[derive(Clone, Copy, PartialEq)]
pub struct EdgePlan {
    /// Position of its source in [`LABELS`].
    pub source: usize,
    /// Position of its target.
    pub target: usize,
    /// Its weight.
    pub weight: f64,
    /// Number of its relation, named `r<number>`.
    pub relation: Option<u8>,
    /// Its time.
    pub time: Option<u16>,
}

impl fmt::Debug for EdgePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{} {:?}", self.source, self.target, self.weight)?;
        self.relation.map_or(Ok(()), |relation| write!(f, " r{relation}"))?;
        self.time.map_or(Ok(()), |time| write!(f, " @{time}"))
    }
}

/// A graph of at most [`LABELS`]' length of nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphPlan {
    /// Number of nodes, the first of [`LABELS`].
    pub nodes: usize,
    /// Its edges; some may be equal but for the weight.
    pub edges: Vec<EdgePlan>,
}

impl GraphPlan {
    /// The graph.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.named(|node| LABELS[node].to_owned())
    }

    /// The same graph, each node called `name(node)`.
    ///
    /// # Panics
    /// Where a name is empty.
    #[must_use]
    pub fn named(&self, name: impl Fn(usize) -> String) -> Generation {
        let mut builder = GraphBuilder::new();
        let names: Vec<String> = (0..self.nodes).map(name).collect();
        for name in &names {
            builder.node(name).expect("a plan's labels are good ones");
        }
        for edge in &self.edges {
            let relation = edge.relation.map(|relation| format!("r{relation}"));
            builder
                .add(&Edge {
                    source: (&names[edge.source]).into(),
                    target: (&names[edge.target]).into(),
                    weight: edge.weight,
                    relation: relation.as_deref(),
                    time: edge.time.map(f64::from),
                })
                .expect("a plan's edges are good ones");
        }
        builder.build().expect("a plan's weights are small")
    }

    /// The lines of an edge list of the same graph.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let nodes = (0..self.nodes).map(|node| LABELS[node].to_owned());
        let line = |edge: &EdgePlan| {
            let relation =
                edge.relation.map_or_else(String::new, |relation| format!("r{relation}"));
            let time = edge.time.map_or_else(String::new, |time| time.to_string());
            let [source, target] = [edge.source, edge.target].map(|node| LABELS[node]);
            format!("{source}\t{target}\t{:?}\t{relation}\t{time}", edge.weight)
        };
        nodes.chain(self.edges.iter().map(line)).collect()
    }

    /// The plan, with an edge from every node to the next, so that no node is a dead end.
    #[must_use]
    pub fn without_dead_ends(mut self) -> Self {
        for source in 0..self.nodes {
            let target = (source + 1) % self.nodes;
            let edge = EdgePlan { source, target, weight: 0.5, relation: None, time: None };
            self.edges.push(edge);
        }
        self
    }
}

/// Which weights a graph may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Zero and above.
    NonNegative,
    /// Below zero, too.
    Inhibitory,
}

fn weight(weights: Weights) -> BoxedStrategy<f64> {
    // Round numbers make ties, others make every order of additions visible.
    let round = prop::sample::select(vec![0.0, 0.25, 0.5, 1.0, 2.0]);
    let positive = prop_oneof![2 => round, 3 => 0.05..1.5f64];
    match weights {
        Weights::NonNegative => positive.boxed(),
        Weights::Inhibitory => {
            prop_oneof![3 => positive.clone(), 1 => positive.prop_map(|weight| -weight)].boxed()
        }
    }
}

prop_compose! {
    fn edge(nodes: usize, weights: Weights, is_rich: bool)(
        source in 0..nodes,
        target in 0..nodes,
        weight in weight(weights),
        relation in option::of(0..3u8),
        time in option::of(0..1000u16),
    ) -> EdgePlan {
        let (relation, time) = if is_rich { (relation, time) } else { (None, None) };
        EdgePlan { source, target, weight, relation, time }
    }
}

/// Graphs of 1 to 16 nodes and up to four times as many edges: self-loops, parallel edges and nodes
/// without edges are among them. Half of the graphs have relations and times.
pub fn graphs(weights: Weights) -> impl Strategy<Value = GraphPlan> {
    (1..=LABELS.len(), any::<bool>()).prop_flat_map(move |(nodes, is_rich)| {
        vec(edge(nodes, weights, is_rich), 0..=4 * nodes)
            .prop_map(move |edges| GraphPlan { nodes, edges })
    })
}
