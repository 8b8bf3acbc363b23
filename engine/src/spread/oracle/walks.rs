//! The strongest walk to each node.
//!
//! The strength of a walk is `((x_seed * f_1) * f_2) ...`, `f = hop_decay * share(v) * e`; a walk
//! that has `k` edges behind it and is at `v` goes on only if `v` fired in hop `k + 1`. Because a
//! product never falls when one factor rises, the strongest walk of `k` edges to a node goes on
//! from the strongest of `k - 1` edges to its last but one; where a factor is negative, from the
//! one with the smallest product, which is therefore kept too.
//!
//! Of equally strong walks the one with fewer edges is taken, then the one whose labels come
//! first, compared from the seed on. Walks that differ in strength before their last edge and
//! agree after it, by rounding alone, count as different.

use std::collections::BTreeMap;

use super::effective::EffectiveGraph;
use super::node_id;
use crate::spread::Path;

/// Which end of the range of products a walk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Largest,
    Smallest,
}

/// A node, and which of the walks to it.
type Place = (usize, End);

/// The best walk of one number of edges to one place.
#[derive(Clone, Copy, Debug)]
struct Walk {
    strength: f64,
    /// Where it came from; `None` at the seed.
    from: Option<Place>,
    /// While its layer is built, the order of the walk it continues; then its own among the walks
    /// of the layer, by their labels. Equal for equal labels.
    order: usize,
}

/// By number of edges, the best walks to every node such a walk leads to.
#[derive(Debug)]
pub(super) struct Walks {
    layers: Vec<BTreeMap<Place, Walk>>,
}

impl Walks {
    /// The walks without edges: one for each seed, of strength `p_0`.
    pub(super) fn from_seeds(graph: &EffectiveGraph, seeds: &BTreeMap<usize, f64>) -> Self {
        let mut layer = BTreeMap::new();
        for (&v, &strength) in seeds {
            for end in [End::Largest, End::Smallest] {
                layer.insert((v, end), Walk { strength, from: None, order: 0 });
            }
        }
        put_in_order(graph, &mut layer);
        Self { layers: vec![layer] }
    }

    /// Adds the walks that pass a node of `frontier` in the next hop. `passed(v)` is
    /// `hop_decay * share(v)`.
    pub(super) fn extend(
        &mut self,
        graph: &EffectiveGraph,
        frontier: &[usize],
        passed: impl Fn(usize) -> f64,
    ) {
        let last = self.layers.last().expect("there is a layer from the start");
        let mut next: BTreeMap<Place, Walk> = BTreeMap::new();
        for &v in frontier {
            let passed = passed(v);
            for from in [(v, End::Largest), (v, End::Smallest)] {
                let Some(walk) = last.get(&from) else { continue };
                for edge in graph.row(v) {
                    let strength = walk.strength * (passed * edge.e);
                    let longer = Walk { strength, from: Some(from), order: walk.order };
                    for end in [End::Largest, End::Smallest] {
                        let place = (edge.target, end);
                        if next.get(&place).is_none_or(|held| is_better(&longer, held, end)) {
                            next.insert(place, longer);
                        }
                    }
                }
            }
        }
        put_in_order(graph, &mut next);
        self.layers.push(next);
    }

    /// The strongest walk to `v`; of equal ones the shortest, then the first by labels.
    pub(super) fn strongest_to(&self, v: usize) -> Option<Path> {
        let mut strongest: Option<(usize, Walk)> = None;
        for (edges, layer) in self.layers.iter().enumerate() {
            let Some(&walk) = layer.get(&(v, End::Largest)) else { continue };
            if strongest.is_none_or(|(_, held)| walk.strength > held.strength) {
                strongest = Some((edges, walk));
            }
        }
        let (edges, walk) = strongest?;
        let mut nodes = vec![node_id(v)];
        let mut from = walk.from;
        for layer in self.layers[..edges].iter().rev() {
            let place = from.expect("a walk of a later layer came from the one before");
            nodes.push(node_id(place.0));
            from = layer[&place].from;
        }
        nodes.reverse();
        Some(Path { nodes, strength: walk.strength })
    }
}

/// Whether `walk` is nearer the wanted end than `held`, or as near and before it by labels. Both
/// lead to one node, so their labels compare as those of the walks they continue.
fn is_better(walk: &Walk, held: &Walk, end: End) -> bool {
    let nearer = match end {
        End::Largest => walk.strength > held.strength,
        End::Smallest => walk.strength < held.strength,
    };
    nearer || (walk.strength == held.strength && walk.order < held.order)
}

/// Replaces the order of the walk each one continues by its own.
fn put_in_order(graph: &EffectiveGraph, layer: &mut BTreeMap<Place, Walk>) {
    let key = |(place, walk): (&Place, &Walk)| (walk.order, graph.label_rank(place.0));
    let mut keys: Vec<(usize, usize)> = layer.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    for (place, walk) in layer.iter_mut() {
        let wanted = key((place, walk));
        walk.order = keys.binary_search(&wanted).expect("the key of every walk is listed");
    }
}
