//! A place for a value that comes and goes while others read it.

use arc_swap::ArcSwapOption;

use crate::sync::Arc;

/// A place that holds a value or none. Whoever reads keeps the value alive for as long as it holds
/// the pointer, also where it has been taken out meanwhile.
///
/// # Orderings
/// What led to a value is seen by whoever finds it here. The pair is inside `arc-swap`.
///
/// # Progress
/// Lock-free: neither readers nor writers wait for each other.
#[derive(Debug)]
pub struct Slot<T>(ArcSwapOption<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(ArcSwapOption::empty())
    }
}

impl<T> Slot<T> {
    /// The value.
    #[must_use]
    pub fn load(&self) -> Option<Arc<T>> {
        self.0.load_full()
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.load().is_some()
    }

    /// Puts `value` in the place of what is there.
    pub fn put(&self, value: Arc<T>) {
        self.0.store(Some(value));
    }

    /// Takes the value out.
    pub fn take(&self) -> Option<Arc<T>> {
        self.0.swap(None)
    }
}

#[cfg(test)]
mod tests {
    use super::Slot;
    use crate::sync::Arc;

    #[test]
    fn what_is_taken_out_lives_as_long_as_somebody_holds_it() {
        let slot = Slot::default();
        assert!(!slot.is_full() && slot.load().is_none());
        slot.put(Arc::new(7));
        let held = slot.load().unwrap();
        assert_eq!(slot.take().as_deref(), Some(&7));
        assert!(!slot.is_full() && slot.take().is_none());
        assert_eq!((*held, Arc::strong_count(&held)), (7, 1));
    }
}
