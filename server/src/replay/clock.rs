//! Time, passed in so that a test can hold it still.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// A clock that counts from the beginning of a replay.
pub(super) trait Clock: Sync {
    /// Time since the beginning; zero before it.
    fn now(&self) -> Duration;

    /// Returns at `instant`, or at once where it has passed.
    fn wait_until(&self, instant: Duration);
}

/// Before an instant it waits for, a thread is awake this long, since the operating system wakes
/// sleepers late.
const AWAKE: Duration = Duration::from_micros(200);

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct SystemClock {
    begin: Instant,
    wall: SystemTime,
}

impl SystemClock {
    /// A clock that begins `lead` from now, so that threads are there in time.
    pub(super) fn beginning_in(lead: Duration) -> Self {
        Self { begin: Instant::now() + lead, wall: SystemTime::now() + lead }
    }

    /// The date and time at which it begins.
    pub(super) const fn wall(&self) -> SystemTime {
        self.wall
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    fn wait_until(&self, instant: Duration) {
        loop {
            // Where the clock cannot hold the instant, the next century will do.
            let Some(at) = self.begin.checked_add(instant) else { return };
            match at.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return,
                // Another thread may need this core.
                left if left <= AWAKE => thread::yield_now(),
                left => thread::sleep(left - AWAKE),
            }
        }
    }
}
