//! One breaker: what it is made of, and how work is let in.

use std::fmt;
use std::time::Duration;

use super::control::{Control, OUT_MAX, TALLY_MAX};
use super::counts::Counts;
use super::events::{BreakerEvent, EventCursor, EventRing};
use super::permit::Permit;
use super::settings::{BreakerSettings, HalfOpenEnd};
use super::shape::Shape;
use super::state::{BreakerState, TransitionReason};
use super::timer::Timers;
use super::window::Ring;
use crate::sync::{Arc, Atomic, AtomicU64, Clock, Ordering, Published, mutated};

/// Why a call was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOpen {
    /// After this time it is worth asking again: when the open wait is over; where probes are out,
    /// when their places are taken back at the latest; where the host forced the breaker open,
    /// the first open wait, for want of better.
    pub retry_in: Duration,
}

impl fmt::Display for BreakerOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the breaker is open; ask again in {:?}", self.retry_in)
    }
}

impl std::error::Error for BreakerOpen {}

/// What every call reads and hardly any writes, on a cache line of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Head {
    control: Atomic<Control>,
    /// Above so many nanoseconds a success is slow.
    slow_limit_ns: AtomicU64,
}

/// Lets work in while it goes well, keeps it out for a while when it does not, then tries a little
/// of it, and lets all in again when that goes well.
///
/// # Cost
/// Closed, [`acquire`](Self::acquire) is one load; recording a success is another, and one
/// exchange of a word that belongs to the calling thread's stripe. No clock is read, unless the
/// window is one of time. No lock, no allocation, no system call. A breaker takes about 2 KB, and
/// 512 bytes more for each stripe.
///
/// # Orderings
/// An exchange of the control word is AcqRel, a load Acquire: who sees a state sees all that was
/// written before it began, above all the time that belongs to it. The parts have protocols of
/// their own, which their types describe.
///
/// # Progress
/// Lock-free for all: whatever is repeated is repeated because another thread's exchange
/// succeeded. A stopped thread stops nobody; a probe that is stopped loses its place when its
/// lease ends.
pub struct Breaker {
    head: Head,
    pub(super) ring: Ring,
    pub(super) counts: Counts,
    timers: Timers,
    /// When a probe was let in last.
    admitted_ns: AtomicU64,
    events: EventRing,
    settings: Published<BreakerSettings>,
    clock: Arc<dyn Clock>,
    name: Box<str>,
}

/// What became of one attempt to let a call in.
enum Attempt<'a> {
    Admitted(Permit<'a>),
    Rejected(Duration),
    /// The control word changed meanwhile.
    Again,
}

impl Breaker {
    /// A closed breaker, called `name` by metrics.
    #[must_use]
    pub fn new(
        name: impl Into<Box<str>>,
        settings: BreakerSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let control = Control::new(Shape::of(settings.window));
        let slow_limit_ns = AtomicU64::new(nanos(settings.slow_limit));
        Self {
            head: Head { control: Atomic::new(control), slow_limit_ns },
            ring: Ring::new(),
            counts: Counts::new(),
            timers: Timers::new(clock.now_ns()),
            admitted_ns: AtomicU64::new(0),
            events: EventRing::new(),
            settings: Published::new(Arc::new(settings)),
            clock,
            name: name.into(),
        }
    }

    /// The breaker's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The present state. An open wait that is over ends when somebody asks to be let in.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.control().state()
    }

    /// Asks to be let in. Closed: one load.
    ///
    /// # Errors
    /// [`BreakerOpen`] where the breaker is open, or half open and all probes are out. A rejection
    /// is counted and is never a failure, neither here nor, if its caller reports it so, in a
    /// breaker around this one.
    #[inline]
    pub fn acquire(&self) -> Result<Permit<'_>, BreakerOpen> {
        let control = self.control();
        if control.admits_all() {
            return Ok(Permit::new(self, control));
        }
        self.acquire_probe()
    }

    #[cold]
    fn acquire_probe(&self) -> Result<Permit<'_>, BreakerOpen> {
        let settings = self.settings.load();
        loop {
            let control = self.control();
            let now = self.now_ns();
            let attempt = match control.state() {
                BreakerState::Closed | BreakerState::Disabled | BreakerState::MetricsOnly => {
                    Attempt::Admitted(Permit::new(self, control))
                }
                BreakerState::ForcedOpen => Attempt::Rejected(settings.open_wait),
                BreakerState::Open => self.try_open(control, &settings, now),
                BreakerState::HalfOpen => self.try_half_open(control, &settings, now),
            };
            match attempt {
                Attempt::Admitted(permit) => return Ok(permit),
                Attempt::Rejected(retry_in) => {
                    self.counts.reject();
                    return Err(BreakerOpen { retry_in });
                }
                Attempt::Again => {}
            }
        }
    }

    fn try_open(&self, control: Control, settings: &BreakerSettings, now: u64) -> Attempt<'_> {
        let Some(until) = self.timers.get(control.state(), control.generation()) else {
            return Attempt::Again;
        };
        if now < until {
            return Attempt::Rejected(Duration::from_nanos(until - now));
        }
        let first = control.next(BreakerState::HalfOpen).admit_one();
        self.admitted_at(now);
        let until = now.saturating_add(nanos(settings.half_open_max));
        if self.shift(control, first, TransitionReason::OpenWaitOver, until, now) {
            Attempt::Admitted(Permit::new(self, first))
        } else {
            Attempt::Again
        }
    }

    fn try_half_open(&self, control: Control, settings: &BreakerSettings, now: u64) -> Attempt<'_> {
        let Some(until) = self.timers.get(control.state(), control.generation()) else {
            return Attempt::Again;
        };
        if now >= until {
            let reason = TransitionReason::HalfOpenTooLong;
            match settings.half_open_end {
                HalfOpenEnd::Open => self.open(control, settings, reason, now),
                HalfOpenEnd::Closed => self.close(control, reason, now),
            };
            return Attempt::Again;
        }
        if control.out() < places(control, settings) {
            let admitted = control.admit_one();
            self.admitted_at(now);
            let exchanged = if mutated("probes_look_before_they_enter") {
                self.overwrite(admitted);
                true
            } else {
                self.exchange(control, admitted)
            };
            return if exchanged {
                Attempt::Admitted(Permit::new(self, admitted))
            } else {
                Attempt::Again
            };
        }
        // Relaxed: every admission counted in `control` wrote its time before its exchange, which
        // the load of the control word acquired.
        let idle = now.saturating_sub(self.admitted_ns.load(Ordering::Relaxed));
        let lease = nanos(settings.lease);
        if idle < lease {
            return Attempt::Rejected(Duration::from_nanos((lease - idle).min(until - now)));
        }
        let fresh = control.next(BreakerState::HalfOpen).with_tally(control.tally());
        if self.shift(control, fresh, TransitionReason::LeaseOver, until, now) {
            self.counts.reclaim(control.out());
        }
        Attempt::Again
    }

    fn admitted_at(&self, now: u64) {
        if !mutated("lease_counts_from_the_first_probe") {
            // Relaxed: published by the exchange that follows.
            self.admitted_ns.fetch_max(now, Ordering::Relaxed);
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<BreakerSettings> {
        self.settings.load()
    }

    /// Replaces the settings, all at once; calls under way are measured by them when they end. A
    /// window of another shape begins empty, in a new generation of the same state, except that
    /// `Open` and `HalfOpen` go on undisturbed and take it up when they close.
    pub fn set(&self, settings: BreakerSettings) {
        self.settings.store(Arc::new(settings));
        loop {
            let settings = self.settings.load();
            // Relaxed: the limit is all there is to see. Of rivals, who is last to find that
            // nothing changed since has written what is in force.
            self.head.slow_limit_ns.store(nanos(settings.slow_limit), Ordering::Relaxed);
            self.reshape();
            if mutated("set_looks_once") || Arc::ptr_eq(&settings, &self.settings.load()) {
                return;
            }
        }
    }

    /// Gives the window the shape that the settings want.
    fn reshape(&self) {
        loop {
            let control = self.control();
            let shape = Shape::of(self.settings.load().window);
            if !control.admits_all() || control.shape() == shape {
                return;
            }
            let generation = control.generation();
            let Some(since) = self.timers.get(BreakerState::Closed, generation).or_else(|| {
                // Only a closed breaker has a time that must be kept.
                (control.state() != BreakerState::Closed).then_some(0)
            }) else {
                continue;
            };
            let next = control.next(control.state()).with_shape(shape);
            let reason = TransitionReason::WindowReplaced;
            if self.shift(control, next, reason, since, self.now_ns()) {
                return;
            }
        }
    }

    /// Lets nothing in until the host says otherwise.
    pub fn force_open(&self) {
        self.command(BreakerState::ForcedOpen);
    }

    /// Lets everything in until the host says otherwise; outcomes are counted and decide nothing.
    pub fn disable(&self) {
        self.command(BreakerState::Disabled);
    }

    /// Lets everything in and measures, but does not open until the host says otherwise.
    pub fn metrics_only(&self) {
        self.command(BreakerState::MetricsOnly);
    }

    /// Closes, with an empty window and the first open wait. Counters go on.
    pub fn reset(&self) {
        self.command(BreakerState::Closed);
    }

    fn command(&self, state: BreakerState) {
        loop {
            let control = self.control();
            let shape = Shape::of(self.settings.load().window);
            let next = control.next(state).with_strain(0).with_shape(shape);
            let now = self.now_ns();
            if self.shift(control, next, TransitionReason::Host, now, now) {
                return;
            }
        }
    }

    /// The transitions since `cursor`, oldest first, and moves it. Any number of readers may do so
    /// at any time; a reader may call everything else here meanwhile.
    pub fn events<'a>(
        &'a self,
        cursor: &'a mut EventCursor,
    ) -> impl Iterator<Item = BreakerEvent> + 'a {
        std::iter::from_fn(move || self.events.next(cursor, self.control().generation()))
    }

    #[inline]
    pub(super) fn control(&self) -> Control {
        // Acquire: pairs with the AcqRel in `exchange`.
        self.head.control.load(Ordering::Acquire)
    }

    pub(super) fn exchange(&self, from: Control, to: Control) -> bool {
        // AcqRel: pairs with the Acquire in `control` and with itself; who sees `to` sees what
        // precedes it here. Relaxed on failure: callers read again.
        let (order, failed) = (Ordering::AcqRel, Ordering::Relaxed);
        self.head.control.compare_exchange(from, to, order, failed).is_ok()
    }

    /// Begins the generation of `to`, whose state's time is `at_ns`; whether this thread did.
    pub(super) fn shift(
        &self,
        from: Control,
        to: Control,
        reason: TransitionReason,
        at_ns: u64,
        now_ns: u64,
    ) -> bool {
        if !mutated("times_follow_their_state") {
            self.timers.announce(to.state(), to.generation(), at_ns);
        }
        if !self.exchange(from, to) {
            return false;
        }
        if mutated("times_follow_their_state") {
            self.timers.announce(to.state(), to.generation(), at_ns);
        }
        self.counts.transition(from.state(), to.state(), reason);
        let (generation, from, to) = (to.generation(), from.state(), to.state());
        self.events.push(BreakerEvent { generation, from, to, reason, at_ns: now_ns });
        true
    }

    /// The limit above which a success is slow, as calls read it.
    #[cfg(test)]
    pub(super) fn slow_limit_ns(&self) -> u64 {
        self.head.slow_limit_ns.load(Ordering::Acquire)
    }

    pub(super) fn timers(&self) -> &Timers {
        &self.timers
    }

    #[inline]
    pub(super) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// Whether a success that took `elapsed_ns` is slow.
    #[inline]
    pub(super) fn is_slow(&self, elapsed_ns: u64) -> bool {
        // Relaxed: the limit is all there is to see.
        elapsed_ns > self.head.slow_limit_ns.load(Ordering::Relaxed)
    }

    /// Writes the control word without looking: for tests, and for code that is wrong on purpose.
    pub(super) fn overwrite(&self, control: Control) {
        // Release: pairs with the Acquire in `control`.
        self.head.control.store(control, Ordering::Release);
    }
}

/// How many probes may be out: 1, 2, 4, .. by successes so far, at most as many as are permitted,
/// and never more than successes are still wanted.
fn places(control: Control, settings: &BreakerSettings) -> u32 {
    let ramp = 1_u32.checked_shl(control.tally()).unwrap_or(u32::MAX);
    let permitted = u32::from(settings.permitted_probes.get()).min(OUT_MAX);
    let wanted = u32::from(settings.success_threshold.get()).min(TALLY_MAX);
    ramp.min(permitted).min(wanted.saturating_sub(control.tally()).max(1))
}

/// Whole nanoseconds; 584 years are the longest.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name)
            .field("control", &self.control())
            .finish_non_exhaustive()
    }
}
