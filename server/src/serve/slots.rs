//! How many requests spread at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of spreads that are being run or wait in the engine's queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Arc<AtomicUsize>);

/// Some slots, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    slots: Slots,
    count: usize,
}

impl Slots {
    /// `count` slots, where no more than `most` are held then; `None` else. A request that alone
    /// takes more than `most` is let in when nothing else is.
    pub(crate) fn hold(&self, count: usize, most: usize) -> Option<Held> {
        let fits = |held: usize| (held == 0 || held + count <= most).then_some(held + count);
        // Relaxed: the count guards no data.
        let update = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        update.is_ok().then(|| Held { slots: self.clone(), count })
    }

    /// Slots that are held.
    pub(crate) fn held(&self) -> usize {
        // Relaxed: only a figure.
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Relaxed: as in `hold`.
        self.slots.0.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn there_are_as_many_slots_as_allowed() {
        let slots = Slots::default();
        let first = slots.hold(2, 3).unwrap();
        assert!(slots.hold(2, 3).is_none());
        let second = slots.hold(1, 3).unwrap();
        assert_eq!(slots.held(), 3);
        drop((first, second));
        let large = slots.hold(9, 3).unwrap();
        assert!(slots.hold(1, 3).is_none());
        drop(large);
        assert_eq!(slots.held(), 0);
    }
}
