//! Rows and names under their final numbers, cut into blocks.

use super::Numbering;
use super::rows::Rows;
use crate::graph::blocks::{Blocks, ROWS_PER_BLOCK};
use crate::graph::builder::WeightColumn;
use crate::graph::edges::{EdgeBlock, Edges};
use crate::graph::error::BuildError;
use crate::graph::generation::{Facts, RelationFacts};
use crate::graph::interner::NameList;
use crate::graph::names::{LabelBlock, NameBlocks, Names, ORDER_PER_BLOCK};
use crate::terms::Label;

/// The out-edges in blocks, and what is known of them as a whole.
pub(super) fn edges(
    rows: Rows,
    numbering: &Numbering,
    relations: usize,
) -> Result<(Facts, Edges), BuildError> {
    refuse_crowded_blocks(&numbering.fan_in, &numbering.old_of_new)?;
    let mut facts = Facts {
        nodes: numbering.old_of_new.len() as u64,
        removed_nodes: 0,
        edges: rows.targets.len() as u64,
        self_loops: 0,
        fan_out_max: 0,
        // The node with most in-edges is numbered first.
        fan_in_max: numbering.old_of_new.first().map_or(0, |&old| numbering.fan_in[old as usize]),
        weight_min: 0.0,
        weight_max: 0.0,
        single_weights: rows.weights.is_single(),
        has_times: !rows.times.is_empty(),
        relations: vec![RelationFacts::default(); relations + 1],
    };
    if !rows.targets.is_empty() {
        (facts.weight_min, facts.weight_max) = (f64::INFINITY, f64::NEG_INFINITY);
    }
    let mut blocks = Vec::new();
    let mut relation_columns = Vec::new();
    let mut time_columns = Vec::new();
    let mut row = Vec::new();
    for olds in numbering.old_of_new.chunks(ROWS_PER_BLOCK) {
        let mut block = BlockBuilder::new(&rows, olds)?;
        for &old in olds {
            row.clear();
            row.extend(
                rows.range(old as usize).map(|position| {
                    (numbering.new_of_old[rows.targets[position] as usize], position)
                }),
            );
            // Positions ascend by relation and time among edges of one target.
            row.sort_unstable();
            note_row(&mut facts, &rows, &row, numbering.new_of_old[old as usize]);
            block.push_row(&rows, &row);
        }
        relation_columns.push(block.relations.into_boxed_slice());
        time_columns.push(block.times.into_boxed_slice());
        blocks.push(EdgeBlock {
            offsets: block.offsets.into_boxed_slice(),
            targets: block.targets.into_boxed_slice(),
            weights: block.weights.into(),
        });
    }
    let edges = Edges::new(
        numbering.old_of_new.len(),
        Blocks::in_memory(blocks),
        (!rows.relations.is_empty()).then(|| Blocks::in_memory(relation_columns)),
        (!rows.times.is_empty()).then(|| Blocks::in_memory(time_columns)),
    );
    Ok((facts, edges))
}

/// Refuses a block with more in-edges than its offsets can count, which turning the edges round
/// later would meet.
fn refuse_crowded_blocks(fan_in: &[u64], old_of_new: &[u32]) -> Result<(), BuildError> {
    let crowded = old_of_new.chunks(ROWS_PER_BLOCK).any(|olds| {
        olds.iter().map(|&old| fan_in[old as usize]).sum::<u64>() > u64::from(u32::MAX)
    });
    if crowded { Err(BuildError::TooManyEdges) } else { Ok(()) }
}

fn note_row(facts: &mut Facts, rows: &Rows, row: &[(u32, usize)], node: u32) {
    facts.fan_out_max = facts.fan_out_max.max(row.len() as u64);
    for &(target, position) in row {
        let weight = rows.weights.at(position);
        facts.self_loops += u64::from(target == node);
        facts.weight_min = facts.weight_min.min(weight);
        facts.weight_max = facts.weight_max.max(weight);
        let relation = rows.relations.get(position).copied().unwrap_or(0);
        facts.relations[relation as usize].add(weight);
    }
}

/// One block while it is written.
struct BlockBuilder {
    offsets: Vec<u32>,
    targets: Vec<u32>,
    weights: WeightColumn,
    relations: Vec<u32>,
    times: Vec<f64>,
}

impl BlockBuilder {
    /// A block with exactly the room that the rows of `olds` need.
    fn new(rows: &Rows, olds: &[u32]) -> Result<Self, BuildError> {
        let edges: usize = olds.iter().map(|&old| rows.range(old as usize).len()).sum();
        if u32::try_from(edges).is_err() {
            return Err(BuildError::TooManyEdges);
        }
        let mut offsets = Vec::with_capacity(olds.len() + 1);
        offsets.push(0);
        Ok(Self {
            offsets,
            targets: Vec::with_capacity(edges),
            weights: WeightColumn::with_room(rows.weights.is_single(), edges),
            relations: Vec::with_capacity(if rows.relations.is_empty() { 0 } else { edges }),
            times: Vec::with_capacity(if rows.times.is_empty() { 0 } else { edges }),
        })
    }

    fn push_row(&mut self, rows: &Rows, row: &[(u32, usize)]) {
        self.targets.extend(row.iter().map(|&(target, _)| target));
        let positions = row.iter().map(|&(_, position)| position);
        match (&mut self.weights, &rows.weights) {
            (WeightColumn::Single(to), WeightColumn::Single(from)) => {
                to.extend(positions.clone().map(|position| from[position]));
            }
            (to, from) => positions.clone().for_each(|position| to.push(from.at(position))),
        }
        if !rows.relations.is_empty() {
            self.relations.extend(positions.clone().map(|position| rows.relations[position]));
        }
        if !rows.times.is_empty() {
            self.times.extend(positions.map(|position| rows.times[position]));
        }
        let end = u32::try_from(self.targets.len()).expect("`new` refused more");
        self.offsets.push(end);
    }
}

/// The names in blocks under the final numbers, and their sorted order.
pub(super) fn names(names: NameList, numbering: &Numbering) -> Result<Names, BuildError> {
    let olds = &numbering.old_of_new;
    let by_node = match &names {
        NameList::Labels { .. } => {
            let blocks: Result<Vec<_>, _> =
                olds.chunks(ROWS_PER_BLOCK).map(|olds| label_block(&names, olds)).collect();
            NameBlocks::Labels(Blocks::in_memory(blocks?))
        }
        NameList::Keys(keys) => NameBlocks::Keys(Blocks::in_memory(key_blocks(keys, olds))),
        NameList::WideKeys(keys) => NameBlocks::WideKeys(Blocks::in_memory(key_blocks(keys, olds))),
    };
    let order = numbering.by_name.chunks(ORDER_PER_BLOCK).map(Box::from);
    Ok(Names {
        by_node,
        order: Blocks::in_memory(order),
        ordered: olds.len(),
        count: olds.len(),
        overlay: Default::default(),
        index: Default::default(),
    })
}

fn label_block(names: &NameList, olds: &[u32]) -> Result<LabelBlock, BuildError> {
    let label = |old: u32| match names.at(old as usize) {
        Label::Text(label) => label,
        Label::Key(_) | Label::WideKey(_) => unreachable!("the list holds labels"),
    };
    let bytes: usize = olds.iter().map(|&old| label(old).len()).sum();
    let mut text = String::with_capacity(bytes);
    let mut offsets = Vec::with_capacity(olds.len() + 1);
    offsets.push(0);
    for &old in olds {
        text.push_str(label(old));
        offsets.push(u32::try_from(text.len()).map_err(|_| BuildError::LabelsTooLong)?);
    }
    Ok(LabelBlock { offsets: offsets.into_boxed_slice(), text: text.into_boxed_str() })
}

fn key_blocks<K: Copy>(keys: &[K], olds: &[u32]) -> impl Iterator<Item = Box<[K]>> {
    olds.chunks(ROWS_PER_BLOCK).map(|olds| olds.iter().map(|&old| keys[old as usize]).collect())
}

#[cfg(test)]
mod tests {
    use super::refuse_crowded_blocks;
    use crate::graph::BuildError;
    use crate::graph::blocks::ROWS_PER_BLOCK;

    #[test]
    fn a_block_with_more_in_edges_than_its_offsets_count_is_refused() {
        let full = u64::from(u32::MAX);
        let nodes = 2 * u32::try_from(ROWS_PER_BLOCK).unwrap();
        let mut fan_in = vec![0; nodes as usize];
        // The two crowded nodes share a block only once they are numbered.
        (fan_in[0], fan_in[ROWS_PER_BLOCK]) = (full, 1);
        let apart: Vec<u32> = (0..nodes).collect();
        assert_eq!(refuse_crowded_blocks(&fan_in, &apart), Ok(()));
        let mut together = apart;
        together.swap(1, ROWS_PER_BLOCK);
        assert_eq!(refuse_crowded_blocks(&fan_in, &together), Err(BuildError::TooManyEdges));
        fan_in[0] -= 1;
        assert_eq!(refuse_crowded_blocks(&fan_in, &together), Ok(()));
    }
}
