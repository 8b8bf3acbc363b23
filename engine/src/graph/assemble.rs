//! From edges in the order they came to an immutable graph.
//!
//! 1. Group the edges by source (a counting sort) and, within a row, sort them by target,
//!    relation, time and weight; sum equal ones. The order of input is forgotten here.
//! 2. Sort the names; number the nodes by in-degree, descending, then by name.
//! 3. Write the rows under the new numbers, block by block.

mod emit;
mod rows;

use std::cmp::Reverse;

use super::builder::EdgeColumns;
use super::error::BuildError;
use super::generation::Generation;
use super::interner::NameList;
use super::relations::RelationNames;
use crate::sync::{Arc, FirstWins};
use crate::terms::Label;
pub(crate) use rows::{Rows, merged as merged_rows};

/// Makes a graph of names, relation names and edges that refer to both by position.
pub(crate) fn generation(
    names: NameList,
    relation_names: Vec<Box<str>>,
    mut edges: EdgeColumns,
) -> Result<Generation, BuildError> {
    let relation_names = sort_relations(relation_names, &mut edges.relations);
    let rows = rows::merged(edges, names.len())?;
    let numbering = Numbering::new(&names, &rows);
    let (facts, out_edges) = emit::edges(rows, &numbering, relation_names.len())?;
    let names = emit::names(names, &numbering)?;
    let relation_names =
        RelationNames::new(relation_names).expect("the interner gives each name once");
    Ok(Generation {
        number: 1,
        facts,
        relation_names: Arc::new(relation_names),
        names,
        out_edges,
        block_in_edges: Arc::default(),
        overlaid_in_edges: FirstWins::default(),
        file: None,
        tiers: None,
    })
}

/// Sorts the names and turns provisional relation numbers into raw relation ids.
fn sort_relations(names: Vec<Box<str>>, relations: &mut [u32]) -> Box<[Box<str>]> {
    let mut sorted: Vec<(Box<str>, usize)> =
        names.into_iter().enumerate().map(|(number, name)| (name, number)).collect();
    sorted.sort_unstable();
    let mut raw = vec![0; sorted.len() + 1];
    for (position, (_, number)) in (1u32..).zip(&sorted) {
        raw[number + 1] = position;
    }
    for relation in relations {
        *relation = raw[*relation as usize];
    }
    sorted.into_iter().map(|(name, _)| name).collect()
}

/// The final numbers of the nodes.
pub(crate) struct Numbering {
    /// The provisional number of each node.
    pub(crate) old_of_new: Vec<u32>,
    /// The final number of each provisional one.
    pub(crate) new_of_old: Vec<u32>,
    /// Final numbers in ascending order of names.
    pub(crate) by_name: Vec<u32>,
    /// In-edges of each provisional number.
    pub(crate) fan_in: Vec<u64>,
}

impl Numbering {
    fn new(names: &NameList, rows: &rows::Rows) -> Self {
        let count = u32::try_from(names.len()).expect("the interner refuses more");
        let mut fan_in = vec![0u64; names.len()];
        for &target in &rows.targets {
            fan_in[target as usize] += 1;
        }
        let mut by_name = by_name(names, count);
        let mut old_of_new = by_name.clone();
        // Stable: nodes of one in-degree stay in the order of their names.
        old_of_new.sort_by_key(|&node| Reverse(fan_in[node as usize]));
        let mut new_of_old = vec![0; names.len()];
        for (new, &old) in (0u32..).zip(&old_of_new) {
            new_of_old[old as usize] = new;
        }
        for node in &mut by_name {
            *node = new_of_old[*node as usize];
        }
        Self { old_of_new, new_of_old, by_name, fan_in }
    }
}

/// Provisional numbers in ascending order of names.
fn by_name(names: &NameList, count: u32) -> Vec<u32> {
    // Most comparisons end in the first bytes of a name, which lie beside its number here; the
    // names themselves are far apart.
    let mut sorted: Vec<(u64, u32, u32)> = (0..count)
        .map(|node| {
            let (high, low) = names.at(node as usize).first_bytes();
            (high, low, node)
        })
        .collect();
    sorted.sort_unstable_by(|a, b| {
        let first_bytes = (a.0, a.1).cmp(&(b.0, b.1));
        first_bytes.then_with(|| names.at(a.2 as usize).cmp(&names.at(b.2 as usize)))
    });
    sorted.into_iter().map(|(_, _, node)| node).collect()
}

impl Label<'_> {
    /// The first 12 bytes as numbers: where two names differ in these, they order as the names.
    #[expect(clippy::cast_possible_truncation, reason = "shifted so that the part wanted remains")]
    fn first_bytes(self) -> (u64, u32) {
        match self {
            Self::Text(label) => {
                let mut bytes = [0; 16];
                let count = label.len().min(12);
                bytes[..count].copy_from_slice(&label.as_bytes()[..count]);
                let bytes = u128::from_be_bytes(bytes);
                ((bytes >> 64) as u64, (bytes >> 32) as u32)
            }
            Self::Key(key) => (key, 0),
            Self::WideKey(key) => ((key >> 64) as u64, (key >> 32) as u32),
        }
    }
}
