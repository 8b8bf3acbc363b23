//! One immutable graph.

use std::time::Instant;

use super::edges::{Edges, Row};
use super::error::DamagedBlock;
use super::names::{NameBlocks, Names};
use super::native::NativeFile;
use super::overlay::{self, Merge, MergeError};
use super::relations::RelationNames;
use super::reverse;
use super::tiers::{EdgeHold, TierReport, Tiers};
use crate::sync::{Arc, FirstWins};
use crate::terms::{Key, Label, NodeId, RelationId, Tier};

/// Which signs the weights of one relation have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelationFacts {
    /// Edges of this relation.
    pub edges: u64,
    /// Those of them with a weight below zero.
    pub negative: u64,
    /// Those of them with a weight above zero.
    pub positive: u64,
}

impl RelationFacts {
    /// Counts an edge of this relation.
    pub(crate) fn add(&mut self, weight: f64) {
        self.edges += 1;
        self.negative += u64::from(weight < 0.0);
        self.positive += u64::from(weight > 0.0);
    }

    /// Counts an edge of this relation no longer.
    pub(crate) fn remove(&mut self, weight: f64) {
        self.edges -= 1;
        self.negative -= u64::from(weight < 0.0);
        self.positive -= u64::from(weight > 0.0);
    }
}

/// What is known of a graph as a whole, without reading its edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Number of nodes, those among them that were removed.
    pub nodes: u64,
    /// Nodes that were removed. They keep their ids, and nothing else.
    pub removed_nodes: u64,
    /// Number of edges, equal ones summed.
    pub edges: u64,
    /// Edges from a node to itself.
    pub self_loops: u64,
    /// Most edges that leave one node. While changes are not merged: no fewer than that.
    pub fan_out_max: u64,
    /// Most edges that enter one node. While changes are not merged: no fewer than that.
    pub fan_in_max: u64,
    /// Smallest weight; 0 where there is no edge. While changes are not merged: not above that.
    pub weight_min: f64,
    /// Largest weight; 0 where there is no edge. While changes are not merged: not below that.
    pub weight_max: f64,
    /// Whether every weight is a single-precision number, and stored as one.
    pub single_weights: bool,
    /// Whether any edge has a time; or had one before changes that are not merged yet.
    pub has_times: bool,
    /// Edges without a relation, then the relations in the order of their ids.
    pub relations: Vec<RelationFacts>,
}

/// One immutable graph: what a spread sees from start to end.
///
/// Sending it to other threads and reading it from many at once is free of locks.
#[derive(Debug)]
pub struct Generation {
    pub(crate) number: u64,
    pub(crate) facts: Facts,
    pub(crate) relation_names: Arc<RelationNames>,
    pub(crate) names: Names,
    pub(crate) out_edges: Edges,
    /// Of the blocks alone; filled when a spread first needs them, for every generation with the
    /// same blocks.
    pub(crate) block_in_edges: Arc<FirstWins<Edges>>,
    /// Of the blocks and what stands over them, where anything does.
    pub(crate) overlaid_in_edges: FirstWins<Edges>,
    /// Where blocks that are not in memory lie.
    pub(crate) file: Option<Arc<NativeFile>>,
    /// Where edges come and go, where there is a memory budget.
    pub(crate) tiers: Option<Arc<Tiers>>,
}

impl Generation {
    /// The number of this generation of its graph, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Whether rows may have to be read out of a file.
    pub(crate) const fn is_stored(&self) -> bool {
        self.file.is_some()
    }

    /// What is known of the graph as a whole.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Number of nodes, those among them that were removed: one more than the greatest id.
    #[must_use]
    pub const fn node_count(&self) -> usize {
        self.names.count
    }

    /// Number of edges, equal ones summed.
    #[must_use]
    pub const fn edge_count(&self) -> u64 {
        self.facts.edges
    }

    /// The node of this name or id; `None` where the graph has none. Costs `log2(nodes)`
    /// comparisons of labels, nothing for an id.
    ///
    /// # Errors
    /// [`DamagedBlock`] where names had to be read from a file and could not be.
    pub fn find(&self, key: impl Into<Key>) -> Result<Option<NodeId>, DamagedBlock> {
        self.names.find(&key.into())
    }

    /// The same as [`Generation::find`], without making a key of its own.
    ///
    /// # Errors
    /// As [`Generation::find`].
    pub fn find_key(&self, key: &Key) -> Result<Option<NodeId>, DamagedBlock> {
        self.names.find(key)
    }

    /// The name of `node`.
    ///
    /// # Errors
    /// [`DamagedBlock`] where it had to be read from a file and could not be.
    ///
    /// # Panics
    /// Where the graph has no such node.
    pub fn label(&self, node: NodeId) -> Result<Label<'_>, DamagedBlock> {
        self.names.name(node)
    }

    /// Up to `most` nodes whose label begins with `prefix`, ascending by label.
    ///
    /// # Errors
    /// [`DamagedBlock`] where names had to be read from a file and could not be.
    pub fn labels_with_prefix(
        &self,
        prefix: &str,
        most: usize,
    ) -> Result<Vec<(NodeId, &str)>, DamagedBlock> {
        let mut found = Vec::new();
        if !self.has_labels() || most == 0 {
            return Ok(found);
        }
        let names = &self.names;
        let begins = |label: Label<'_>| label.as_text().is_some_and(|l| l.starts_with(prefix));
        let (first, _) = names.search(Label::Text(prefix))?;
        for rank in first..names.ordered {
            let node = names.at_rank(rank)?;
            let Label::Text(label) = names.block_name(node)? else { break };
            if found.len() == most || !label.starts_with(prefix) {
                break;
            }
            if names.overlay.leaves(node.get()) {
                found.push((node, label));
            }
        }
        if names.overlay.has_given() {
            names.overlay.each_from(Label::Text(prefix), most, begins, |node, label| {
                found.extend(label.as_text().map(|label| (NodeId::new(node), label)));
            });
            found.sort_unstable_by(|a, b| a.1.cmp(b.1));
            found.dedup();
            found.truncate(most);
        }
        Ok(found)
    }

    /// Whether nodes are named by labels, rather than by a host's keys.
    #[must_use]
    pub const fn has_labels(&self) -> bool {
        matches!(self.names.by_node, NameBlocks::Labels(_))
    }

    /// The relation of this name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<RelationId> {
        self.relation_names.find(name)
    }

    /// The relations' names by id, [`RelationId::position`] being the index: ascending by bytes,
    /// then those that changes have brought, in the order in which they came.
    pub fn relation_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.relation_names.by_id().iter().map(|name| &**name)
    }

    /// The edges that leave `node`.
    ///
    /// In a graph with a memory budget, what this reads stays in memory for good, counted against
    /// the budget: use [`Generation::out_row_in`] there.
    ///
    /// # Errors
    /// [`DamagedBlock`] where they had to be read from a file and could not be.
    ///
    /// # Panics
    /// Where the graph has no such node.
    #[inline]
    pub fn out_row(&self, node: NodeId) -> Result<Row<'_>, DamagedBlock> {
        self.out_edges.row(node)
    }

    /// The edges that leave `node`, which `hold` keeps in memory until it is asked for others or
    /// dropped. Costs less than [`Generation::out_row`] nowhere, and keeps nothing for good.
    ///
    /// # Errors
    /// As [`Generation::out_row`].
    ///
    /// # Panics
    /// As [`Generation::out_row`].
    #[inline]
    pub fn out_row_in<'r>(
        &'r self,
        node: NodeId,
        hold: &'r mut EdgeHold,
    ) -> Result<Row<'r>, DamagedBlock> {
        self.out_edges.row_in(node, hold)
    }

    /// What a graph with a memory budget keeps, and where its edges lie; `None` without a budget.
    /// Costs a look at each block.
    #[must_use]
    pub fn tier_report(&self) -> Option<TierReport> {
        self.tiers.as_ref().map(|tiers| tiers.report())
    }

    /// From where the out-edges of `node` would be read now; [`Tier::Hot`] where they are in
    /// memory.
    ///
    /// # Panics
    /// Where the graph has no such node.
    #[must_use]
    pub fn tier_of(&self, node: NodeId) -> Tier {
        self.out_edges.tier(node.get())
    }

    /// Wants the edges of `node`, and of those that share its block, in `tier` from now on, as far
    /// as there is room; `None` lets heat decide again. Maintenance moves them there. Edges go no
    /// lower than where the graph's file has them. Without a memory budget nothing happens.
    pub fn pin_tier(&self, node: NodeId, tier: Option<Tier>) {
        self.out_edges.pin(node, tier);
        if let Some(edges) = self.block_in_edges.get() {
            edges.pin(node, tier);
        }
    }

    /// Moves edges to the tiers where heat and pins want them, until about `until` and no faster
    /// than the options allow; `now_ns` is the time by any one clock that does not go back. Returns
    /// how many blocks changed their place. No outcome depends on it.
    pub fn maintain_tiers(&self, now_ns: u64, until: Instant) -> usize {
        let moved = self.tiers.as_ref().map(|tiers| tiers.maintain(now_ns, until));
        moved.map_or(0, |moved| moved.up + moved.down)
    }

    /// Whether rows that were read may leave memory again.
    pub(crate) const fn comes_and_goes(&self) -> bool {
        self.tiers.is_some()
    }

    /// Whether any block of edges is compressed.
    pub(crate) fn has_cold(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.has_cold)
    }

    /// The edges that enter `node`, with their sources as [`Row::targets`].
    ///
    /// The first call turns all edges round, or opens that section of the file.
    ///
    /// # Errors
    /// [`DamagedBlock`] where edges had to be read from a file and could not be.
    ///
    /// # Panics
    /// Where the graph has no such node.
    pub fn in_row(&self, node: NodeId) -> Result<Row<'_>, DamagedBlock> {
        self.in_edges()?.row(node)
    }

    /// Raw relation ids beside [`Generation::out_row`]; may be empty where none of its edges has a
    /// relation.
    ///
    /// # Errors
    /// As [`Generation::out_row`].
    pub fn out_relations(&self, node: NodeId) -> Result<&[u32], DamagedBlock> {
        self.out_edges.relations(node)
    }

    /// Times in seconds beside [`Generation::out_row`], NaN for none; may be empty where none of
    /// its edges has one.
    ///
    /// # Errors
    /// As [`Generation::out_row`].
    pub fn out_times(&self, node: NodeId) -> Result<&[f64], DamagedBlock> {
        self.out_edges.times(node)
    }

    /// All in-edges; made from the out-edges where the graph does not have them yet.
    pub(crate) fn in_edges(&self) -> Result<&Edges, DamagedBlock> {
        if self.is_overlaid() {
            return self.overlaid_in_edges.get_or_try(|| overlay::in_edges(self));
        }
        self.block_in_edges()
    }

    /// All in-edges, where they were made.
    pub(crate) fn in_edges_made(&self) -> Option<&Edges> {
        let made = if self.is_overlaid() { &self.overlaid_in_edges } else { &*self.block_in_edges };
        made.get()
    }

    /// In-edges of the blocks, whatever stands over them.
    pub(super) fn block_in_edges(&self) -> Result<&Edges, DamagedBlock> {
        self.block_in_edges.get_or_try(|| reverse::in_edges(self))
    }

    /// Whether changes stand over the blocks of edges.
    pub(crate) const fn is_overlaid(&self) -> bool {
        self.out_edges.is_overlaid()
    }

    /// A generation that shares everything with this one, but for in-edges over those of the
    /// blocks.
    pub(super) fn shared(&self) -> Self {
        Self {
            number: self.number,
            facts: self.facts.clone(),
            relation_names: Arc::clone(&self.relation_names),
            names: self.names.clone(),
            out_edges: self.out_edges.clone(),
            block_in_edges: Arc::clone(&self.block_in_edges),
            overlaid_in_edges: FirstWins::default(),
            file: self.file.clone(),
            tiers: self.tiers.clone(),
        }
    }

    /// The same graph with all changes in its blocks: the same content, ids and number, so the same
    /// bits of every spread. Takes the memory of the graph once more, and a pass over its edges.
    ///
    /// # Errors
    /// [`MergeError`].
    pub fn merged(&self) -> Result<Self, MergeError> {
        let source = Self {
            overlaid_in_edges: match self.overlaid_in_edges.get() {
                Some(edges) => FirstWins::full(edges.clone()),
                None => FirstWins::default(),
            },
            ..self.shared()
        };
        let mut merge = Merge::new(Arc::new(source));
        while !merge.step()? {}
        merge.finish()
    }

    /// Rows that stand over the blocks until they are merged.
    #[must_use]
    pub const fn rows_over_blocks(&self) -> usize {
        self.out_edges.patches().len()
    }

    /// Whether blocks may still lie in a file.
    pub(crate) const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Whether both have the very same blocks of edges.
    pub(crate) fn shares_blocks(&self, other: &Self) -> bool {
        self.out_edges.rows.are(&other.out_edges.rows)
    }

    /// Whether nodes have names of the kind of `name`.
    pub(crate) fn names_are_like(&self, name: Label<'_>) -> bool {
        self.names.holds_kind_of(name)
    }

    /// Whether `node` was removed.
    #[must_use]
    pub fn is_removed(&self, node: NodeId) -> bool {
        self.names.overlay.is_removed(node.get())
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::GraphBuilder;
    use crate::terms::NodeId;

    #[test]
    fn a_prefix_finds_its_labels_in_order_and_no_more_than_asked() {
        let mut builder = GraphBuilder::new();
        for label in ["ba", "ab", "b", "c", "abc", "bab"] {
            builder.node(label).unwrap();
        }
        builder.edge("ab", "b", 1.0).unwrap().edge("ab", "b", 2.0).unwrap();
        assert_eq!((builder.node_count(), builder.edge_count()), (6, 2));
        let graph = builder.build().unwrap();
        let labels = |prefix: &str, most: usize| -> Vec<String> {
            let found = graph.labels_with_prefix(prefix, most).unwrap();
            assert!(found.iter().all(|(node, label)| graph.find(*label) == Ok(Some(*node))));
            found.into_iter().map(|(_, label)| label.to_owned()).collect()
        };
        assert_eq!(labels("b", 10), ["b", "ba", "bab"]);
        assert_eq!(labels("b", 2), ["b", "ba"]);
        assert_eq!(labels("", 1), ["ab"]);
        assert!(labels("d", 10).is_empty() && labels("b", 0).is_empty());
    }

    #[test]
    fn keys_have_no_prefixes_and_labels_no_keys() {
        let mut builder = GraphBuilder::with_keys();
        builder.edge(7u64, 9u64, 1.0).unwrap();
        let graph = builder.build().unwrap();
        assert!(!graph.has_labels());
        assert!(graph.labels_with_prefix("7", 10).unwrap().is_empty());
        assert_eq!(graph.find("7"), Ok(None));
        assert_eq!(graph.find(9u64), Ok(Some(NodeId::new(0))), "most in-edges come first");
    }
}
