//! One kind of work that a host does again and again.

use std::fmt;
use std::future::Future;

use super::batch::{self, BatchOptions, BatchReport};
use super::call::{Call, OperationError};
use super::counts::{Counts, OperationReading};
use super::notice::RateLimit;
use super::running::Running;
use super::settings::{OperationOptions, OperationSettings};
use super::watch::Watch;
use crate::gate::Breaker;
use crate::observe::custom::CustomHistogram;
use crate::sync::{Arc, AtomicU64, Published};

/// What is known of one operation.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) settings: Published<OperationSettings>,
    pub(super) counts: Counts,
    pub(super) limit: RateLimit,
    /// Notices held back since the last one that was kept.
    pub(super) held_back: AtomicU64,
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) durations: Option<CustomHistogram>,
}

/// One kind of work that a host does again and again; cheap to clone.
///
/// ```
/// use std::io;
///
/// use emanate::monitor::{Monitor, OperationEnd, OperationSettings};
/// use emanate::sync::{Arc, MonotonicClock};
///
/// let monitor = Monitor::new(Arc::new(MonotonicClock::new()), || None);
/// let backup = monitor.register("backup", OperationSettings::default())?;
/// let done = backup.run(|| Ok::<_, io::Error>(42));
/// assert_eq!(done.ok(), Some(42));
/// assert_eq!(backup.reading().ended_as(OperationEnd::Success), 1);
/// # Ok::<(), emanate::terms::NameError>(())
/// ```
#[derive(Clone)]
pub struct HostOperation {
    pub(super) known: Arc<Known>,
    pub(super) watch: Arc<Watch>,
}

impl HostOperation {
    pub(super) fn new(name: &str, options: OperationOptions, watch: Arc<Watch>) -> Self {
        let OperationOptions { settings, breaker, durations } = options;
        let known = Known {
            name: name.into(),
            settings: Published::new(Arc::new(settings)),
            counts: Counts::default(),
            limit: RateLimit::default(),
            held_back: AtomicU64::new(0),
            breaker,
            durations,
        };
        Self { known: Arc::new(known), watch }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.known.name
    }

    /// The settings now in force.
    #[must_use]
    pub fn settings(&self) -> Arc<OperationSettings> {
        self.known.settings.load()
    }

    /// Puts `settings` in force for all work that begins from now on.
    pub fn set(&self, settings: OperationSettings) {
        self.known.settings.store(Arc::new(settings));
    }

    /// What it has done.
    #[must_use]
    pub fn reading(&self) -> OperationReading {
        self.known.counts.reading(self.known.name.clone())
    }

    /// A call whose notice, should it leave one, says what `context` gives: which file, how many
    /// rows. `context` is called only then.
    pub fn with<C: FnOnce() -> String>(&self, context: C) -> Call<'_, C> {
        Call::new(self, context)
    }

    /// Runs `work` on this thread. An error is a failure; a panic is one too, and goes on.
    ///
    /// # Errors
    /// [`OperationError`]: what `work` returned, or that it was not let in.
    pub fn run<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, OperationError<E>> {
        self.with(String::new).run(work)
    }

    /// `future`, watched from when it is first polled until it is ready. Needs no runtime. Dropped
    /// before that, it counts as cancelled.
    ///
    /// # Errors
    /// [`OperationError`]: what `future` gave, or that it was not let in.
    pub fn watch<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<T, OperationError<E>>> + use<T, E, F> {
        let operation = self.clone();
        async move { operation.with(String::new).watched(future).await }
    }

    /// Runs `work` on each of `items`, each as a call of its own, and says in the order of `items`
    /// what came of them. A panic in one is that item's, and goes no further.
    pub fn batch<I: Sync, T: Send, E: Send>(
        &self,
        items: &[I],
        options: &BatchOptions<'_>,
        work: impl Fn(&I) -> Result<T, E> + Sync,
    ) -> BatchReport<T, E> {
        batch::run(self, items, options, work)
    }

    /// Begins work that fits none of the other ways: whoever holds the guard does it, and says how
    /// it ended.
    ///
    /// # Errors
    /// [`OperationError::Rejected`] where it is not let in.
    pub fn begin(&self) -> Result<Running<'_>, OperationError<std::convert::Infallible>> {
        Running::begin(self, String::new as fn() -> String)
    }
}

impl fmt::Debug for HostOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostOperation").field("name", &self.known.name).finish_non_exhaustive()
    }
}
