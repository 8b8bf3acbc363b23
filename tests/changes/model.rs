//! A graph that changes, once more, sequential and obvious: a map of nodes and a map of edges.

use std::collections::{BTreeMap, BTreeSet};

use emanate::change::{Change, EdgeEnd, EdgeKey, ErrorClass, RowEdge};
use emanate::{Generation, Key, NodeId};

/// What tells edges apart: source, target, relation (empty for none), time (bits; none for none).
pub(crate) type Place = (String, String, String, Option<u64>);

/// A mistake that a model makes on purpose, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// A node that is removed leaves the edges that enter it.
    KeepsEdgesInto,
    /// An edge moved to where another one is replaces that one.
    MovesOnto,
    /// Reinforcing sets the weight.
    SetsInsteadOfAdding,
    /// Equal edges of a row that is rebuilt are not summed.
    KeepsLastOfEqual,
}

/// The graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) nodes: BTreeSet<String>,
    pub(crate) edges: BTreeMap<Place, f64>,
    mistake: Mistake,
}

fn label(key: &Key) -> String {
    let Key::Label(label) = key else { panic!("the model knows labels alone") };
    label.to_string()
}

impl Model {
    /// What `graph` holds.
    pub(crate) fn of(graph: &Generation, mistake: Mistake) -> Self {
        let mut model = Self { nodes: BTreeSet::new(), edges: BTreeMap::new(), mistake };
        let name = |node: u32| graph.label(NodeId::new(node)).unwrap().to_string();
        let relations: Vec<&str> = graph.relation_names().collect();
        for node in (0..graph.node_count()).map(|node| u32::try_from(node).unwrap()) {
            let id = NodeId::new(node);
            if graph.is_removed(id) {
                assert!(graph.out_row(id).unwrap().is_empty(), "a removed node has no edges");
                assert!(graph.in_row(id).unwrap().is_empty(), "no edge enters a removed node");
                assert_eq!(graph.find(id), Ok(None));
                continue;
            }
            assert!(model.nodes.insert(name(node)), "two nodes have one name");
            assert_eq!(graph.find(name(node)), Ok(Some(id)), "a node is found by its name");
            let row = graph.out_row(id).unwrap();
            let (kinds, times) = (graph.out_relations(id).unwrap(), graph.out_times(id).unwrap());
            for (at, target) in row.targets.iter().enumerate() {
                let kind = kinds.get(at).copied().unwrap_or(0) as usize;
                let kind = kind.checked_sub(1).map_or("", |kind| relations[kind]);
                let time = times.get(at).filter(|time| !time.is_nan()).map(|t| t.to_bits());
                let place = (name(node), name(*target), kind.to_owned(), time);
                let before = model.edges.insert(place, row.weights.at(at));
                assert_eq!(before, None, "an edge stands twice");
            }
        }
        model
    }

    fn known(&self, node: &Key) -> Result<String, ErrorClass> {
        let node = label(node);
        if self.nodes.contains(&node) { Ok(node) } else { Err(ErrorClass::NotFound) }
    }

    fn place(&self, edge: &EdgeKey) -> Result<Place, ErrorClass> {
        let (source, target) = (self.known(&edge.source)?, self.known(&edge.target)?);
        Ok(place(source, target, edge.relation.as_deref(), edge.time))
    }

    fn held(&self, edge: &EdgeKey) -> Result<(Place, f64), ErrorClass> {
        let place = self.place(edge)?;
        let weight = *self.edges.get(&place).ok_or(ErrorClass::NotFound)?;
        Ok((place, weight))
    }

    /// Applies one change, or says why not.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<(), ErrorClass> {
        check(change)?;
        match change {
            Change::AddNode { node } => {
                self.nodes.insert(label(node)).then_some(()).ok_or(ErrorClass::Conflict)?;
            }
            Change::UpsertNode { node } => {
                self.nodes.insert(label(node));
            }
            Change::RenameNode { node, name } => self.rename(node, name)?,
            Change::RemoveNode { node } => {
                let node = self.known(node)?;
                let keeps = self.mistake == Mistake::KeepsEdgesInto;
                self.edges.retain(|place, _| place.0 != node && (keeps || place.1 != node));
                self.nodes.remove(&node);
            }
            Change::AddEdge { edge, weight } => {
                let place = self.place(edge)?;
                if self.edges.contains_key(&place) {
                    return Err(ErrorClass::Conflict);
                }
                self.edges.insert(place, *weight);
            }
            Change::SetWeight { edge, weight } => {
                let (place, _) = self.held(edge)?;
                self.edges.insert(place, *weight);
            }
            Change::UpsertEdge { edge, weight } => {
                self.nodes.extend([label(&edge.source), label(&edge.target)]);
                let place = self.place(edge)?;
                self.edges.insert(place, *weight);
            }
            Change::RemoveEdge { edge } => {
                let (place, _) = self.held(edge)?;
                self.edges.remove(&place);
            }
            Change::MoveEdge { edge, end, to } => self.move_edge(edge, *end, to)?,
            Change::AddWeight { edge, amount } => {
                let (place, weight) = self.held(edge)?;
                let sets = self.mistake == Mistake::SetsInsteadOfAdding;
                self.edges.insert(place, if sets { *amount } else { weight + amount });
            }
            Change::Oja { edge, source_activation, target_activation, rate } => {
                let place = self.place(edge)?;
                let weight = self.edges.get(&place).copied().unwrap_or(0.0);
                let (x, y) = (source_activation, target_activation);
                self.edges.insert(place, weight + rate * y * (x - y * weight));
            }
            Change::RebuildRow { node, edges } => self.rebuild(node, edges)?,
            _ => panic!("a kind of change that the model does not know"),
        }
        Ok(())
    }

    fn rename(&mut self, node: &Key, name: &Key) -> Result<(), ErrorClass> {
        let (old, new) = (self.known(node)?, label(name));
        if old == new {
            return Ok(());
        }
        if !self.nodes.insert(new.clone()) {
            return Err(ErrorClass::Conflict);
        }
        self.nodes.remove(&old);
        let renamed = |end: String| if end == old { new.clone() } else { end };
        self.edges = std::mem::take(&mut self.edges)
            .into_iter()
            .map(|((source, target, kind, time), weight)| {
                ((renamed(source), renamed(target), kind, time), weight)
            })
            .collect();
        Ok(())
    }

    fn move_edge(&mut self, edge: &EdgeKey, end: EdgeEnd, to: &Key) -> Result<(), ErrorClass> {
        let (place, weight) = self.held(edge)?;
        let to = self.known(to)?;
        let mut moved = place.clone();
        match end {
            EdgeEnd::Source => moved.0 = to,
            EdgeEnd::Target => moved.1 = to,
        }
        let is_taken = moved != place && self.edges.contains_key(&moved);
        if is_taken && self.mistake != Mistake::MovesOnto {
            return Err(ErrorClass::Conflict);
        }
        self.edges.remove(&place);
        self.edges.insert(moved, weight);
        Ok(())
    }

    fn rebuild(&mut self, node: &Key, edges: &[RowEdge]) -> Result<(), ErrorClass> {
        let node = self.known(node)?;
        let mut row: BTreeMap<Place, Vec<f64>> = BTreeMap::new();
        for edge in edges {
            let target = self.known(&edge.target)?;
            let place = place(node.clone(), target, edge.relation.as_deref(), edge.time);
            row.entry(place).or_default().push(edge.weight);
        }
        self.edges.retain(|place, _| place.0 != node);
        for (place, mut weights) in row {
            weights.sort_by(f64::total_cmp);
            let mut sum = weights[0];
            weights[1..].iter().for_each(|weight| sum += weight);
            if self.mistake == Mistake::KeepsLastOfEqual {
                sum = *weights.last().unwrap();
            }
            self.edges.insert(place, sum);
        }
        Ok(())
    }
}

fn place(source: String, target: String, kind: Option<&str>, time: Option<f64>) -> Place {
    (source, target, kind.unwrap_or("").to_owned(), time.map(|time| (time + 0.0).to_bits()))
}

/// Refuses numbers that are not finite and names that are none.
fn check(change: &Change) -> Result<(), ErrorClass> {
    let is_good = match change {
        Change::AddNode { node } | Change::UpsertNode { node } => !label(node).is_empty(),
        Change::RenameNode { name, .. } => !label(name).is_empty(),
        Change::AddEdge { weight, .. } | Change::SetWeight { weight, .. } => weight.is_finite(),
        Change::UpsertEdge { edge, weight } => {
            let named = !label(&edge.source).is_empty() && !label(&edge.target).is_empty();
            named && weight.is_finite()
        }
        Change::AddWeight { amount, .. } => amount.is_finite(),
        Change::RebuildRow { edges, .. } => edges.iter().all(|edge| edge.weight.is_finite()),
        _ => true,
    };
    if is_good { Ok(()) } else { Err(ErrorClass::Invalid) }
}
