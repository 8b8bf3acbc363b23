//! Many nodes and edges at once.

use super::draft::Draft;
use super::names::Name;
use super::row::EdgeAt;
use crate::graph::builder::Collected;
use crate::graph::error::{BuildError, DamagedBlock};
use crate::terms::RelationId;

/// What loading did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) nodes_added: u64,
    pub(crate) edges_added: u64,
    pub(crate) edges_changed: u64,
}

/// Why it did nothing.
#[derive(Clone, Debug)]
pub(crate) enum LoadFailure {
    Refused(BuildError),
    Damaged(DamagedBlock),
}

impl From<DamagedBlock> for LoadFailure {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

impl Draft {
    /// Sets the weights of all edges that were collected; nodes, relations and edges that are not
    /// there are made, nodes in the order in which they came. Every name is looked up once, and
    /// every row copied once. On an error nothing has changed.
    pub(crate) fn load(&mut self, collected: &Collected) -> Result<Loaded, LoadFailure> {
        self.or_nothing(|draft| draft.load_some(collected))
    }

    fn load_some(&mut self, collected: &Collected) -> Result<Loaded, LoadFailure> {
        let Collected { names, relations, rows } = collected;
        let (ids, nodes_added) = self.number_all(collected)?;
        let mut loaded = Loaded { nodes_added, ..Loaded::default() };
        let mut relation_ids: Vec<Option<RelationId>> = vec![None; relations.len()];
        let mut row: Vec<(EdgeAt, f64)> = Vec::new();
        for node in 0..names.len() {
            row.clear();
            for at in rows.range(node) {
                let number = rows.relations.get(at).copied().unwrap_or(0) as usize;
                let relation = match number.checked_sub(1) {
                    None => RelationId::NONE,
                    Some(number) => match relation_ids[number] {
                        Some(id) => id,
                        None => {
                            let id = self.relation(&relations[number]);
                            let id =
                                id.ok_or(LoadFailure::Refused(BuildError::TooManyRelations))?;
                            *relation_ids[number].insert(id)
                        }
                    },
                };
                let time = rows.times.get(at).copied().unwrap_or(f64::NAN);
                let other = ids[rows.targets[at] as usize];
                let edge = EdgeAt { other, relation: relation.get(), time };
                row.push((edge, rows.weights.at(at)));
            }
            if !row.is_empty() {
                row.sort_unstable_by(|a, b| a.0.cmp_place(b.0));
                let changed = self.put_all(ids[node], &row)?;
                loaded.edges_changed += changed;
                loaded.edges_added += row.len() as u64 - changed;
            }
        }
        Ok(loaded)
    }

    /// The id of every name that was collected, and how many nodes were made for them.
    fn number_all(&mut self, collected: &Collected) -> Result<(Vec<u32>, u64), LoadFailure> {
        let names = &collected.names;
        let first = self.so_far().node_count();
        let (mut ids, mut new) = (Vec::with_capacity(names.len()), Vec::new());
        for at in 0..names.len() {
            let name = names.at(at);
            if !self.so_far().names_are_like(name) {
                return Err(LoadFailure::Refused(BuildError::WrongKeyKind));
            }
            let held = self.so_far().names.find_name(name)?;
            ids.push(match held {
                Some(node) => node.get(),
                None => {
                    new.push(Name::of(name));
                    let id = u32::try_from(first + new.len() - 1);
                    id.map_err(|_| LoadFailure::Refused(BuildError::TooManyNodes))?
                }
            });
        }
        let nodes_added = new.len() as u64;
        if self.add_nodes(new) {
            Ok((ids, nodes_added))
        } else {
            Err(LoadFailure::Refused(BuildError::TooManyNodes))
        }
    }
}
