//! Rows followed by several threads, each of which owns a range of targets.
//!
//! A row ascends by target, so what a thread owns of it lies together and is found by halving. A
//! cell belongs to one thread, which takes the rows in their order: no addition is atomic, and the
//! order of each sum stays.

use std::marker::PhantomData;

use super::{Compiled, InstructionSet, Join};
use crate::graph::{DamagedBlock, Edges, WeightSlice};
use crate::spread::real::Real;
use crate::sync::Team;
use crate::terms::NodeId;

/// Rows between the one that is followed and the one whose first edges are asked for.
const ROWS_AHEAD: usize = 6;
/// Targets by which the ranges are chosen: a thread's share is off by a few in a hundred then.
const SAMPLES: usize = 512;

/// Rows to be followed, and what their nodes hand on.
pub(crate) struct OwnedRows<'a, S, J> {
    pub(crate) instructions: InstructionSet,
    pub(crate) edges: &'a Edges,
    /// Ascending.
    pub(crate) nodes: &'a [u32],
    /// Parallel to the nodes.
    pub(crate) factors: &'a [S],
    pub(crate) join: PhantomData<J>,
}

impl<S: Real, J: Join<S>> OwnedRows<'_, S, J> {
    /// Adds `factor * weight` to the cell of every target of the rows, which have `edges` edges.
    /// There is a cell for each node.
    ///
    /// # Errors
    /// [`DamagedBlock`] where a row could not be read; some cells are written then.
    pub(crate) fn follow(
        &self,
        cells: &mut [S],
        edges: u64,
        team: Team<'_>,
    ) -> Result<(), DamagedBlock> {
        let mut samples = [0; SAMPLES];
        let count = self.sample(&mut samples, edges)?;
        let samples = &mut samples[..count];
        samples.sort_unstable();
        self.share_out(0, cells, samples, team.threads())
    }

    /// Every so manieth target. Returns how many there are.
    fn sample(&self, samples: &mut [u32; SAMPLES], edges: u64) -> Result<usize, DamagedBlock> {
        let step = usize::try_from(edges).unwrap_or(usize::MAX).div_ceil(SAMPLES).max(1);
        let (mut count, mut passed) = (0, 0);
        for &node in self.nodes {
            let row = self.edges.row(NodeId::new(node))?;
            while let Some(target) = row.targets.get(count * step - passed)
                && let Some(sample) = samples.get_mut(count)
            {
                *sample = *target;
                count += 1;
            }
            passed += row.len();
        }
        Ok(count)
    }

    /// Follows the rows to the targets from `first` on that have `cells`, by `parts` threads.
    /// `samples` are some of these targets, ascending.
    fn share_out(
        &self,
        first: usize,
        cells: &mut [S],
        samples: &[u32],
        parts: usize,
    ) -> Result<(), DamagedBlock> {
        if parts < 2 || samples.is_empty() {
            return self.instructions.run(FollowOwned { rows: self, first, cells });
        }
        let left = parts / 2;
        let (samples, more) = samples.split_at(samples.len() * left / parts);
        let middle = more.first().map_or(cells.len(), |target| *target as usize - first);
        let (cells, more_cells) = cells.split_at_mut(middle);
        let (one, other) = rayon::join(
            || self.share_out(first, cells, samples, left),
            || self.share_out(first + middle, more_cells, more, parts - left),
        );
        one.and(other)
    }
}

/// Follows the parts of rows that lead to targets from `first` on.
struct FollowOwned<'a, 'c, S, J> {
    rows: &'c OwnedRows<'a, S, J>,
    first: usize,
    cells: &'c mut [S],
}

impl<S: Real, J: Join<S>> Compiled for FollowOwned<'_, '_, S, J> {
    type Output = Result<(), DamagedBlock>;

    #[inline(always)]
    fn run(self) -> Result<(), DamagedBlock> {
        let Self { rows: &OwnedRows { edges, nodes, factors, .. }, first, cells } = self;
        for (position, (&node, &factor)) in nodes.iter().zip(factors).enumerate() {
            if let Some(&ahead) = nodes.get(position + ROWS_AHEAD) {
                edges.prefetch_row(ahead);
            }
            let row = edges.row(NodeId::new(node))?;
            let start = row.targets.partition_point(|target| (*target as usize) < first);
            let rest = &row.targets[start..];
            let len = rest.partition_point(|target| (*target as usize) < first + cells.len());
            let (targets, range) = (&rest[..len], start..start + len);
            match row.weights {
                WeightSlice::Single(weights) => {
                    let weights = &weights[range];
                    add_each::<S, J, f32>(targets, weights, S::of_single, factor, first, cells);
                }
                WeightSlice::Double(weights) => {
                    add_each::<S, J, f64>(targets, &weights[range], S::of, factor, first, cells);
                }
            }
        }
        Ok(())
    }
}

/// Adds `factor * weight` to the cell of each of `targets`; the first of the cells is that of the
/// node `first`.
#[inline(always)]
pub(crate) fn add_each<S: Real, J: Join<S>, W: Copy>(
    targets: &[u32],
    weights: &[W],
    widen: impl Fn(W) -> S,
    factor: S,
    first: usize,
    cells: &mut [S],
) {
    for (&target, &weight) in targets.iter().zip(weights) {
        let cell = &mut cells[target as usize - first];
        *cell = J::join(*cell, factor * widen(weight));
    }
}
