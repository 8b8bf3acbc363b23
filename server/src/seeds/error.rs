//! Why names do not fit a graph.

use std::fmt;
use std::path::PathBuf;

use emanate::graph::DamagedBlock;

use crate::lines::LinesError;
use crate::output::text::{cut, given};
use crate::query::Spelling;
use crate::suggest::DidYouMean;

/// Where an argument was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the request itself.
    Request,
    /// In a file, at a line counted from 1.
    Line(PathBuf, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Line(file, line) => write!(f, "{}:{line}: ", file.display()),
        }
    }
}

/// Why seeds, relations or retentions do not fit the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NameError {
    /// The graph has no node of this name.
    UnknownNode {
        /// Where it was named.
        place: Place,
        /// The name.
        label: String,
        /// Nodes it has.
        meant: DidYouMean,
    },
    /// Unknown seeds are to be left out, and no seed would remain.
    NoKnownSeed {
        /// The first seed.
        label: String,
        /// Nodes the graph has.
        meant: DidYouMean,
    },
    /// The argument is `@` and no label.
    NoSeedFile,
    /// The argument begins with `@` and is no label, and the file it names cannot be used.
    SeedFile(LinesError),
    /// A seed's activation is not finite and above 0.
    Activation {
        /// Where it was given.
        place: Place,
        /// The seed.
        label: String,
        /// What was given.
        activation: f64,
    },
    /// A seed's time is not a step.
    Time {
        /// Where it was given.
        place: Place,
        /// The seed.
        label: String,
        /// What was given.
        time: f64,
    },
    /// The graph has no relation of this name.
    UnknownRelation {
        /// The name.
        name: String,
        /// Relations it has.
        meant: DidYouMean,
    },
    /// A relation's weight is not finite.
    RelationWeight {
        /// The relation.
        name: String,
        /// What was given.
        weight: f64,
    },
    /// A line of the retention file is not a label, a tab and a number from 0 to 1.
    Retention {
        /// The line.
        place: Place,
    },
    /// The retention file cannot be used.
    RetentionFile(LinesError),
    /// Names could not be read from the graph's file.
    Damaged(DamagedBlock),
}

impl NameError {
    /// Says what is wrong in one sentence, with names of parameters in this spelling.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, spelling: Spelling) -> fmt::Result {
        match self {
            Self::UnknownNode { place, label, meant } => {
                write!(f, "{place}the graph has no node {:?}; ", cut(label))?;
                let skip = spelling.switch("skip_unknown");
                meant.write(f, &format!("correct it, or leave unknown seeds out with {skip}"))
            }
            Self::NoKnownSeed { label, meant } => {
                write!(f, "no seed names a node of the graph, the first is {:?}; ", cut(label))?;
                meant.write(f, "name at least one node that it has")
            }
            Self::NoSeedFile => {
                f.write_str("--seed @ names no file; write --seed @FILE, or the label of a node")
            }
            Self::SeedFile(error) => write!(f, "--seed @FILE: {error}"),
            Self::Activation { place, label, activation } => write!(
                f,
                "{place}the activation of seed {:?} is {}, but must be finite and above \
                 0",
                cut(label),
                given(*activation)
            ),
            Self::Time { place, label, time } => write!(
                f,
                "{place}the time of seed {:?} is {}, but must be a whole number of steps from \
                 0 to 4294967295",
                cut(label),
                given(*time)
            ),
            Self::UnknownRelation { name, meant } => {
                write!(f, "the graph has no relation {:?}; ", cut(name))?;
                meant.write(f, "see its relations with `emanate info`")
            }
            Self::RelationWeight { name, weight } => write!(
                f,
                "the weight of {} {:?} is {}, but must be a finite number",
                spelling.name("relation"),
                cut(name),
                given(*weight)
            ),
            Self::Retention { place } => write!(
                f,
                "{place}the line is not a label, a tab and a number from 0 to 1; correct it"
            ),
            Self::RetentionFile(error) => {
                write!(f, "{}: {error}", spelling.name("retention_file"))
            }
            Self::Damaged(block) => write!(f, "{block}"),
        }
    }
}

impl From<DamagedBlock> for NameError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}
