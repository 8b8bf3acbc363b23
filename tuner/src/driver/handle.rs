//! What an operator holds of a running tuner.

use std::sync::Arc;

use super::reading::TunerReading;
use super::shared::Shared;
use crate::audit::{Audit, Decision};
use crate::controller::Controller;
use crate::reading::{SettingName, Settings};
use crate::steering::Command;

/// A running tuner, for those who watch and command it; cheap to clone. It works the same while
/// the driver is late, hangs, or has died.
#[derive(Clone, Debug)]
pub struct TunerHandle(pub(super) Arc<Shared>);

impl TunerHandle {
    /// Does what an operator asks: pins a setting or lets it go, overrides both, freezes the tuner
    /// or releases it. In force when it returns; gives the settings asked for then.
    pub fn obey(&self, command: Command) -> Settings {
        self.0.obey(command)
    }

    /// Freezes one setting: pins it to what it is now. The other is steered on.
    pub fn freeze(&self, setting: SettingName) -> Settings {
        let now = Some(setting.of(self.reading().settings));
        self.obey(match setting {
            SettingName::BatchSize => Command::PinBatchSize(now),
            SettingName::HopLimit => Command::PinHopLimit(now),
        })
    }

    /// Lets go of one setting that was pinned or frozen.
    pub fn release(&self, setting: SettingName) -> Settings {
        self.obey(match setting {
            SettingName::BatchSize => Command::PinBatchSize(None),
            SettingName::HopLimit => Command::PinHopLimit(None),
        })
    }

    /// The figures as they are.
    #[must_use]
    pub fn reading(&self) -> TunerReading {
        self.0.reading()
    }

    /// The newest `count` decisions, the newest first.
    #[must_use]
    pub fn decisions(&self, count: usize) -> Vec<Decision> {
        let newest = |audit: &Audit| audit.decisions().rev().take(count).copied().collect();
        self.0.with(|controller| newest(controller.audit()))
    }

    /// The tuner as it is now, with its whole history, which can be [replayed](Audit::replay).
    /// Copies some hundred kilobytes.
    #[must_use]
    pub fn controller(&self) -> Controller {
        self.0.controller()
    }
}
