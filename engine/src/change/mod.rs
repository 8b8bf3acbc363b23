//! Edits to a graph: change sets, and what applies them.
//!
//! A [`ChangeSet`] is an ordered list of [`Change`]s, built by the host, stored by a log in its
//! encoded form, and applied to one generation to make the next.

mod encode;
mod set;
pub mod store;

pub use encode::{ChangeSetError, ENCODING};
pub use set::{Change, ChangeKind, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
