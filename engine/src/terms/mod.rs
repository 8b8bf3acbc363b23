//! The glossary as types: the words every other module speaks.
//!
//! Nothing here computes; a type exists so that two numbers which look alike (a node's index, a
//! relation's index) cannot be mixed, and so that a value which has been checked once need not be
//! checked again.

mod deadline;
mod id;
mod key;
mod parameter;
mod roster;
mod stop;
mod tier;

pub use deadline::{CancelToken, Deadline};
pub use id::{NODE_COUNT_MAX, NodeId, RelationId};
pub use key::{Key, Label};
pub use parameter::{ParameterError, Range};
pub use roster::{NAME_BYTES_MAX, NameError};
pub(crate) use roster::{Named, Roster};
pub use stop::StopReason;
pub use tier::Tier;
