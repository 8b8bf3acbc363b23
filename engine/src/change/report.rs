//! What applying a change set did.

use std::time::Duration;

use super::error::ChangeError;
use super::set::ChangeKind;
use crate::terms::NodeId;

/// One edit that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Success {
    /// Its position in the set.
    pub index: usize,
    /// What it was.
    pub kind: ChangeKind,
    /// The node, for edits of nodes and of rows.
    pub node: Option<NodeId>,
}

/// One edit that was not.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Its position in the set.
    pub index: usize,
    /// What it was.
    pub kind: ChangeKind,
    /// Why it was not applied.
    pub error: ChangeError,
    /// How often it was tried. More than once only helps against storage errors.
    pub attempts: u32,
}

/// What edits did together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Nodes that are there since.
    pub nodes_added: u64,
    /// Nodes that have another name since.
    pub nodes_renamed: u64,
    /// Nodes that are gone since.
    pub nodes_removed: u64,
    /// Edges that are there since.
    pub edges_added: u64,
    /// Edges that were there and whose weight was set.
    pub edges_changed: u64,
    /// Edges that are gone since.
    pub edges_removed: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.nodes_added += more.nodes_added;
        self.nodes_renamed += more.nodes_renamed;
        self.nodes_removed += more.nodes_removed;
        self.edges_added += more.edges_added;
        self.edges_changed += more.edges_changed;
        self.edges_removed += more.edges_removed;
    }
}

/// What applying a change set did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApplyReport {
    /// The edits that were applied, in order; in a dry run, those that would be. None where a set
    /// was rolled back.
    pub successes: Vec<Success>,
    /// The edits that were not, in order. Those in neither list were not tried.
    pub failures: Vec<Failure>,
    /// What the applied edits did together.
    pub totals: Totals,
    /// How often storing was tried.
    pub store_attempts: u32,
    /// Time from the call on, waiting included.
    pub elapsed: Duration,
    /// The number of the graph's generation afterwards.
    pub generation: u64,
}
