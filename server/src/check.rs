//! `emanate check`: whether a store is whole.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use emanate::Generation;
use emanate::change::store::{CheckReport, Folder, OpenStoreError, Repair};
use emanate::change::{OpenGraphError, check_graph};
use serde_json::{Value, json};

use crate::args::{CheckArgs, InfoFormat};
use crate::exit::{Failure, Printed, status_of};
use crate::output::text::{grouped, visible};

/// Why a store cannot be used.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// It cannot be opened.
    Open(Box<OpenGraphError>),
    /// It can be opened, and something is put right then.
    Repairable {
        /// The file that is damaged or missing.
        file: PathBuf,
    },
    /// The directory for a copy cannot be made.
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
}

impl StoreError {
    /// 2 where the directory is wrong or damaged, 1 where the disk fails.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Open(error) => match &**error {
                OpenGraphError::Store(OpenStoreError::Disk(failure)) => status_of(failure.kind),
                _ => 2,
            },
            Self::Directory { kind, .. } => status_of(*kind),
            Self::Repairable { .. } => 2,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Repairable { file } => write!(
                f,
                "{}: damaged or missing, but the other files say the same; open the store once, \
                 and it is put right",
                file.display()
            ),
            Self::Directory { directory, kind } => write!(
                f,
                "{}: the directory cannot be made ({kind}); name another",
                directory.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<OpenGraphError> for StoreError {
    fn from(error: OpenGraphError) -> Self {
        Self::Open(Box::new(error))
    }
}

impl From<OpenStoreError> for StoreError {
    fn from(error: OpenStoreError) -> Self {
        Self::Open(Box::new(error.into()))
    }
}

/// Reads all of the store named in `args`, and says what it holds.
///
/// # Errors
/// [`Failure`]: the first thing that is not whole.
pub(crate) fn run(args: &CheckArgs) -> Result<Printed, Failure> {
    let (graph, report) = check_graph(&Folder::at(&args.directory)).map_err(StoreError::from)?;
    if let Some(repair) = report.opened.repairs.first() {
        let (Repair::Manifest { file } | Repair::OlderSegment { damaged: file }) = repair else {
            return Err(StoreError::Repairable { file: args.directory.clone() }.into());
        };
        return Err(StoreError::Repairable { file: file.to_path_buf() }.into());
    }
    let mut out = io::stdout().lock();
    match args.format {
        InfoFormat::Table => print_table(&mut out, args, &graph, &report)?,
        InfoFormat::Json => writeln!(out, "{}", as_json(&graph, &report))?,
    }
    Ok(Printed)
}

fn print_table(
    out: &mut dyn Write,
    args: &CheckArgs,
    graph: &Generation,
    report: &CheckReport,
) -> io::Result<()> {
    let opened = &report.opened;
    let mut line = |name: &str, value: String| writeln!(out, "{name:<14}{value}");
    line("store", visible(&args.directory.display().to_string()).into_owned())?;
    line("checked", "every file is right".to_owned())?;
    line("generation", grouped(opened.generation))?;
    line(
        "segment",
        format!(
            "generation {}, {} bytes",
            grouped(opened.segment_generation),
            grouped(report.segment_bytes)
        ),
    )?;
    line(
        "log",
        format!("{} sets, {} bytes", grouped(opened.sets_replayed), grouped(opened.log_bytes)),
    )?;
    line("nodes", grouped(graph.node_count() as u64 - graph.facts().removed_nodes))?;
    line("edges", grouped(graph.edge_count()))?;
    if opened.bytes_dropped > 0 {
        let bytes = grouped(opened.bytes_dropped);
        line("unfinished", format!("{bytes} bytes of a set that was never acknowledged"))?;
    }
    if report.idle_files > 0 {
        line("not needed", format!("{} files", grouped(report.idle_files)))?;
    }
    Ok(())
}

fn as_json(graph: &Generation, report: &CheckReport) -> Value {
    let opened = &report.opened;
    json!({
        "generation": opened.generation,
        "segment_generation": opened.segment_generation,
        "segment_bytes": report.segment_bytes,
        "sets_replayed": opened.sets_replayed,
        "log_bytes": opened.log_bytes,
        "unfinished_bytes": opened.bytes_dropped,
        "idle_files": report.idle_files,
        "nodes": graph.node_count() as u64 - graph.facts().removed_nodes,
        "edges": graph.edge_count(),
    })
}
