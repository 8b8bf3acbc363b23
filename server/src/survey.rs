//! What a graph is like as a whole: one pass over its edges.

use emanate::graph::{DamagedBlock, Generation};
use emanate::terms::NodeId;

/// Quantiles that a distribution is described by.
pub(crate) const QUANTILES: [(&str, f64); 4] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

/// How many edges nodes have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Degrees {
    /// Most edges of one node.
    pub(crate) max: u32,
    /// Edges per node.
    pub(crate) mean: f64,
    /// At [`QUANTILES`]: the least number that such a part of the nodes does not exceed.
    pub(crate) quantiles: [u32; QUANTILES.len()],
}

impl Degrees {
    fn of(mut degrees: Vec<u32>) -> Self {
        degrees.sort_unstable();
        let Some(&max) = degrees.last() else { return Self::default() };
        let total: u64 = degrees.iter().map(|degree| u64::from(*degree)).sum();
        Self {
            max,
            mean: ratio(total, degrees.len() as u64),
            quantiles: QUANTILES.map(|(_, quantile)| degrees[rank(quantile, degrees.len())]),
        }
    }
}

/// The place, from 0, of the value at `quantile` among `count` ascending ones (nearest rank).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a graph has fewer than 2^32 nodes, and quantiles lie in [0, 1]"
)]
fn rank(quantile: f64, count: usize) -> usize {
    ((quantile * count as f64).ceil() as usize).clamp(1, count) - 1
}

#[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 53 bits")]
fn ratio(total: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { total as f64 / count as f64 }
}

/// When edges were made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    /// Edges with a time.
    pub(crate) edges: u64,
    /// The earliest, in seconds.
    pub(crate) first: f64,
    /// The latest, in seconds.
    pub(crate) last: f64,
}

/// Sets of nodes that edges hold together, whatever their direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Components {
    /// How many.
    pub(crate) count: u64,
    /// Nodes of the largest.
    pub(crate) largest: u64,
}

/// What a graph is like as a whole, beyond its facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Survey {
    /// Nodes without any edge.
    pub(crate) isolated: u64,
    /// Edges that leave a node.
    pub(crate) out: Degrees,
    /// Edges that enter a node.
    pub(crate) into: Degrees,
    /// Mean weight; 0 where there is no edge.
    pub(crate) weight_mean: f64,
    /// Edges of negative weight.
    pub(crate) negative: u64,
    /// `None` where no edge has a time.
    pub(crate) times: Option<Times>,
    /// Weakly connected components.
    pub(crate) components: Components,
}

/// Surveys `graph`. Costs one pass over its edges and 12 bytes a node.
///
/// # Errors
/// [`DamagedBlock`] where edges had to be read from a file and could not be.
pub(crate) fn survey(graph: &Generation) -> Result<Survey, DamagedBlock> {
    let nodes = graph.node_count();
    let count = u32::try_from(nodes).expect("a graph has fewer than 2^32 nodes");
    let mut out = vec![0u32; nodes];
    let mut into = vec![0u32; nodes];
    let mut sets = Sets::new(count);
    let mut survey = Survey::default();
    let mut weight_sum = 0.0;
    for source in 0..count {
        let row = graph.out_row(NodeId::new(source))?;
        out[source as usize] = u32::try_from(row.len()).unwrap_or(u32::MAX);
        for (position, &target) in row.targets.iter().enumerate() {
            into[target as usize] = into[target as usize].saturating_add(1);
            sets.join(source, target);
            let weight = row.weights.at(position);
            weight_sum += weight;
            survey.negative += u64::from(weight < 0.0);
        }
        for &time in graph.out_times(NodeId::new(source))?.iter().filter(|time| !time.is_nan()) {
            let times = survey.times.get_or_insert(Times { edges: 0, first: time, last: time });
            times.edges += 1;
            times.first = times.first.min(time);
            times.last = times.last.max(time);
        }
    }
    let edges = graph.edge_count();
    if edges > 0 {
        // One over the number of edges, times their sum.
        survey.weight_mean = weight_sum * ratio(1, edges);
    }
    // A node that was removed keeps its id and nothing else.
    let there = |node: u32| !graph.is_removed(NodeId::new(node));
    let alone = |node: u32| out[node as usize] == 0 && into[node as usize] == 0;
    survey.isolated = (0..count).filter(|node| there(*node) && alone(*node)).count() as u64;
    let of_those = |degrees: &[u32]| {
        let nodes = (0..count).filter(|node| there(*node));
        Degrees::of(nodes.map(|node| degrees[node as usize]).collect())
    };
    survey.out = of_those(&out);
    survey.into = of_those(&into);
    survey.components = sets.components(there);
    Ok(survey)
}

/// Disjoint sets of nodes: union by size, paths halved on the way up (Tarjan 1975).
struct Sets {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl Sets {
    fn new(count: u32) -> Self {
        Self { parent: (0..count).collect(), size: vec![1; count as usize] }
    }

    fn root(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let above = self.parent[node as usize];
            self.parent[node as usize] = self.parent[above as usize];
            node = above;
        }
        node
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let larger = self.size[a as usize] >= self.size[b as usize];
            let (large, small) = if larger { (a, b) } else { (b, a) };
            self.parent[small as usize] = large;
            self.size[large as usize] += self.size[small as usize];
        }
    }

    /// The sets whose nodes are `there`; one that is not is alone in its set.
    fn components(&self, there: impl Fn(u32) -> bool) -> Components {
        let roots = self.parent.iter().zip(0u32..);
        let roots = roots.filter(|(parent, node)| **parent == *node && there(*node));
        roots.fold(Components::default(), |found, (_, root)| Components {
            count: found.count + 1,
            largest: found.largest.max(self.size[root as usize].into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use emanate::{Edge, GraphBuilder};

    use super::*;

    #[test]
    fn a_small_graph_is_surveyed() {
        let mut builder = GraphBuilder::new();
        builder.edge("a", "b", 1.0).unwrap().edge("c", "b", -0.5).unwrap();
        builder.edge("d", "d", 2.5).unwrap().node("e").unwrap();
        let timed = Edge {
            source: "d".into(),
            target: "f".into(),
            weight: 1.0,
            relation: None,
            time: Some(7.0),
        };
        builder.add(&timed).unwrap().add(&Edge { time: Some(3.0), ..timed }).unwrap();
        let survey = survey(&builder.build().unwrap()).unwrap();
        assert_eq!(survey.isolated, 1);
        assert_eq!(survey.components, Components { count: 3, largest: 3 });
        assert_eq!((survey.out.max, survey.into.max), (3, 2));
        assert!((survey.out.mean - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!((survey.weight_mean, survey.negative), (1.0, 1));
        assert_eq!(survey.times, Some(Times { edges: 2, first: 3.0, last: 7.0 }));
    }

    #[test]
    fn a_quantile_is_the_least_value_that_enough_do_not_exceed() {
        let degrees = Degrees::of((1..=1000).rev().collect());
        assert_eq!(degrees.quantiles, [500, 900, 990, 999]);
        assert_eq!((degrees.max, degrees.mean), (1000, 500.5));
        assert_eq!(Degrees::of(vec![4]).quantiles, [4; 4]);
        assert_eq!(Degrees::of(Vec::new()), Degrees::default());
    }

    #[test]
    fn a_chain_is_one_component() {
        let mut sets = Sets::new(1000);
        for node in 1..1000 {
            sets.join(node, node - 1);
        }
        assert_eq!(sets.components(|_| true), Components { count: 1, largest: 1000 });
    }
}
