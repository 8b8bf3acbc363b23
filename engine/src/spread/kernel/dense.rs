//! A hop over all edges, block of targets by block of targets.

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::{InstructionSet, Join};
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
                    instructions.run(|| add_block::<S, J>(block, factors, cells));
                });
            });
        });
        return Ok(());
    }
    for (block, cells) in edges.blocks.iter().zip(cells.as_chunks_mut().0) {
        watch.spend(block.codes.len())?;
        instructions.run(|| add_block::<S, J>(block, factors, cells));
    }
    Ok(())
}

#[inline(always)]
fn add_block<S: Real, J: Join<S>>(
    block: &TargetBlock,
    factors: &[S],
    cells: &mut [S; TARGETS_PER_BLOCK],
) {
    match &block.weights {
        Weights::Single(weights) => {
            add::<S, J, f32>(&block.codes, weights, S::of_single, factors, cells);
        }
        Weights::Double(weights) => add::<S, J, f64>(&block.codes, weights, S::of, factors, cells),
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
