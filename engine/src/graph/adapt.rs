//! Graphs from what a host already has: an iterator of edges, or a graph of the crate `petgraph`.

use super::builder::{Edge, GraphBuilder};
use super::error::BuildError;
use super::generation::Generation;
use super::interner::NAMES_TOGETHER;
use crate::terms::Label;

/// A graph of `edges`, named as the first of them is: by labels or by a host's keys.
///
/// ```
/// use emanate::Edge;
/// use emanate::graph::from_edges;
///
/// let follows = [(1u64, 2u64), (2, 3), (1, 3)];
/// let graph = from_edges(follows.map(|(source, target)| Edge {
///     source: source.into(),
///     target: target.into(),
///     weight: 1.0,
///     relation: None,
///     time: None,
/// }))?;
/// assert_eq!((graph.node_count(), graph.edge_count()), (3, 3));
/// # Ok::<(), emanate::BuildError>(())
/// ```
///
/// # Errors
/// As [`GraphBuilder::add`] and [`GraphBuilder::build`].
pub fn from_edges<'a>(edges: impl IntoIterator<Item = Edge<'a>>) -> Result<Generation, BuildError> {
    let mut edges = edges.into_iter().peekable();
    let mut builder = builder_for(edges.peek().map(|edge| edge.source));
    let mut together = Vec::with_capacity(NAMES_TOGETHER);
    while edges.peek().is_some() {
        together.extend(edges.by_ref().take(NAMES_TOGETHER));
        builder.add_all(&together)?;
        together.clear();
    }
    builder.build()
}

/// An empty graph that takes names of the kind of `name`; labels where there is none.
fn builder_for(name: Option<Label<'_>>) -> GraphBuilder {
    match name {
        None | Some(Label::Text(_)) => GraphBuilder::new(),
        Some(Label::Key(_)) => GraphBuilder::with_keys(),
        Some(Label::WideKey(_)) => GraphBuilder::with_wide_keys(),
    }
}

#[cfg(feature = "petgraph")]
pub use with_petgraph::from_petgraph;

#[cfg(feature = "petgraph")]
mod with_petgraph {
    use petgraph::visit::{EdgeRef, GraphProp, IntoEdgeReferences, IntoNodeIdentifiers};

    use super::{BuildError, Edge, Generation, Label, builder_for};

    /// A graph with the nodes and edges of `graph`, a graph of the crate `petgraph`.
    ///
    /// `name` gives a node's label, or its integer key; nodes of one name become one node. `weight`
    /// gives an edge's weight. Nodes without edges are kept. Parallel edges are summed. An edge of
    /// an undirected graph becomes two, one in each direction; a self-loop stays one.
    ///
    /// ```
    /// use emanate::graph::from_petgraph;
    /// use petgraph::graph::DiGraph;
    ///
    /// let mut animals = DiGraph::new();
    /// let (dog, cat) = (animals.add_node("dog"), animals.add_node("cat"));
    /// animals.add_node("axolotl");
    /// animals.add_edge(dog, cat, 0.5f32);
    ///
    /// let graph = from_petgraph(&animals, |node| animals[node], |weight| f64::from(*weight))?;
    /// assert_eq!((graph.node_count(), graph.edge_count()), (3, 1));
    /// # Ok::<(), emanate::BuildError>(())
    /// ```
    ///
    /// An undirected graph, its nodes named by their indices:
    ///
    /// ```
    /// use emanate::graph::from_petgraph;
    /// use petgraph::graph::UnGraph;
    ///
    /// let ring = UnGraph::<(), ()>::from_edges([(0u32, 1u32), (1, 2), (2, 0)]);
    /// let graph = from_petgraph(&ring, |node| node.index() as u64, |()| 1.0)?;
    /// assert_eq!((graph.node_count(), graph.edge_count()), (3, 6));
    /// # Ok::<(), emanate::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// [`BuildError`] where a name is empty, names are of different kinds, a weight is not finite,
    /// or the graph is too large.
    pub fn from_petgraph<'a, G, N>(
        graph: G,
        name: impl Fn(G::NodeId) -> N,
        weight: impl Fn(&G::EdgeWeight) -> f64,
    ) -> Result<Generation, BuildError>
    where
        G: IntoNodeIdentifiers + IntoEdgeReferences + GraphProp,
        N: Into<Label<'a>>,
    {
        let name = |node| -> Label<'a> { name(node).into() };
        let mut builder = builder_for(graph.node_identifiers().next().map(name));
        for node in graph.node_identifiers() {
            builder.node(name(node))?;
        }
        for edge in graph.edge_references() {
            let (source, target) = (name(edge.source()), name(edge.target()));
            let weight = weight(edge.weight());
            builder.add(&Edge { source, target, weight, relation: None, time: None })?;
            if !graph.is_directed() && edge.source() != edge.target() {
                let (source, target) = (target, source);
                builder.add(&Edge { source, target, weight, relation: None, time: None })?;
            }
        }
        builder.build()
    }
}
