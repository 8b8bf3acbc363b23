//! A cell that is filled at most once, by whoever comes first.

use once_cell::race::OnceBox;

/// A cell that is filled at most once, without waiting: of several threads that compute a value,
/// the first to publish it wins and the others drop theirs.
#[derive(Debug)]
pub struct FirstWins<T>(OnceBox<T>);

impl<T> Default for FirstWins<T> {
    fn default() -> Self {
        Self(OnceBox::new())
    }
}

impl<T> FirstWins<T> {
    /// A cell that is full from the start.
    #[must_use]
    pub fn full(value: T) -> Self {
        Self(OnceBox::with_value(Box::new(value)))
    }

    /// The value, if there is one. One acquiring load.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// The value; computes it where there is none.
    ///
    /// # Errors
    /// What `compute` returned; the cell stays empty then.
    pub fn get_or_try<E>(&self, compute: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        self.0.get_or_try_init(|| compute().map(Box::new))
    }
}
