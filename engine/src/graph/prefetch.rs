//! Asking the processor to fetch memory before it is needed.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for the cache line at `values[position]`; nothing happens where there is no such value.
///
/// Where rows lie far apart in memory, fetching several of them at once hides most of the time
/// that each would take.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T], position: usize) {
    if let Some(value) = values.get(position) {
        prefetch_at(std::ptr::from_ref(value).cast());
    }
}

/// Asks for every cache line of `value`.
#[inline(always)]
pub(crate) fn prefetch_all<T>(value: &T) {
    let start: *const i8 = std::ptr::from_ref(value).cast();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        prefetch_at(start.wrapping_add(offset));
    }
    // It may begin in the middle of a line.
    prefetch_at(start.wrapping_add(size_of::<T>().saturating_sub(1)));
}

#[inline(always)]
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the instruction has no safe name in the standard library")
)]
fn prefetch_at(place: *const i8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing and never faults, whatever the pointer.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
