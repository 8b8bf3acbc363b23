//! Edge lists: text with one edge a line.
//!
//! What a line may hold stands at [`load`], which reads a file, as [`load_from`] reads any reader.
//!
//! # Cost
//! One pass over the text, which is never held as a whole, then [`GraphBuilder::build`]. Labels
//! are hashed once for each field that differs from the one above it.

mod commas;
mod error;
mod input;
mod intake;
mod options;
mod report;
mod tabs;
#[cfg(test)]
mod tests;
mod zstd;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::generation::Generation;
use input::Text;
use intake::Intake;

pub use error::{LoadError, LoadErrorReason};
pub use options::{
    DEFAULT_BAD_LINES_KEPT, DEFAULT_EXPANDED_BYTES_MAX, DEFAULT_EXPANSION_MAX,
    DEFAULT_LINE_BYTES_MAX, LoadOptions, LoadProgress,
};
pub use report::{BadLine, BadLineReason, LoadReport};

/// Bytes of text looked at together: they stay in the second-level cache while their lines are
/// taken.
const CHUNK_BYTES: usize = 256 << 10;

/// A graph, and what was read for it.
#[derive(Debug)]
pub struct Load {
    /// The graph.
    pub graph: Generation,
    /// What was read, and which lines were not used.
    pub report: LoadReport,
}

/// Loads the edge list at `path`: text with one edge a line.
///
/// A line is `source target [weight [relation [time]]]`, its fields separated by tabs.
///
/// - Labels are any UTF-8 text but tabs and line ends: nothing is trimmed, and quotes, `#`, `nan`
///   or `null` mean themselves.
/// - A weight or a time is a decimal number, with or without spaces around it; it is read as the
///   nearest double. An empty weight is 1, an empty relation or time is none.
/// - A line of one field declares a node, which needs no edges. Empty lines mean nothing.
/// - A first line that begins with the fields `source` and `target` is a header.
/// - A line ends with LF or CRLF; the last one may end with the text. A byte order mark at the
///   start is passed over.
/// - Where the file's name has `.csv`, fields are separated by commas and may be quoted (RFC 4180):
///   a quoted field may hold commas, line ends, and quotes written twice.
/// - The text may be compressed with gzip (of any number of members) or Zstandard; the first bytes
///   of the file decide, not its name.
///
/// Neither the order of the lines nor equal lines change the graph, beyond what the sum of equal
/// edges is. A line that breaks a rule is left out and reported; the rest is used.
///
/// ```no_run
/// use emanate::graph::{LoadOptions, load};
///
/// let load = load("edges.tsv.gz", &LoadOptions::default())?;
/// for bad in &load.report.bad_lines {
///     eprintln!("edges.tsv.gz: {bad}");
/// }
/// # Ok::<(), emanate::LoadError>(())
/// ```
///
/// # Errors
/// [`LoadError`] where the file cannot be read to its end, or no line of it is usable. Bad lines
/// are no error; they are in [`LoadReport`].
pub fn load(path: impl AsRef<Path>, options: &LoadOptions<'_>) -> Result<Load, LoadError> {
    let path = path.as_ref();
    let failed = |reason| LoadError { file: path.into(), reason };
    let failed_io = |error: std::io::Error| failed(LoadErrorReason::of_io(error.kind()));
    let metadata = std::fs::metadata(path).map_err(failed_io)?;
    if metadata.is_dir() {
        return Err(failed(LoadErrorReason::IsDirectory));
    }
    let file = File::open(path).map_err(failed_io)?;
    let bytes_total = metadata.is_file().then_some(metadata.len());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    read(file, &name, bytes_total, options, CHUNK_BYTES).map_err(failed)
}

/// Loads the edge list that `reader` gives; `name` tells CSV from tab-separated text, and stands
/// for the file in errors.
///
/// ```
/// use emanate::graph::{LoadOptions, load_from};
///
/// let text = "source\ttarget\tweight\ndog\tcat\t0.5\ncat\tmouse\n";
/// let load = load_from(text.as_bytes(), "edges.tsv", &LoadOptions::default())?;
/// assert_eq!((load.graph.node_count(), load.graph.edge_count()), (3, 2));
/// # Ok::<(), emanate::LoadError>(())
/// ```
///
/// # Errors
/// As [`load`].
pub fn load_from(
    reader: impl Read,
    name: &str,
    options: &LoadOptions<'_>,
) -> Result<Load, LoadError> {
    read(reader, name, None, options, CHUNK_BYTES)
        .map_err(|reason| LoadError { file: Path::new(name).into(), reason })
}

fn read(
    reader: impl Read,
    name: &str,
    bytes_total: Option<u64>,
    options: &LoadOptions<'_>,
    chunk_bytes: usize,
) -> Result<Load, LoadErrorReason> {
    let name = name.to_ascii_lowercase();
    let mut text = Text::open(reader, &name, bytes_total, options)?;
    let mut intake = Intake::new(options.bad_lines_kept);
    intake.nodes(options.nodes).map_err(LoadErrorReason::Build)?;
    let lines = if name.contains(".csv") {
        commas::read(&mut text, &mut intake, options.line_bytes_max, chunk_bytes)?
    } else {
        tabs::read(&mut text, &mut intake, options.line_bytes_max, chunk_bytes)?
    };
    text.tell_progress(intake.edges());
    let (builder, mut report) = intake.finish();
    report.lines = lines;
    report.file_bytes = text.file_bytes();
    report.text_bytes = text.bytes();
    report.compressed = text.is_compressed();
    // The decoder's memory is not needed while the graph is built.
    drop(text);
    if report.edges_read + report.nodes_declared == 0 {
        return Err(LoadErrorReason::Empty {
            bad_line_count: report.bad_line_count,
            first_bad_line: report.bad_lines.first().copied(),
        });
    }
    let graph = builder.build().map_err(LoadErrorReason::Build)?;
    Ok(Load { graph, report })
}
