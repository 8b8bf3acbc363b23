//! A generated graph before it is built.

use emanate::{BuildError, Edge, Generation, GraphBuilder};

use crate::random::SplitMix64;

/// One edge of an [`EdgeList`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneratedEdge {
    /// Number of the node it leaves.
    pub source: u32,
    /// Number of the node it enters.
    pub target: u32,
    /// Strength of the association; 1 unless [`EdgeList::with_weights`] was asked for.
    pub weight: f64,
    /// Number of its relation, named by [`EdgeList::relation_name`].
    pub relation: Option<u32>,
    /// When it was made, in seconds.
    pub time: Option<f64>,
}

impl GeneratedEdge {
    /// An edge of weight 1 without relation and time.
    #[must_use]
    pub const fn new(source: u32, target: u32) -> Self {
        Self { source, target, weight: 1.0, relation: None, time: None }
    }
}

/// Nodes `0..node_count` and the edges between them. Edges may repeat and loop.
///
/// The methods `with_*` change one property of every edge, each from a stream of its own, so that
/// giving edges relations, say, leaves their weights as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeList {
    /// Number of nodes, those without edges among them.
    pub node_count: u32,
    /// The edges, in the order they were made.
    pub edges: Vec<GeneratedEdge>,
}

/// What tells the streams of one seed apart.
#[derive(Clone, Copy)]
enum Stream {
    Weights = 1,
    Signs = 2,
    Relations = 3,
    Times = 4,
    Order = 5,
}

fn stream(seed: u64, stream: Stream) -> SplitMix64 {
    SplitMix64::new(SplitMix64::new(seed ^ ((stream as u64) << 56)).next_u64())
}

impl EdgeList {
    /// The label of node `number`.
    #[must_use]
    pub fn label(number: u32) -> String {
        format!("n{number}")
    }

    /// The name of relation `number`.
    #[must_use]
    pub fn relation_name(number: u32) -> String {
        format!("r{number}")
    }

    /// Gives every edge a weight in `[low, high)`.
    #[must_use]
    pub fn with_weights(mut self, seed: u64, low: f64, high: f64) -> Self {
        let mut random = stream(seed, Stream::Weights);
        for edge in &mut self.edges {
            edge.weight = random.between(low, high);
        }
        self
    }

    /// Turns a `fraction` of the edges, in `[0, 1]`, into inhibitory ones.
    #[must_use]
    pub fn with_inhibitory(mut self, seed: u64, fraction: f64) -> Self {
        let mut random = stream(seed, Stream::Signs);
        for edge in &mut self.edges {
            if random.unit() < fraction {
                edge.weight = -edge.weight.abs();
            }
        }
        self
    }

    /// Gives every edge one of `relations` relations, each as likely.
    ///
    /// # Panics
    /// Where `relations` is 0.
    #[must_use]
    pub fn with_relations(mut self, seed: u64, relations: u32) -> Self {
        let mut random = stream(seed, Stream::Relations);
        for edge in &mut self.edges {
            edge.relation = Some(random.below(relations));
        }
        self
    }

    /// Gives every edge a whole second in `0..seconds` as its time.
    ///
    /// # Panics
    /// Where `seconds` is 0.
    #[must_use]
    pub fn with_times(mut self, seed: u64, seconds: u32) -> Self {
        let mut random = stream(seed, Stream::Times);
        for edge in &mut self.edges {
            edge.time = Some(f64::from(random.below(seconds)));
        }
        self
    }

    /// Puts the edges into another order, each order as likely (Fisher and Yates).
    ///
    /// # Panics
    /// Where there are more than `2^32 - 1` edges.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        let mut random = stream(seed, Stream::Order);
        for last in (1..self.edges.len()).rev() {
            let bound = u32::try_from(last + 1).expect("an edge list has fewer than 2^32 edges");
            self.edges.swap(last, random.below(bound) as usize);
        }
        self
    }

    /// A builder that holds all nodes, by [`EdgeList::label`], and all edges.
    ///
    /// # Errors
    /// [`BuildError`] where a weight or time was set that is not finite.
    pub fn to_builder(&self) -> Result<GraphBuilder, BuildError> {
        let mut builder = GraphBuilder::new();
        let labels: Vec<String> = (0..self.node_count).map(Self::label).collect();
        for label in &labels {
            builder.node(label)?;
        }
        for edge in &self.edges {
            let relation = edge.relation.map(Self::relation_name);
            builder.add(&Edge {
                source: (&labels[edge.source as usize]).into(),
                target: (&labels[edge.target as usize]).into(),
                weight: edge.weight,
                relation: relation.as_deref(),
                time: edge.time,
            })?;
        }
        Ok(builder)
    }

    /// The graph, with nodes named by [`EdgeList::label`]. Edges equal in both ends, relation and
    /// time are summed, as by any builder.
    ///
    /// # Errors
    /// As [`EdgeList::to_builder`].
    pub fn to_generation(&self) -> Result<Generation, BuildError> {
        self.to_builder()?.build()
    }
}

#[cfg(test)]
mod tests {
    use super::EdgeList;
    use crate::shapes::Uniform;

    fn edges() -> EdgeList {
        EdgeList::uniform(1, Uniform { nodes: 50, edges: 300 })
    }

    #[test]
    fn each_property_has_its_own_stream() {
        let plain = edges().with_weights(9, 0.5, 2.0);
        let rich = edges().with_relations(9, 4).with_times(9, 100).with_weights(9, 0.5, 2.0);
        for (plain, rich) in plain.edges.iter().zip(&rich.edges) {
            assert_eq!(plain.weight.to_bits(), rich.weight.to_bits());
            assert!((0.5..2.0).contains(&plain.weight));
            assert!(rich.relation.is_some_and(|r| r < 4) && rich.time.is_some_and(|t| t < 100.0));
        }
    }

    #[test]
    fn a_fraction_of_the_edges_inhibits() {
        let edges = edges().with_inhibitory(5, 0.25).edges;
        let inhibitory = edges.iter().filter(|e| e.weight < 0.0).count();
        assert!((50..100).contains(&inhibitory), "{inhibitory} of 300");
    }

    #[test]
    fn shuffling_keeps_the_edges_and_the_graph() {
        let (plain, shuffled) = (edges(), edges().shuffled(4));
        assert_ne!(plain.edges, shuffled.edges);
        let sorted = |list: &EdgeList| {
            let mut ends: Vec<_> = list.edges.iter().map(|e| (e.source, e.target)).collect();
            ends.sort_unstable();
            ends
        };
        assert_eq!(sorted(&plain), sorted(&shuffled));
        let (plain, shuffled) = (plain.to_generation(), shuffled.to_generation());
        assert_eq!(plain.unwrap().facts(), shuffled.unwrap().facts());
    }
}
