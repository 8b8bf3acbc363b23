//! The shapes of generated graphs.

use crate::edge_list::{EdgeList, GeneratedEdge};
use crate::random::SplitMix64;

/// Parameters of [`EdgeList::uniform`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniform {
    /// Number of nodes; at least 1.
    pub nodes: u32,
    /// Number of edges.
    pub edges: usize,
}

/// Parameters of [`EdgeList::rmat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RMat {
    /// The graph has `2^scale` nodes; at most 31.
    pub scale: u32,
    /// Number of edges.
    pub edges: usize,
}

/// Parameters of [`EdgeList::small_world`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmallWorld {
    /// Number of nodes; at least 1.
    pub nodes: u32,
    /// Edges from each node to the next ones on the ring; each has its opposite, too.
    pub neighbours: u32,
    /// Fraction of the edges that lead anywhere instead, in `[0, 1]`.
    pub rewired: f64,
}

/// Parameters of [`EdgeList::chains`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chains {
    /// Number of chains.
    pub count: u32,
    /// Nodes of each chain; at least 1.
    pub nodes: u32,
}

/// Parameters of [`EdgeList::hubs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hubs {
    /// Nodes with an edge to every other node and back.
    pub hubs: u32,
    /// Number of nodes, the hubs among them.
    pub nodes: u32,
    /// Edges between nodes anywhere.
    pub edges: usize,
}

/// Chances, of 100, that an R-MAT edge falls into the first three quarters of the matrix: those of
/// the Graph 500 benchmark.
const RMAT_QUARTERS: [u32; 3] = [57, 19, 19];

impl EdgeList {
    /// Edges whose ends are any nodes, each as likely (Erdős and Rényi's `G(n, m)`, with parallel
    /// edges and loops).
    ///
    /// # Panics
    /// Where there is no node.
    #[must_use]
    pub fn uniform(seed: u64, shape: Uniform) -> Self {
        let mut random = SplitMix64::new(seed);
        let edge = |_| GeneratedEdge::new(random.below(shape.nodes), random.below(shape.nodes));
        Self { node_count: shape.nodes, edges: (0..shape.edges).map(edge).collect() }
    }

    /// The skewed degrees of real networks, by recursive matrix (1): each bit of both ends is
    /// drawn with the chances of the Graph 500. Low numbers have the most edges; many nodes of a
    /// sparse graph have none.
    ///
    /// (1) Chakrabarti, Zhan, Faloutsos. R-MAT: A Recursive Model for Graph Mining. SDM 2004.
    ///
    /// # Panics
    /// Where the scale is above 31.
    #[must_use]
    pub fn rmat(seed: u64, shape: RMat) -> Self {
        assert!(shape.scale <= 31, "a graph has fewer than 2^32 nodes");
        let mut random = SplitMix64::new(seed);
        let [both_low, target_high, source_high] = RMAT_QUARTERS;
        let edge = |_| {
            let (mut source, mut target) = (0, 0);
            for _ in 0..shape.scale {
                let draw = random.below(100);
                let source_is_high = draw >= both_low + target_high;
                let target_is_high = if source_is_high {
                    draw >= both_low + target_high + source_high
                } else {
                    draw >= both_low
                };
                source = source << 1 | u32::from(source_is_high);
                target = target << 1 | u32::from(target_is_high);
            }
            GeneratedEdge::new(source, target)
        };
        Self { node_count: 1 << shape.scale, edges: (0..shape.edges).map(edge).collect() }
    }

    /// A ring whose nodes know their neighbours, with some edges led astray (1): short paths and
    /// many triangles.
    ///
    /// (1) Watts, Strogatz. Collective dynamics of 'small-world' networks. Nature 393, 1998.
    ///
    /// # Panics
    /// Where there is no node.
    #[must_use]
    pub fn small_world(seed: u64, shape: SmallWorld) -> Self {
        assert!(shape.nodes > 0, "a ring has at least one node");
        let mut random = SplitMix64::new(seed);
        let mut edges = Vec::new();
        for source in 0..shape.nodes {
            for step in 1..=shape.neighbours {
                let astray = random.unit() < shape.rewired;
                let next = (u64::from(source) + u64::from(step)) % u64::from(shape.nodes);
                let target = if astray {
                    random.below(shape.nodes)
                } else {
                    u32::try_from(next).expect("a remainder by a u32 is a u32")
                };
                edges.push(GeneratedEdge::new(source, target));
                edges.push(GeneratedEdge::new(target, source));
            }
        }
        Self { node_count: shape.nodes, edges }
    }

    /// Chains of nodes, each with one edge to the next: as many hops as nodes, one edge each. The
    /// chains do not touch.
    ///
    /// # Panics
    /// Where there are `2^32` nodes or more.
    #[must_use]
    pub fn chains(shape: Chains) -> Self {
        let node_count = shape.count.checked_mul(shape.nodes).expect("fewer than 2^32 nodes");
        let edges = (1..node_count)
            .filter(|number| number % shape.nodes != 0)
            .map(|number| GeneratedEdge::new(number - 1, number))
            .collect();
        Self { node_count, edges }
    }

    /// Some nodes, the first ones, that are neighbours of all, and edges between nodes anywhere:
    /// rows as long as the graph beside rows of a few edges.
    ///
    /// # Panics
    /// Where there are edges but no node.
    #[must_use]
    pub fn hubs(seed: u64, shape: Hubs) -> Self {
        let Self { node_count, mut edges } =
            Self::uniform(seed, Uniform { nodes: shape.nodes, edges: shape.edges });
        for hub in 0..shape.hubs.min(node_count) {
            for other in (0..node_count).filter(|other| *other != hub) {
                edges.push(GeneratedEdge::new(hub, other));
                edges.push(GeneratedEdge::new(other, hub));
            }
        }
        Self { node_count, edges }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chains, EdgeList, Hubs, RMat, SmallWorld, Uniform};

    fn fan_outs(list: &EdgeList) -> Vec<usize> {
        let mut fans = vec![0; list.node_count as usize];
        for edge in &list.edges {
            assert!(edge.target < list.node_count);
            fans[edge.source as usize] += 1;
        }
        fans
    }

    #[test]
    fn a_seed_names_one_graph() {
        let shape = RMat { scale: 8, edges: 1000 };
        assert_eq!(EdgeList::rmat(1, shape), EdgeList::rmat(1, shape));
        assert_ne!(EdgeList::rmat(1, shape), EdgeList::rmat(2, shape));
        // These figures change only where every recorded bench must be recorded again.
        let ends: Vec<_> =
            EdgeList::rmat(1, shape).edges[..4].iter().map(|e| (e.source, e.target)).collect();
        assert_eq!(ends, [(38, 96), (64, 16), (80, 160), (4, 23)]);
    }

    #[test]
    fn rmat_is_skewed_and_uniform_is_not() {
        let rmat = fan_outs(&EdgeList::rmat(3, RMat { scale: 10, edges: 10_000 }));
        let uniform = fan_outs(&EdgeList::uniform(3, Uniform { nodes: 1024, edges: 10_000 }));
        assert!(rmat.iter().max() > Some(&150), "{:?}", rmat.iter().max());
        assert!(uniform.iter().max() < Some(&40), "{:?}", uniform.iter().max());
        let first_half: usize = rmat[..512].iter().sum();
        assert!((7300..7900).contains(&first_half), "76 in 100 sources are low, {first_half}");
    }

    #[test]
    fn a_small_world_without_detours_is_a_ring() {
        let ring = SmallWorld { nodes: 10, neighbours: 2, rewired: 0.0 };
        let ring = EdgeList::small_world(1, ring);
        assert_eq!(fan_outs(&ring), [4; 10]);
        let astray = SmallWorld { nodes: 100, neighbours: 2, rewired: 0.5 };
        let far = |e: &&crate::GeneratedEdge| (3..98).contains(&e.source.abs_diff(e.target));
        let far = EdgeList::small_world(1, astray).edges.iter().filter(far).count();
        assert!((140..250).contains(&far), "{far} of 400");
    }

    #[test]
    fn chains_do_not_touch() {
        let chains = EdgeList::chains(Chains { count: 3, nodes: 4 });
        assert_eq!((chains.node_count, chains.edges.len()), (12, 9));
        assert!(chains.edges.iter().all(|e| e.target == e.source + 1 && e.target % 4 != 0));
        assert_eq!(EdgeList::chains(Chains { count: 0, nodes: 4 }).node_count, 0);
    }

    #[test]
    fn hubs_touch_every_node() {
        let fans = fan_outs(&EdgeList::hubs(1, Hubs { hubs: 2, nodes: 50, edges: 0 }));
        assert_eq!(fans[..3], [50, 50, 2]);
    }
}
