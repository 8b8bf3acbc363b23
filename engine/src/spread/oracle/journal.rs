//! What a spread has done so far, beside its activations.

use super::effective::EffectiveGraph;
use super::sum::sum;
use crate::spread::{Bounds, SpreadRequest, SpreadStats, Step};

/// Counts, steps and the margin of one spread, and the bounds they are held against.
#[derive(Debug)]
pub(super) struct Journal<'r> {
    bounds: &'r Bounds,
    by_step: bool,
    reached: Vec<bool>,
    margin: f64,
    pub(super) steps: Vec<Step>,
    pub(super) stats: SpreadStats,
}

impl<'r> Journal<'r> {
    pub(super) fn new(request: &'r SpreadRequest, nodes: usize) -> Self {
        Self {
            bounds: &request.bounds,
            by_step: request.by_step,
            reached: vec![false; nodes],
            margin: f64::INFINITY,
            steps: Vec::new(),
            stats: SpreadStats::default(),
        }
    }

    /// Whether another hop over `fan` edges stays within the bound on edges.
    pub(super) fn may_follow(&self, fan: u64) -> bool {
        let after = self.stats.edges_traversed.saturating_add(fan);
        self.bounds.edges_max.is_none_or(|most| after <= most)
    }

    /// A hop over `fan` edges is complete.
    pub(super) fn completed(&mut self, fan: u64) {
        self.stats.hops += 1;
        self.stats.edges_traversed += fan;
    }

    /// `v` is reached without a pulse: as a seed, or by having activation.
    pub(super) fn reach(&mut self, v: usize) {
        if !self.reached[v] {
            self.reached[v] = true;
            self.stats.nodes_reached += 1;
        }
    }

    /// `v` has a pulse above 0 in this hop: a revisit, where it was reached in an earlier one.
    pub(super) fn pulse(&mut self, v: usize) {
        self.revisit(v);
        self.reach(v);
    }

    /// `v` has a pulse above 0, which may leave it without activation: a revisit, where it had
    /// activation before.
    pub(super) fn revisit(&mut self, v: usize) {
        if self.reached[v] {
            self.stats.revisits += 1;
        }
    }

    /// The state after hop `t`: the sum of `activations`, and how many are above 0.
    pub(super) fn step(&mut self, t: u32, activations: &[f64]) {
        if self.by_step {
            let active = activations.iter().filter(|&&a| a > 0.0).count() as u64;
            self.steps.push(Step { t, total: sum(activations.iter().copied()), active });
        }
    }

    /// `value`, added up from numbers of magnitude `scale`, was compared with `bound`.
    pub(super) fn compared(&mut self, value: f64, bound: f64, scale: f64) {
        let scale = scale.abs().max(bound.abs());
        if scale > 0.0 && scale.is_finite() {
            self.margin = self.margin.min((value - bound).abs() / scale);
        }
    }

    /// The smallest relative distance [`Journal::compared`] saw.
    pub(super) fn margin(&self) -> f64 {
        self.margin
    }

    /// Which of `fresh`, the nodes a hop brings new with their strength, are dropped by the bound
    /// on nodes where `held` are there already: all but the strongest, by strength descending,
    /// then label. `None` where the bound is not exceeded.
    pub(super) fn dropped(
        &mut self,
        graph: &EffectiveGraph,
        held: u64,
        mut fresh: Vec<(usize, f64)>,
    ) -> Option<Vec<usize>> {
        let nodes_max = self.bounds.nodes_max?;
        if held + fresh.len() as u64 <= nodes_max {
            return None;
        }
        let room = usize::try_from(nodes_max - held).expect("below the number of fresh nodes");
        fresh.sort_by(|a, b| {
            b.1.total_cmp(&a.1).then_with(|| graph.label_rank(a.0).cmp(&graph.label_rank(b.0)))
        });
        if room > 0 {
            let (kept, lost) = (fresh[room - 1].1, fresh[room].1);
            self.compared(lost, kept, kept);
        }
        Some(fresh.into_iter().skip(room).map(|(v, _)| v).collect())
    }
}
