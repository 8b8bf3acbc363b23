//! Why a node was reached: the strongest walk from a seed to it.
//!
//! Among walks of at most `hops` edges from a seed through nodes that fired when the walk passed,
//! the one with the largest `x_seed` times the product of what every edge lets through; ties: fewer
//! edges, then labels, from the seed on. An edge `(v,u)` lets through
//!
//! - `linear`: `hop_decay * share(v) * e(v,u)`;
//! - `retention`: `(1 - delta) (1 - r_v) w / d_v`; a node passes activation on once it is reached;
//! - `pagerank`: `d * e / sum of e(v,.)`, likewise, with seeds scaled to sum 1;
//! - `synapse`: `S * e / fan(v)`, likewise;
//! - `act-r`: `W_j (S - ln(fan(j) + 1))`, instead of the seed's amount.
//!
//! The walks are built hop by hop, the strongest to each node in each hop. An inhibitory edge turns
//! the strongest walk into the weakest, so where there are any, the weakest is kept too.
//!
//! # Cost
//! The edges followed by the spread once more, and one entry for each node in each hop. A deadline
//! and a bound on memory hold here too: the outcome then has no paths, and says why.

use std::cmp::Ordering;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::outcome::{NodeActivation, Path};
use super::params::{ActR, Rule};
use super::rules::linear::share;
use super::run::{Halt, Run};
use crate::graph::{DamagedBlock, Generation, Row};
use crate::terms::{NodeId, StopReason};

/// A walk: its last node, its value, and the walk it prolongs.
#[derive(Clone, Copy, Debug)]
struct Walk {
    node: u32,
    value: f64,
    parent: Option<usize>,
}

/// The strongest and the weakest walk to one node in one hop, as positions.
#[derive(Clone, Copy, Debug)]
struct Ends {
    strongest: usize,
    weakest: usize,
}

#[derive(Debug, Default)]
struct Walks {
    all: Vec<Walk>,
}

/// Walks of one hop, by their last node.
type Layer = HashMap<u32, Ends, FixedState>;

/// A path for each of `reported`.
///
/// # Errors
/// [`Halt::Stop`] where time or memory did not suffice; no path is known to be the strongest then.
pub(crate) fn explain(
    run: &mut Run<'_>,
    reported: &[NodeActivation],
    is_reached: impl Fn(u32) -> bool,
) -> Result<Vec<Option<Path>>, Halt> {
    let graph = run.view.graph();
    let mut walks = Walks::default();
    let mut layer = Layer::default();
    for seed in run.seeds {
        // Seeds at one node that are injected at different times count together.
        let held = layer.get(&seed.node).map_or(0.0, |ends: &Ends| walks.all[ends.strongest].value);
        let given = match run.request.rule {
            Rule::ActR(_) => 1.0,
            _ => seed.activation,
        };
        let walk = Walk { node: seed.node, value: held + given, parent: None };
        let place = walks.add(walk);
        layer.insert(seed.node, Ends { strongest: place, weakest: place });
    }
    let mut best = layer.clone();
    let linear = matches!(run.request.rule, Rule::Linear(_));
    for hop in 1..=run.stats.hops {
        let mut next = Layer::default();
        let mut fired: Vec<u32> = if linear {
            run.lists.trace.frontier(hop).to_vec()
        } else {
            layer.keys().copied().filter(|node| is_reached(*node)).collect()
        };
        fired.sort_unstable();
        for node in fired {
            let Some(&ends) = layer.get(&node) else { continue };
            let row = run.view.row(node, &mut run.lists.buffer);
            // Comparing two walks costs up to their length.
            run.watch.spend(row.len() + hop as usize)?;
            let through =
                Through::of(&run.request.rule, run.seeds.len(), node, row, &run.lists.retentions);
            for (position, &target) in row.targets.iter().enumerate() {
                if let Some(factor) = through.factor(target, row.weights.at(position)) {
                    walks.prolong(graph, &mut next, ends, target, factor)?;
                }
            }
        }
        layer = next;
        let improved = keep_best(&walks, &mut best, &layer);
        if !linear {
            // A walk that is no stronger than a shorter one need not be prolonged.
            layer.retain(|node, _| improved.binary_search(node).is_ok());
        }
        if layer.is_empty() {
            break;
        }
        let ends = best.len() + layer.len();
        let bytes = size_of_val(&*walks.all) + ends * size_of::<(u32, Ends)>();
        if run.request.bounds.memory_bytes_max.is_some_and(|max| bytes as u64 > max) {
            return Err(StopReason::MemoryBudget.into());
        }
    }
    Ok(reported
        .iter()
        .map(|entry| best.get(&entry.node.get()).map(|ends| walks.path(ends.strongest)))
        .collect())
}

/// Notes the walks of `layer` that are stronger than any shorter one; returns their ends, sorted.
fn keep_best(walks: &Walks, best: &mut Layer, layer: &Layer) -> Vec<u32> {
    let mut improved = Vec::new();
    for (&node, &ends) in layer {
        let held = best.get(&node).map(|held| walks.all[held.strongest].value);
        if held.is_none_or(|held| walks.all[ends.strongest].value > held) {
            best.insert(node, ends);
            improved.push(node);
        }
    }
    improved.sort_unstable();
    improved
}

impl Walks {
    fn add(&mut self, walk: Walk) -> usize {
        self.all.push(walk);
        self.all.len() - 1
    }

    /// Prolongs both walks that end at a node by one edge to `target`.
    fn prolong(
        &mut self,
        graph: &Generation,
        next: &mut Layer,
        ends: Ends,
        target: u32,
        factor: f64,
    ) -> Result<(), DamagedBlock> {
        for parent in [ends.strongest, ends.weakest] {
            let value = self.all[parent].value * factor;
            if !value.is_finite() {
                continue;
            }
            let walk = Walk { node: target, value, parent: Some(parent) };
            match next.get(&target).copied() {
                None => {
                    let place = self.add(walk);
                    next.insert(target, Ends { strongest: place, weakest: place });
                }
                Some(held) => {
                    let mut ends = held;
                    if self.is_preferred(graph, walk, held.strongest, Ordering::Greater)? {
                        ends.strongest = self.add(walk);
                    }
                    if self.is_preferred(graph, walk, held.weakest, Ordering::Less)? {
                        ends.weakest = self.add(walk);
                    }
                    next.insert(target, ends);
                }
            }
            if ends.strongest == ends.weakest {
                break;
            }
        }
        Ok(())
    }

    /// Whether `walk` replaces the walk at `held`, which has as many edges: its value lies to the
    /// `wanted` side, or is equal and its labels come first.
    fn is_preferred(
        &self,
        graph: &Generation,
        walk: Walk,
        held: usize,
        wanted: Ordering,
    ) -> Result<bool, DamagedBlock> {
        match walk.value.total_cmp(&self.all[held].value) {
            Ordering::Equal => {}
            order => return Ok(order == wanted),
        }
        let (Some(ours), Some(theirs)) = (walk.parent, self.all[held].parent) else {
            return Ok(false);
        };
        if ours == theirs {
            return Ok(false);
        }
        for (ours, theirs) in self.path(ours).nodes.iter().zip(&self.path(theirs).nodes) {
            match graph.label(*ours)?.cmp(&graph.label(*theirs)?) {
                Ordering::Equal => {}
                order => return Ok(order == Ordering::Less),
            }
        }
        Ok(false)
    }

    /// The nodes of a walk, the seed first.
    fn path(&self, walk: usize) -> Path {
        let strength = self.all[walk].value;
        let mut nodes = Vec::new();
        let mut at = Some(walk);
        while let Some(place) = at {
            nodes.push(NodeId::new(self.all[place].node));
            at = self.all[place].parent;
        }
        nodes.reverse();
        Path { nodes, strength }
    }
}

/// What the edges of one node let through.
struct Through {
    node: u32,
    scale: f64,
    follows_weights: bool,
    skips_loop: bool,
}

impl Through {
    fn of(rule: &Rule, seeds: usize, node: u32, row: Row<'_>, retentions: &[(u32, f64)]) -> Self {
        let sum = || (0..row.len()).fold(0.0, |sum, position| sum + row.weights.at(position));
        let scale = match rule {
            Rule::Linear(linear) => linear.hop_decay * share(linear.share, row),
            Rule::Retention(retention) => {
                let kept = match retentions.binary_search_by_key(&node, |entry| entry.0) {
                    Ok(found) => retentions[found].1,
                    Err(_) => retention.retention,
                };
                (1.0 - retention.time_decay) * (1.0 - kept) / sum()
            }
            Rule::PageRank(pagerank) => pagerank.damping / sum(),
            Rule::Synapse(synapse) => synapse.spread / row.len() as f64,
            Rule::ActR(act_r) => act_r_strength(act_r, seeds, row.len()),
        };
        Self {
            node,
            scale,
            follows_weights: !matches!(rule, Rule::ActR(_)),
            skips_loop: matches!(rule, Rule::Retention(_)),
        }
    }

    /// What the edge to `target` lets through; `None` where nothing.
    fn factor(&self, target: u32, weight: f64) -> Option<f64> {
        if self.skips_loop && target == self.node {
            return None;
        }
        let factor = if self.follows_weights { self.scale * weight } else { self.scale };
        (factor != 0.0 && factor.is_finite()).then_some(factor)
    }
}

/// What one seed of `act-r` gives each of its targets.
fn act_r_strength(act_r: &ActR, seeds: usize, fan: usize) -> f64 {
    act_r.source_activation / seeds as f64 * (act_r.source_strength - libm::log(fan as f64 + 1.0))
}
