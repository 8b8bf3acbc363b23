//! A hop over all edges, block of targets by block of targets.

use std::convert::Infallible;
use std::marker::PhantomData;

use super::{Compiled, InstructionSet, Join};
use crate::graph::{DenseEdges, TARGET_BITS, TargetBlock, Weights};
use crate::spread::real::Real;
use crate::spread::watch::Watch;
use crate::sync::Team;
use crate::terms::StopReason;

/// Adds to every cell what the edges into it contribute: `factors[source] * weight`, ascending by
/// source. There is a cell for each node.
///
/// With a `team`, each block is done by one thread, so the order of a cell's additions stays.
///
/// # Errors
/// The reason for which the spread must end; some cells are written then.
pub(crate) fn add_dense<S: Real, J: Join<S>>(
    instructions: InstructionSet,
    edges: &DenseEdges,
    factors: &[S],
    cells: &mut [S],
    watch: &mut Watch<'_>,
    team: Option<Team<'_>>,
) -> Result<(), StopReason> {
    let all = AddBlocks { instructions, factors, join: PhantomData::<J> };
    match team {
        Some(team) => {
            watch.look()?;
            all.add(&edges.blocks, cells, team.parts(edges.blocks.len()));
            Ok(())
        }
        None => all.add_alone(&edges.blocks, cells, |block| watch.spend(block.codes.len())),
    }
}

/// Adds what the edges into some blocks of targets contribute. `cells` are those of the targets.
struct AddBlocks<'a, S, J> {
    instructions: InstructionSet,
    factors: &'a [S],
    join: PhantomData<J>,
}

impl<S: Real, J: Join<S>> AddBlocks<'_, S, J> {
    /// On the calling thread; ends where `before` a block says so.
    fn add_alone<E>(
        &self,
        blocks: &[TargetBlock],
        cells: &mut [S],
        mut before: impl FnMut(&TargetBlock) -> Result<(), E>,
    ) -> Result<(), E> {
        let &Self { instructions, factors, join } = self;
        let mut rest = cells;
        for block in blocks {
            before(block)?;
            let (cells, after) = rest.split_at_mut(block.targets);
            instructions.run(AddBlock { block, factors, cells, join });
            rest = after;
        }
        Ok(())
    }

    /// In `parts` at a time.
    fn add(&self, blocks: &[TargetBlock], cells: &mut [S], parts: usize) {
        if parts < 2 || blocks.len() < 2 {
            let Ok(()) = self.add_alone(blocks, cells, |_| Ok::<_, Infallible>(()));
            return;
        }
        let left = parts / 2;
        let (blocks, more_blocks) = blocks.split_at(share_of(blocks, left, parts));
        let targets = blocks.iter().map(|block| block.targets).sum();
        let (cells, more_cells) = cells.split_at_mut(targets);
        rayon::join(
            || self.add(blocks, cells, left),
            || self.add(more_blocks, more_cells, parts - left),
        );
    }
}

/// How many of the `blocks` have about `part` of `parts` of their edges; neither none nor all.
fn share_of(blocks: &[TargetBlock], part: usize, parts: usize) -> usize {
    let all: usize = blocks.iter().map(|block| block.codes.len()).sum();
    let mut left = all / parts * part;
    let enough = blocks.iter().position(|block| {
        let fits = block.codes.len() <= left;
        left = left.saturating_sub(block.codes.len());
        !fits
    });
    enough.unwrap_or(blocks.len()).clamp(1, blocks.len() - 1)
}

/// Adds what the edges into one block of targets contribute.
struct AddBlock<'a, S, J> {
    block: &'a TargetBlock,
    factors: &'a [S],
    cells: &'a mut [S],
    join: PhantomData<J>,
}

impl<S: Real, J: Join<S>> Compiled for AddBlock<'_, S, J> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { block, factors, cells, .. } = self;
        match &block.weights {
            Weights::Single(weights) => {
                add::<S, J, f32>(&block.codes, weights, S::of_single, factors, cells);
            }
            Weights::Double(weights) => {
                add::<S, J, f64>(&block.codes, weights, S::of, factors, cells);
            }
        }
    }
}

#[inline(always)]
fn add<S: Real, J: Join<S>, W: Copy>(
    codes: &[u32],
    weights: &[W],
    widen: impl Fn(W) -> S,
    factors: &[S],
    cells: &mut [S],
) {
    let mut source = 0;
    for (&code, &weight) in codes.iter().zip(weights) {
        source += (code >> TARGET_BITS) as usize;
        let cell = &mut cells[code as usize % (1 << TARGET_BITS)];
        *cell = J::join(*cell, factors[source] * widen(weight));
    }
}
