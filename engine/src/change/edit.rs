//! What each edit does to the next generation.

use super::error::ChangeError;
use super::report::Totals;
use super::set::{Change, EdgeEnd, EdgeKey, RowEdge};
use crate::graph::{Draft, EdgeAt, Name};
use crate::terms::{Key, Label, NODE_COUNT_MAX, NodeId, RelationId};

/// What one edit did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    pub(super) totals: Totals,
    pub(super) node: Option<NodeId>,
}

impl Effect {
    fn of_node(node: NodeId, totals: Totals) -> Self {
        Self { totals, node: Some(node) }
    }

    /// An edge was put where `before` says what its weight was.
    fn of_put(before: Option<f64>) -> Self {
        let (added, changed) = if before.is_none() { (1, 0) } else { (0, 1) };
        let totals = Totals { edges_added: added, edges_changed: changed, ..Totals::default() };
        Self { totals, node: None }
    }
}

/// Applies one edit, which was checked, to `draft`. On an error the draft is as it was.
pub(super) fn edit(draft: &mut Draft, change: &Change) -> Result<Effect, ChangeError> {
    match change {
        Change::AddNode { node } => add_node(draft, node),
        Change::UpsertNode { node } => match find(draft, node)? {
            Some(node) => Ok(Effect::of_node(node, Totals::default())),
            None => add_node(draft, node),
        },
        Change::RenameNode { node, name } => rename_node(draft, node, name),
        Change::RemoveNode { node } => {
            let node = known(draft, node)?;
            let edges_removed = draft.remove_node(node.get())?;
            let totals = Totals { nodes_removed: 1, edges_removed, ..Totals::default() };
            Ok(Effect::of_node(node, totals))
        }
        Change::AddEdge { edge, weight } => {
            let (source, target) = (known(draft, &edge.source)?, known(draft, &edge.target)?);
            if let Some(at) = place(draft, edge, target)
                && draft.weight(source.get(), at)?.is_some()
            {
                return Err(ChangeError::EdgeExists { edge: Box::new(edge.clone()) });
            }
            put(draft, edge, source, target, *weight)
        }
        Change::SetWeight { edge, weight } => {
            let Held { source, at, .. } = held(draft, edge)?;
            Ok(Effect::of_put(draft.put(source, at, *weight + 0.0)?))
        }
        Change::UpsertEdge { edge, weight } => upsert_edge(draft, edge, *weight),
        Change::RemoveEdge { edge } => {
            let Held { source, at, .. } = held(draft, edge)?;
            draft.take(source, at)?;
            let totals = Totals { edges_removed: 1, ..Totals::default() };
            Ok(Effect { totals, node: None })
        }
        Change::MoveEdge { edge, end, to } => move_edge(draft, edge, *end, to),
        Change::AddWeight { edge, amount } => {
            let Held { source, at, weight } = held(draft, edge)?;
            let weight = sum(weight + amount)?;
            Ok(Effect::of_put(draft.put(source, at, weight)?))
        }
        Change::Oja { edge, source_activation, target_activation, rate } => {
            let (source, target) = (known(draft, &edge.source)?, known(draft, &edge.target)?);
            let weight = match place(draft, edge, target) {
                Some(at) => draft.weight(source.get(), at)?.unwrap_or(0.0),
                None => 0.0,
            };
            let (x, y) = (source_activation, target_activation);
            let weight = sum(weight + rate * y * (x - y * weight))?;
            put(draft, edge, source, target, weight)
        }
        Change::RebuildRow { node, edges } => rebuild_row(draft, node, edges),
    }
}

/// A sum that must be finite, with -0 as +0.
fn sum(weight: f64) -> Result<f64, ChangeError> {
    if weight.is_finite() { Ok(weight + 0.0) } else { Err(ChangeError::WeightOverflow) }
}

/// The node; `None` where there is none.
fn find(draft: &Draft, node: &Key) -> Result<Option<NodeId>, ChangeError> {
    if node.as_label().is_some_and(|name| !draft.so_far().names_are_like(name)) {
        return Err(ChangeError::WrongKeyKind { node: node.clone() });
    }
    Ok(draft.find(node)?)
}

fn known(draft: &Draft, node: &Key) -> Result<NodeId, ChangeError> {
    find(draft, node)?.ok_or_else(|| ChangeError::UnknownNode { node: node.clone() })
}

fn add_node(draft: &mut Draft, node: &Key) -> Result<Effect, ChangeError> {
    if find(draft, node)?.is_some() {
        return Err(ChangeError::NodeExists { node: node.clone() });
    }
    let id = name_node(draft, name_of(node)?)?;
    Ok(Effect::of_node(id, Totals { nodes_added: 1, ..Totals::default() }))
}

fn name_of(node: &Key) -> Result<Label<'_>, ChangeError> {
    node.as_label().ok_or_else(|| ChangeError::IdAsName { node: node.clone() })
}

fn name_node(draft: &mut Draft, name: Label<'_>) -> Result<NodeId, ChangeError> {
    draft.add_node(Name::of(name)).ok_or(ChangeError::TooManyNodes)
}

fn rename_node(draft: &mut Draft, node: &Key, name: &Key) -> Result<Effect, ChangeError> {
    let id = known(draft, node)?;
    let renamed = match find(draft, name)? {
        Some(holder) if holder != id => {
            return Err(ChangeError::NodeExists { node: name.clone() });
        }
        Some(_) => 0,
        None => {
            draft.rename(id.get(), Name::of(name_of(name)?));
            1
        }
    };
    Ok(Effect::of_node(id, Totals { nodes_renamed: renamed, ..Totals::default() }))
}

/// The edge's place in its source's row; `None` where the graph does not even have its relation.
fn place(draft: &Draft, edge: &EdgeKey, target: NodeId) -> Option<EdgeAt> {
    let relation = match relation_name(edge.relation.as_deref()) {
        None => RelationId::NONE,
        Some(name) => draft.so_far().relation(name)?,
    };
    Some(at(target, relation, edge.time))
}

fn relation_name(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.is_empty())
}

fn at(target: NodeId, relation: RelationId, time: Option<f64>) -> EdgeAt {
    // Adding 0 turns -0 into +0, which is the same instant.
    let time = time.map_or(f64::NAN, |time| time + 0.0);
    EdgeAt { other: target.get(), relation: relation.get(), time }
}

/// An edge that is there.
struct Held {
    source: u32,
    at: EdgeAt,
    weight: f64,
}

fn held(draft: &Draft, edge: &EdgeKey) -> Result<Held, ChangeError> {
    let (source, target) = (known(draft, &edge.source)?, known(draft, &edge.target)?);
    let source = source.get();
    if let Some(at) = place(draft, edge, target)
        && let Some(weight) = draft.weight(source, at)?
    {
        return Ok(Held { source, at, weight });
    }
    Err(ChangeError::UnknownEdge { edge: Box::new(edge.clone()) })
}

/// Puts an edge between nodes that are there; its relation is made where it is not.
fn put(
    draft: &mut Draft,
    edge: &EdgeKey,
    source: NodeId,
    target: NodeId,
    weight: f64,
) -> Result<Effect, ChangeError> {
    let weight = weight + 0.0;
    if let Some(at) = place(draft, edge, target) {
        return Ok(Effect::of_put(draft.put(source.get(), at, weight)?));
    }
    draft.or_nothing(|draft| {
        let relation = make_relation(draft, edge.relation.as_deref())?;
        let at = at(target, relation, edge.time);
        Ok(Effect::of_put(draft.put(source.get(), at, weight)?))
    })
}

fn make_relation(draft: &mut Draft, name: Option<&str>) -> Result<RelationId, ChangeError> {
    match relation_name(name) {
        None => Ok(RelationId::NONE),
        Some(name) => draft.relation(name).ok_or(ChangeError::TooManyRelations),
    }
}

fn upsert_edge(draft: &mut Draft, edge: &EdgeKey, weight: f64) -> Result<Effect, ChangeError> {
    let ends = [find(draft, &edge.source)?, find(draft, &edge.target)?];
    if let [Some(source), Some(target)] = ends {
        return put(draft, edge, source, target, weight);
    }
    if draft.so_far().node_count() as u64 + 2 > NODE_COUNT_MAX {
        return Err(ChangeError::TooManyNodes);
    }
    draft.or_nothing(|draft| {
        let mut nodes_added = 0;
        let mut make = |draft: &mut Draft, node: &Key| match find(draft, node)? {
            Some(node) => Ok(node),
            None => {
                let Some(name) = node.as_label() else {
                    return Err(ChangeError::UnknownNode { node: node.clone() });
                };
                nodes_added += 1;
                name_node(draft, name)
            }
        };
        let (source, target) = (make(draft, &edge.source)?, make(draft, &edge.target)?);
        let mut effect = put(draft, edge, source, target, weight)?;
        effect.totals.nodes_added = nodes_added;
        Ok(effect)
    })
}

fn move_edge(
    draft: &mut Draft,
    edge: &EdgeKey,
    end: EdgeEnd,
    to: &Key,
) -> Result<Effect, ChangeError> {
    let Held { source, at, weight } = held(draft, edge)?;
    let to = known(draft, to)?.get();
    let (new_source, new_at) = match end {
        EdgeEnd::Source => (to, at),
        EdgeEnd::Target => (source, EdgeAt { other: to, ..at }),
    };
    if new_source == source && new_at.other == at.other {
        return Ok(Effect::of_put(Some(weight)));
    }
    if draft.weight(new_source, new_at)?.is_some() {
        let mut there = edge.clone();
        match end {
            EdgeEnd::Source => there.source = Key::Id(NodeId::new(to)),
            EdgeEnd::Target => there.target = Key::Id(NodeId::new(to)),
        }
        return Err(ChangeError::EdgeExists { edge: Box::new(there) });
    }
    draft.or_nothing(|draft| {
        draft.take(source, at)?;
        draft.put(new_source, new_at, weight)?;
        Ok(Effect::of_put(Some(weight)))
    })
}

fn rebuild_row(draft: &mut Draft, node: &Key, edges: &[RowEdge]) -> Result<Effect, ChangeError> {
    let node = known(draft, node)?;
    draft.or_nothing(|draft| {
        let mut row = Vec::with_capacity(edges.len());
        for edge in edges {
            let target = known(draft, &edge.target)?;
            let relation = make_relation(draft, edge.relation.as_deref())?;
            row.push((at(target, relation, edge.time), edge.weight + 0.0));
        }
        // Equal edges are summed in ascending order of weight, as when a graph is built.
        row.sort_by(|a, b| a.0.cmp_place(b.0).then(a.1.total_cmp(&b.1)));
        row.dedup_by(|more, kept| {
            let same = more.0.is(kept.0);
            if same {
                kept.1 += more.1;
            }
            same
        });
        if row.iter().any(|(_, weight)| !weight.is_finite()) {
            return Err(ChangeError::WeightOverflow);
        }
        let edges_removed = draft.replace_row(node.get(), &row)?;
        let edges_added = row.len() as u64;
        let totals = Totals { edges_added, edges_removed, ..Totals::default() };
        Ok(Effect::of_node(node, totals))
    })
}
