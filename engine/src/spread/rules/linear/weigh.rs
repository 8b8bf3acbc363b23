//! What each node of a frontier hands on along each of its edges.

use super::Params;
use crate::graph::{Edges, Reads, Row, RowLens, WeightSlice};
use crate::spread::kernel::{Compiled, InstructionSet};
use crate::spread::params::Share;
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::Frontier;
use crate::terms::{NodeId, StopReason};

/// Rows between the one that is looked at and the one whose place is asked for.
const RANGES_AHEAD: usize = 16;
/// Places of rows, each of 4 bytes, in a cache line.
const CLOSE: usize = 16;
/// Sums that are kept apart while nodes are weighed.
const SUMS: usize = 4;
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
        self.add(row.len(), factor, weight_bound);
        factor
    }

    /// Takes into account that `factor` goes along each of `len` edges.
    #[inline(always)]
    fn add<S: Real>(&mut self, len: usize, factor: S, weight_bound: f64) {
        self.edges += len as u64;
        let bound = factor.wide() * weight_bound * len as f64;
        self.bound += if len == 0 { 0.0 } else { bound };
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
    let instructions = run.execution.instructions;
    let weigh = Weigh { edges, params, weight_bound: run.view.weight_bound(), instructions };
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
    instructions: InstructionSet,
}

/// What came of it.
struct Weighed {
    load: Load,
    finite: bool,
    /// Whether a row could not be read; its node's factor is not a number.
    unread: bool,
}

impl Weighed {
    const NOTHING: Self = Self { load: Load { edges: 0, bound: 0.0 }, finite: true, unread: false };

    fn and(self, other: Self) -> Self {
        Self {
            load: Load {
                edges: self.load.edges + other.load.edges,
                bound: self.load.bound + other.load.bound,
            },
            finite: self.finite & other.finite,
            unread: self.unread | other.unread,
        }
    }
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
        (one.and(other), reads.and(more_reads))
    }

    fn alone(&self, nodes: &[u32], pulses: &mut [S]) -> Weighed {
        self.instructions.run(WeighAlone { all: self, nodes, pulses })
    }
}

/// Whether the places of the rows of `nodes`, which ascend, follow on each other so closely that
/// the processor asks for them by itself.
fn are_close(nodes: &[u32]) -> bool {
    let [first, .., last] = nodes else { return true };
    (last.abs_diff(*first) as usize) < nodes.len() * CLOSE
}

/// Weighs nodes on the calling thread.
struct WeighAlone<'w, 'a, 'p, S> {
    all: &'w Weigh<'a, 'p, S>,
    nodes: &'w [u32],
    pulses: &'w mut [S],
}

impl<S: Real> Compiled for WeighAlone<'_, '_, '_, S> {
    type Output = Weighed;

    #[inline(always)]
    fn run(self) -> Weighed {
        let Self { all, nodes, pulses } = self;
        let mut lens = RowLens::of(all.edges);
        let asks = !are_close(nodes);
        // Sums of every fourth, since an addition waits for the one before.
        let mut sums = [Weighed::NOTHING; SUMS];
        let (nodes_by_sum, last_nodes) = nodes.as_chunks::<SUMS>();
        let (pulses_by_sum, last_pulses) = pulses.as_chunks_mut::<SUMS>();
        for (position, (some, pulses)) in nodes_by_sum.iter().zip(pulses_by_sum).enumerate() {
            if asks {
                for ahead in nodes.iter().skip(position * SUMS + RANGES_AHEAD).take(SUMS) {
                    all.edges.prefetch_range(*ahead);
                }
            }
            for ((node, pulse), sum) in some.iter().zip(pulses).zip(&mut sums) {
                *pulse = all.one(NodeId::new(*node), *pulse, &mut lens, sum);
            }
        }
        for (node, pulse) in last_nodes.iter().zip(last_pulses) {
            *pulse = all.one(NodeId::new(*node), *pulse, &mut lens, &mut sums[0]);
        }
        sums.into_iter().fold(Weighed::NOTHING, Weighed::and)
    }
}

impl<S: Real> Weigh<'_, '_, S> {
    /// The factor of `node`; not a number where its row could not be read.
    #[inline(always)]
    fn one(&self, node: NodeId, pulse: S, lens: &mut RowLens<'_>, sum: &mut Weighed) -> S {
        let share_by = self.params.raw.share;
        let weighed = if share_by == Share::None {
            lens.len(node).map(|len| {
                let factor = pulse * self.params.hop_decay;
                sum.load.add(len, factor, self.weight_bound);
                (factor, len == 0)
            })
        } else {
            self.edges.row(node).map(|row| {
                let factor = sum.load.factor(row, pulse, self.weight_bound, self.params);
                (factor, row.is_empty())
            })
        };
        let Ok((factor, is_empty)) = weighed else {
            sum.unread = true;
            return S::of(f64::NAN);
        };
        sum.finite &= is_empty | factor.wide().is_finite();
        if is_empty { S::ZERO } else { factor }
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
