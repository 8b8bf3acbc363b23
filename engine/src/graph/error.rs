//! Why a graph could not be built, or a part of it not be read.

use std::fmt;
use std::sync::Arc;

/// Why a node or an edge was refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// The graph already has `2^32 - 1` nodes; split it.
    TooManyNodes,
    /// The graph already has `2^32 - 1` relation names; use fewer.
    TooManyRelations,
    /// One block of 1,024 nodes would hold more than `2^32 - 1` edges; merge parallel edges.
    TooManyEdges,
    /// The labels of one block of 1,024 nodes are longer than `2^32 - 1` bytes; shorten them.
    LabelsTooLong,
    /// A label is empty; every node needs a name.
    EmptyLabel,
    /// The name is not of the graph's kind: a label in a graph of keys, or the other way round.
    WrongKeyKind,
    /// A weight is not a finite number.
    WeightNotFinite {
        /// What was given.
        weight: f64,
    },
    /// The weights of equal edges add up to more than a number can hold.
    WeightOverflow,
    /// A time stamp is not a finite number of seconds.
    TimeNotFinite {
        /// What was given.
        time: f64,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyNodes => {
                f.write_str("the graph has more than 4294967295 nodes; split it into several")
            }
            Self::TooManyRelations => {
                f.write_str("the graph has more than 4294967295 relation names; use fewer")
            }
            Self::TooManyEdges => f.write_str(
                "1024 neighbouring nodes have more than 4294967295 edges; merge parallel edges",
            ),
            Self::LabelsTooLong => {
                f.write_str("the labels of 1024 neighbouring nodes exceed 4 GiB; shorten them")
            }
            Self::EmptyLabel => f.write_str("a label is empty; give every node a name"),
            Self::WrongKeyKind => f.write_str(
                "the node's name is not of the graph's kind; use labels, u64 keys or 16-byte \
                 keys throughout",
            ),
            Self::WeightNotFinite { weight } => {
                write!(f, "the weight {weight} is not finite; give a finite number")
            }
            Self::WeightOverflow => {
                f.write_str("the weights of equal edges add up to infinity; scale them down")
            }
            Self::TimeNotFinite { time } => {
                write!(f, "the time {time} is not finite; give seconds as a finite number")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// What is wrong with a block of a native file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The bytes do not have the checksum that was written with them.
    Checksum,
    /// The file ends before the block does.
    Truncated,
    /// The checksum is right, but the content breaks a rule of the format.
    Content,
    /// The operating system could not read it.
    Unreadable(std::io::ErrorKind),
}

/// A part of a native file that cannot be used. No number was read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlock {
    /// The file.
    pub file: Arc<std::path::Path>,
    /// The section's name.
    pub section: &'static str,
    /// The block's position in its section.
    pub block: u64,
    /// What is wrong with it.
    pub damage: Damage,
}

impl fmt::Display for DamagedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, section, block, damage } = self;
        let file = file.display();
        match damage {
            Damage::Checksum => write!(f, "{file}: block {block} of {section} is damaged")?,
            Damage::Truncated => {
                write!(f, "{file}: the file ends before block {block} of {section}")?;
            }
            Damage::Content => {
                write!(f, "{file}: block {block} of {section} breaks the format's rules")?;
            }
            Damage::Unreadable(kind) => {
                write!(f, "{file}: block {block} of {section} cannot be read ({kind})")?;
            }
        }
        f.write_str("; import the graph again or restore the file")
    }
}

impl std::error::Error for DamagedBlock {}
