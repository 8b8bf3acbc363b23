//! Why an edge list could not be loaded.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use super::report::BadLine;
use crate::graph::error::BuildError;

/// An edge list that could not be loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadError {
    /// The file, or the name its reader was given.
    pub file: Box<Path>,
    /// What is wrong with it.
    pub reason: LoadErrorReason,
}

/// Why an edge list could not be loaded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LoadErrorReason {
    /// There is no such file.
    NotFound,
    /// The path names a directory.
    IsDirectory,
    /// The operating system could not open or read it.
    Unreadable(ErrorKind),
    /// The compressed stream ends too early; nothing of it is used.
    Truncated,
    /// The compressed stream breaks the rules of its format or has a wrong checksum.
    Corrupt,
    /// The compressed stream expands to more text than [`LoadOptions`](super::LoadOptions) allow.
    ExpandedTooLarge {
        /// Bytes of the file taken until then.
        file_bytes: u64,
        /// Bytes of text they expanded to.
        text_bytes: u64,
    },
    /// No line holds an edge or a node.
    Empty {
        /// Bad lines among them.
        bad_line_count: u64,
        /// The first of these.
        first_bad_line: Option<BadLine>,
    },
    /// The edges were read and make no graph.
    Build(BuildError),
}

impl LoadErrorReason {
    /// The reason for an error of the operating system.
    pub(super) const fn of_io(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::IsADirectory => Self::IsDirectory,
            kind => Self::Unreadable(kind),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.reason {
            LoadErrorReason::NotFound => f.write_str("there is no such file; check the path"),
            LoadErrorReason::IsDirectory => {
                f.write_str("this is a directory; name a file of edges in it")
            }
            LoadErrorReason::Unreadable(kind) => {
                write!(f, "it cannot be read ({kind}); check its permissions and its disk")
            }
            LoadErrorReason::Truncated => {
                f.write_str("the compressed stream is cut short; fetch or make the file again")
            }
            LoadErrorReason::Corrupt => {
                f.write_str("the compressed stream is damaged; fetch or make the file again")
            }
            LoadErrorReason::ExpandedTooLarge { file_bytes, text_bytes } => write!(
                f,
                "{file_bytes} compressed bytes expand to more than {text_bytes} bytes; if you \
                 trust the file, decompress it first"
            ),
            LoadErrorReason::Empty { first_bad_line: None, .. } => {
                f.write_str("it holds no edges; give one `source<TAB>target` a line")
            }
            LoadErrorReason::Empty { bad_line_count, first_bad_line: Some(first) } => {
                write!(f, "none of its lines is usable ({bad_line_count} are bad): {first}")
            }
            LoadErrorReason::Build(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            LoadErrorReason::Build(error) => Some(error),
            _ => None,
        }
    }
}
