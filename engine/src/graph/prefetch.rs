//! Asking the processor to fetch memory before it is needed.

/// Asks for the cache line at `values[position]`; nothing happens where there is no such value.
///
/// Where rows lie far apart in memory, fetching several of them at once hides most of the time
/// that each would take.
#[inline(always)]
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the instruction has no safe name in the standard library")
)]
pub(crate) fn prefetch<T>(values: &[T], position: usize) {
    let Some(value) = values.get(position) else { return };
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing and never faults; the pointer is that of a value
        // that is there.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
