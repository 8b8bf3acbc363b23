//! Names that changes have given and taken.

use std::cmp::Ordering;

use super::sparse::Sparse;
use crate::sync::Arc;
use crate::terms::Label;

/// A name that copies at the price of a count.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Label(Arc<str>),
    Key(u64),
    WideKey(u128),
}

impl Name {
    pub(crate) fn of(label: Label<'_>) -> Self {
        match label {
            Label::Text(label) => Self::Label(label.into()),
            Label::Key(key) => Self::Key(key),
            Label::WideKey(key) => Self::WideKey(key),
        }
    }

    pub(crate) fn label(&self) -> Label<'_> {
        match self {
            Self::Label(label) => Label::Text(label),
            Self::Key(key) => Label::Key(*key),
            Self::WideKey(key) => Label::WideKey(*key),
        }
    }
}

/// What is different about the name of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamePatch {
    /// Its name, where that is not the one in the graph's blocks.
    pub(crate) name: Option<Name>,
    /// Whether it was removed. It keeps its id and, for reports of the past, its name.
    pub(crate) removed: bool,
}

/// A name that a change has given to a node.
#[derive(Clone, Debug)]
struct Given {
    name: Name,
    node: u32,
}

/// Names that changes have given and taken, over those in a graph's blocks.
///
/// Names that were given are kept in runs, each sorted; a new one is a run of its own, and runs of
/// about one size become one of twice that, so there are at most `log2` of them. What is found in
/// a run counts only if the node still has that name.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameOverlay {
    by_node: Sparse<NamePatch>,
    runs: Vec<Arc<[Given]>>,
    removed: usize,
}

impl NameOverlay {
    /// Whether it says nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    /// Whether any name was given.
    pub(crate) fn has_given(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Nodes that were removed.
    pub(crate) const fn removed_count(&self) -> usize {
        self.removed
    }

    pub(crate) fn get(&self, node: u32) -> Option<&NamePatch> {
        self.by_node.get(node)
    }

    pub(crate) fn is_removed(&self, node: u32) -> bool {
        self.get(node).is_some_and(|patch| patch.removed)
    }

    /// Whether the name that `node` has in the graph's blocks is still its name.
    pub(crate) fn leaves(&self, node: u32) -> bool {
        self.get(node).is_none_or(|patch| patch.name.is_none() && !patch.removed)
    }

    fn holds(&self, given: &Given) -> bool {
        self.get(given.node).is_some_and(|patch| {
            let name = patch.name.as_ref().map(Name::label);
            !patch.removed && name == Some(given.name.label())
        })
    }

    /// The node that has this name from a change.
    pub(crate) fn find(&self, wanted: Label<'_>) -> Option<u32> {
        self.runs.iter().find_map(|run| {
            let first = run.partition_point(|given| given.name.label() < wanted);
            let same = run[first..].iter().take_while(|given| given.name.label() == wanted);
            same.into_iter().find(|given| self.holds(given)).map(|given| given.node)
        })
    }

    /// Up to `most` nodes of every run whose names are not below `least`, for as long as `wanted`
    /// holds; in no order.
    pub(crate) fn each_from<'a>(
        &'a self,
        least: Label<'_>,
        most: usize,
        wanted: impl Fn(Label<'a>) -> bool,
        mut visit: impl FnMut(u32, Label<'a>),
    ) {
        for run in &self.runs {
            let first = run.partition_point(|given| given.name.label() < least);
            let found = run[first..].iter().take_while(|given| wanted(given.name.label()));
            for given in found.filter(|given| self.holds(given)).take(most) {
                visit(given.node, given.name.label());
            }
        }
    }

    /// Every node with a name from a change, ascending by name, each once.
    pub(crate) fn given(&self) -> Vec<(u32, Label<'_>)> {
        let mut given: Vec<(u32, Label<'_>)> = self
            .runs
            .iter()
            .flat_map(|run| run.iter().filter(|given| self.holds(given)))
            .map(|given| (given.node, given.name.label()))
            .collect();
        given.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        given.dedup();
        given
    }

    /// Gives `node` a name, which nobody has.
    pub(crate) fn give(&mut self, node: u32, name: Name) {
        let patch = NamePatch { name: Some(name.clone()), removed: false };
        self.by_node.insert(node, Arc::new(patch));
        self.push_run(Arc::from([Given { name, node }]));
    }

    /// Gives each node a name that nobody has, all as one run.
    pub(crate) fn give_all(&mut self, names: Vec<(u32, Name)>) {
        let mut run = Vec::with_capacity(names.len());
        for (node, name) in names {
            let patch = NamePatch { name: Some(name.clone()), removed: false };
            self.by_node.insert(node, Arc::new(patch));
            run.push(Given { name, node });
        }
        run.sort_unstable_by(|a, b| a.name.label().cmp(&b.name.label()));
        if !run.is_empty() {
            self.push_run(run.into());
        }
    }

    /// Takes the node away. `name` is what it was called.
    pub(crate) fn remove(&mut self, node: u32) {
        let name = self.get(node).and_then(|patch| patch.name.clone());
        self.by_node.insert(node, Arc::new(NamePatch { name, removed: true }));
        self.removed += 1;
    }

    fn push_run(&mut self, mut run: Arc<[Given]>) {
        while let Some(before) = self.runs.pop_if(|before| before.len() <= run.len()) {
            run = self.together(&before, &run);
        }
        self.runs.push(run);
    }

    /// Two runs as one, without what no longer counts.
    fn together(&self, a: &[Given], b: &[Given]) -> Arc<[Given]> {
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        let mut both = Vec::with_capacity(a.len() + b.len());
        loop {
            let from_a = match (a.peek(), b.peek()) {
                (Some(a), Some(b)) => a.name.label().cmp(&b.name.label()) != Ordering::Greater,
                (a, _) => a.is_some(),
            };
            let Some(given) = (if from_a { a.next() } else { b.next() }) else { break };
            let twice =
                |last: &Given| last.node == given.node && last.name.label() == given.name.label();
            if self.holds(given) && !both.last().is_some_and(twice) {
                both.push(given.clone());
            }
        }
        both.into()
    }

    /// What is left to say of names once those of `merged` are in the graph's blocks: what changed
    /// since, and who was removed.
    pub(crate) fn since(&self, merged: &Self) -> Self {
        let mut left = Self::default();
        self.by_node.for_each_since(&merged.by_node, |node, patch| {
            left.by_node.insert(node, Arc::clone(patch));
            if let Some(name) = patch.name.as_ref().filter(|_| !patch.removed) {
                left.push_run(Arc::from([Given { name: name.clone(), node }]));
            }
        });
        merged.by_node.for_each(|node, patch| {
            if patch.removed && left.get(node).is_none() {
                left.by_node.insert(node, Arc::new(NamePatch { name: None, removed: true }));
            }
        });
        left.removed = self.removed;
        left
    }

    /// An overlay that says only that these nodes were removed.
    pub(crate) fn of_removed(nodes: impl IntoIterator<Item = u32>) -> Self {
        let mut overlay = Self::default();
        nodes.into_iter().for_each(|node| overlay.remove(node));
        overlay
    }

    /// The nodes that were removed, ascending.
    pub(crate) fn removed(&self) -> Vec<u32> {
        let mut removed = Vec::with_capacity(self.removed);
        self.by_node.for_each(|node, patch| {
            if patch.removed {
                removed.push(node);
            }
        });
        removed
    }
}
