//! The bytes that a graph may keep, and who has them.

use crate::sync::{Arc, AtomicU64, AtomicUsize, Ordering};

/// Counts bytes before they are allocated, and refuses what is more than there may be.
#[derive(Debug)]
pub(super) struct Account {
    bytes_max: usize,
    used: AtomicUsize,
    peak: AtomicUsize,
    overdrawn: AtomicU64,
}

impl Account {
    /// An account of `bytes_max` bytes, `fixed` of which are taken for good.
    pub(super) fn new(bytes_max: usize, fixed: usize) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            used: AtomicUsize::new(fixed),
            peak: AtomicUsize::new(fixed),
            overdrawn: AtomicU64::new(0),
        })
    }

    /// Room for `bytes`; `None` where there is too little.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Room> {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
        // Relaxed: the count itself is all that is decided by it.
        let before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        self.note_peak(before + bytes);
        Some(Room { account: Arc::clone(self), bytes })
    }

    /// Room for `bytes`, also where there is too little; that is counted.
    pub(super) fn overdraw(self: &Arc<Self>, bytes: usize) -> Room {
        // Relaxed: see `take`.
        let sum = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if sum > self.bytes_max {
            self.overdrawn.fetch_add(1, Ordering::Relaxed);
        }
        self.note_peak(sum);
        Room { account: Arc::clone(self), bytes }
    }

    fn note_peak(&self, used: usize) {
        // Relaxed: a figure for people.
        self.peak.fetch_max(used, Ordering::Relaxed);
    }

    pub(super) const fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Bytes taken now.
    pub(super) fn used(&self) -> usize {
        // Relaxed: a figure for people.
        self.used.load(Ordering::Relaxed)
    }

    /// Most bytes taken at once so far.
    pub(super) fn peak(&self) -> usize {
        // Relaxed: a figure for people.
        self.peak.load(Ordering::Relaxed)
    }

    /// How often more was taken than there may be.
    pub(super) fn overdrawn(&self) -> u64 {
        // Relaxed: a figure for people.
        self.overdrawn.load(Ordering::Relaxed)
    }
}

/// Bytes taken from an account, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    account: Arc<Account>,
    bytes: usize,
}

impl Room {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back what is more than `bytes`.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let more = self.bytes.saturating_sub(bytes);
        // Relaxed: see `Account::take`.
        self.account.used.fetch_sub(more, Ordering::Relaxed);
        self.bytes -= more;
    }

    /// Never gives them back.
    pub(super) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn bytes_come_back_and_no_more_are_given_than_there_are() {
        let account = Account::new(100, 10);
        let mut first = account.take(60).unwrap();
        assert!(account.take(31).is_none());
        let second = account.take(30).unwrap();
        assert_eq!((account.used(), account.peak()), (100, 100));
        first.shrink_to(20);
        assert_eq!((account.used(), first.bytes()), (60, 20));
        drop((first, second));
        assert_eq!((account.used(), account.peak(), account.overdrawn()), (10, 100, 0));
        let over = account.overdraw(95);
        assert_eq!((account.used(), account.overdrawn()), (105, 1));
        over.keep();
        assert_eq!(account.used(), 105);
        assert!(account.take(usize::MAX).is_none());
    }
}
