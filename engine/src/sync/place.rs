//! Room for one value.

use std::mem::MaybeUninit;

#[cfg(emanate_loom)]
use loom::cell::UnsafeCell;

/// What loom's cell is under loom, which sees two threads in it at once.
#[cfg(not(emanate_loom))]
struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(emanate_loom))]
impl<T> UnsafeCell<T> {
    fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    fn with_mut<R>(&self, act: impl FnOnce(*mut T) -> R) -> R {
        act(self.0.get())
    }
}

/// Room for one value, with no word on whether it is there or who may use it.
pub(super) struct Place<T>(UnsafeCell<MaybeUninit<T>>);

impl<T> Place<T> {
    pub(super) fn empty() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Puts `value` here.
    ///
    /// # Safety
    /// The caller alone uses the place. It should be empty: a value that is there is forgotten.
    #[inline]
    #[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
    pub(super) unsafe fn fill(&self, value: T) {
        // SAFETY: the pointer is that of the cell, which lives as long as `self`, and the caller
        // alone uses it.
        self.0.with_mut(|place| unsafe { (*place).write(value) });
    }

    /// Takes the value out.
    ///
    /// # Safety
    /// The caller alone uses the place, and it was filled since it was last emptied.
    #[inline]
    #[expect(unsafe_code, reason = "a place is shared, but never used by two at once")]
    pub(super) unsafe fn empty_out(&self) -> T {
        // SAFETY: as in `fill`; that there is a value is the caller's promise.
        self.0.with_mut(|place| unsafe { (*place).assume_init_read() })
    }
}
