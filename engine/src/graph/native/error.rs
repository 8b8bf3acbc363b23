//! Why a native file could not be opened, written or verified.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use super::layout::Section;
use crate::graph::MergeError;
use crate::graph::error::{Damage, DamagedBlock};
use crate::sync::Arc;

/// Why a native file was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file; check the path.
    NotFound {
        /// The file.
        file: Arc<Path>,
    },
    /// It is a directory; name a file in it.
    Directory {
        /// The directory.
        file: Arc<Path>,
    },
    /// The operating system could not read it.
    Unreadable {
        /// The file.
        file: Arc<Path>,
        /// What the operating system said.
        kind: ErrorKind,
    },
    /// It does not begin as a native file does, or is a pipe or a device; an edge list, perhaps,
    /// which `load` reads. A pipe was not read from.
    NotNative {
        /// The file.
        file: Arc<Path>,
    },
    /// It was written by a newer Emanate; use that one, or import the graph again.
    NewerFormat {
        /// The file.
        file: Arc<Path>,
        /// The format it says it has.
        format: u32,
    },
    /// The end is missing; import the graph again or restore the file.
    Truncated {
        /// The file.
        file: Arc<Path>,
        /// Bytes it has.
        bytes: u64,
        /// Bytes it must have, at least.
        expected: u64,
    },
    /// The header is damaged; import the graph again or restore the file.
    DamagedHeader {
        /// The file.
        file: Arc<Path>,
    },
    /// The table of one section is damaged or contradicts another; import the graph again or
    /// restore the file.
    DamagedTable {
        /// The file.
        file: Arc<Path>,
        /// The section's name.
        section: &'static str,
    },
    /// The facts about the graph as a whole, which opening reads, are damaged.
    DamagedFacts(DamagedBlock),
    /// Tables, names and room to read in take more than the budget; give at least `bytes_needed`.
    BudgetTooSmall {
        /// The file.
        file: Arc<Path>,
        /// Bytes that the graph takes at least.
        bytes_needed: u64,
        /// Bytes of the budget.
        bytes: u64,
    },
    /// No file could be made in the directory for uncompressed copies of blocks; name another.
    NoWarmSegment {
        /// The directory.
        directory: Arc<Path>,
        /// What the operating system said.
        kind: ErrorKind,
    },
}

const RESTORE: &str = "import the graph again or restore the file";

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { file } => {
                write!(f, "{}: there is no such file; check the path", file.display())
            }
            Self::Directory { file } => {
                write!(f, "{}: this is a directory; name a file in it", file.display())
            }
            Self::Unreadable { file, kind } => {
                let file = file.display();
                write!(
                    f,
                    "{file}: the file cannot be read ({kind}); check its permissions and disk"
                )
            }
            Self::NotNative { file } => write!(
                f,
                "{}: this is not a native graph file; make one of an edge list with \
                 `emanate import`",
                file.display()
            ),
            Self::NewerFormat { file, format } => write!(
                f,
                "{}: the file has format {format}, which is newer than this program reads; use a \
                 newer emanate",
                file.display()
            ),
            Self::Truncated { file, bytes, expected } => write!(
                f,
                "{}: the file has {bytes} bytes of at least {expected}; {RESTORE}",
                file.display()
            ),
            Self::DamagedHeader { file } => {
                write!(f, "{}: the header is damaged; {RESTORE}", file.display())
            }
            Self::BudgetTooSmall { file, bytes_needed, bytes } => write!(
                f,
                "{}: the graph takes {bytes_needed} bytes of memory at least, but the budget is \
                 {bytes}; give it {bytes_needed} or more",
                file.display()
            ),
            Self::NoWarmSegment { directory, kind } => write!(
                f,
                "{}: no file can be made here for copies of blocks ({kind}); name another \
                 directory",
                directory.display()
            ),
            Self::DamagedTable { file, section } => {
                write!(f, "{}: the table of {section} is damaged; {RESTORE}", file.display())
            }
            Self::DamagedFacts(block) => block.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a native file was not written. What was there before is there still.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// A directory, a pipe or a device has this name; choose another.
    NotAFile {
        /// The file.
        file: Arc<Path>,
    },
    /// The operating system could not write it; see the kind: no such directory, say, no
    /// permission or no space.
    Unwritable {
        /// The file.
        file: Arc<Path>,
        /// What the operating system said.
        kind: ErrorKind,
    },
    /// The graph to be written comes from a file, and a part of it cannot be read.
    Damaged(DamagedBlock),
    /// Changes to the graph cannot be merged: see [`MergeError::TooLarge`].
    TooLarge,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile { file } => {
                write!(f, "{}: this is not a file; choose another name", file.display())
            }
            Self::Unwritable { file, kind } => write!(
                f,
                "{}: the file cannot be written ({kind}); check its directory, permissions and \
                 disk",
                file.display()
            ),
            Self::Damaged(block) => block.fmt(f),
            Self::TooLarge => MergeError::TooLarge.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

/// What [`verify`](crate::graph::verify()) found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Every damaged block, by section and position; at least one. A contradiction between
    /// sections is reported as damage to the content of one of them.
    pub damaged: Vec<DamagedBlock>,
}

impl VerifyError {
    /// The error for changes that cannot be merged to be compared.
    pub(super) fn of_merge(path: &Arc<Path>, error: MergeError) -> Self {
        let too_large = || DamagedBlock {
            file: Arc::clone(path),
            section: Section::OutRows.name(),
            block: 0,
            damage: Damage::Content,
        };
        let block = match error {
            MergeError::Damaged(block) => block,
            MergeError::TooLarge => too_large(),
        };
        Self { damaged: vec![block] }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.damaged.split_first() else { return Ok(()) };
        match others.len() {
            0 => first.fmt(f),
            1 => write!(f, "{first} (1 more block is damaged)"),
            count => write!(f, "{first} ({count} more blocks are damaged)"),
        }
    }
}

impl std::error::Error for VerifyError {}
