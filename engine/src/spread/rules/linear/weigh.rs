//! What each node of a frontier hands on along each of its edges.

use super::Params;
use crate::graph::{Edges, Reads, Row, WeightSlice};
use crate::spread::params::Share;
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::Frontier;
use crate::terms::{NodeId, StopReason};

/// Rows between the one that is looked at and the one whose place is asked for.
const RANGES_AHEAD: usize = 16;
/// A part of a frontier that is not worth a second thread.
const WEIGHED_ALONE: usize = 1 << 13;

/// Into how many parts a frontier of `nodes` is divided.
pub(super) fn parts(run: &Run<'_>, nodes: usize) -> usize {
    run.team.map_or(1, |team| team.parts(nodes / WEIGHED_ALONE))
}

/// What a hop adds.
#[derive(Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) edges: u64,
    /// What no pulse of the hop exceeds.
    pub(super) bound: f64,
}

impl Load {
    /// Takes a row into account; gives its factor, `pulse * hop_decay * share`, which may be too
    /// large to be finite.
    #[inline(always)]
    pub(super) fn factor<S: Real>(
        &mut self,
        row: Row<'_>,
        pulse: S,
        weight_bound: f64,
        params: &Params<'_, S>,
    ) -> S {
        let mut factor = pulse * params.hop_decay;
        if params.raw.share != Share::None {
            factor = factor * S::of(share(params.raw.share, row));
        }
        self.edges += row.len() as u64;
        let bound = factor.wide() * weight_bound * row.len() as f64;
        self.bound += if row.is_empty() { 0.0 } else { bound };
        factor
    }
}

/// Replaces every pulse of the frontier by the node's factor, 0 where it has no edges. No branch
/// hangs on that, which in a large frontier of nodes with and without edges cost more than all the
/// rest.
pub(super) fn weigh<S: Real>(
    run: &Run<'_>,
    edges: &Edges,
    frontier: &mut Frontier<S>,
    params: &Params<'_, S>,
) -> Result<Load, Halt> {
    let weigh = Weigh { edges, params, weight_bound: run.view.weight_bound() };
    let Frontier { nodes, pulses } = frontier;
    let weighed = match parts(run, nodes.len()) {
        ..2 => weigh.alone(nodes, pulses),
        parts => {
            let (weighed, reads) = weigh.shared(nodes, pulses, parts);
            reads.add();
            weighed
        }
    };
    if weighed.unread {
        for (&node, factor) in nodes.iter().zip(pulses) {
            if factor.wide().is_nan() {
                run.view.unread().note(node);
                *factor = S::ZERO;
            }
        }
    }
    if weighed.finite { Ok(weighed.load) } else { Err(StopReason::Overflow.into()) }
}

/// What weighing nodes takes.
struct Weigh<'a, 'p, S> {
    edges: &'a Edges,
    params: &'a Params<'p, S>,
    weight_bound: f64,
}

/// What came of it.
struct Weighed {
    load: Load,
    finite: bool,
    /// Whether a row could not be read; its node's factor is not a number.
    unread: bool,
}

impl<S: Real> Weigh<'_, '_, S> {
    /// Weighs `nodes` in `parts` at a time; gives what that read too.
    fn shared(&self, nodes: &[u32], pulses: &mut [S], parts: usize) -> (Weighed, Reads) {
        if parts < 2 {
            return Reads::apart(|| self.alone(nodes, pulses));
        }
        let left = parts / 2;
        let (nodes, more_nodes) = nodes.split_at(nodes.len() / parts * left);
        let (pulses, more_pulses) = pulses.split_at_mut(nodes.len());
        let ((one, reads), (other, more_reads)) = rayon::join(
            || self.shared(nodes, pulses, left),
            || self.shared(more_nodes, more_pulses, parts - left),
        );
        let weighed = Weighed {
            load: Load {
                edges: one.load.edges + other.load.edges,
                bound: one.load.bound + other.load.bound,
            },
            finite: one.finite & other.finite,
            unread: one.unread | other.unread,
        };
        (weighed, reads.and(more_reads))
    }

    fn alone(&self, nodes: &[u32], pulses: &mut [S]) -> Weighed {
        let mut weighed = Weighed { load: Load::default(), finite: true, unread: false };
        for (position, (&node, pulse)) in nodes.iter().zip(pulses).enumerate() {
            if let Some(&ahead) = nodes.get(position + RANGES_AHEAD) {
                self.edges.prefetch_range(ahead);
            }
            let Ok(row) = self.edges.row(NodeId::new(node)) else {
                weighed.unread = true;
                *pulse = S::of(f64::NAN);
                continue;
            };
            let is_empty = row.is_empty();
            let factor = weighed.load.factor(row, *pulse, self.weight_bound, self.params);
            weighed.finite &= is_empty | factor.wide().is_finite();
            *pulse = if is_empty { S::ZERO } else { factor };
        }
        weighed
    }
}

/// Puts the factor of each of `nodes`, ascending, into its place in `all`, which begins with node
/// `first`; in `parts` at a time.
pub(super) fn scatter<S: Real>(
    nodes: &[u32],
    factors: &[S],
    first: usize,
    all: &mut [S],
    parts: usize,
) {
    if parts < 2 {
        for (&node, &factor) in nodes.iter().zip(factors) {
            all[node as usize - first] = factor;
        }
        return;
    }
    let left = parts / 2;
    let (nodes, more_nodes) = nodes.split_at(nodes.len() / parts * left);
    let (factors, more_factors) = factors.split_at(nodes.len());
    let middle = more_nodes.first().map_or(first + all.len(), |node| *node as usize);
    let (all, more) = all.split_at_mut(middle - first);
    rayon::join(
        || scatter(nodes, factors, first, all, left),
        || scatter(more_nodes, more_factors, middle, more, parts - left),
    );
}

/// `share(v)` of the node whose row this is; 0 where it shares by weights that are all 0.
pub(crate) fn share(share: Share, row: Row<'_>) -> f64 {
    let fan = row.len() as f64;
    match share {
        Share::None => 1.0,
        Share::Weight => {
            let sum = absolute_sum(row.weights);
            match sum {
                0.0 => 0.0,
                // The spread then ends, rather than that all activation is lost.
                f64::INFINITY => f64::INFINITY,
                sum => 1.0 / sum,
            }
        }
        Share::Sqrt => 1.0 / libm::sqrt(fan),
        Share::Log => 1.0 / (1.0 + libm::log(fan)),
    }
}

/// The sum of `|weight|`, in the order of the row.
fn absolute_sum(weights: WeightSlice<'_>) -> f64 {
    match weights {
        WeightSlice::Single(weights) => {
            weights.iter().fold(0.0, |sum, weight| sum + f64::from(weight.abs()))
        }
        WeightSlice::Double(weights) => weights.iter().fold(0.0, |sum, weight| sum + weight.abs()),
    }
}
