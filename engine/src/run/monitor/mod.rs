//! Host operations under watch: timed, counted, held back by a breaker, and reported where they
//! are slow or take much memory.
//!
//! A host registers a [`HostOperation`] with its [`Monitor`] under a name, and runs work through
//! it: a closure ([`HostOperation::run`]), a future of whatever runtime ([`HostOperation::watch`]),
//! or many items at once ([`HostOperation::batch`]). Work that fits none of these takes a
//! [`Running`] and says itself how it ended. All are the same underneath: a guard that is made when
//! the work begins and says how it ended when it is dropped, so that a panic, or a future that is
//! dropped half-way, is counted too.
//!
//! Where the monitor is switched off, work is called directly, at the cost of one branch.
//!
//! # What is reported
//! Work that took longer than the operation's limit, or in which the process grew by more than it
//! may, leaves a [`Notice`] in a bounded ring, where the oldest gives way. So that a fault does not
//! fill the ring with copies of itself, each operation leaves at most a burst, and then one each
//! interval; the next one says how many were held back. The context of a notice is made only when
//! one is left.
//!
//! # Progress
//! Lock-free. Counting is a few atomic additions; nothing is allocated, but for a notice.

mod batch;
mod call;
mod counts;
mod notice;
mod operation;
mod running;
mod settings;
mod watch;

pub use batch::{BatchItem, BatchOptions, BatchReport};
pub use call::{Call, OperationError};
pub use counts::{OperationEnd, OperationReading};
pub use notice::{CONTEXT_BYTES_MAX, NOTICES_MAX, Notice, NoticeKind};
pub use operation::HostOperation;
pub use running::Running;
pub use settings::{
    DEFAULT_NOTICE_BURST, DEFAULT_NOTICE_INTERVAL, DEFAULT_SLOW_LIMIT, MemoryWatch,
    OperationOptions, OperationSettings,
};
pub use watch::{Monitor, MonitorSwitch, OPERATIONS_MAX};
