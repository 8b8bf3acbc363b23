//! The next generation while it is made.

use super::names::Name;
use super::patched::PatchedRow;
use super::row::EdgeAt;
use crate::graph::edges::Edges;
use crate::graph::error::DamagedBlock;
use crate::graph::generation::{Facts, Generation, RelationFacts};
use crate::graph::tiers::{Columns, EdgeHold};
use crate::sync::{Arc, FirstWins};
use crate::terms::{Key, NODE_COUNT_MAX, NodeId, RelationId};

/// The next generation while it is made. Nobody else sees it before it is finished; dropping it
/// leaves everything as it was. A clone is a point to go back to.
#[derive(Debug)]
pub(crate) struct Draft {
    next: Generation,
    /// Kept up with the out-edges where anybody has asked for in-edges.
    in_edges: Option<Edges>,
}

impl Clone for Draft {
    fn clone(&self) -> Self {
        Self { next: self.next.shared(), in_edges: self.in_edges.clone() }
    }
}

impl Draft {
    /// A draft of what follows `current`. Costs a few dozen counts; where somebody has asked for
    /// in-edges since the last change, also what making them for `current` costs.
    pub(crate) fn of(current: &Generation) -> Result<Self, DamagedBlock> {
        let in_edges = match current.block_in_edges.get() {
            Some(_) => Some(current.in_edges()?.clone()),
            None => None,
        };
        Ok(Self { next: current.shared(), in_edges })
    }

    /// What it is so far, but for its in-edges and its number.
    pub(crate) const fn so_far(&self) -> &Generation {
        &self.next
    }

    /// The node of this name. Where changes search often, in fewer reads than a reader needs.
    pub(crate) fn find(&self, key: &Key) -> Result<Option<NodeId>, DamagedBlock> {
        let names = &self.next.names;
        // An index of names in a file would read all of them.
        if !self.next.has_file() {
            names.index.note_search(names)?;
        }
        names.find(key)
    }

    /// The generation, with the number after that of the one it was made from.
    pub(crate) fn finish(self) -> Generation {
        let Self { mut next, in_edges } = self;
        next.number += 1;
        next.out_edges.overlay();
        if let Some(edges) = in_edges {
            next.overlaid_in_edges = FirstWins::full(edges);
        }
        next
    }

    /// The weight of an edge; `None` where there is no such edge.
    pub(crate) fn weight(&self, source: u32, edge: EdgeAt) -> Result<Option<f64>, DamagedBlock> {
        self.next.out_edges.weight(NodeId::new(source), edge)
    }

    /// Sets the weight of an edge, which is made where it is not there. Returns the one before.
    /// On an error nothing has changed.
    pub(crate) fn put(
        &mut self,
        source: u32,
        edge: EdgeAt,
        weight: f64,
    ) -> Result<Option<f64>, DamagedBlock> {
        let Self { next, in_edges } = self;
        let entering = match in_edges {
            Some(edges) => Some(edges.edit(edge.other)?),
            None => None,
        };
        let leaving = next.out_edges.edit(source)?;
        let before = leaving.put(edge, weight);
        let fan_out = leaving.len() as u64;
        next.facts.fan_out_max = next.facts.fan_out_max.max(fan_out);
        let fan_in = entering.map(|row| {
            row.put(EdgeAt { other: source, ..edge }, weight);
            row.len() as u64
        });
        match before {
            Some(before) => next.facts.forget(source, edge, before),
            // Without in-edges the bound grows by one, whatever the target.
            None => {
                let more = next.facts.fan_in_max + 1;
                let bound = fan_in.unwrap_or(more).max(next.facts.fan_in_max);
                next.facts.fan_in_max = bound;
            }
        }
        next.facts.note(source, edge, weight);
        Ok(before)
    }

    /// Sets the weights of `edges`, which ascend strictly and leave `source`; those that are not
    /// there are made. Returns how many of them were there. Costs a copy of the row, however many
    /// edges are set. On an error some may have been.
    pub(super) fn put_all(
        &mut self,
        source: u32,
        edges: &[(EdgeAt, f64)],
    ) -> Result<u64, DamagedBlock> {
        let Self { next, in_edges } = self;
        let mut hold = EdgeHold::new();
        let held = next.out_edges.parts_in(NodeId::new(source), &mut hold, Columns::ALL)?;
        let mut row = Vec::with_capacity(held.len() + edges.len());
        let mut held = held.edges().peekable();
        let mut before = 0;
        for (edge, weight) in edges {
            while let Some(other) = held.next_if(|(at, _)| at.cmp_place(*edge).is_lt()) {
                row.push(other);
            }
            if let Some((_, weight)) = held.next_if(|(at, _)| at.is(*edge)) {
                next.facts.forget(source, *edge, weight);
                before += 1;
            } else {
                next.facts.fan_in_max += 1;
            }
            next.facts.note(source, *edge, *weight);
            row.push((*edge, *weight));
        }
        row.extend(held);
        next.facts.fan_out_max = next.facts.fan_out_max.max(row.len() as u64);
        next.out_edges.replace(source, PatchedRow::new(&row));
        if let Some(in_edges) = in_edges {
            for (edge, weight) in edges {
                in_edges.edit(edge.other)?.put(EdgeAt { other: source, ..*edge }, *weight);
            }
        }
        Ok(before)
    }

    /// Adds nodes of names that are free, differ and are of the graph's kind; `false` where the
    /// graph would have more nodes than it can.
    pub(super) fn add_nodes(&mut self, names: Vec<Name>) -> bool {
        let first = self.next.names.count;
        let count = first as u64 + names.len() as u64;
        if count > NODE_COUNT_MAX {
            return false;
        }
        let id = |at: usize| u32::try_from(at).expect("below the count that was compared");
        let names = (first..).map(id).zip(names).collect();
        self.next.names.overlay.give_all(names);
        self.next.names.count = usize::try_from(count).expect("as many as ids");
        self.next.facts.nodes = count;
        self.next.out_edges.overlay();
        if let Some(edges) = &mut self.in_edges {
            edges.overlay();
        }
        true
    }

    /// Removes an edge. Returns its weight; `None` where there was none. On an error nothing has
    /// changed.
    pub(crate) fn take(&mut self, source: u32, edge: EdgeAt) -> Result<Option<f64>, DamagedBlock> {
        let Some(weight) = self.weight(source, edge)? else { return Ok(None) };
        let Self { next, in_edges } = self;
        let entering = match in_edges {
            Some(edges) => Some(edges.edit(edge.other)?),
            None => None,
        };
        next.out_edges.edit(source)?.take(edge);
        if let Some(row) = entering {
            row.take(EdgeAt { other: source, ..edge });
        }
        next.facts.forget(source, edge, weight);
        Ok(Some(weight))
    }

    /// Replaces all edges that leave `source` by `edges`, which ascend strictly. Returns how many
    /// there were. On an error nothing has changed.
    pub(crate) fn replace_row(
        &mut self,
        source: u32,
        edges: &[(EdgeAt, f64)],
    ) -> Result<u64, DamagedBlock> {
        self.or_nothing(|draft| {
            let removed = draft.empty_row(source)?;
            for (edge, weight) in edges {
                draft.put(source, *edge, *weight)?;
            }
            Ok(removed)
        })
    }

    /// Removes a node and all edges that leave or enter it. Returns how many edges there were. On
    /// an error nothing has changed.
    ///
    /// The first call turns all edges of the graph round, where that was not done yet.
    pub(crate) fn remove_node(&mut self, node: u32) -> Result<u64, DamagedBlock> {
        self.or_nothing(|draft| {
            let mut removed = draft.empty_row(node)?;
            if draft.in_edges.is_none() {
                draft.in_edges = Some(super::in_edges(&draft.next)?);
            }
            let edges = draft.in_edges.as_mut().expect("made where it was not there");
            let mut hold = EdgeHold::new();
            let entering = edges.parts_in(NodeId::new(node), &mut hold, Columns::ALL)?;
            let entering: Vec<(EdgeAt, f64)> = entering.edges().collect();
            edges.replace(node, PatchedRow::new(&[]));
            for (edge, weight) in entering {
                let leaving = EdgeAt { other: node, ..edge };
                draft.next.out_edges.edit(edge.other)?.take(leaving);
                draft.next.facts.forget(edge.other, leaving, weight);
                removed += 1;
            }
            draft.next.names.overlay.remove(node);
            draft.next.facts.removed_nodes += 1;
            Ok(removed)
        })
    }

    fn empty_row(&mut self, source: u32) -> Result<u64, DamagedBlock> {
        let Self { next, in_edges } = self;
        let mut hold = EdgeHold::new();
        let leaving = next.out_edges.parts_in(NodeId::new(source), &mut hold, Columns::ALL)?;
        let leaving: Vec<(EdgeAt, f64)> = leaving.edges().collect();
        for (edge, weight) in &leaving {
            if let Some(edges) = in_edges {
                edges.edit(edge.other)?.take(EdgeAt { other: source, ..*edge });
            }
            next.facts.forget(source, *edge, *weight);
        }
        next.out_edges.replace(source, PatchedRow::new(&[]));
        Ok(leaving.len() as u64)
    }

    /// Runs `change`; where it fails, the draft is as it was before.
    pub(crate) fn or_nothing<T, E>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.clone();
        change(self).inspect_err(|_| *self = before)
    }

    /// Adds a node of a name that is free and of the graph's kind; `None` where the graph has as
    /// many nodes as it can.
    pub(crate) fn add_node(&mut self, name: Name) -> Option<NodeId> {
        let id = self.next.names.count;
        if id as u64 >= NODE_COUNT_MAX {
            return None;
        }
        let id = u32::try_from(id).ok()?;
        self.next.names.count += 1;
        self.next.names.overlay.give(id, name);
        self.next.facts.nodes += 1;
        // It has no row in the blocks.
        self.next.out_edges.overlay();
        if let Some(edges) = &mut self.in_edges {
            edges.overlay();
        }
        Some(NodeId::new(id))
    }

    /// Gives a node a name that is free and of the graph's kind.
    pub(crate) fn rename(&mut self, node: u32, name: Name) {
        self.next.names.overlay.give(node, name);
    }

    /// The relation of this name, which is made where it is not there; `None` where the graph has
    /// as many as it can.
    pub(crate) fn relation(&mut self, name: &str) -> Option<RelationId> {
        if let Some(relation) = self.next.relation_names.find(name) {
            return Some(relation);
        }
        let (names, relation) = self.next.relation_names.with(name)?;
        self.next.relation_names = Arc::new(names);
        self.next.facts.relations.push(RelationFacts::default());
        Some(relation)
    }
}

impl Facts {
    /// Counts an edge, and widens what bounds weights.
    fn note(&mut self, source: u32, edge: EdgeAt, weight: f64) {
        let first = self.edges == 0;
        self.edges += 1;
        self.self_loops += u64::from(edge.other == source);
        self.weight_min = if first { weight } else { self.weight_min.min(weight) };
        self.weight_max = if first { weight } else { self.weight_max.max(weight) };
        #[expect(clippy::cast_possible_truncation, reason = "compared with the original")]
        let is_single = f64::from(weight as f32) == weight;
        self.single_weights &= is_single;
        self.has_times |= !edge.time.is_nan();
        self.relations[edge.relation as usize].add(weight);
    }

    /// Counts an edge no longer.
    fn forget(&mut self, source: u32, edge: EdgeAt, weight: f64) {
        self.edges -= 1;
        self.self_loops -= u64::from(edge.other == source);
        self.relations[edge.relation as usize].remove(weight);
    }
}
