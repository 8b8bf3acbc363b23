//! What may change while a breaker runs.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use crate::terms::{ParameterError, Range};

/// Most slices of a window.
pub(super) const SLICES_MAX: u8 = 15;
/// Default of [`Window`]: calls.
pub const DEFAULT_WINDOW_CALLS: NonZeroU32 = NonZeroU32::new(100).expect("not 0");
/// Default of [`Window`]: slices.
pub const DEFAULT_WINDOW_SLICES: NonZeroU8 = NonZeroU8::new(4).expect("not 0");
/// Default of [`BreakerSettings::minimum_calls`].
pub const DEFAULT_MINIMUM_CALLS: u64 = 20;
/// Default of [`BreakerSettings::failure_rate`].
pub const DEFAULT_FAILURE_RATE: Rate = Rate(0.5);
/// Default of [`BreakerSettings::slow_rate`].
pub const DEFAULT_SLOW_RATE: Rate = Rate(1.0);
/// Default of [`BreakerSettings::half_open_max`].
pub const DEFAULT_HALF_OPEN_MAX: Duration = Duration::from_mins(2);
/// Default of [`BreakerSettings::lease`].
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// Default of [`BreakerSettings::open_wait_max`].
pub const DEFAULT_OPEN_WAIT_MAX: Duration = Duration::from_mins(10);
/// Default of [`BreakerSettings::jitter`].
pub const DEFAULT_JITTER: Jitter = Jitter(0.2);
/// Default of [`BreakerSettings::stable`].
pub const DEFAULT_STABLE: Duration = Duration::from_mins(5);

/// A share of calls, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// `share` as a rate.
    ///
    /// # Errors
    /// [`ParameterError`] unless `0 < share <= 1`.
    pub fn new(share: f64) -> Result<Self, ParameterError> {
        Range::UNIT_ABOVE_ZERO.check("rate", share).map(Self)
    }

    /// The share, in (0, 1].
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// How sure a breaker must be that a rate is reached: `z` standard deviations.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// One chance in 40 that the true rate lies below the bound.
    pub const Z_1_96: Self = Self(1.96);

    /// `z` standard deviations.
    ///
    /// # Errors
    /// [`ParameterError`] unless `z` is finite and at least 0.
    pub fn new(z: f64) -> Result<Self, ParameterError> {
        Range::NON_NEGATIVE.check("confidence", z).map(Self)
    }

    /// The standard deviations, at least 0.
    #[must_use]
    pub const fn z(self) -> f64 {
        self.0
    }
}

/// The part of an open wait that chance takes off, from 0 (none) to 1 (up to all of it).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Jitter(f64);

impl Jitter {
    /// No chance at all.
    pub const NONE: Self = Self(0.0);

    /// At most `part` of a wait.
    ///
    /// # Errors
    /// [`ParameterError`] unless `0 <= part <= 1`.
    pub fn new(part: f64) -> Result<Self, ParameterError> {
        Range::UNIT.check("jitter", part).map(Self)
    }

    /// The part, in [0, 1].
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// Over which calls rates are taken.
///
/// A window is cut into slices and moves by a whole slice: it holds at least what it is asked for,
/// and less than two slices more where one thread records, since a slice of more than 16 calls
/// ends at a failure, a slow call or a fourth success. Where several do, each may add up to
/// `span / stripes` calls to a slice before it looks whether the slice is full, so a slice, and
/// with it the window, holds at most twice as much. More than 15 slices are taken for 15, and
/// slices larger than 255 (calls, or milliseconds) grow by less than 1 part in 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// The last `calls` calls. Needs no clock.
    Calls {
        /// How many.
        calls: NonZeroU32,
        /// Of how many slices; not more than calls.
        slices: NonZeroU8,
    },
    /// The calls of the last `span`. Costs one reading of the clock for each outcome that does
    /// not come with its own time.
    Time {
        /// How long; whole milliseconds, rounded up.
        span: Duration,
        /// Of how many slices, each at least 1 ms.
        slices: NonZeroU8,
    },
}

impl Window {
    /// The last `calls` calls, of so many slices.
    #[must_use]
    pub const fn calls(calls: NonZeroU32, slices: NonZeroU8) -> Self {
        Self::Calls { calls, slices }
    }

    /// The calls of the last `span`, of so many slices.
    #[must_use]
    pub const fn time(span: Duration, slices: NonZeroU8) -> Self {
        Self::Time { span, slices }
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::Calls { calls: DEFAULT_WINDOW_CALLS, slices: DEFAULT_WINDOW_SLICES }
    }
}

/// Where a breaker goes that was in `HalfOpen` for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HalfOpenEnd {
    /// Open, with a longer wait than before.
    #[default]
    Open,
    /// Closed, for nothing failed.
    Closed,
}

/// What may change while a breaker runs; published whole. Every value is legal.
///
/// A call that ends while its breaker is closed is counted in the window. The breaker opens when a
/// failure is recorded and one of these holds, or a slow call and the last one does:
/// - so many failures in a row as [`consecutive_failures`](Self::consecutive_failures) says;
/// - at least [`minimum_calls`](Self::minimum_calls) calls, and failures / calls at least
///   [`failure_rate`](Self::failure_rate);
/// - at least so many calls, and slow / calls at least [`slow_rate`](Self::slow_rate).
///
/// With a [`confidence`](Self::confidence) `z`, a rate `p` of `n` calls is replaced by the lower
/// end of Wilson's interval,
///
/// ```text
/// (p + z^2/2n - z sqrt(p (1-p)/n + z^2/4n^2)) / (1 + z^2/n)
/// ```
///
/// which grows with `n`, so that few calls must fail more often to open it than many.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerSettings {
    /// Over which calls rates are taken. A window of another shape begins empty.
    pub window: Window,
    /// Fewer calls in the window decide nothing. By default [`DEFAULT_MINIMUM_CALLS`].
    pub minimum_calls: u64,
    /// The failure rate that opens. By default [`DEFAULT_FAILURE_RATE`].
    pub failure_rate: Option<Rate>,
    /// The slow rate that opens. Without it a slow probe is a success. By default
    /// [`DEFAULT_SLOW_RATE`].
    pub slow_rate: Option<Rate>,
    /// A successful call that took longer is slow, where its time is known. By default, none is.
    pub slow_limit: Duration,
    /// Rates must be reached with so much certainty. By default, the rates themselves decide.
    pub confidence: Option<Confidence>,
    /// So many failures in a row open, whatever the rates; above 127 means 127.
    pub consecutive_failures: Option<NonZeroU8>,
    /// Most probes at once in `HalfOpen`: 1 at first, then 2, 4, .. as probes succeed, up to this;
    /// above 63 means 63.
    pub permitted_probes: NonZeroU8,
    /// So many probes must succeed to close; above 127 means 127. Never are more probes out than
    /// successes still wanted.
    pub success_threshold: NonZeroU8,
    /// Longest time in `HalfOpen`. By default [`DEFAULT_HALF_OPEN_MAX`].
    pub half_open_max: Duration,
    /// Where it goes then.
    pub half_open_end: HalfOpenEnd,
    /// When all places for probes have been taken for so long, they are taken back: whoever holds
    /// a permit has forgotten it, or hangs. By default [`DEFAULT_LEASE`].
    pub lease: Duration,
    /// The first open wait. It doubles with each opening, up to 15 times.
    pub open_wait: Duration,
    /// Longest open wait, before chance; no less than `open_wait`. By default
    /// [`DEFAULT_OPEN_WAIT_MAX`].
    pub open_wait_max: Duration,
    /// A wait is shortened by up to this part of it, by a number drawn from the breaker's name,
    /// its generation and [`jitter_seed`](Self::jitter_seed). By default [`DEFAULT_JITTER`].
    pub jitter: Jitter,
    /// Give each process another number, or their breakers probe together.
    pub jitter_seed: u64,
    /// For each such time closed, one doubling of the open wait is forgotten. By default
    /// [`DEFAULT_STABLE`].
    pub stable: Duration,
}

impl BreakerSettings {
    /// Opens after `failures` in a row, waits `open_wait`, closes after `successes`; rates and all
    /// else by default.
    #[must_use]
    pub fn new(failures: NonZeroU8, open_wait: Duration, successes: NonZeroU8) -> Self {
        Self {
            window: Window::default(),
            minimum_calls: DEFAULT_MINIMUM_CALLS,
            failure_rate: Some(DEFAULT_FAILURE_RATE),
            slow_rate: Some(DEFAULT_SLOW_RATE),
            slow_limit: Duration::MAX,
            confidence: None,
            consecutive_failures: Some(failures),
            permitted_probes: successes,
            success_threshold: successes,
            half_open_max: DEFAULT_HALF_OPEN_MAX,
            half_open_end: HalfOpenEnd::Open,
            lease: DEFAULT_LEASE,
            open_wait,
            open_wait_max: DEFAULT_OPEN_WAIT_MAX,
            jitter: DEFAULT_JITTER,
            jitter_seed: 0,
            stable: DEFAULT_STABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Confidence, Jitter, Rate};

    #[test]
    fn ranges_are_checked() {
        assert!(Rate::new(0.0).is_err() && Rate::new(1.1).is_err() && Rate::new(f64::NAN).is_err());
        assert_eq!(Rate::new(1.0).map(Rate::get), Ok(1.0));
        assert!(Jitter::new(-0.1).is_err() && Jitter::new(1.1).is_err());
        assert_eq!(Jitter::new(0.25).map(Jitter::get), Ok(0.25));
        assert!(Confidence::new(-1.0).is_err() && Confidence::new(f64::INFINITY).is_err());
        assert_eq!(Confidence::new(2.0).map(Confidence::z), Ok(2.0));
    }
}
