//! Whether breakers are open, and for how long.

use std::fmt::Write;
use std::time::Duration;

use crate::health::{CheckContext, Verdict};

/// How long a breaker may be open before [`breakers`] fails: longer than several open waits, so
/// that a fault which passes is only a warning.
pub const DEFAULT_OPEN_MAX: Duration = Duration::from_secs(20);

/// A breaker that lets less through than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBreaker {
    /// Its name.
    pub name: String,
    /// How long it has not been closed: open, or letting only probes through.
    pub open_for: Duration,
}

/// Fails where a breaker has been open for longer than `open_max`, warns where one is open at all.
/// `read` gives those that are.
pub fn breakers(
    open_max: Duration,
    read: impl Fn() -> Vec<OpenBreaker> + Send + Sync + 'static,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    move |_| {
        let open = read();
        if open.is_empty() {
            return Verdict::Pass;
        }
        let mut sentence = String::from("breakers are not closed:");
        for (at, breaker) in open.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let OpenBreaker { name, open_for } = breaker;
            // Writing to a string cannot fail.
            let _ = write!(sentence, "{comma} {name} for {open_for:?}");
        }
        if open.iter().any(|breaker| breaker.open_for > open_max) {
            Verdict::fail(sentence)
        } else {
            Verdict::warn(sentence)
        }
    }
}
