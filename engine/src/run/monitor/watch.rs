//! The monitor that knows all operations.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::counts::OperationReading;
use super::notice::{Notice, Notices};
use super::operation::HostOperation;
use super::settings::OperationOptions;
use crate::sync::{Arc, AtomicBool, Clock, Ordering, Published};

/// Most operations of one monitor: each is a handful of series.
pub const OPERATIONS_MAX: usize = 64;

/// Most bytes of an operation's name.
const NAME_BYTES_MAX: usize = 64;

/// Why an operation was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MonitorError {
    /// The name is empty, longer than 64 bytes, or has other characters than `a-z`, `0-9`, `_`,
    /// `-`, `.` and `:`; it becomes a label of metrics. Choose another.
    BadName {
        /// The name.
        name: Box<str>,
    },
    /// There is an operation of this name; ask for it with [`Monitor::find`].
    NameTaken {
        /// The name.
        name: Box<str>,
    },
    /// There are as many operations as there can be. Give fewer, broader names.
    TooMany {
        /// The greatest number.
        most: usize,
    },
}

impl fmt::Display for MonitorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { name } => write!(
                f,
                "{name:?} cannot be an operation's name; use 1 to {NAME_BYTES_MAX} of a-z, 0-9, \
                 _, -, . and :"
            ),
            Self::NameTaken { name } => {
                write!(f, "there is an operation {name:?} already; ask for that one")
            }
            Self::TooMany { most } => {
                write!(f, "there are {most} operations, and no more can be; use broader names")
            }
        }
    }
}

impl std::error::Error for MonitorError {}

/// Where the monitor reads how much memory the process has in use.
pub(super) type ReadMemory = dyn Fn() -> Option<u64> + Send + Sync;

/// What the operations of one monitor share.
pub(super) struct Watch {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) read_memory: Box<ReadMemory>,
    pub(super) notices: Notices,
    on: AtomicBool,
}

// What a host's clock or memory reader does when it panics is its own; nothing here is left
// half-done.
impl UnwindSafe for Watch {}
impl RefUnwindSafe for Watch {}

impl Watch {
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        // Relaxed: see `Monitor::switch`.
        self.on.load(Ordering::Relaxed)
    }
}

/// All monitored operations of an engine, or of a host; cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    watch: Arc<Watch>,
    operations: Arc<Published<Vec<HostOperation>>>,
}

impl Monitor {
    /// A monitor without operations, switched on. `read_memory` tells how many bytes the process
    /// has in memory, where it can: [`resident_bytes`](crate::health::checks::resident_bytes),
    /// say.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        read_memory: impl Fn() -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        let watch = Arc::new(Watch {
            clock,
            read_memory: Box::new(read_memory),
            notices: Notices::new(),
            on: AtomicBool::new(true),
        });
        Self { watch, operations: Arc::new(Published::new(Arc::new(Vec::new()))) }
    }

    /// Switches it on or off. While it is off, work is called directly: it is not timed, counted,
    /// or held back by a breaker. What has begun ends as it began.
    pub fn switch(&self, on: MonitorSwitch) {
        // Relaxed: the flag carries no data; work that sees it late is treated as before.
        self.watch.on.store(on == MonitorSwitch::On, Ordering::Relaxed);
    }

    /// Registers an operation.
    ///
    /// # Errors
    /// [`MonitorError`], and nothing is registered.
    pub fn register(
        &self,
        name: &str,
        options: impl Into<OperationOptions>,
    ) -> Result<HostOperation, MonitorError> {
        let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.:".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_good) {
            return Err(MonitorError::BadName { name: name.into() });
        }
        let operation = HostOperation::new(name, options.into(), self.watch.clone());
        let mut refused = None;
        self.operations.update(|operations| {
            refused = if operations.iter().any(|held| held.name() == name) {
                Some(MonitorError::NameTaken { name: name.into() })
            } else if operations.len() >= OPERATIONS_MAX {
                Some(MonitorError::TooMany { most: OPERATIONS_MAX })
            } else {
                None
            };
            let new = refused.is_none().then(|| operation.clone());
            operations.iter().cloned().chain(new).collect()
        });
        refused.map_or(Ok(operation), Err)
    }

    /// The operation of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<HostOperation> {
        self.operations.load().iter().find(|operation| operation.name() == name).cloned()
    }

    /// What every operation has done, in the order they were registered.
    #[must_use]
    pub fn reading(&self) -> Vec<OperationReading> {
        self.operations.load().iter().map(HostOperation::reading).collect()
    }

    /// Takes the notices that there are, oldest first.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.watch.notices.take()
    }

    /// How many notices gave way to newer ones because nobody took them.
    #[must_use]
    pub fn notices_dropped(&self) -> u64 {
        self.watch.notices.dropped()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.operations.load();
        let names: Vec<&str> = operations.iter().map(HostOperation::name).collect();
        f.debug_struct("Monitor").field("operations", &names).finish_non_exhaustive()
    }
}

/// Whether a monitor watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MonitorSwitch {
    /// It does.
    #[default]
    On,
    /// It does not, and costs one branch.
    Off,
}
