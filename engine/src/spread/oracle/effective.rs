//! The graph a spread sees, as plain rows.

use std::collections::VecDeque;

use super::node_id;
use super::sum::sum;
use crate::graph::Generation;
use crate::spread::{Combine, Direction, EdgeFilter, Linear, Rule, SpreadError, SpreadRequest};
use crate::terms::{Label, NodeId};

/// One effective edge; its source is the row it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct EffectiveEdge {
    pub(super) target: usize,
    /// `e = w * relation_weight * exp(-age_rate * age)`.
    pub(super) e: f64,
}

/// The effective graph: the visible nodes and the allowed edges between them, turned and weighted.
#[derive(Debug)]
pub(super) struct EffectiveGraph {
    rows: Vec<Vec<EffectiveEdge>>,
    visible: Vec<bool>,
    label_ranks: Vec<usize>,
}

impl EffectiveGraph {
    /// Reads all out-rows of `graph` and keeps what `request` sees of them.
    pub(super) fn of(graph: &Generation, request: &SpreadRequest) -> Result<Self, SpreadError> {
        let nodes = graph.node_count();
        let filter = &request.edges;
        let factors = Factors::of(graph, filter)?;
        let visible: Vec<bool> = (0..nodes)
            .map(|v| request.nodes.as_ref().is_none_or(|filter| filter.contains(node_id(v))))
            .collect();
        let mut out = vec![Vec::new(); nodes];
        let mut turned = vec![Vec::new(); nodes];
        let mut has_negative = false;
        for v in 0..nodes {
            let row = graph.out_row(node_id(v))?;
            let relations = graph.out_relations(node_id(v))?;
            let times = graph.out_times(node_id(v))?;
            for (position, &target) in row.targets.iter().enumerate() {
                let relation = relations.get(position).map_or(0, |&raw| raw as usize);
                let time = times.get(position).copied().filter(|time| !time.is_nan());
                let Some(factor) = factors.of_relation(relation) else { continue };
                let weight = row.weights.at(position) * factor;
                has_negative |= weight < 0.0;
                let u = target as usize;
                if visible[v] && visible[u] {
                    let e = weight * factors.of_age(time);
                    out[v].push(EffectiveEdge { target: u, e });
                    turned[u].push(EffectiveEdge { target: v, e });
                }
            }
        }
        if has_negative && !takes_negative(&request.rule) {
            return Err(SpreadError::NegativeWeight { rule: request.rule.name() });
        }
        let rows = match filter.direction {
            Direction::Out => out,
            Direction::In => turned,
            Direction::Both => both_ways(out, &turned),
        };
        Ok(Self { rows, visible, label_ranks: label_ranks(graph)? })
    }

    /// Takes the edges of `nodes` away.
    pub(super) fn empty_rows(&mut self, nodes: &[NodeId]) {
        nodes.iter().for_each(|node| self.rows[node.index()].clear());
    }

    pub(super) fn node_count(&self) -> usize {
        self.rows.len()
    }

    /// Whether the node exists for the spread.
    pub(super) fn sees(&self, v: usize) -> bool {
        self.visible[v]
    }

    /// The effective edges of `v`: its out-row, its in-row by source, or one after the other.
    pub(super) fn row(&self, v: usize) -> &[EffectiveEdge] {
        &self.rows[v]
    }

    /// `fan(v)`, the number of effective edges of `v`.
    pub(super) fn fan(&self, v: usize) -> u64 {
        self.rows[v].len() as u64
    }

    /// The sum of the fans of `nodes`.
    pub(super) fn fan_sum(&self, nodes: &[usize]) -> u64 {
        nodes.iter().map(|&v| self.fan(v)).sum()
    }

    /// `sum of e(v,.)`, self-loops included.
    pub(super) fn row_sum(&self, v: usize) -> f64 {
        sum(self.rows[v].iter().map(|edge| edge.e))
    }

    /// `e / sum of e(v,.)`, also where that sum is more than a number holds.
    pub(super) fn fraction(&self, v: usize, e: f64) -> f64 {
        let row_sum = self.row_sum(v);
        if row_sum.is_finite() {
            return e / row_sum;
        }
        let small = 2f64.powi(-100);
        e * small / sum(self.rows[v].iter().map(|edge| edge.e * small))
    }

    /// `sum of |e(v,.)|`.
    pub(super) fn row_magnitude(&self, v: usize) -> f64 {
        let magnitude = sum(self.rows[v].iter().map(|edge| edge.e.abs()));
        // A compensated sum that overflows is not a number.
        if magnitude.is_nan() { f64::INFINITY } else { magnitude }
    }

    /// Position of the label of `v` among all labels, ascending.
    pub(super) fn label_rank(&self, v: usize) -> usize {
        self.label_ranks[v]
    }

    /// The least number of effective edges of positive weight from any of `starts` to each node.
    pub(super) fn distances(&self, starts: impl Iterator<Item = usize>) -> Vec<Option<u32>> {
        let mut distances = vec![None; self.node_count()];
        let mut waiting = VecDeque::new();
        for v in starts {
            distances[v] = Some(0);
            waiting.push_back((v, 0));
        }
        while let Some((v, distance)) = waiting.pop_front() {
            for edge in self.row(v).iter().filter(|edge| edge.e > 0.0) {
                if distances[edge.target].is_none() {
                    distances[edge.target] = Some(distance + 1);
                    waiting.push_back((edge.target, distance + 1));
                }
            }
        }
        distances
    }
}

/// What multiplies the weight of an edge.
struct Factors {
    /// By raw relation id, 0 for none; `None` for a relation that is not followed.
    relations: Vec<Option<f64>>,
    age_rate: f64,
    at: f64,
}

impl Factors {
    fn of(graph: &Generation, filter: &EdgeFilter) -> Result<Self, SpreadError> {
        // Without a filter every edge counts as it is; with one, only what it names.
        let unnamed = if filter.relations.is_empty() { Some(1.0) } else { None };
        let mut relations = vec![unnamed; graph.relation_names().len() + 1];
        for (name, factor) in &filter.relations {
            let relation = graph
                .relation(name)
                .ok_or_else(|| SpreadError::UnknownRelation { name: name.clone() })?;
            relations[relation.get() as usize] = Some(*factor);
        }
        let at = match filter.at {
            Some(at) => at,
            None if filter.age_rate == 0.0 => 0.0,
            None => return Err(SpreadError::AgeWithoutTime),
        };
        Ok(Self { relations, age_rate: filter.age_rate, at })
    }

    /// `relation_weight`; `None` where the edge is not followed.
    fn of_relation(&self, raw: usize) -> Option<f64> {
        self.relations[raw]
    }

    /// `exp(-age_rate * age)`, `age = at - time`, 0 if negative or without a time.
    fn of_age(&self, time: Option<f64>) -> f64 {
        let age = time.map_or(0.0, |time| (self.at - time).max(0.0));
        // An age too long for a number times a rate of 0 would be NaN.
        if self.age_rate == 0.0 { 1.0 } else { libm::exp(-self.age_rate * age) }
    }
}

/// Each node's out-edges, then its in-edges, a self-loop once.
fn both_ways(
    mut out: Vec<Vec<EffectiveEdge>>,
    turned: &[Vec<EffectiveEdge>],
) -> Vec<Vec<EffectiveEdge>> {
    for (v, row) in out.iter_mut().enumerate() {
        row.extend(turned[v].iter().filter(|edge| edge.target != v));
    }
    out
}

/// Whether inhibitory edges have a meaning for the rule.
fn takes_negative(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(Linear { combine: Combine::Sum, .. }))
}

fn label_ranks(graph: &Generation) -> Result<Vec<usize>, SpreadError> {
    let mut labels: Vec<(Label<'_>, usize)> = Vec::with_capacity(graph.node_count());
    for v in 0..graph.node_count() {
        labels.push((graph.label(node_id(v))?, v));
    }
    labels.sort_unstable();
    let mut ranks = vec![0; labels.len()];
    for (rank, &(_, v)) in labels.iter().enumerate() {
        ranks[v] = rank;
    }
    Ok(ranks)
}
