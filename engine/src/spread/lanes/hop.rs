//! One hop of all lanes.

use super::{LaneState, Line, Shared};
use crate::graph::{DamagedBlock, Edges, Row, WeightSlice};
use crate::spread::kernel::Compiled;
use crate::spread::outcome::SpreadStats;
use crate::spread::params::Share;
use crate::spread::real::Real;
use crate::spread::rules::linear::share;
use crate::spread::watch::Watch;
use crate::terms::NodeId;

/// Rows between the one that is followed and the one that is asked for.
const ROWS_AHEAD: usize = 6;
/// With fewer edges than `nodes / 8` in a hop, touched lines are marked one by one; with more, all
/// lines are looked at.
const MARKED_SHARE: usize = 8;

/// What stays the same from hop to hop, and what no activation of a lane exceeds.
pub(super) struct LaneHop<'a, S, const L: usize> {
    shared: &'a Shared<'a>,
    bounds: [f64; L],
    hop_decay: S,
    firing_threshold: S,
    ceiling: S,
}

/// What happened to the lanes in one hop.
#[derive(Clone, Copy)]
struct Counts<const L: usize> {
    new: [u32; L],
    revisits: [u32; L],
}

impl<'a, S: Real, const L: usize> LaneHop<'a, S, L> {
    pub(super) fn new(shared: &'a Shared<'a>, bounds: [f64; L]) -> Self {
        Self {
            shared,
            bounds,
            hop_decay: S::of(shared.linear.hop_decay),
            firing_threshold: S::of(shared.linear.firing_threshold),
            ceiling: shared.ceiling(),
        }
    }

    /// In which lanes any node fires.
    pub(super) fn firing(state: &LaneState<S, L>) -> [bool; L] {
        let mut firing = [false; L];
        for pulses in &state.pulses {
            for (firing, pulse) in firing.iter_mut().zip(&pulses.0) {
                *firing |= *pulse > S::ZERO;
            }
        }
        firing
    }

    /// Runs hop `hop` of every lane. `false` where numbers may grow too large, or the group is to
    /// end: nothing of it can be used then.
    pub(super) fn run(
        &mut self,
        state: &mut LaneState<S, L>,
        stats: &mut [SpreadStats],
        hop: u32,
        watch: &mut Watch<'_>,
    ) -> Result<bool, DamagedBlock> {
        let Some(edges) = self.shared.view.plain_edges() else { return Ok(false) };
        let instructions = self.shared.execution.instructions;
        let (followed, finite) = instructions.run(Weigh { hop: self, edges, state, stats })?;
        let grows = |bound: &f64| bound.is_nan() || *bound >= S::LARGEST / 4.0;
        if !finite || self.bounds.iter().any(grows) {
            return Ok(false);
        }
        let nodes = self.shared.view.graph().node_count();
        let marked = followed < nodes / MARKED_SHARE;
        let pushed = if marked {
            instructions.run(Push::<S, L, true> { edges, state, watch })
        } else {
            instructions.run(Push::<S, L, false> { edges, state, watch })
        };
        if !pushed? {
            return Ok(false);
        }
        let counts = instructions.run(Commit { of: self, state, nodes, hop, marked });
        for (lane, stats) in stats.iter_mut().enumerate() {
            stats.nodes_reached += u64::from(counts.new[lane]);
            stats.revisits += u64::from(counts.revisits[lane]);
        }
        Ok(true)
    }

    /// Replaces the pulses of all lanes by `pulse * hop_decay * share`; counts edges. Returns how
    /// many edges the hop follows, and whether every factor is finite.
    #[inline(always)]
    fn weigh(
        &mut self,
        edges: &Edges,
        state: &mut LaneState<S, L>,
        stats: &mut [SpreadStats],
    ) -> Result<(usize, bool), DamagedBlock> {
        let weight_bound = self.shared.view.weight_bound();
        let by = self.shared.linear.share;
        let (mut followed, mut finite) = (0, true);
        let mut fans = [0; L];
        for (&node, pulses) in state.nodes.iter().zip(&mut state.pulses) {
            let row = edges.row(NodeId::new(node))?;
            followed += row.len();
            let part = match by {
                Share::None => S::ONE,
                _ if row.is_empty() => S::ZERO,
                by => S::of(share(by, row)),
            };
            // All lanes alike: what does not fire is 0 and stays so.
            for (lane, pulse) in pulses.0.iter_mut().enumerate() {
                let fan = if *pulse > S::ZERO { row.len() as u64 } else { 0 };
                let factor = *pulse * self.hop_decay * part;
                *pulse = factor;
                finite &= factor.wide().is_finite();
                fans[lane] += fan;
                self.bounds[lane] += factor.wide() * weight_bound * row.len() as f64;
            }
        }
        for (stats, fan) in stats.iter_mut().zip(fans) {
            stats.edges_traversed += fan;
        }
        Ok((followed, finite))
    }

    /// Adds what arrived to the activations and makes the next frontier.
    #[inline(always)]
    fn commit(
        &self,
        state: &mut LaneState<S, L>,
        nodes: usize,
        hop: u32,
        marked: bool,
    ) -> Counts<L> {
        state.nodes.clear();
        state.pulses.clear();
        let last = hop == self.shared.hop_limit;
        let mark = u8::try_from(hop + 1).expect("a shareable request has few hops");
        let mut counts = Counts { new: [0; L], revisits: [0; L] };
        if marked {
            let mut touched = std::mem::take(&mut state.touched);
            touched.drain(|node| self.commit_line(state, node, mark, last, &mut counts));
            state.touched = touched;
        } else {
            let end = u32::try_from(nodes).expect("a graph has fewer than 2^32 nodes");
            for node in 0..end {
                self.commit_line(state, node, mark, last, &mut counts);
            }
        }
        counts
    }

    /// The same for one node.
    #[inline(always)]
    fn commit_line(
        &self,
        state: &mut LaneState<S, L>,
        node: u32,
        mark: u8,
        last: bool,
        counts: &mut Counts<L>,
    ) {
        let at = node as usize;
        let arrived = state.cells[at];
        if arrived.0.iter().fold(true, |none, pulse| none & (*pulse == S::ZERO)) {
            return;
        }
        state.cells[at] = Line([S::ZERO; L]);
        let (held, reached) = (&mut state.held[at], &mut state.reached[at]);
        let fires = self.add(&arrived, held, reached, mark, counts);
        let any = fires.0.iter().fold(false, |any, pulse| any | (*pulse > S::ZERO));
        if any && !last {
            state.nodes.push(node);
            state.pulses.push(fires);
        }
    }

    /// Adds a line of pulses to one of activations; the pulses that fire, 0 for the others.
    #[inline(always)]
    fn add(
        &self,
        arrived: &Line<S, L>,
        held: &mut Line<S, L>,
        reached: &mut [u8; L],
        mark: u8,
        counts: &mut Counts<L>,
    ) -> Line<S, L> {
        let mut fires = Line([S::ZERO; L]);
        for (lane, reached) in reached.iter_mut().enumerate() {
            let pulse = arrived.0[lane];
            let is_there = pulse > S::ZERO;
            let was_there = *reached != 0;
            let before = if was_there { held.0[lane] } else { S::ZERO };
            let sum = before + pulse;
            let capped = if sum < self.ceiling { sum } else { self.ceiling };
            held.0[lane] = if is_there { capped } else { before };
            *reached = if is_there && !was_there { mark } else { *reached };
            counts.new[lane] += u32::from(is_there && !was_there);
            counts.revisits[lane] += u32::from(is_there && was_there);
            let is_firing = is_there && pulse >= self.firing_threshold;
            fires.0[lane] = if is_firing { pulse } else { S::ZERO };
        }
        fires
    }
}

/// [`LaneHop::weigh`].
struct Weigh<'l, 'a, S, const L: usize> {
    hop: &'l mut LaneHop<'a, S, L>,
    edges: &'l Edges,
    state: &'l mut LaneState<S, L>,
    stats: &'l mut [SpreadStats],
}

impl<S: Real, const L: usize> Compiled for Weigh<'_, '_, S, L> {
    type Output = Result<(usize, bool), DamagedBlock>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.hop.weigh(self.edges, self.state, self.stats)
    }
}

/// [`LaneHop::commit`].
struct Commit<'l, 'a, S, const L: usize> {
    of: &'l LaneHop<'a, S, L>,
    state: &'l mut LaneState<S, L>,
    nodes: usize,
    hop: u32,
    marked: bool,
}

impl<S: Real, const L: usize> Compiled for Commit<'_, '_, S, L> {
    type Output = Counts<L>;

    #[inline(always)]
    fn run(self) -> Counts<L> {
        self.of.commit(self.state, self.nodes, self.hop, self.marked)
    }
}

/// Adds every factor of the frontier times the weight to the line of each target. `false` where
/// the group must end.
struct Push<'l, 'w, S, const L: usize, const MARKED: bool> {
    edges: &'l Edges,
    state: &'l mut LaneState<S, L>,
    watch: &'l mut Watch<'w>,
}

impl<S: Real, const L: usize, const MARKED: bool> Compiled for Push<'_, '_, S, L, MARKED> {
    type Output = Result<bool, DamagedBlock>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let LaneState { cells, touched, nodes, pulses, .. } = self.state;
        for (position, (&node, factors)) in nodes.iter().zip(&*pulses).enumerate() {
            if let Some(&ahead) = nodes.get(position + ROWS_AHEAD) {
                self.edges.prefetch_row(ahead);
            }
            let row = self.edges.row(NodeId::new(node))?;
            if self.watch.spend(row.len() * L).is_err() {
                return Ok(false);
            }
            if MARKED {
                row.targets.iter().for_each(|target| touched.insert(*target));
            }
            add_row(row, factors, cells);
        }
        Ok(true)
    }
}

#[inline(always)]
fn add_row<S: Real, const L: usize>(row: Row<'_>, factors: &Line<S, L>, cells: &mut [Line<S, L>]) {
    let mut add = |target: u32, weight: S| {
        let cell = &mut cells[target as usize];
        for (cell, factor) in cell.0.iter_mut().zip(&factors.0) {
            *cell = *cell + *factor * weight;
        }
    };
    match row.weights {
        WeightSlice::Single(weights) => {
            let weighted = row.targets.iter().zip(weights);
            weighted.for_each(|(target, weight)| add(*target, S::of_single(*weight)));
        }
        WeightSlice::Double(weights) => {
            let weighted = row.targets.iter().zip(weights);
            weighted.for_each(|(target, weight)| add(*target, S::of(*weight)));
        }
    }
}
