//! A hop over all edges, block of targets by block of targets.

use std::marker::PhantomData;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::{Compiled, InstructionSet, Join};
use crate::graph::{DenseEdges, TARGETS_PER_BLOCK, TARGETS_PER_BLOCK_BITS, TargetBlock, Weights};
use crate::spread::real::Real;
use crate::spread::watch::Watch;
use crate::sync::Workers;
use crate::terms::StopReason;

/// Adds to every cell what the edges into it contribute: `factors[source] * weight`, ascending by
/// source. `cells` has [`TARGETS_PER_BLOCK`] cells for each block.
///
/// With `workers`, each block is done by one thread, so the order of a cell's additions stays.
///
/// # Errors
/// The reason for which the spread must end; some cells are written then.
pub(crate) fn add_dense<S: Real, J: Join<S>>(
    instructions: InstructionSet,
    edges: &DenseEdges,
    factors: &[S],
    cells: &mut [S],
    watch: &mut Watch<'_>,
    workers: Option<&Workers>,
) -> Result<(), StopReason> {
    if let Some(workers) = workers {
        watch.look()?;
        workers.pool().install(|| {
            let blocks = edges.blocks.par_iter().zip(cells.par_chunks_exact_mut(TARGETS_PER_BLOCK));
            blocks.for_each(|(block, cells)| {
                let cells = cells.as_chunks_mut().0;
                cells.iter_mut().for_each(|cells| {
                    instructions.run(AddBlock::<S, J> { block, factors, cells, join: PhantomData });
                });
            });
        });
        return Ok(());
    }
    for (block, cells) in edges.blocks.iter().zip(cells.as_chunks_mut().0) {
        watch.spend(block.codes.len())?;
        instructions.run(AddBlock::<S, J> { block, factors, cells, join: PhantomData });
    }
    Ok(())
}

/// Adds what the edges into one block of targets contribute.
struct AddBlock<'a, S, J> {
    block: &'a TargetBlock,
    factors: &'a [S],
    cells: &'a mut [S; TARGETS_PER_BLOCK],
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
    cells: &mut [S; TARGETS_PER_BLOCK],
) {
    let mut source = 0;
    for (&code, &weight) in codes.iter().zip(weights) {
        source += (code >> TARGETS_PER_BLOCK_BITS) as usize;
        let cell = &mut cells[code as usize % TARGETS_PER_BLOCK];
        *cell = J::join(*cell, factors[source] * widen(weight));
    }
}
