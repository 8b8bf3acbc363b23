//! Edits to a graph: change sets, and what applies them.
//!
//! A [`ChangeSet`] is an ordered list of [`Change`]s, built by the host, stored by a [`Journal`] in
//! its encoded form, and applied to one generation to make the next. Whoever reads sees one
//! generation or the other, never something between.
//!
//! # How a set is applied
//! The writer whose turn it is makes a draft of what follows the published generation, applies the
//! edits to it one by one, has them stored, and publishes the draft with one swap of a pointer.
//! Until then nothing that anybody sees has changed: rolling back is dropping the draft, whether an
//! edit fails, the disk is full, or something panics.
//!
//! # Breakers
//! An engine asks the breaker of changes before a set, and that of checkpoints before one of those.
//! A set that could not be stored, or that found its graph's file unreadable, is a failure; one
//! that was late is slow; and what the caller got wrong says nothing.
//!
//! # Orderings
//! Writers are ordered by their turn; a generation is complete before it is published. See
//! `turn.rs` and `live.rs`.
//!
//! # Progress
//! Readers never wait for writers, nor writers for readers. Writers wait for each other, until
//! their budget.

mod apply;
mod check;
mod edit;
mod encode;
mod error;
mod journal;
mod kept;
mod live;
mod load;
mod options;
mod permit;
mod report;
mod set;
pub mod store;
mod stored;
mod turn;

pub(crate) use apply::{Means, apply};
pub use check::LABEL_BYTES_MAX;
pub use encode::{ChangeSetError, ENCODING};
pub use error::{ApplyError, ChangeError, ErrorClass};
pub use journal::{Journal, StorageError};
pub(crate) use kept::Kept;
pub(crate) use live::Live;
pub use live::Maintained;
pub(crate) use load::load;
pub use options::{
    ApplyOptions, Chunk, Commit, DEFAULT_APPLY_BUDGET, DEFAULT_CHUNK, DEFAULT_CHUNK_MAX,
    DEFAULT_DIRECT_BELOW, DEFAULT_FAILURES_MAX, DEFAULT_RETRIES, DEFAULT_RETRY_DELAY,
    DEFAULT_WAITING_MAX, Queueing, Run, Validation,
};
pub(crate) use permit::{guarded, guarded_checkpoint};
pub use report::{ApplyReport, Failure, Success, Totals};
pub use set::{Change, ChangeKind, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
pub use stored::{GraphSegment, OpenGraphError, StoredGraph, check_graph, open_graph, read_graph};
