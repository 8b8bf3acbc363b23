//! Whether breakers are open, and for how long.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use crate::gate::BreakerState;
use crate::health::{CheckContext, Verdict};
use crate::sync::{Arc, Published};

/// How long a breaker may be open before [`breakers`] fails. A fault that passes while the first
/// open waits go by is only a warning.
pub const DEFAULT_OPEN_MAX: Duration = Duration::from_mins(3);

/// Fails where a breaker has let nothing or only probes through for longer than `open_max`, warns
/// where one does so at all, or was forced open by the host. `read` gives names and states.
///
/// The time counts from the first run of the check that finds the breaker so, until one that does
/// not; going from open to half open and back ends nothing.
pub fn breakers(
    open_max: Duration,
    read: impl Fn() -> Vec<(String, BreakerState)> + Send + Sync + 'static,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    // Since when each has been open. A check never runs twice at once, so it is this run's alone.
    let since = Published::new(Arc::new(BTreeMap::<String, u64>::new()));
    move |context| {
        let now_ns = context.clock().now_ns();
        let known = since.load();
        let (mut open, mut sentence, mut fails) = (BTreeMap::new(), String::new(), false);
        for (name, state) in read() {
            if !state.keeps_out() {
                continue;
            }
            let since_ns = known.get(&name).copied().unwrap_or(now_ns);
            let open_for = Duration::from_nanos(now_ns.saturating_sub(since_ns));
            fails |= open_for > open_max && state != BreakerState::ForcedOpen;
            let lead = if sentence.is_empty() { "breakers are not closed:" } else { "," };
            // Writing to a string cannot fail.
            let _ =
                write!(sentence, "{lead} {name} is {state} and has not closed for {open_for:?}");
            open.insert(name, since_ns);
        }
        let all_closed = open.is_empty();
        since.store(Arc::new(open));
        match (all_closed, fails) {
            (true, _) => Verdict::Pass,
            (false, false) => Verdict::warn(sentence),
            (false, true) => Verdict::fail(sentence),
        }
    }
}
