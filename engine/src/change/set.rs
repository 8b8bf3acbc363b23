//! Edits to a graph, applied together.

use std::fmt;

use crate::terms::Key;

/// What names one edge of a graph: its ends, relation and time. No two edges of a graph agree in
/// all four.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeKey {
    /// The node it leaves.
    pub source: Key,
    /// The node it enters.
    pub target: Key,
    /// The relation's name; `None` or empty for none.
    pub relation: Option<Box<str>>,
    /// When the edge was made, in seconds on the graph's scale; `None` for no time.
    pub time: Option<f64>,
}

impl EdgeKey {
    /// The edge from `source` to `target` without relation and time.
    #[must_use]
    pub fn new(source: impl Into<Key>, target: impl Into<Key>) -> Self {
        Self { source: source.into(), target: target.into(), relation: None, time: None }
    }

    /// The edge with this relation instead; an empty name is no relation.
    #[must_use]
    pub fn relation(mut self, name: &str) -> Self {
        self.relation = (!name.is_empty()).then(|| name.into());
        self
    }

    /// The edge with this time instead, in seconds.
    #[must_use]
    pub const fn time(mut self, time: f64) -> Self {
        self.time = Some(time);
        self
    }
}

impl fmt::Display for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", self.source, self.target)?;
        if let Some(relation) = self.relation.as_deref().filter(|name| !name.is_empty()) {
            write!(f, " by {relation:?}")?;
        }
        match self.time {
            Some(time) => write!(f, " at {time}"),
            None => Ok(()),
        }
    }
}

impl<S: Into<Key>, T: Into<Key>> From<(S, T)> for EdgeKey {
    fn from((source, target): (S, T)) -> Self {
        Self::new(source, target)
    }
}

/// One edge of a row that replaces a node's whole row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowEdge {
    /// The node it enters.
    pub target: Key,
    /// Strength of the association: finite; below zero for an inhibitory edge.
    pub weight: f64,
    /// The relation's name; `None` or empty for none.
    pub relation: Option<Box<str>>,
    /// When the edge was made, in seconds; `None` for no time.
    pub time: Option<f64>,
}

/// One of the two ends of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeEnd {
    /// The node it leaves.
    Source,
    /// The node it enters.
    Target,
}

/// One edit.
///
/// Nodes are named by label, by the host's key, or by their id in this graph. What a change names
/// is looked up in the state that all changes before it in the set have left.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a node without edges. A conflict where there is one of this name.
    AddNode {
        /// Its name.
        node: Key,
    },
    /// Adds a node without edges where there is none of this name.
    UpsertNode {
        /// Its name.
        node: Key,
    },
    /// Gives a node another name; its id and its edges stay. A conflict where the name is taken.
    RenameNode {
        /// The node.
        node: Key,
        /// Its name from now on.
        name: Key,
    },
    /// Removes a node and every edge that leaves or enters it. Its id is not given again.
    RemoveNode {
        /// The node.
        node: Key,
    },
    /// Adds an edge between nodes that are there. A conflict where there is one of this key.
    AddEdge {
        /// The edge.
        edge: EdgeKey,
        /// Its weight.
        weight: f64,
    },
    /// Sets the weight of an edge that is there.
    SetWeight {
        /// The edge.
        edge: EdgeKey,
        /// Its weight from now on.
        weight: f64,
    },
    /// Sets the weight of an edge, which is made where it is not there, and its nodes with it.
    UpsertEdge {
        /// The edge.
        edge: EdgeKey,
        /// Its weight from now on.
        weight: f64,
    },
    /// Removes an edge; its nodes stay.
    RemoveEdge {
        /// The edge.
        edge: EdgeKey,
    },
    /// Moves one end of an edge to another node in one step; weight, relation and time stay. A
    /// conflict where that edge is there already.
    MoveEdge {
        /// The edge.
        edge: EdgeKey,
        /// Which of its ends.
        end: EdgeEnd,
        /// The node at that end from now on.
        to: Key,
    },
    /// Reinforces an edge that is there: `w + amount`.
    AddWeight {
        /// The edge.
        edge: EdgeKey,
        /// What is added; below zero to weaken it.
        amount: f64,
    },
    /// Oja's rule for a pair that was active together: `w + rate * y * (x - y * w)`, where `x` is
    /// the activation of the source and `y` that of the target. An edge that is not there counts
    /// as one of weight 0, and is made; its nodes must be there.
    ///
    /// # Source
    /// Oja. A simplified neuron model as a principal component analyzer. Journal of Mathematical
    /// Biology 1982.
    Oja {
        /// The edge.
        edge: EdgeKey,
        /// Activation of its source, `x`.
        source_activation: f64,
        /// Activation of its target, `y`.
        target_activation: f64,
        /// How fast it learns.
        rate: f64,
    },
    /// Replaces all edges that leave a node. Edges equal in target, relation and time are summed
    /// in ascending order of weight, as when a graph is built.
    RebuildRow {
        /// The node.
        node: Key,
        /// Its edges from now on.
        edges: Vec<RowEdge>,
    },
}

/// Which of the edits a [`Change`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// [`Change::AddNode`].
    AddNode,
    /// [`Change::UpsertNode`].
    UpsertNode,
    /// [`Change::RenameNode`].
    RenameNode,
    /// [`Change::RemoveNode`].
    RemoveNode,
    /// [`Change::AddEdge`].
    AddEdge,
    /// [`Change::SetWeight`].
    SetWeight,
    /// [`Change::UpsertEdge`].
    UpsertEdge,
    /// [`Change::RemoveEdge`].
    RemoveEdge,
    /// [`Change::MoveEdge`].
    MoveEdge,
    /// [`Change::AddWeight`].
    AddWeight,
    /// [`Change::Oja`].
    Oja,
    /// [`Change::RebuildRow`].
    RebuildRow,
}

impl ChangeKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::AddNode,
        Self::UpsertNode,
        Self::RenameNode,
        Self::RemoveNode,
        Self::AddEdge,
        Self::SetWeight,
        Self::UpsertEdge,
        Self::RemoveEdge,
        Self::MoveEdge,
        Self::AddWeight,
        Self::Oja,
        Self::RebuildRow,
    ];

    /// Its name, as metrics and reports give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddNode => "add_node",
            Self::UpsertNode => "upsert_node",
            Self::RenameNode => "rename_node",
            Self::RemoveNode => "remove_node",
            Self::AddEdge => "add_edge",
            Self::SetWeight => "set_weight",
            Self::UpsertEdge => "upsert_edge",
            Self::RemoveEdge => "remove_edge",
            Self::MoveEdge => "move_edge",
            Self::AddWeight => "add_weight",
            Self::Oja => "oja",
            Self::RebuildRow => "rebuild_row",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Change {
    /// Which of the edits it is.
    #[must_use]
    pub const fn kind(&self) -> ChangeKind {
        match self {
            Self::AddNode { .. } => ChangeKind::AddNode,
            Self::UpsertNode { .. } => ChangeKind::UpsertNode,
            Self::RenameNode { .. } => ChangeKind::RenameNode,
            Self::RemoveNode { .. } => ChangeKind::RemoveNode,
            Self::AddEdge { .. } => ChangeKind::AddEdge,
            Self::SetWeight { .. } => ChangeKind::SetWeight,
            Self::UpsertEdge { .. } => ChangeKind::UpsertEdge,
            Self::RemoveEdge { .. } => ChangeKind::RemoveEdge,
            Self::MoveEdge { .. } => ChangeKind::MoveEdge,
            Self::AddWeight { .. } => ChangeKind::AddWeight,
            Self::Oja { .. } => ChangeKind::Oja,
            Self::RebuildRow { .. } => ChangeKind::RebuildRow,
        }
    }
}

/// Edits to a graph in the order in which they are applied.
///
/// ```
/// use emanate::change::{ChangeSet, EdgeKey};
///
/// let mut changes = ChangeSet::new();
/// changes.upsert_edge(("dog", "bone"), 0.5).add_weight(("dog", "cat"), 0.125);
/// changes.remove_edge(EdgeKey::new("dog", "wolf").relation("fears"));
/// assert_eq!(changes.len(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSet {
    changes: Vec<Change>,
}

impl ChangeSet {
    /// No edits.
    #[must_use]
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// Adds an edit after the others.
    pub fn push(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }

    /// Adds [`Change::AddNode`].
    pub fn add_node(&mut self, node: impl Into<Key>) -> &mut Self {
        self.push(Change::AddNode { node: node.into() })
    }

    /// Adds [`Change::UpsertNode`].
    pub fn upsert_node(&mut self, node: impl Into<Key>) -> &mut Self {
        self.push(Change::UpsertNode { node: node.into() })
    }

    /// Adds [`Change::RenameNode`].
    pub fn rename_node(&mut self, node: impl Into<Key>, name: impl Into<Key>) -> &mut Self {
        self.push(Change::RenameNode { node: node.into(), name: name.into() })
    }

    /// Adds [`Change::RemoveNode`].
    pub fn remove_node(&mut self, node: impl Into<Key>) -> &mut Self {
        self.push(Change::RemoveNode { node: node.into() })
    }

    /// Adds [`Change::AddEdge`].
    pub fn add_edge(&mut self, edge: impl Into<EdgeKey>, weight: f64) -> &mut Self {
        self.push(Change::AddEdge { edge: edge.into(), weight })
    }

    /// Adds [`Change::SetWeight`].
    pub fn set_weight(&mut self, edge: impl Into<EdgeKey>, weight: f64) -> &mut Self {
        self.push(Change::SetWeight { edge: edge.into(), weight })
    }

    /// Adds [`Change::UpsertEdge`].
    pub fn upsert_edge(&mut self, edge: impl Into<EdgeKey>, weight: f64) -> &mut Self {
        self.push(Change::UpsertEdge { edge: edge.into(), weight })
    }

    /// Adds [`Change::RemoveEdge`].
    pub fn remove_edge(&mut self, edge: impl Into<EdgeKey>) -> &mut Self {
        self.push(Change::RemoveEdge { edge: edge.into() })
    }

    /// Adds [`Change::MoveEdge`].
    pub fn move_edge(
        &mut self,
        edge: impl Into<EdgeKey>,
        end: EdgeEnd,
        to: impl Into<Key>,
    ) -> &mut Self {
        self.push(Change::MoveEdge { edge: edge.into(), end, to: to.into() })
    }

    /// Adds [`Change::AddWeight`].
    pub fn add_weight(&mut self, edge: impl Into<EdgeKey>, amount: f64) -> &mut Self {
        self.push(Change::AddWeight { edge: edge.into(), amount })
    }

    /// Adds [`Change::Oja`] for each pair that was active together: the edge, then the activations
    /// of its source and of its target.
    pub fn oja(
        &mut self,
        pairs: impl IntoIterator<Item = (EdgeKey, f64, f64)>,
        rate: f64,
    ) -> &mut Self {
        self.changes.extend(pairs.into_iter().map(
            |(edge, source_activation, target_activation)| Change::Oja {
                edge,
                source_activation,
                target_activation,
                rate,
            },
        ));
        self
    }

    /// Adds [`Change::RebuildRow`].
    pub fn rebuild_row(&mut self, node: impl Into<Key>, edges: Vec<RowEdge>) -> &mut Self {
        self.push(Change::RebuildRow { node: node.into(), edges })
    }

    /// The edits in order.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Number of edits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl FromIterator<Change> for ChangeSet {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        Self { changes: changes.into_iter().collect() }
    }
}

impl Extend<Change> for ChangeSet {
    fn extend<I: IntoIterator<Item = Change>>(&mut self, changes: I) {
        self.changes.extend(changes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, ChangeKind, ChangeSet, EdgeKey};
    use crate::observe::table::CHANGE_KINDS;
    use crate::terms::NodeId;

    #[test]
    fn kinds_have_the_names_that_metrics_give_them() {
        assert_eq!(ChangeKind::ALL.map(ChangeKind::name), CHANGE_KINDS);
        assert_eq!(ChangeKind::ALL.map(|kind| kind.to_string()), CHANGE_KINDS);
    }

    #[test]
    fn an_edge_is_named_by_what_it_has() {
        let plain = EdgeKey::new("dog", 7u64);
        assert_eq!(plain.to_string(), "from \"dog\" to key 7");
        let known = plain.clone().relation("chases");
        assert_eq!(known.to_string(), "from \"dog\" to key 7 by \"chases\"");
        assert_eq!(known.time(-1.5).to_string(), "from \"dog\" to key 7 by \"chases\" at -1.5");
        let timed = EdgeKey::from((NodeId::new(3), "cat")).time(2.0);
        assert_eq!(timed.to_string(), "from node 3 to \"cat\" at 2");
    }

    #[test]
    fn an_empty_relation_is_none_however_it_is_given() {
        let plain = EdgeKey::new("a", "b");
        assert_eq!(plain.clone().relation("likes").relation(""), plain);
        let empty = EdgeKey { relation: Some("".into()), ..plain.clone() };
        assert_eq!(empty.to_string(), plain.to_string());
    }

    #[test]
    fn a_set_grows_in_order_and_knows_when_it_is_empty() {
        let node = |name: &str| Change::AddNode { node: name.into() };
        let mut set = ChangeSet::new();
        assert_eq!((set.is_empty(), set.len()), (true, 0));
        set.extend([]);
        assert!(set.is_empty());
        set.add_node("a").push(node("b"));
        set.extend([node("c"), node("d")]);
        assert!(!set.is_empty() && set.len() == 4);
        let expected: ChangeSet = ["a", "b", "c", "d"].into_iter().map(node).collect();
        assert_eq!(set, expected);
        assert_eq!(set.changes()[3], node("d"));
    }
}
