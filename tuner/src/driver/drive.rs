//! What looks after a running engine.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use emanate::sync::{AtomicU64, Clock, Ordering};
use emanate::{Engine, Sample};

use super::config::{DriverConfig, SHADOW_SHARE_MAX};
use super::handle::TunerHandle;
use super::shadows::Shadows;
use super::shared::{Shared, steered};
use crate::controller::Controller;
use crate::decision::Proposal;
use crate::reading::Reading;
use crate::windows::{Batch, WindowLimits, Windows};

/// Live requests that should be seen in one look, at the least.
const WANTED_A_LOOK: u64 = 8;

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// How long until the next is due.
    pub wait: Duration,
    /// The window that was full, if one was, and what the tuner answered.
    pub answered: Option<(Reading, Proposal)>,
}

/// Ticks a tuner on a running engine. Somebody must call [`Driver::look`].
#[derive(Debug)]
pub struct Driver {
    shared: Arc<Shared>,
    windows: Windows,
    shadows: Shadows,
    look_every: Duration,
    batches: Vec<Batch>,
    /// Where the batches' clock begins.
    origin: Instant,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Driver {
    /// A driver for `engine`, with the tuner at the settings now in force, or at the nearest ones
    /// within its bounds, which are in force then. Nothing is measured before the first look.
    #[must_use]
    pub fn new(engine: Arc<Engine>, config: &DriverConfig, clock: Arc<dyn Clock>) -> Self {
        let controller = Controller::beginning_at(config.tuner, steered(&engine.settings()));
        let tuner = config.tuner;
        let limits = WindowLimits {
            least_ns: nanos(config.window_min),
            most_ns: nanos(config.window_max.max(config.window_min)),
            batches_min: config.batches_min,
            // Saturates; a budget that is no number above 0 is met by nothing.
            budget_ns: (tuner.objective.budget_us * 1e3) as u64,
        };
        let processors = match config.processors {
            0 => available_parallelism().map_or(1, usize::from),
            some => some,
        };
        let share = config.shadow_share.clamp(0.0, SHADOW_SHARE_MAX);
        let share = if share.is_finite() { share } else { 0.0 };
        let own = Engine::builder().scratch_slots(1).threads(1).build();
        let own = own.unwrap_or_else(|_| Engine::new());
        let mut shadows =
            Shadows::new(own, Arc::clone(&clock), tuner.bounds, share * processors as f64);
        let now = clock.now_ns();
        let shared = Arc::new(Shared::new(engine, clock, controller));
        let in_force = shared.engine.settings();
        shadows.begin(in_force.hop_limit);
        Self {
            windows: Windows::new(limits, steered(&in_force), in_force.number(), now),
            shadows,
            shared,
            look_every: config.look_every,
            batches: Vec::new(),
            origin: Instant::now(),
        }
    }

    /// For those who watch and command the tuner.
    #[must_use]
    pub fn handle(&self) -> TunerHandle {
        TunerHandle(Arc::clone(&self.shared))
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Looks at the engine once: takes its samples, answers the window if it is full, and runs what
    /// shadow spreads are allowed.
    ///
    /// Costs a microsecond, some ten nanoseconds a sample, a tick in each window, and what shadow
    /// spreads are allowed; one of them takes at most 400 ms.
    pub fn look(&mut self) -> Look {
        let clock = Arc::clone(&self.shared.clock);
        let engine = Arc::clone(&self.shared.engine);
        let now = clock.now_ns();
        let in_force = engine.settings();
        if in_force.number() != self.windows.number() {
            self.windows.begin(steered(&in_force), in_force.number(), now);
            self.shadows.begin(in_force.hop_limit);
        }
        let spreads = self.take_samples(&engine, now);
        let mut answered = None;
        if let Some(mut reading) = self.windows.end(None, now) {
            reading.shadow = self.shadows.take();
            answered = Some((reading, self.shared.tick(&reading)));
            self.shadows.begin(engine.settings().hop_limit);
            self.shared.figures.windows.fetch_add(1, Ordering::Relaxed);
            self.shared.figures.window_ns.store(now, Ordering::Relaxed);
        }
        // Last, since they take their time: settings that are over budget are left by then.
        self.shadows.run(&engine, (spreads / WANTED_A_LOOK).max(1));
        self.note(clock.now_ns());
        Look { wait: self.look_every, answered }
    }

    fn take_samples(&mut self, engine: &Engine, now_ns: u64) -> u64 {
        let (batches, origin) = (&mut self.batches, self.origin);
        batches.clear();
        let lost = engine.take_samples(|sample| batches.push(batch_of(&sample, origin)));
        self.windows.add(batches, lost, now_ns);
        batches.iter().map(|batch| u64::from(batch.spreads)).sum()
    }

    /// Writes the figures. Relaxed: each is read by itself.
    fn note(&self, now_ns: u64) {
        let figures = &self.shared.figures;
        let put = |to: &AtomicU64, value| to.store(value, Ordering::Relaxed);
        let (shadows, shadow_ns) = self.shadows.spent();
        put(&figures.looked_ns, now_ns);
        put(&figures.lost, self.windows.lost());
        put(&figures.stale, self.windows.stale());
        put(&figures.shadows, shadows);
        put(&figures.shadow_ns, shadow_ns);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shadows.end(&self.shared.engine);
    }
}

fn batch_of(sample: &Sample, origin: Instant) -> Batch {
    Batch {
        settings: sample.settings,
        spreads: sample.spreads.saturating_sub(sample.failed),
        app_limited: sample.app_limited,
        latency_ns: nanos(sample.latency),
        ended_ns: nanos(sample.ended.saturating_duration_since(origin)),
    }
}
