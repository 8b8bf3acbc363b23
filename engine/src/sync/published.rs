//! A value that is replaced whole while others read it.

use arc_swap::ArcSwap;

use crate::sync::Arc;

/// A pointer that readers load and a writer swaps, neither waiting for the other.
#[derive(Debug)]
pub struct Published<T>(ArcSwap<T>);

impl<T> Published<T> {
    /// Publishes the first value.
    #[must_use]
    pub fn new(value: Arc<T>) -> Self {
        Self(ArcSwap::new(value))
    }

    /// The value published last. The caller keeps it alive for as long as it holds the pointer.
    #[must_use]
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Replaces the value by what `change` makes of it. `change` is called again where another
    /// thread replaced the value meanwhile.
    pub fn update(&self, mut change: impl FnMut(&T) -> T) {
        self.0.rcu(|value| change(value));
    }

    /// Replaces the value; whoever loads from now on sees `value` and all that led to it.
    pub fn store(&self, value: Arc<T>) {
        self.0.store(value);
    }
}
