//! Building a graph from code.

use super::assemble::{self, Rows};
use super::edges::{WeightSlice, Weights};
use super::error::BuildError;
use super::generation::Generation;
use super::interner::{Interner, NAMES_TOGETHER, NameList, RelationInterner};
use crate::terms::Label;

/// One edge as a host gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge<'a> {
    /// The node it leaves.
    pub source: Label<'a>,
    /// The node it enters.
    pub target: Label<'a>,
    /// Strength of the association: finite; below zero for an inhibitory edge.
    pub weight: f64,
    /// The relation's name; `None` or empty for none.
    pub relation: Option<&'a str>,
    /// When the edge was made, in seconds on any scale the host's queries use.
    pub time: Option<f64>,
}

/// Weights so far, single precision for as long as that holds every one exactly.
#[derive(Debug)]
pub(crate) enum WeightColumn {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl WeightColumn {
    /// None yet, with room for `len`.
    pub(crate) fn with_room(single: bool, len: usize) -> Self {
        if single {
            Self::Single(Vec::with_capacity(len))
        } else {
            Self::Double(Vec::with_capacity(len))
        }
    }

    pub(crate) const fn is_single(&self) -> bool {
        matches!(self, Self::Single(_))
    }

    /// Adds weights.
    pub(crate) fn extend(&mut self, weights: WeightSlice<'_>) {
        match (self, weights) {
            (Self::Single(held), WeightSlice::Single(more)) => held.extend_from_slice(more),
            (Self::Double(held), WeightSlice::Double(more)) => held.extend_from_slice(more),
            (held, WeightSlice::Single(more)) => {
                more.iter().for_each(|weight| held.push(f64::from(*weight)));
            }
            (held, WeightSlice::Double(more)) => more.iter().for_each(|weight| held.push(*weight)),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "compared with the original just after")]
    pub(crate) fn push(&mut self, weight: f64) {
        match self {
            Self::Double(weights) => weights.push(weight),
            Self::Single(weights) => {
                let narrow = weight as f32;
                if f64::from(narrow) == weight {
                    weights.push(narrow);
                } else {
                    let mut wide: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                    wide.push(weight);
                    *self = Self::Double(wide);
                }
            }
        }
    }
}

impl From<WeightColumn> for Weights {
    fn from(weights: WeightColumn) -> Self {
        match weights {
            WeightColumn::Single(weights) => Self::Single(weights.into_boxed_slice()),
            WeightColumn::Double(weights) => Self::Double(weights.into_boxed_slice()),
        }
    }
}

/// Edges so far, one array per field; relations and times stay empty until an edge has one.
#[derive(Debug)]
pub(crate) struct EdgeColumns {
    pub(crate) sources: Vec<u32>,
    pub(crate) targets: Vec<u32>,
    pub(crate) weights: WeightColumn,
    /// 0 for none, else 1 + the number its name was given.
    pub(crate) relations: Vec<u32>,
    /// NaN for none.
    pub(crate) times: Vec<f64>,
}

/// What a [`GraphBuilder`] has collected.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) names: NameList,
    /// Names of relations by the number that stands in the rows, less 1.
    pub(crate) relations: Vec<Box<str>>,
    pub(crate) rows: Rows,
}

/// Collects nodes and edges and makes a [`Generation`] of them.
///
/// Edges equal in source, target, relation and time are summed, in ascending order of weight, when
/// the graph is built. Neither the order of the calls nor repeated nodes change the result.
///
/// ```
/// use emanate::GraphBuilder;
///
/// let mut builder = GraphBuilder::new();
/// builder.edge("dog", "cat", 0.5)?.edge("cat", "mouse", 0.25)?.edge("dog", "cat", 0.25)?;
/// let graph = builder.build()?;
/// assert_eq!((graph.node_count(), graph.edge_count()), (3, 2));
/// # Ok::<(), emanate::BuildError>(())
/// ```
#[derive(Debug)]
pub struct GraphBuilder {
    names: Interner,
    relations: RelationInterner,
    edges: EdgeColumns,
}

impl Default for GraphBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl GraphBuilder {
    /// A graph whose nodes are named by labels.
    #[must_use]
    pub fn new() -> Self {
        Self::of(NameList::Labels { text: String::new(), ends: Vec::new() })
    }

    /// A graph whose nodes are named by the host's own integer keys.
    #[must_use]
    pub fn with_keys() -> Self {
        Self::of(NameList::Keys(Vec::new()))
    }

    /// A graph whose nodes are named by the host's own 16-byte keys.
    #[must_use]
    pub fn with_wide_keys() -> Self {
        Self::of(NameList::WideKeys(Vec::new()))
    }

    fn of(names: NameList) -> Self {
        let edges = EdgeColumns {
            sources: Vec::new(),
            targets: Vec::new(),
            weights: WeightColumn::Single(Vec::new()),
            relations: Vec::new(),
            times: Vec::new(),
        };
        Self { names: Interner::new(names), relations: RelationInterner::default(), edges }
    }

    /// Adds a node, if it is new. A node needs no edges.
    ///
    /// # Errors
    /// [`BuildError`] where the name is empty or of another kind, or there are too many nodes.
    pub fn node<'a>(&mut self, name: impl Into<Label<'a>>) -> Result<&mut Self, BuildError> {
        self.names.number(name.into())?;
        Ok(self)
    }

    /// Adds an edge without relation and time, and its nodes where they are new.
    ///
    /// # Errors
    /// As [`GraphBuilder::add`].
    pub fn edge<'a>(
        &mut self,
        source: impl Into<Label<'a>>,
        target: impl Into<Label<'a>>,
        weight: f64,
    ) -> Result<&mut Self, BuildError> {
        let (source, target) = (source.into(), target.into());
        self.add(&Edge { source, target, weight, relation: None, time: None })
    }

    /// Adds an edge, and its nodes where they are new.
    ///
    /// # Errors
    /// [`BuildError`] where a name is empty or of another kind, a number is not finite, or the
    /// graph is full. Nothing is added then, except perhaps the source as a node.
    pub fn add(&mut self, edge: &Edge<'_>) -> Result<&mut Self, BuildError> {
        let relation = self.relation(edge)?;
        let source = self.names.number(edge.source)?;
        let target = self.names.number(edge.target)?;
        self.push(source, target, relation, edge);
        Ok(self)
    }

    /// Adds many edges, for less than [`GraphBuilder::add`] costs one by one.
    ///
    /// Where it fails, any of the edges may have been added, and any of their nodes.
    pub(crate) fn add_all(&mut self, edges: &[Edge<'_>]) -> Result<(), BuildError> {
        let mut names = [Label::Text(""); NAMES_TOGETHER];
        for edges in edges.chunks(NAMES_TOGETHER) {
            let names = &mut names[..edges.len()];
            names.iter_mut().zip(edges).for_each(|(name, edge)| *name = edge.source);
            let sources = self.names.number_together(names)?;
            names.iter_mut().zip(edges).for_each(|(name, edge)| *name = edge.target);
            let targets = self.names.number_together(names)?;
            for (edge, (source, target)) in edges.iter().zip(sources.into_iter().zip(targets)) {
                let relation = self.relation(edge)?;
                self.push(source, target, relation, edge);
            }
        }
        Ok(())
    }

    /// The number of the edge's relation, 0 for none, once its numbers are known to be finite.
    fn relation(&mut self, edge: &Edge<'_>) -> Result<u32, BuildError> {
        let &Edge { weight, .. } = edge;
        if !weight.is_finite() {
            return Err(BuildError::WeightNotFinite { weight });
        }
        if let Some(time) = edge.time.filter(|time| !time.is_finite()) {
            return Err(BuildError::TimeNotFinite { time });
        }
        match edge.relation {
            None | Some("") => Ok(0),
            Some(name) => Ok(self.relations.number(name)? + 1),
        }
    }

    #[inline]
    fn push(&mut self, source: u32, target: u32, relation: u32, edge: &Edge<'_>) {
        let edges = &mut self.edges;
        if relation != 0 || !edges.relations.is_empty() {
            edges.relations.resize(edges.sources.len(), 0);
            edges.relations.push(relation);
        }
        if edge.time.is_some() || !edges.times.is_empty() {
            edges.times.resize(edges.sources.len(), f64::NAN);
            // Adding 0 turns -0 into +0, which is the same instant.
            edges.times.push(edge.time.map_or(f64::NAN, |time| time + 0.0));
        }
        edges.sources.push(source);
        edges.targets.push(target);
        edges.weights.push(edge.weight + 0.0);
    }

    /// Number of nodes so far.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.names.len()
    }

    /// Number of edges so far, equal ones counted apart.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.edges.sources.len()
    }

    /// What was collected, equal edges summed, under provisional numbers.
    pub(crate) fn collected(self) -> Result<Collected, BuildError> {
        let (names, edges) = (self.names.into_names(), self.edges);
        let relations = self.relations.into_names();
        let rows = assemble::merged_rows(edges, names.len())?;
        Ok(Collected { names, relations, rows })
    }

    /// Makes the graph. Costs a sort of the labels and two passes over the edges, which take
    /// about twice the memory of the graph while they run.
    ///
    /// # Errors
    /// [`BuildError`] where equal edges add up to infinity or a block of nodes is too large.
    pub fn build(self) -> Result<Generation, BuildError> {
        assemble::generation(self.names.into_names(), self.relations.into_names(), self.edges)
    }
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(label: &'a str) -> Self {
        Self::Text(label)
    }
}

impl<'a> From<&'a String> for Label<'a> {
    fn from(label: &'a String) -> Self {
        Self::Text(label)
    }
}

impl From<u64> for Label<'_> {
    fn from(key: u64) -> Self {
        Self::Key(key)
    }
}

impl From<u128> for Label<'_> {
    fn from(key: u128) -> Self {
        Self::WideKey(key)
    }
}

impl From<[u8; 16]> for Label<'_> {
    fn from(key: [u8; 16]) -> Self {
        Self::WideKey(u128::from_be_bytes(key))
    }
}
