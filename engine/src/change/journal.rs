//! Where change sets are kept before they are published.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::set::ChangeSet;
use crate::sync::Arc;

/// Keeps change sets, in order, before the generations they make are published.
///
/// One thread at a time calls it, with ascending numbers. Whatever follows an `Ok` must find the
/// set again; after an error the set must not be found again, for nothing of it is published.
pub trait Journal: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Keeps `changes`, all of which can be applied to the generation before, as those that make
    /// `generation`.
    ///
    /// # Errors
    /// [`StorageError`]; a transient one is tried again.
    fn append(&self, changes: &ChangeSet, generation: u64) -> Result<(), StorageError>;
}

/// Why a journal could not keep a change set.
#[derive(Clone, Debug)]
pub struct StorageError {
    /// Whether trying again may help: the disk was busy, say, rather than full.
    pub transient: bool,
    /// What the storage said.
    pub cause: Arc<dyn std::error::Error + Send + Sync + UnwindSafe + RefUnwindSafe>,
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the change set could not be stored: {}", self.cause)
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}
