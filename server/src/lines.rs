//! Small text files with one entry a line: seeds, nodes, retentions.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why such a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinesError {
    /// The operating system cannot read it.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        kind: ErrorKind,
    },
    /// A line is not UTF-8.
    NotText {
        /// The file.
        file: PathBuf,
        /// The first such line, from 1.
        line: usize,
    },
}

impl fmt::Display for LinesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, kind } => {
                write!(f, "{} cannot be read ({kind}); name a readable file", file.display())
            }
            Self::NotText { file, line } => {
                write!(f, "{}:{line}: the line is not UTF-8; convert the file", file.display())
            }
        }
    }
}

impl std::error::Error for LinesError {}

/// A file held in memory.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Lines {
    /// Reads `file`.
    ///
    /// # Errors
    /// [`LinesError::Unreadable`].
    pub(crate) fn read(file: &Path) -> Result<Self, LinesError> {
        match fs::read(file) {
            Ok(bytes) => Ok(Self { file: file.to_path_buf(), bytes }),
            Err(error) => {
                Err(LinesError::Unreadable { file: file.to_path_buf(), kind: error.kind() })
            }
        }
    }

    /// The lines that are not empty, each with its number from 1, without byte order mark and
    /// carriage returns. Nothing else is trimmed.
    ///
    /// # Errors
    /// [`LinesError::NotText`].
    pub(crate) fn numbered(&self) -> Result<Vec<(usize, &str)>, LinesError> {
        let text = |(line, text): (usize, Option<_>)| match text {
            Some(text) => Ok((line, text)),
            None => Err(LinesError::NotText { file: self.file.clone(), line }),
        };
        self.each().map(text).collect()
    }

    /// The same one by one, with `None` for a line that is not UTF-8.
    pub(crate) fn each(&self) -> impl Iterator<Item = (usize, Option<&str>)> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let lines = lines.map(|(position, line)| {
            (position + 1, str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok())
        });
        lines.filter(|(_, text)| *text != Some(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Lines {
        Lines { file: "list".into(), bytes: bytes.to_vec() }
    }

    #[test]
    fn lines_keep_their_numbers_and_spaces() {
        let lines = of(b"\xef\xbb\xbfdog\r\n\n cat \nfox");
        assert_eq!(lines.numbered(), Ok(vec![(1, "dog"), (3, " cat "), (4, "fox")]));
        assert_eq!(of(b"").numbered(), Ok(Vec::new()));
    }

    #[test]
    fn a_line_that_is_no_text_is_named() {
        let error = of(b"dog\n\xff\n").numbered().unwrap_err();
        assert_eq!(error.to_string(), "list:2: the line is not UTF-8; convert the file");
    }
}
