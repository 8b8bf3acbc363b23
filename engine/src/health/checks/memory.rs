//! How much memory the process has in use.

use crate::health::{CheckContext, Verdict};

/// Share of the bound from which on [`memory`] warns.
const WARN_SHARE: f64 = 0.9;

/// Bytes of this process that are in memory: `resident` of `/proc/self/statm` in pages, times the
/// size of a page. `None` where the system does not tell, which is everywhere but on Linux. Costs
/// a few system calls.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        pages.checked_mul(rustix::param::page_size() as u64)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Fails where the process has more than `bytes_max` in memory, warns from nine tenths of that
/// on, and where the system does not tell. `read` is [`resident_bytes`], or the host's own.
pub fn memory(
    bytes_max: u64,
    read: impl Fn() -> Option<u64> + Send + Sync + 'static,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    move |_| match read() {
        None => Verdict::warn("the system does not tell how much memory the process has in use"),
        Some(bytes) if bytes > bytes_max => Verdict::fail(format!(
            "the process has {bytes} bytes in memory, more than the {bytes_max} allowed"
        )),
        Some(bytes) if bytes as f64 > bytes_max as f64 * WARN_SHARE => Verdict::warn(format!(
            "the process has {bytes} bytes in memory and may have {bytes_max}"
        )),
        Some(_) => Verdict::Pass,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::resident_bytes;

    #[test]
    fn memory_that_is_written_to_is_resident() {
        let before = resident_bytes().unwrap();
        let size = 64 << 20;
        let written = vec![1_u8; size];
        let after = resident_bytes().unwrap();
        assert_eq!(written.iter().map(|&byte| u64::from(byte)).sum::<u64>(), size as u64);
        // Others allocate and free meanwhile; not this much.
        assert!(after > before + (size as u64) / 2, "{before} before, {after} after");
    }
}
