//! The way from a name to its node in a few reads, for graphs that are changed often.

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::error::DamagedBlock;
use super::interner::hash;
use super::names::Names;
use crate::sync::{AtomicU64, FirstWins, Ordering};
use crate::terms::{Label, NodeId};

/// The index is made once changes have searched for one name in so many: by then the searches have
/// cost about as much as making it does.
const SEARCHED_SHARE: u64 = 64;

/// The nodes of the names in one graph's blocks, by hash. A search by comparison costs
/// `log2(nodes)` reads far apart, one waiting for the other; here it is a handful. All generations
/// that share blocks of names share one.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    /// Searches by changes so far, about.
    searches: AtomicU64,
    table: FirstWins<Table>,
}

#[derive(Debug)]
struct Table {
    nodes: HashTable<u32>,
    hasher: FixedState,
}

impl NameIndex {
    /// Notes that a change is to search for a name among `names`, whose index it is, and makes the
    /// index where that pays by now: two passes over the names.
    pub(crate) fn note_search(&self, names: &Names) -> Result<(), DamagedBlock> {
        if self.table.get().is_some() {
            return Ok(());
        }
        // Relaxed: one writer at a time changes it, and a count that is lost only delays.
        let searches = self.searches.load(Ordering::Relaxed) + 1;
        self.searches.store(searches, Ordering::Relaxed);
        if searches * SEARCHED_SHARE > names.ordered as u64 {
            self.table.get_or_try(|| Table::of(names))?;
        }
        Ok(())
    }

    /// Bytes of the index; `None` where there is none yet.
    pub(crate) fn bytes(&self) -> Option<usize> {
        self.table.get().map(|table| table.nodes.allocation_size())
    }

    /// The node that has the name `wanted` in the blocks of `names`; `None` where there is no index
    /// yet.
    #[inline]
    pub(crate) fn find(
        &self,
        names: &Names,
        wanted: Label<'_>,
    ) -> Option<Result<Option<NodeId>, DamagedBlock>> {
        self.table.get().map(|table| table.find(names, wanted))
    }
}

impl Table {
    fn of(names: &Names) -> Result<Self, DamagedBlock> {
        let hasher = FixedState::default();
        // A node that was removed before the blocks were made has a name there, but no rank.
        let mut is_ordered = vec![false; names.count];
        for rank in 0..names.ordered {
            is_ordered[names.at_rank(rank)?.index()] = true;
        }
        let mut nodes = HashTable::with_capacity(names.ordered);
        for (node, _) in (0..).zip(&is_ordered).filter(|(_, is_ordered)| **is_ordered) {
            let name = names.block_name(NodeId::new(node))?;
            nodes.insert_unique(hash(&hasher, name), node, |_| unreachable!("there is room"));
        }
        Ok(Self { nodes, hasher })
    }

    fn find(&self, names: &Names, wanted: Label<'_>) -> Result<Option<NodeId>, DamagedBlock> {
        let mut damaged = None;
        let found = self.nodes.find(hash(&self.hasher, wanted), |&node| {
            match names.block_name(NodeId::new(node)) {
                Ok(name) => name == wanted,
                Err(block) => {
                    damaged = Some(block);
                    false
                }
            }
        });
        match (found, damaged) {
            (Some(&node), _) => Ok(Some(NodeId::new(node))),
            (None, None) => Ok(None),
            (None, Some(block)) => Err(block),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::{Generation, GraphBuilder};
    use crate::terms::{Key, Label};

    fn graph(labels: &[String]) -> Generation {
        let mut builder = GraphBuilder::new();
        for pair in labels.windows(2) {
            builder.edge(&pair[0], &pair[1], 1.0).unwrap();
        }
        builder.build().unwrap()
    }

    #[test]
    fn it_is_made_when_it_pays_and_finds_what_a_search_finds() {
        let labels: Vec<String> = (0..3000).map(|number| format!("n{}", number * 7)).collect();
        let graph = graph(&labels);
        let names = &graph.names;
        for search in 0..=3000 / super::SEARCHED_SHARE {
            let is_there = names.index.find(names, Label::Text("n7")).is_some();
            assert!(!is_there, "search {search}");
            names.index.note_search(names).unwrap();
        }
        for number in 0..21_000 {
            let label = format!("n{number}");
            let (rank, is_there) = names.search(Label::Text(&label)).unwrap();
            let searched = is_there.then(|| names.at_rank(rank).unwrap());
            let found = names.index.find(names, Label::Text(&label)).expect("made by now");
            assert_eq!(found, Ok(searched), "{label}");
            assert_eq!(graph.find_key(&Key::Label(label.into())), Ok(searched));
        }
    }
}
