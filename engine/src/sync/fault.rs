//! Points at which a test can make the engine fail, stall or panic on purpose.
//!
//! A point is a name in the code. Built with the feature `failpoints`, the crate `fail` looks there
//! for what a test wants to happen: return an error, sleep, panic, call a closure. Built without,
//! nothing of it is in the code. The one macro here is all that knows that crate.
//!
//! | point | where | what it can do |
//! |---|---|---|
//! | a section's name, `out-edges` say | a block is read out of a file | fail, stall |
//! | [`COLD`] | a compressed block is read out of a file | fail, stall |
//! | [`WARM`] | a copy of a block is read out of a warm segment | fail, stall |
//! | [`SCRATCH`] | a scratch is leased | find none |
//! | [`SPREAD`] | a spread runs, in its scratch | panic, stall |

/// The point at which a compressed block is read out of a file.
#[cfg(feature = "failpoints")]
pub const COLD: &str = "cold";
/// The point at which a copy of a block is read out of a warm segment.
#[cfg(feature = "failpoints")]
pub const WARM: &str = "warm";
/// The point at which a scratch is leased. An action `return` finds none free.
#[cfg(feature = "failpoints")]
pub const SCRATCH: &str = "scratch";
/// The point at which a spread has its scratch and begins.
#[cfg(feature = "failpoints")]
pub const SPREAD: &str = "spread";

/// Stands at a point: `failpoint!(NAME)` panics or stalls where a test wants it, and
/// `failpoint!(NAME, VALUE)` may also return `VALUE` from the function it is in.
#[cfg(feature = "failpoints")]
macro_rules! failpoint {
    ($name:expr) => {
        ::fail::fail_point!($name)
    };
    ($name:expr, $value:expr) => {
        ::fail::fail_point!($name, |_| $value)
    };
}

/// Stands at a point, where nothing happens.
#[cfg(not(feature = "failpoints"))]
macro_rules! failpoint {
    ($($any:tt)*) => {};
}

pub(crate) use failpoint;
