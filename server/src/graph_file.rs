//! A graph's file, of either kind.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use emanate::graph::{
    Generation, LoadError, LoadOptions, LoadReport, OpenError, TierOptions, load, open, open_within,
};

use crate::exit;
use crate::progress::Progress;

/// Bad lines named one by one; the others are counted.
const BAD_LINES_SHOWN: usize = 10;

/// Why a graph's file cannot be used.
#[derive(Debug)]
pub(crate) enum GraphFileError {
    /// It is a native file, or no file at all.
    Open(OpenError),
    /// It is an edge list.
    Load(LoadError),
    /// Its name says that it is a native file, its content that it is none.
    NotNative {
        /// The file.
        file: PathBuf,
    },
    /// A memory budget was given, and it is no native file.
    NoBudget {
        /// The file.
        file: PathBuf,
    },
    /// It begins like neither: a native file, perhaps, whose first bytes are damaged, or text that
    /// is not UTF-8.
    Neither {
        /// The file.
        file: PathBuf,
    },
}

impl fmt::Display for GraphFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(f, "{error}"),
            Self::Load(error) => write!(f, "{error}"),
            Self::NotNative { file } => write!(
                f,
                "{} is not a native file, or was cut short; import the graph again",
                file.display()
            ),
            Self::NoBudget { file } => write!(
                f,
                "{} is not a native file, and only such a file can be read within --memory-budget; \
                 import it first",
                file.display()
            ),
            Self::Neither { file } => write!(
                f,
                "{}: it begins like neither an edge list in UTF-8 nor a native file; convert the \
                 text, or restore the native file or import it again",
                file.display()
            ),
        }
    }
}

impl std::error::Error for GraphFileError {}

/// An open graph.
#[derive(Debug)]
pub(crate) struct GraphFile {
    /// The graph.
    pub(crate) graph: Generation,
    /// What was read, where the file is an edge list; `None` for a native file.
    pub(crate) report: Option<LoadReport>,
}

/// Opens the graph at `path`: a native file where it begins as one, an edge list else, which then
/// also has `nodes`. A file whose name says that it is native is never read as an edge list: the
/// first bytes of a native file alone are the edge list of one node. Draws progress on a terminal;
/// says nothing about bad lines.
///
/// # Errors
/// [`GraphFileError`].
pub(crate) fn read(path: &Path, nodes: &[String]) -> Result<GraphFile, GraphFileError> {
    match open(path) {
        Ok(graph) => Ok(GraphFile { graph, report: None }),
        Err(OpenError::NotNative { .. }) => {
            if is_named_native(path) {
                return Err(GraphFileError::NotNative { file: path.to_path_buf() });
            }
            if is_binary(path) {
                return Err(GraphFileError::Neither { file: path.to_path_buf() });
            }
            let progress = Progress::new();
            let tell = |now| progress.tell(now);
            let options = LoadOptions { progress: Some(&tell), nodes, ..LoadOptions::default() };
            let load = load(path, &options).map_err(GraphFileError::Load)?;
            Ok(GraphFile { graph: load.graph, report: Some(load.report) })
        }
        Err(error) => Err(GraphFileError::Open(error)),
    }
}

/// Opens the native file at `path` and keeps no more than `bytes` of it in memory, for one reader.
///
/// # Errors
/// [`GraphFileError`].
pub(crate) fn read_within(path: &Path, bytes: u64) -> Result<Generation, GraphFileError> {
    open_within(path, &TierOptions::within(bytes).readers(1)).map_err(|error| match error {
        OpenError::NotNative { .. } => GraphFileError::NoBudget { file: path.to_path_buf() },
        error => GraphFileError::Open(error),
    })
}

/// Whether both paths lead to one file; not where either leads to none.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Whether the name of `path` is one that native files have.
fn is_named_native(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("emg"))
}

/// Whether the file at `path` is neither text nor compressed: one flipped bit at its beginning must
/// not make an edge list, mostly of bad lines, of a native file.
fn is_binary(path: &Path) -> bool {
    // Reading from a pipe would take bytes that the loader needs.
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut beginning = Vec::with_capacity(BEGINNING_BYTES);
    let read = File::open(path)
        .and_then(|file| file.take(BEGINNING_BYTES as u64).read_to_end(&mut beginning));
    // What cannot be read is reported by the loader.
    read.is_ok() && begins_binary(&beginning)
}

/// Bytes that [`is_binary`] looks at.
const BEGINNING_BYTES: usize = 32;

/// Zero bytes among them that no text has: a native file begins with small whole numbers.
const ZEROS_MIN: usize = 4;

fn begins_binary(beginning: &[u8]) -> bool {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    let compressed = beginning.starts_with(GZIP) || beginning.starts_with(ZSTANDARD);
    !compressed && beginning.iter().filter(|byte| **byte == 0).count() >= ZEROS_MIN
}

/// Names the lines of the edge list at `path` that were not used, on standard error.
pub(crate) fn warn_of_bad_lines(path: &Path, report: &LoadReport) {
    let path = path.display();
    for bad in report.bad_lines.iter().take(BAD_LINES_SHOWN) {
        exit::warn(&format_args!("{path}:{}: {}", bad.line, bad.reason));
    }
    let shown = report.bad_lines.len().min(BAD_LINES_SHOWN) as u64;
    match report.bad_line_count - shown {
        0 => {}
        1 => exit::warn(&format_args!("{path}: 1 more line was not used")),
        more => exit::warn(&format_args!("{path}: {more} more lines were not used")),
    }
}

#[cfg(test)]
mod tests {
    use super::begins_binary;

    #[test]
    fn text_and_compressed_text_are_not_binary() {
        assert!(!begins_binary(b""));
        assert!(!begins_binary(b"EMANATE\tdog\n"));
        assert!(!begins_binary("犬\t猫\n".as_bytes()));
        // A gzip header without name and time.
        assert!(!begins_binary(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]));
        assert!(begins_binary(b"DMANATE\0\x01\0\0\0\x0d\x0c\x0b\x0a\x07\0\0\0"));
        // UTF-16.
        assert!(begins_binary(b"d\0o\0g\0\t\0"));
    }
}
