//! Numbers that tell threads apart, so that each writes to cache lines of its own.

/// Most stripes anything is divided into.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
const STRIPES_MAX: usize = 16;

/// Into how many stripes to divide what every thread writes: a power of two, at least as many as
/// the machine runs threads at once, at most 16.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
#[must_use]
pub fn stripes() -> usize {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    threads.next_power_of_two().min(STRIPES_MAX)
}

#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod numbered {
    use std::cell::Cell;

    use crate::sync::{AtomicUsize, Ordering};

    /// The number of the next thread that asks. Nothing but the placement of counts depends on it.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    /// What a thread has before it asks for the first time.
    const NONE: usize = usize::MAX;

    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(NONE) };
    }

    /// The calling thread's number, by which it picks a stripe: threads that begin one after the
    /// other have numbers that follow each other. One read of a thread's own cell.
    #[inline]
    #[must_use]
    pub fn stripe() -> usize {
        // A thread that is being torn down has no cell any more; any number will do then.
        let own = OWN.try_with(Cell::get).unwrap_or(0);
        if own == NONE { number() } else { own }
    }

    #[cold]
    fn number() -> usize {
        // Relaxed: only that the numbers differ matters.
        let own = NEXT.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1);
        OWN.with(|cell| cell.set(own));
        own
    }
}
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use numbered::stripe;

/// Into how many stripes to divide what every thread writes.
#[cfg(any(emanate_loom, emanate_shuttle))]
#[must_use]
pub fn stripes() -> usize {
    2
}

/// The calling thread's number, by which it picks a stripe; a model says which.
#[cfg(any(emanate_loom, emanate_shuttle))]
#[must_use]
pub fn stripe() -> usize {
    #[cfg(test)]
    return crate::sync::checker::own_number();
    #[cfg(not(test))]
    0
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{STRIPES_MAX, stripe, stripes};

    #[test]
    fn a_thread_keeps_its_number_and_another_has_another() {
        let own = stripe();
        assert_eq!(own, stripe());
        let other = std::thread::spawn(stripe).join().unwrap();
        assert_ne!(own, other);
    }

    #[test]
    fn there_are_a_power_of_two_of_them() {
        assert!(stripes().is_power_of_two() && stripes() <= STRIPES_MAX);
    }
}
