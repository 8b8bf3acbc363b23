//! Stand-ins for what a model checker cannot look into. They model our use of it, not its inside.

use std::collections::VecDeque;
use std::fmt;
use std::task::Waker;

/// A bounded queue with the contract of `crossbeam_queue::ArrayQueue`.
pub struct ArrayQueue<T> {
    items: loom::sync::Mutex<VecDeque<T>>,
    room: usize,
}

impl<T> ArrayQueue<T> {
    /// A queue for `room` items.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { items: loom::sync::Mutex::new(VecDeque::new()), room }
    }

    fn items(&self) -> loom::sync::MutexGuard<'_, VecDeque<T>> {
        self.items.lock().expect("no model panics while it holds this")
    }

    /// Adds `item` at the end.
    ///
    /// # Errors
    /// The item, where there is no room.
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut items = self.items();
        if items.len() == self.room {
            return Err(item);
        }
        items.push_back(item);
        Ok(())
    }

    /// Takes the first item.
    pub fn pop(&self) -> Option<T> {
        self.items().pop_front()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items().len()
    }
}

impl<T> fmt::Debug for ArrayQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrayQueue").field("room", &self.room).finish_non_exhaustive()
    }
}

/// A waker that one task registers and others wake, with the contract of `atomic-waker`.
#[derive(Debug, Default)]
pub struct AtomicWaker(loom::future::AtomicWaker);

impl AtomicWaker {
    /// No waker.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps `waker` in place of the one before it.
    pub fn register(&self, waker: &Waker) {
        self.0.register_by_ref(waker);
    }

    /// Wakes the one that was registered last, once.
    pub fn wake(&self) {
        self.0.wake();
    }
}
