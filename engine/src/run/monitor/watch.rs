//! The monitor that knows all operations.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::counts::OperationReading;
use super::notice::{Notice, Notices};
use super::operation::HostOperation;
use super::settings::OperationOptions;
use crate::sync::{Arc, AtomicBool, Clock, Ordering};
use crate::terms::{NameError, Named, Roster};

/// Most operations of one monitor: each is a handful of series.
pub const OPERATIONS_MAX: usize = 64;

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

impl Named for HostOperation {
    fn name(&self) -> &str {
        HostOperation::name(self)
    }
}

/// All monitored operations of an engine, or of a host; cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    watch: Arc<Watch>,
    operations: Arc<Roster<HostOperation>>,
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
        Self { watch, operations: Arc::new(Roster::new("operations", OPERATIONS_MAX)) }
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
    /// [`NameError`], and nothing is registered.
    pub fn register(
        &self,
        name: &str,
        options: impl Into<OperationOptions>,
    ) -> Result<HostOperation, NameError> {
        let operation = HostOperation::new(name, options.into(), self.watch.clone());
        self.operations.add(&operation)?;
        Ok(operation)
    }

    /// The operation of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<HostOperation> {
        self.operations.find(name)
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
        f.debug_struct("Monitor").field("operations", &self.operations).finish_non_exhaustive()
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
