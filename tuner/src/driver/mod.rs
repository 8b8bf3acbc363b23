//! The tuner on a running engine: what is measured goes in, settings come out.
//!
//! ```text
//! Engine::take_samples -> Windows -> Reading -> Controller::tick -> Engine::set
//! Engine::take_requests -> shadow spreads, in an engine of their own -+
//! ```
//!
//! A [`Driver`] is looked after by whoever calls [`Driver::look`] every few milliseconds:
//! a thread ([`Driver::start`]), a task (`drive`, feature `tokio`), or the host itself. It waits
//! for nothing and holds no lock while it measures, so a driver that hangs or dies stops nobody:
//! the settings it set last stay in force, [`TunerHandle::reading`] goes on answering, and its
//! [`age`](TunerReading::age) grows. Time comes from the clock it is given.
//!
//! A [`TunerHandle`] is the operator's: it pins, overrides, freezes and releases, with effect at
//! once, also while the driver hangs; and it reads figures and history while the driver runs.
//!
//! # Shadow spreads
//! The hop limit of requests that leave it to the engine changes answers, so it moves only on
//! evidence from live requests: some are copied as they come in, and run once more at full depth
//! and at the hop limit that is judged. [`recall_of`] compares the two. They run in an engine of
//! their own with one scratch, so that they take no scratch, no queue and no permit from live
//! spreads, and their times are in no sample. Of the machine's time they take at most
//! [`DriverConfig::shadow_share`]: none is begun while what the last ones took is more than what
//! was allowed until then.
//!
//! # Progress
//! Ticks and commands are ordered by a mutex that is held for one of them, some tens of
//! microseconds. No spread ever takes it.

mod allowance;
mod config;
mod drive;
mod handle;
#[cfg(feature = "tokio")]
mod on_tokio;
mod reading;
mod shadows;
mod shared;
mod thread;

pub use config::{DriverConfig, SHADOW_SHARE_MAX};
pub use drive::{Driver, Look};
pub use handle::TunerHandle;
#[cfg(feature = "tokio")]
pub use on_tokio::{DriverEnded, drive};
pub use reading::TunerReading;
pub use shadows::{DEFAULT_RECALL_AT, recall_of};
pub use thread::DriverThread;
