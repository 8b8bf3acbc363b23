//! Whether there is scratch for another spread.

use crate::health::{CheckContext, Verdict};

/// Fails where no scratch is left. `read` gives how many are leased, and how many there are.
///
/// A full pool is ordinary for a moment; how many periods in a row are too many, the check's
/// policy says.
pub fn pool(
    read: impl Fn() -> (u64, u64) + Send + Sync + 'static,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    move |_| {
        let (leased, slots) = read();
        if leased < slots {
            return Verdict::Pass;
        }
        Verdict::fail(format!(
            "all {slots} scratches are leased, so spreads wait or are shed; give the engine more, \
             or look for what keeps them"
        ))
    }
}
