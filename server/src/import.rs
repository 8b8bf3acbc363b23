//! `emanate import`: from an edge list to a native file.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use emanate::graph::{ColdEdges, WriteError, WriteOptions, write_with};

use crate::args::ImportArgs;
use crate::exit::{Failure, Printed};
use crate::graph_file;
use crate::lines::{Lines, LinesError};
use crate::output::text::grouped;

/// Why an edge list was not imported. Nothing was written then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImportError {
    /// The input is a native file already.
    AlreadyNative {
        /// The file.
        file: PathBuf,
    },
    /// The native file would replace a file that is read.
    SameFile {
        /// The file.
        file: PathBuf,
    },
    /// With `--strict`: some lines cannot be used.
    BadLines {
        /// The edge list.
        file: PathBuf,
        /// How many.
        count: u64,
    },
    /// The file of nodes cannot be used.
    Nodes(LinesError),
    /// The native file was not written.
    Write(WriteError),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyNative { file } => write!(
                f,
                "{}: this is a native file already; use it as it is, or name an edge list",
                file.display()
            ),
            Self::SameFile { file } => write!(
                f,
                "--output {} is a file that is read; name another file to write",
                file.display()
            ),
            Self::BadLines { file, count } => {
                let lines = if *count == 1 { "line" } else { "lines" };
                write!(
                    f,
                    "{}: {count} {lines} cannot be used and --strict was given, so nothing was \
                     written; correct them or leave --strict out",
                    file.display()
                )
            }
            Self::Nodes(error) => write!(f, "--nodes: {error}"),
            Self::Write(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Imports as `args` say and prints a summary.
///
/// # Errors
/// [`Failure`]; nothing was written then, but where printing alone failed.
pub(crate) fn run(args: &ImportArgs) -> Result<Printed, Failure> {
    let begin = Instant::now();
    if [Some(&args.edges), args.nodes.as_ref()]
        .iter()
        .flatten()
        .any(|f| graph_file::is_same(f, &args.output))
    {
        return Err(ImportError::SameFile { file: args.output.clone() }.into());
    }
    let nodes = match &args.nodes {
        Some(file) => node_list(file)?,
        None => Vec::new(),
    };
    let file = graph_file::read(&args.edges, &nodes)?;
    let Some(report) = file.report else {
        return Err(ImportError::AlreadyNative { file: args.edges.clone() }.into());
    };
    graph_file::warn_of_bad_lines(&args.edges, &report);
    if args.strict && report.bad_line_count > 0 {
        let (file, count) = (args.edges.clone(), report.bad_line_count);
        return Err(ImportError::BadLines { file, count }.into());
    }
    let cold = if args.cold { ColdEdges::All } else { ColdEdges::None };
    let options = WriteOptions::default().cold(cold);
    write_with(&file.graph, &args.output, &options).map_err(ImportError::Write)?;
    let bytes = fs::metadata(&args.output).map_or(0, |metadata| metadata.len());
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {} nodes, {} edges, {} bytes, {:.2} s",
        args.output.display(),
        grouped(file.graph.node_count() as u64),
        grouped(file.graph.edge_count()),
        grouped(bytes),
        begin.elapsed().as_secs_f64()
    )?;
    Ok(Printed)
}

/// The labels in `file`, one a line.
fn node_list(file: &Path) -> Result<Vec<String>, ImportError> {
    let lines = Lines::read(file).map_err(ImportError::Nodes)?;
    let numbered = lines.numbered().map_err(ImportError::Nodes)?;
    Ok(numbered.into_iter().map(|(_, label)| label.to_owned()).collect())
}
