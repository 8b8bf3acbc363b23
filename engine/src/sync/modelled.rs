//! Stand-ins for what a model checker cannot look into. They model our use of it, not its inside.

use std::collections::VecDeque;
use std::fmt;
use std::task::Waker;

use bytemuck::Pod;
#[cfg(emanate_loom)]
use loom::sync::{Mutex, MutexGuard};
#[cfg(emanate_shuttle)]
use shuttle::sync::{Mutex, MutexGuard};

use super::{Arc, AtomicU64, Ordering, mutated};

#[cfg(test)]
mod models;
mod threads;

pub use threads::{Thread, Workers, current_thread, park_timeout};

/// A typed word with the contract of `atomic::Atomic`, over the checker's own.
pub struct Atomic<T>(AtomicU64, std::marker::PhantomData<T>);

impl<T: Pod> Atomic<T> {
    /// A word that holds `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(AtomicU64::new(bytemuck::cast(value)), std::marker::PhantomData)
    }

    /// The value.
    pub fn load(&self, order: Ordering) -> T {
        bytemuck::cast(self.0.load(order))
    }

    /// Replaces the value.
    pub fn store(&self, value: T, order: Ordering) {
        self.0.store(bytemuck::cast(value), order);
    }

    /// Replaces `current` by `new`.
    ///
    /// # Errors
    /// The value, where it is another one.
    pub fn compare_exchange(
        &self,
        current: T,
        new: T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<T, T> {
        let (current, new) = (bytemuck::cast(current), bytemuck::cast(new));
        let outcome = self.0.compare_exchange(current, new, success, failure);
        outcome.map(|word| bytemuck::cast(word)).map_err(|word| bytemuck::cast(word))
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Atomic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Atomic").finish_non_exhaustive()
    }
}

/// A published pointer with the contract of the one over `arc-swap`.
pub struct Published<T>(Mutex<Arc<T>>);

impl<T> Published<T> {
    /// Publishes the first value.
    #[must_use]
    pub fn new(value: Arc<T>) -> Self {
        Self(Mutex::new(value))
    }

    fn value(&self) -> MutexGuard<'_, Arc<T>> {
        self.0.lock().expect("no model panics while it holds this")
    }

    /// The value published last.
    #[must_use]
    pub fn load(&self) -> Arc<T> {
        Arc::clone(&self.value())
    }

    /// Replaces the value by what `change` makes of it. `change` is called again where another
    /// thread replaced the value meanwhile.
    pub fn update(&self, mut change: impl FnMut(&T) -> T) {
        loop {
            let before = self.load();
            let next = Arc::new(change(&before));
            let mut value = self.value();
            if Arc::ptr_eq(&before, &value) || mutated("update_stores") {
                *value = next;
                return;
            }
        }
    }

    /// Replaces the value.
    pub fn store(&self, value: Arc<T>) {
        *self.value() = value;
    }
}

impl<T> fmt::Debug for Published<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Published").finish_non_exhaustive()
    }
}

/// A place with the contract of the one over `arc-swap`.
pub struct Slot<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    fn value(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock().expect("no model panics while it holds this")
    }

    /// The value.
    #[must_use]
    pub fn load(&self) -> Option<Arc<T>> {
        self.value().clone()
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.value().is_some()
    }

    /// Puts `value` in the place of what is there.
    pub fn put(&self, value: Arc<T>) {
        *self.value() = Some(value);
    }

    /// Takes the value out.
    pub fn take(&self) -> Option<Arc<T>> {
        self.value().take()
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").finish_non_exhaustive()
    }
}

/// A bounded queue with the contract of `ring::Ring`, which has models of its own.
pub struct Ring<T> {
    items: Mutex<VecDeque<T>>,
    room: usize,
}

impl<T> Ring<T> {
    /// A queue for `room` items.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { items: Mutex::new(VecDeque::new()), room }
    }

    fn items(&self) -> MutexGuard<'_, VecDeque<T>> {
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

    /// Adds `item` at the end; where there is no room, in place of the first. Returns how many
    /// items are lost.
    pub fn push_over(&self, item: T) -> u64 {
        let mut items = self.items();
        let lost = items.len() == self.room;
        if lost {
            items.pop_front();
        }
        items.push_back(item);
        u64::from(lost)
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

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("room", &self.room).finish_non_exhaustive()
    }
}

/// A waker that one task registers and others wake, with the contract of `atomic-waker`.
#[derive(Default)]
pub struct AtomicWaker(Mutex<Option<Waker>>);

impl AtomicWaker {
    /// No waker.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.lock().expect("no model panics while it holds this")
    }

    /// Keeps `waker` in place of the one before it.
    pub fn register(&self, waker: &Waker) {
        *self.waker() = Some(waker.clone());
    }

    /// Wakes the one that was registered last, once.
    pub fn wake(&self) {
        let waker = self.waker().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for AtomicWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtomicWaker").finish_non_exhaustive()
    }
}
