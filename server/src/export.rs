//! `emanate export`: an edge list of a graph.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use emanate::change::read_graph;
use emanate::change::store::Folder;
use emanate::{Generation, NodeId};

use crate::args::ExportArgs;
use crate::check::StoreError;
use crate::exit::{Failure, Printed, status_of};
use crate::graph_file;
use crate::output::text::cut;

/// Why an edge list was not written. What was there before is there still.
#[derive(Debug)]
pub(crate) enum ExportError {
    /// A name cannot be written between tabs.
    Name {
        /// The name.
        name: String,
    },
    /// The file cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The edge list would replace the graph that is read.
    SameFile {
        /// The file.
        file: PathBuf,
    },
}

impl ExportError {
    /// 2 where another name helps, 1 where the disk fails.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Unwritable { kind, .. } => status_of(*kind),
            Self::Name { .. } | Self::SameFile { .. } => 2,
        }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(
                f,
                "the name {:?} holds a tab or a line end; export to a file whose name has .csv",
                cut(name)
            ),
            Self::Unwritable { file, kind } => write!(
                f,
                "{}: the file cannot be written ({kind}); check its directory, permissions and \
                 disk",
                file.display()
            ),
            Self::SameFile { file } => write!(
                f,
                "--output {} is the graph that is read; name another file to write",
                file.display()
            ),
        }
    }
}

impl std::error::Error for ExportError {}

/// Writes the edge list that `args` ask for.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(args: &ExportArgs) -> Result<Printed, Failure> {
    let graph = if args.graph.is_dir() {
        read_graph(&Folder::at(&args.graph)).map_err(StoreError::from)?.0
    } else {
        let file = graph_file::read(&args.graph, &[])?;
        if let Some(report) = &file.report {
            graph_file::warn_of_bad_lines(&args.graph, report);
        }
        file.graph
    };
    match &args.output {
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            EdgeList { fields: Fields::Tabs, out: &mut out }.write(&graph)?;
            out.flush()?;
        }
        Some(file) => {
            if graph_file::is_same(&args.graph, file) {
                return Err(ExportError::SameFile { file: file.clone() }.into());
            }
            write_file(&graph, file)?;
        }
    }
    Ok(Printed)
}

/// Writes beside, and takes the place of `file` once all of it is there.
fn write_file(graph: &Generation, file: &Path) -> Result<(), Failure> {
    let unwritable = |error: io::Error| -> Failure {
        ExportError::Unwritable { file: file.to_owned(), kind: error.kind() }.into()
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_commas = name.to_ascii_lowercase().contains(".csv");
    let fields = if is_commas { Fields::Commas } else { Fields::Tabs };
    let partial = file.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let written = || -> Result<(), Failure> {
        let mut out = BufWriter::new(File::create(&partial).map_err(unwritable)?);
        EdgeList { fields, out: &mut out }.write(graph).map_err(|failure| match failure {
            Failure::Output(error) => unwritable(error),
            other => other,
        })?;
        let out = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
        out.sync_all().map_err(unwritable)?;
        fs::rename(&partial, file).map_err(unwritable)
    };
    written().inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&partial);
    })
}

/// How fields are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Tabs,
    Commas,
}

impl Fields {
    /// A name as it is written in a line.
    fn name<'a>(self, name: &'a str) -> Result<Cow<'a, str>, ExportError> {
        match self {
            Self::Tabs if name.contains(['\t', '\n', '\r']) => {
                Err(ExportError::Name { name: name.to_owned() })
            }
            Self::Commas if name.contains([',', '"', '\n', '\r']) => {
                Ok(Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))))
            }
            Self::Tabs | Self::Commas => Ok(Cow::Borrowed(name)),
        }
    }
}

/// An edge list under way.
struct EdgeList<'a> {
    fields: Fields,
    out: &'a mut dyn Write,
}

impl EdgeList<'_> {
    /// A header, so that no first edge is taken for one; the edges, by source and target; then the
    /// nodes without edges.
    fn write(&mut self, graph: &Generation) -> Result<(), Failure> {
        let between = if self.fields == Fields::Tabs { '\t' } else { ',' };
        writeln!(self.out, "source{between}target{between}weight{between}relation{between}time")?;
        let relations: Vec<&str> = graph.relation_names().collect();
        let mut has_edges = vec![false; graph.node_count()];
        for source in nodes(graph) {
            let row = graph.out_row(source)?;
            let (ids, times) = (graph.out_relations(source)?, graph.out_times(source)?);
            let name = self.name(graph, source)?;
            for (at, target) in row.targets.iter().enumerate() {
                has_edges[source.index()] = true;
                has_edges[*target as usize] = true;
                let target = self.name(graph, NodeId::new(*target))?;
                let weight = row.weights.at(at);
                write!(self.out, "{name}{between}{target}{between}{weight:?}")?;
                let relation =
                    ids.get(at).and_then(|id| relations.get((*id as usize).checked_sub(1)?));
                let time = times.get(at).filter(|time| !time.is_nan());
                if relation.is_some() || time.is_some() {
                    let relation = self.fields.name(relation.copied().unwrap_or_default())?;
                    write!(self.out, "{between}{relation}")?;
                }
                if let Some(time) = time {
                    write!(self.out, "{between}{time:?}")?;
                }
                writeln!(self.out)?;
            }
        }
        for node in nodes(graph).filter(|node| !has_edges[node.index()]) {
            let name = self.name(graph, node)?;
            writeln!(self.out, "{name}")?;
        }
        Ok(())
    }

    fn name(&self, graph: &Generation, node: NodeId) -> Result<String, Failure> {
        let label = graph.label(node)?.to_string();
        Ok(self.fields.name(&label)?.into_owned())
    }
}

/// The nodes that were not removed.
fn nodes(graph: &Generation) -> impl Iterator<Item = NodeId> {
    let ids = 0..u32::try_from(graph.node_count()).unwrap_or(u32::MAX);
    ids.map(NodeId::new).filter(|node| !graph.is_removed(*node))
}
