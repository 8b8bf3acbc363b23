//! What a host registers by name: checks, operations.

use std::fmt;

use crate::sync::{Arc, Published};

/// Most bytes of a name.
pub const NAME_BYTES_MAX: usize = 64;

/// Why something was not registered under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty, longer than [`NAME_BYTES_MAX`], or has other characters than `a-z`,
    /// `0-9`, `_`, `-`, `.` and `:`; it becomes a label of metrics. Choose another.
    Bad {
        /// What is named: "checks", say.
        of: &'static str,
        /// The name.
        name: Box<str>,
    },
    /// There is one of this name; use that one, or choose another name.
    Taken {
        /// What is named.
        of: &'static str,
        /// The name.
        name: Box<str>,
    },
    /// There are as many as there can be. Remove some, or give fewer, broader names.
    TooMany {
        /// What is named.
        of: &'static str,
        /// The greatest number.
        most: usize,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad { of, name } => write!(
                f,
                "{name:?} cannot be a name of {of}; use 1 to {NAME_BYTES_MAX} of a-z, 0-9, _, -, \
                 . and :"
            ),
            Self::Taken { of, name } => write!(
                f,
                "there is {name:?} among the {of} already; use that one or choose another name"
            ),
            Self::TooMany { of, most } => write!(
                f,
                "there are {most} {of} already, and no more can be; remove some or use broader \
                 names"
            ),
        }
    }
}

impl std::error::Error for NameError {}

/// Something that has a name.
pub(crate) trait Named {
    fn name(&self) -> &str;
}

/// A few things with names that differ. It is replaced whole where it changes, so reading it waits
/// for nobody; each change costs a copy of it.
pub(crate) struct Roster<T> {
    of: &'static str,
    most: usize,
    entries: Published<Vec<T>>,
}

impl<T: Named + Clone> Roster<T> {
    /// An empty one, of at most `most`; `of` says of what: "checks", say.
    pub(crate) fn new(of: &'static str, most: usize) -> Self {
        Self { of, most, entries: Published::new(Arc::new(Vec::new())) }
    }

    /// All, in the order they were added.
    pub(crate) fn load(&self) -> Arc<Vec<T>> {
        self.entries.load()
    }

    /// Adds `new`.
    ///
    /// # Errors
    /// [`NameError`], and nothing is added.
    pub(crate) fn add(&self, new: &T) -> Result<(), NameError> {
        let (of, most, name) = (self.of, self.most, new.name());
        let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.:".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_good) {
            return Err(NameError::Bad { of, name: name.into() });
        }
        let mut refused = None;
        self.entries.update(|entries| {
            refused = if entries.iter().any(|held| held.name() == name) {
                Some(NameError::Taken { of, name: name.into() })
            } else if entries.len() >= most {
                Some(NameError::TooMany { of, most })
            } else {
                None
            };
            let added = refused.is_none().then(|| new.clone());
            entries.iter().cloned().chain(added).collect()
        });
        refused.map_or(Ok(()), Err)
    }

    /// The one of this name.
    pub(crate) fn find(&self, name: &str) -> Option<T> {
        self.entries.load().iter().find(|held| held.name() == name).cloned()
    }

    /// Takes the one of this name out, and gives it.
    pub(crate) fn remove(&self, name: &str) -> Option<T> {
        let mut removed = None;
        self.entries.update(|entries| {
            removed = entries.iter().find(|held| held.name() == name).cloned();
            entries.iter().filter(|held| held.name() != name).cloned().collect()
        });
        removed
    }
}

impl<T: Named> fmt::Debug for Roster<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.load().iter().map(Named::name)).finish()
    }
}
