//! What a driver and its handles share.
#![expect(
    clippy::disallowed_types,
    reason = "no spread takes this lock: it orders ticks and commands, each some microseconds long"
)]

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use emanate::Engine;
use emanate::sync::{AtomicBool, AtomicU64, Clock, Ordering};

use super::reading::{Parts, TunerReading};
use crate::controller::Controller;
use crate::decision::Proposal;
use crate::reading::{Bounds, Reading, Settings, Shadow};
use crate::steering::Command;

/// What the tuner has in force of an engine's settings. Larger numbers than it knows count as the
/// largest.
pub(crate) fn steered(settings: &emanate::Settings) -> Settings {
    let batch_size = u32::try_from(settings.batch_size.get()).unwrap_or(u32::MAX);
    Settings { batch_size, hop_limit: settings.hop_limit }
}

/// What is changed by ticks and commands.
#[derive(Debug)]
struct Tuner {
    controller: Controller,
    /// What was last set, by this tuner.
    published: Settings,
    /// The newest shadows, at whichever hop limit.
    shadow: Option<Shadow>,
    /// The newest shadows at the hop limit in force.
    own: Option<Shadow>,
}

/// Figures that the driver writes and anybody reads; each by itself, so Relaxed throughout.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) looked_ns: AtomicU64,
    pub(crate) window_ns: AtomicU64,
    pub(crate) is_driven: AtomicBool,
    pub(crate) windows: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) stale: AtomicU64,
    pub(crate) shadows: AtomicU64,
    pub(crate) shadow_ns: AtomicU64,
}

/// What a driver and its handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) figures: Figures,
    bounds: Bounds,
    tuner: Mutex<Tuner>,
}

impl Shared {
    pub(crate) fn new(engine: Arc<Engine>, clock: Arc<dyn Clock>, controller: Controller) -> Self {
        let bounds = controller.config().bounds;
        let in_force = steered(&engine.settings());
        let now = clock.now_ns();
        let figures = Figures {
            looked_ns: AtomicU64::new(now),
            window_ns: AtomicU64::new(now),
            is_driven: AtomicBool::new(false),
            windows: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            shadows: AtomicU64::new(0),
            shadow_ns: AtomicU64::new(0),
        };
        let tuner = Tuner { controller, published: in_force, shadow: None, own: None };
        let shared = Self { engine, clock, figures, bounds, tuner: Mutex::new(tuner) };
        // What the engine was built with may be outside the bounds.
        shared.publish(&mut shared.lock());
        shared
    }

    /// Nothing is left half-done by a panic: a tick or a command is either kept or not.
    fn lock(&self) -> MutexGuard<'_, Tuner> {
        self.tuner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts in force what the tuner asks for, where that has changed. Settings that somebody else
    /// has set meanwhile stay, until the tuner asks for something else.
    fn publish(&self, tuner: &mut Tuner) {
        let Some(wanted) = tuner.controller.settings() else { return };
        if wanted == tuner.published {
            return;
        }
        let mut settings = (*self.engine.settings()).clone();
        settings.batch_size =
            NonZeroUsize::new(wanted.batch_size as usize).unwrap_or(NonZeroUsize::MIN);
        settings.hop_limit = wanted.hop_limit;
        self.engine.set(settings);
        if wanted.hop_limit != tuner.published.hop_limit {
            tuner.own = None;
        }
        tuner.published = wanted;
    }

    /// Answers a window.
    pub(crate) fn tick(&self, reading: &Reading) -> Proposal {
        let mut tuner = self.lock();
        if let Some(shadow) = reading.shadow {
            tuner.shadow = Some(shadow);
            if shadow.hop_limit == reading.settings.hop_limit {
                tuner.own = Some(shadow);
            }
        }
        let proposal = tuner.controller.tick(reading);
        self.publish(&mut tuner);
        proposal
    }

    /// Does what an operator asks; the settings asked for after that.
    pub(crate) fn obey(&self, command: Command) -> Settings {
        let mut tuner = self.lock();
        tuner.controller.obey(command);
        if let Command::Override(_) = command {
            // Also where the tuner asks for the same already, but somebody else has set others.
            tuner.published = steered(&self.engine.settings());
        }
        self.publish(&mut tuner);
        tuner.published
    }

    /// The tuner as it is, with its history.
    pub(crate) fn controller(&self) -> Controller {
        self.lock().controller.clone()
    }

    /// Hands the tuner to `read`, while it decides nothing.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Controller) -> T) -> T {
        read(&self.lock().controller)
    }

    pub(crate) fn reading(&self) -> TunerReading {
        let in_force = steered(&self.engine.settings());
        let mut reading = {
            let tuner = self.lock();
            let full = in_force.hop_limit >= self.bounds.max().hop_limit;
            let own = tuner.own.filter(|shadow| shadow.hop_limit == in_force.hop_limit);
            let parts = Parts {
                settings: tuner.controller.settings().unwrap_or(tuner.published),
                in_force,
                policy: tuner.controller.config().policy,
                frozen: tuner.controller.frozen(),
                shadow: tuner.shadow,
                recall: if full { Some(1.0) } else { own.map(|shadow| shadow.recall) },
            };
            TunerReading::new(parts, tuner.controller.audit())
        };
        let now = self.clock.now_ns();
        let since =
            |at: &AtomicU64| Duration::from_nanos(now.saturating_sub(at.load(Ordering::Relaxed)));
        let figures = &self.figures;
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        reading.age = since(&figures.looked_ns);
        reading.window_age = since(&figures.window_ns);
        reading.is_driven = figures.is_driven.load(Ordering::Relaxed);
        reading.windows = count(&figures.windows);
        reading.samples_lost = count(&figures.lost);
        reading.samples_stale = count(&figures.stale);
        reading.shadows = count(&figures.shadows);
        reading.shadow_time = Duration::from_nanos(count(&figures.shadow_ns));
        reading
    }
}
