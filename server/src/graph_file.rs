//! A graph's file, of either kind.

use std::fmt;
use std::path::Path;

use emanate::graph::{Generation, LoadError, LoadOptions, LoadReport, OpenError, load, open};

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
}

impl fmt::Display for GraphFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(f, "{error}"),
            Self::Load(error) => write!(f, "{error}"),
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

/// Opens the graph at `path`: a native file where it begins as one, an edge list else. Draws
/// progress on a terminal; says nothing about bad lines.
///
/// # Errors
/// [`GraphFileError`].
pub(crate) fn read(path: &Path) -> Result<GraphFile, GraphFileError> {
    match open(path) {
        Ok(graph) => Ok(GraphFile { graph, report: None }),
        Err(OpenError::NotNative { .. }) => {
            let progress = Progress::new();
            let tell = |now| progress.tell(now);
            let options = LoadOptions { progress: Some(&tell), ..LoadOptions::default() };
            let load = load(path, &options).map_err(GraphFileError::Load)?;
            Ok(GraphFile { graph: load.graph, report: Some(load.report) })
        }
        Err(error) => Err(GraphFileError::Open(error)),
    }
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
