//! What a caller may set for a load, and what it is told while the load runs.

use std::fmt;

/// Most bytes of text a compressed file may expand to: 64 GiB.
pub const DEFAULT_EXPANDED_BYTES_MAX: u64 = 64 << 30;

/// Most bytes of text for each byte of a compressed file. Edge lists shrink 5 to 30 times; a file
/// made to fill memory or time shrinks about 1,000 times with gzip and more with Zstandard.
pub const DEFAULT_EXPANSION_MAX: u64 = 200;

/// Most bytes of one line, its end not counted: 1 MiB.
pub const DEFAULT_LINE_BYTES_MAX: usize = 1 << 20;

/// Bad lines that a report lists one by one.
pub const DEFAULT_BAD_LINES_KEPT: usize = 100;

/// How far a load has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes of the file taken so far, compressed where it is.
    pub bytes: u64,
    /// Bytes of the whole file; `None` where that is not known, as for a pipe.
    pub bytes_total: Option<u64>,
    /// Edges read so far, equal ones counted apart.
    pub edges: u64,
}

/// What a load may do, and whom it tells.
///
/// ```
/// use emanate::graph::LoadOptions;
///
/// let tell = |progress| eprintln!("{progress:?}");
/// let options = LoadOptions { progress: Some(&tell), ..LoadOptions::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy)]
pub struct LoadOptions<'a> {
    /// Most bytes of text that a compressed file may expand to. Text that is not compressed is not
    /// bounded: it already takes the room it takes.
    pub expanded_bytes_max: u64,
    /// Most bytes of text for each byte of a compressed file, tested once 64 MiB of text have come.
    pub expansion_max: u64,
    /// Most bytes of one line, its end not counted (of one CSV record, its quotes not counted). A
    /// longer one is a bad line, and passes without being held in memory.
    pub line_bytes_max: usize,
    /// Bad lines that the report lists one by one; the others are only counted.
    pub bad_lines_kept: usize,
    /// Nodes the graph has beside those of the text, which alone make no graph.
    pub nodes: &'a [String],
    /// Called at the start, about once for each MiB of the file, and at the end.
    pub progress: Option<&'a dyn Fn(LoadProgress)>,
}

impl Default for LoadOptions<'_> {
    fn default() -> Self {
        Self {
            expanded_bytes_max: DEFAULT_EXPANDED_BYTES_MAX,
            expansion_max: DEFAULT_EXPANSION_MAX,
            line_bytes_max: DEFAULT_LINE_BYTES_MAX,
            bad_lines_kept: DEFAULT_BAD_LINES_KEPT,
            nodes: &[],
            progress: None,
        }
    }
}

impl fmt::Debug for LoadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("expanded_bytes_max", &self.expanded_bytes_max)
            .field("expansion_max", &self.expansion_max)
            .field("line_bytes_max", &self.line_bytes_max)
            .field("bad_lines_kept", &self.bad_lines_kept)
            .field("nodes", &self.nodes.len())
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
