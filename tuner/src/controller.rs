//! The tuner: one answer a reading.

use crate::audit::{Audit, decide};
use crate::decision::{Proposal, Reason};
use crate::reading::{Reading, Settings};
use crate::steering::{Command, Config, Steering};
use crate::strategy::Strategy;

/// A tuner: it holds no clock, no thread and no file, and the same readings and commands give
/// the same answers, bit for bit, on every machine.
#[derive(Clone, Debug)]
pub struct Controller {
    steering: Steering,
    audit: Audit,
}

impl Controller {
    /// A tuner that has seen nothing. The settings of the first reading are where it begins.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let steering = Steering::new(config);
        let audit = Audit::new(&steering);
        Self { steering, audit }
    }

    /// A tuner that begins at `settings`, or at the nearest ones that are allowed, before it has
    /// seen a reading: so it can be frozen and overridden from the start.
    #[must_use]
    pub fn beginning_at(config: Config, settings: Settings) -> Self {
        let mut steering = Steering::new(config);
        steering.begin_at(settings);
        let audit = Audit::new(&steering);
        Self { steering, audit }
    }

    /// Answers one reading. Never panics, whatever the reading holds; costs at most some tens of
    /// microseconds, and memory is bounded.
    pub fn tick(&mut self, reading: &Reading) -> Proposal {
        self.audit.reading(reading, &self.steering);
        let decision = decide(&mut self.steering, reading);
        self.audit.answered(decision);
        decision.proposal
    }

    /// Does what an operator asks. What it changes shows in [`Self::settings`] at once.
    /// Before the first reading only pins have an effect.
    pub fn obey(&mut self, command: Command) {
        self.audit.command(command, &self.steering);
        self.steering.obey(command);
    }

    /// What it was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        self.steering.config()
    }

    /// The settings that should be in force; `None` before the first reading.
    #[must_use]
    pub fn settings(&self) -> Option<Settings> {
        self.steering.current()
    }

    /// The last settings that were long enough in force without a fault; a rollback goes there.
    #[must_use]
    pub fn last_known_good(&self) -> Option<Settings> {
        self.steering.last_good()
    }

    /// Why the tuner is frozen, if it is.
    #[must_use]
    pub fn frozen(&self) -> Option<Reason> {
        self.steering.frozen()
    }

    /// The step, dwell and confidence in use now.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.steering.strategy()
    }

    /// Every decision.
    #[must_use]
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }
}
