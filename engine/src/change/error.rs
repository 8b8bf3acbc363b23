//! Why an edit, or a whole set, was not applied.

use std::fmt;
use std::time::Duration;

use super::journal::StorageError;
use super::report::ApplyReport;
use super::set::EdgeKey;
use crate::graph::{BuildError, DamagedBlock};
use crate::terms::Key;

/// What kind of failure it is, which says who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The edit is wrong, whatever the graph holds.
    Invalid,
    /// It names something that is not there.
    NotFound,
    /// It would make something that is there already, or came too late.
    Conflict,
    /// The storage failed. Ends a set.
    Storage,
    /// There was not enough time. Ends a set.
    Late,
}

impl ErrorClass {
    /// Every class, in the order of declaration.
    pub const ALL: [Self; 5] =
        [Self::Invalid, Self::NotFound, Self::Conflict, Self::Storage, Self::Late];

    /// Its name, as metrics and reports give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Storage => "storage",
            Self::Late => "timeout",
        }
    }
}

/// Why one edit was not applied. The edits before and after it do not feel it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChangeError {
    /// A label is empty; every node needs a name.
    EmptyLabel,
    /// A label is too long; shorten it.
    LabelTooLong {
        /// Its bytes.
        bytes: usize,
        /// The most there may be.
        most: usize,
    },
    /// The name is not of the graph's kind: a label in a graph of keys, or the other way round.
    WrongKeyKind {
        /// The name.
        node: Key,
    },
    /// A node that is to be made, or its new name, is given as an id; give a label or a key.
    IdAsName {
        /// The id.
        node: Key,
    },
    /// A number is not finite.
    NotFinite {
        /// What the number is.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// The weight would grow beyond what a number can hold; reinforce less.
    WeightOverflow,
    /// The graph already has `2^32 - 1` nodes; split it.
    TooManyNodes,
    /// The graph already has `2^32 - 1` relation names; use fewer.
    TooManyRelations,
    /// The graph has no such node.
    UnknownNode {
        /// Its name.
        node: Key,
    },
    /// The graph has no such edge.
    UnknownEdge {
        /// The edge.
        edge: Box<EdgeKey>,
    },
    /// The graph has a node of this name already.
    NodeExists {
        /// Its name.
        node: Key,
    },
    /// The graph has this edge already.
    EdgeExists {
        /// The edge.
        edge: Box<EdgeKey>,
    },
    /// A part of the graph's file that the edit needs cannot be read.
    Damaged(DamagedBlock),
}

impl ChangeError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::EmptyLabel
            | Self::LabelTooLong { .. }
            | Self::WrongKeyKind { .. }
            | Self::IdAsName { .. }
            | Self::NotFinite { .. }
            | Self::WeightOverflow
            | Self::TooManyNodes
            | Self::TooManyRelations => ErrorClass::Invalid,
            Self::UnknownNode { .. } | Self::UnknownEdge { .. } => ErrorClass::NotFound,
            Self::NodeExists { .. } | Self::EdgeExists { .. } => ErrorClass::Conflict,
            Self::Damaged(_) => ErrorClass::Storage,
        }
    }
}

impl From<DamagedBlock> for ChangeError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyLabel => f.write_str("a label is empty; give every node a name"),
            Self::LabelTooLong { bytes, most } => {
                write!(f, "a label has {bytes} bytes, but may have {most}; shorten it")
            }
            Self::WrongKeyKind { node } => write!(
                f,
                "{node} is not of the graph's kind; use labels, u64 keys or 16-byte keys \
                 throughout"
            ),
            Self::IdAsName { node } => {
                write!(f, "{node} is no name for a node; give a label or a key")
            }
            Self::NotFinite { name, value } => {
                write!(f, "{name} is {value}, but must be a finite number")
            }
            Self::WeightOverflow => {
                f.write_str("the weight would become infinite; reinforce the edge less")
            }
            Self::TooManyNodes => {
                f.write_str("the graph has 4294967295 nodes already; split it into several")
            }
            Self::TooManyRelations => {
                f.write_str("the graph has 4294967295 relation names already; use fewer")
            }
            Self::UnknownNode { node } => {
                write!(f, "the graph has no {node}; add the node first or upsert the edge")
            }
            Self::UnknownEdge { edge } => {
                write!(f, "the graph has no edge {edge}; add it first or upsert it")
            }
            Self::NodeExists { node } => {
                write!(f, "the graph has {node} already; upsert the node to allow that")
            }
            Self::EdgeExists { edge } => {
                write!(f, "the graph has the edge {edge} already; upsert it or set its weight")
            }
            Self::Damaged(block) => block.fmt(f),
        }
    }
}

impl std::error::Error for ChangeError {}

/// Why a change set was not applied, or not to its end. What its report lists as applied is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ApplyError {
    /// An atomic set has edits that cannot be applied; the report lists them. Nothing was.
    Refused {
        /// What failed.
        report: Box<ApplyReport>,
    },
    /// The graph has another generation than the one asked for; look again and decide anew.
    Stale {
        /// The number asked for.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// Another set is being applied, and this one may not wait, or too many do; try again.
    Busy {
        /// Sets that wait, about.
        waiting: usize,
    },
    /// Storing has failed lately, so it is not tried for a while; apply it again after `retry_in`.
    BreakerOpen {
        /// When it is worth asking again.
        retry_in: Duration,
    },
    /// The graph would have more nodes than the engine has scratch for; give the engine more.
    ScratchTooSmall {
        /// Bytes that one spread would need.
        bytes_needed: u64,
        /// Bytes of the whole pool.
        bytes_max: u64,
    },
    /// There was not enough time; give more, or a smaller set.
    Late {
        /// What was done until then.
        report: Box<ApplyReport>,
    },
    /// The set, or its last chunk, could not be stored.
    Storage {
        /// What the storage said last.
        error: StorageError,
        /// What was done until then.
        report: Box<ApplyReport>,
    },
    /// A part of the graph's file that the set needs cannot be read.
    Damaged(DamagedBlock),
    /// What was to be loaded makes no graph, or none of this kind.
    Unbuildable(BuildError),
}

impl ApplyError {
    /// What kind of failure it is; that of its first edit for a set that was refused.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Refused { report } => {
                report.failures.first().map_or(ErrorClass::Invalid, |failure| failure.error.class())
            }
            Self::Stale { .. } | Self::Busy { .. } => ErrorClass::Conflict,
            Self::ScratchTooSmall { .. } | Self::Unbuildable(_) => ErrorClass::Invalid,
            Self::Late { .. } => ErrorClass::Late,
            Self::Storage { .. } | Self::Damaged(_) | Self::BreakerOpen { .. } => {
                ErrorClass::Storage
            }
        }
    }

    /// What was done and what failed, where anything was tried.
    #[must_use]
    pub fn report(&self) -> Option<&ApplyReport> {
        match self {
            Self::Refused { report } | Self::Late { report } | Self::Storage { report, .. } => {
                Some(report)
            }
            _ => None,
        }
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { report } => {
                write!(f, "{} edits cannot be applied, so none was", report.failures.len())?;
                match report.failures.first() {
                    Some(first) => write!(f, "; edit {}: {}", first.index, first.error),
                    None => Ok(()),
                }
            }
            Self::Stale { expected, found } => write!(
                f,
                "the graph has generation {found}, not {expected}; look again and decide anew"
            ),
            Self::Busy { waiting } => {
                write!(f, "another change set is being applied and {waiting} wait; try again later")
            }
            Self::BreakerOpen { retry_in } => {
                write!(f, "the breaker of changes is open; apply the set again in {retry_in:?}")
            }
            Self::ScratchTooSmall { bytes_needed, bytes_max } => write!(
                f,
                "a spread on the larger graph needs {bytes_needed} bytes of scratch, but the pool \
                 has {bytes_max}; give the engine at least {bytes_needed}"
            ),
            Self::Late { report } => write!(
                f,
                "the time was over after {} edits; give more time or a smaller set",
                report.successes.len()
            ),
            Self::Storage { error, .. } => error.fmt(f),
            Self::Damaged(block) => block.fmt(f),
            Self::Unbuildable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ApplyError {}

impl From<BuildError> for ApplyError {
    fn from(error: BuildError) -> Self {
        Self::Unbuildable(error)
    }
}

impl From<DamagedBlock> for ApplyError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ApplyError, ChangeError, ErrorClass};
    use crate::change::store::AppendError;
    use crate::change::{ApplyReport, ChangeKind, EdgeKey, Failure, StorageError, Success};
    use crate::graph::{BuildError, Damage, DamagedBlock};
    use crate::sync::Arc;
    use crate::terms::NodeId;

    fn block() -> DamagedBlock {
        let file = std::path::Path::new("g.emg").into();
        DamagedBlock { file, section: "out-edges", block: 7, damage: Damage::Checksum }
    }

    fn report(failures: Vec<Failure>) -> Box<ApplyReport> {
        let kind = ChangeKind::AddNode;
        let successes = vec![Success { index: 0, kind, node: None }];
        Box::new(ApplyReport { successes, failures, ..ApplyReport::default() })
    }

    fn unstored() -> ApplyError {
        let cause = Arc::new(AppendError::TooLarge { bytes: 7 });
        let error = StorageError { transient: false, cause };
        ApplyError::Storage { error, report: report(Vec::new()) }
    }

    #[test]
    fn classes_have_the_names_that_metrics_give_them() {
        let names = ErrorClass::ALL.map(ErrorClass::name);
        assert_eq!(names, ["invalid", "not_found", "conflict", "storage", "timeout"]);
    }

    /// Every reason for which one edit is refused: its class, what is wrong, and what to do.
    #[test]
    fn an_edit_that_is_refused_says_of_whom_and_what_to_do() {
        let edge = || Box::new(EdgeKey::new("a", "b"));
        let node = || "dog".into();
        let expected: [(ChangeError, ErrorClass, &[&str]); 13] = [
            (ChangeError::EmptyLabel, ErrorClass::Invalid, &["is empty", "name"]),
            (
                ChangeError::LabelTooLong { bytes: 70_000, most: 65_535 },
                ErrorClass::Invalid,
                &["has 70000 bytes", "may have 65535", "shorten it"],
            ),
            (
                ChangeError::WrongKeyKind { node: 7u64.into() },
                ErrorClass::Invalid,
                &["key 7 is not of the graph's kind", "throughout"],
            ),
            (
                ChangeError::IdAsName { node: NodeId::new(3).into() },
                ErrorClass::Invalid,
                &["node 3 is no name", "give a label or a key"],
            ),
            (
                ChangeError::NotFinite { name: "rate", value: f64::INFINITY },
                ErrorClass::Invalid,
                &["rate is inf", "must be a finite number"],
            ),
            (ChangeError::WeightOverflow, ErrorClass::Invalid, &["infinite", "reinforce"]),
            (ChangeError::TooManyNodes, ErrorClass::Invalid, &["4294967295 nodes", "split it"]),
            (ChangeError::TooManyRelations, ErrorClass::Invalid, &["relation names", "use fewer"]),
            (
                ChangeError::UnknownNode { node: node() },
                ErrorClass::NotFound,
                &["has no \"dog\"", "add the node first"],
            ),
            (
                ChangeError::UnknownEdge { edge: edge() },
                ErrorClass::NotFound,
                &["has no edge from \"a\" to \"b\"", "add it first"],
            ),
            (
                ChangeError::NodeExists { node: node() },
                ErrorClass::Conflict,
                &["has \"dog\" already", "upsert the node"],
            ),
            (
                ChangeError::EdgeExists { edge: edge() },
                ErrorClass::Conflict,
                &["edge from \"a\" to \"b\" already", "set its weight"],
            ),
            (block().into(), ErrorClass::Storage, &["g.emg: block 7 of out-edges is damaged"]),
        ];
        for (error, class, parts) in expected {
            assert_eq!(error.class(), class, "{error}");
            let said = error.to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    /// The same of whole sets; a report is handed out where anything was tried.
    #[test]
    fn a_set_that_was_not_applied_says_why_and_what_to_do() {
        let node = "dog".into();
        let error = ChangeError::UnknownNode { node };
        let failure = Failure { index: 4, kind: ChangeKind::RemoveNode, error, attempts: 1 };
        let refused = report(vec![failure.clone(), failure]);
        let expected: [(ApplyError, ErrorClass, bool, &[&str]); 9] = [
            (
                ApplyError::Refused { report: refused },
                ErrorClass::NotFound,
                true,
                &["2 edits cannot be applied, so none was; edit 4: the graph has no \"dog\""],
            ),
            (
                ApplyError::Stale { expected: 3, found: 5 },
                ErrorClass::Conflict,
                false,
                &["has generation 5, not 3", "look again"],
            ),
            (
                ApplyError::Busy { waiting: 8 },
                ErrorClass::Conflict,
                false,
                &["8 wait", "try again later"],
            ),
            (
                ApplyError::BreakerOpen { retry_in: Duration::from_millis(250) },
                ErrorClass::Storage,
                false,
                &["breaker of changes is open", "again in 250ms"],
            ),
            (
                ApplyError::ScratchTooSmall { bytes_needed: 4096, bytes_max: 1024 },
                ErrorClass::Invalid,
                false,
                &["needs 4096 bytes", "the pool has 1024", "give the engine at least 4096"],
            ),
            (
                ApplyError::Late { report: report(Vec::new()) },
                ErrorClass::Late,
                true,
                &["over after 1 edits", "give more time or a smaller set"],
            ),
            (unstored(), ErrorClass::Storage, true, &["could not be stored"]),
            (block().into(), ErrorClass::Storage, false, &["g.emg: block 7 of out-edges"]),
            (BuildError::TooManyEdges.into(), ErrorClass::Invalid, false, &["edges"]),
        ];
        for (error, class, has_report, parts) in expected {
            assert_eq!((error.class(), error.report().is_some()), (class, has_report), "{error}");
            let said = error.to_string();
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
    }

    #[test]
    fn a_refused_set_whose_report_lists_nothing_is_the_callers_mistake() {
        let error = ApplyError::Refused { report: report(Vec::new()) };
        assert_eq!(error.class(), ErrorClass::Invalid);
        assert_eq!(error.to_string(), "0 edits cannot be applied, so none was");
    }

    #[test]
    fn what_the_storage_said_is_the_source_of_the_storages_error() {
        let ApplyError::Storage { error, .. } = unstored() else { panic!("it is one") };
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), AppendError::TooLarge { bytes: 7 }.to_string());
        assert_eq!(error.to_string(), format!("the change set could not be stored: {source}"));
    }
}
