//! What a driver is made with.

use std::time::Duration;

use crate::steering::Config;

/// Most of the machine's time that shadow spreads may take.
pub const SHADOW_SHARE_MAX: f64 = 0.02;

/// What a driver is made with; it does not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriverConfig {
    /// What the tuner is made with. The greatest hop limit of its bounds is full depth, against
    /// which shadow spreads are compared.
    pub tuner: Config,
    /// Least length of a window.
    pub window_min: Duration,
    /// Length at which a window ends however little it holds.
    pub window_max: Duration,
    /// Batches from which a window ends sooner.
    pub batches_min: u64,
    /// How long until the driver looks again. The engine keeps 4,096 samples meanwhile.
    pub look_every: Duration,
    /// Share of the machine's time that shadow spreads may take; in `[0, SHADOW_SHARE_MAX]`, what
    /// is outside counts as the nearer end.
    pub shadow_share: f64,
    /// How many processors that share is of; 0 for as many as the machine runs threads at once.
    pub processors: usize,
}

impl DriverConfig {
    /// Windows of 100 ms to 1 s with at least 20 batches, a look every 10 ms, and all the time for
    /// shadow spreads that they may have.
    #[must_use]
    pub const fn new(tuner: Config) -> Self {
        Self {
            tuner,
            window_min: Duration::from_millis(100),
            window_max: Duration::from_secs(1),
            batches_min: 20,
            look_every: Duration::from_millis(10),
            shadow_share: SHADOW_SHARE_MAX,
            processors: 0,
        }
    }
}
