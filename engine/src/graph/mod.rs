//! What a spread reads: an immutable graph, called a [`Generation`].
//!
//! A generation holds the names of its nodes, their edges as compressed sparse rows, and, only
//! where the input had them, a relation and a time for each edge. Everything is cut into blocks
//! of a fixed number of rows, so that a graph opened from a file reads a block when a spread
//! first needs it, and never again.
//!
//! # Numbering
//! Nodes are numbered by in-degree, descending, then by label, ascending: a function of the graph
//! alone, so that the same graph spreads to the same bits whatever the order of its lines. Nodes
//! that many edges point to come first, so that the state they share fits in cache.
//!
//! # Ways in
//! [`GraphBuilder`] takes nodes and edges one by one, [`from_edges`] an iterator of edges; with
//! the feature `text`, `load` reads an edge list; [`open`] opens a native file; with the feature
//! `petgraph`, `from_petgraph` takes one of that crate's graphs.
//!
//! # Ways out
//! [`write()`] makes a native file of a graph; [`verify`] reads all of one and compares its parts.

mod adapt;
mod assemble;
mod blocks;
mod builder;
mod dense;
mod edges;
mod error;
mod generation;
mod interner;
mod name_index;
mod names;
mod native;
mod order;
mod overlay;
mod prefetch;
mod reads;
mod relations;
mod reverse;
mod row_lens;
mod rows_ahead;
mod section;
#[cfg(feature = "text")]
mod text;
mod tiers;

pub use adapt::from_edges;
#[cfg(feature = "petgraph")]
pub use adapt::from_petgraph;
pub(crate) use builder::Collected;
pub use builder::{Edge, GraphBuilder};
pub(crate) use dense::{DenseEdges, PushCosts, TARGET_BITS, TargetBlock};
pub(crate) use edges::{Edges, Weights};
pub use edges::{Row, WeightSlice};
pub use error::{BuildError, Damage, DamagedBlock};
pub use generation::{Facts, Generation, RelationFacts};
pub use native::{
    ColdEdges, OpenError, VerifyError, VerifyReport, WriteError, WriteOptions, open, open_within,
    verify, write, write_with,
};
pub(crate) use native::{ReadAt, open_reader, write_to};
pub use overlay::MergeError;
pub(crate) use overlay::{Draft, EdgeAt, LoadFailure, Loaded, Merge, Name, RowParts, rebased};
pub(crate) use reads::{Reads, TierReads};
pub(crate) use row_lens::RowLens;
pub(crate) use rows_ahead::RowsAhead;
pub use section::SectionFacts;
#[cfg(feature = "text")]
pub use text::{
    BadLine, BadLineReason, DEFAULT_BAD_LINES_KEPT, DEFAULT_EXPANDED_BYTES_MAX,
    DEFAULT_EXPANSION_MAX, DEFAULT_LINE_BYTES_MAX, Load, LoadError, LoadErrorReason, LoadOptions,
    LoadProgress, LoadReport, load, load_from,
};
pub(crate) use tiers::Columns;
pub use tiers::{
    DEFAULT_HEAT_HALF_LIFE, DEFAULT_MOVED_BYTES_PER_SECOND, DEFAULT_READERS, EdgeHold, TierOptions,
    TierReport, TierUse, WarmSegment,
};
