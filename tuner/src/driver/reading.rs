//! The tuner's own figures.

use std::time::Duration;

use crate::audit::Audit;
use crate::decision::{Reason, Verdict};
use crate::policy::PolicyName;
use crate::reading::{SettingName, Settings, Shadow};

/// What the tuner has decided, asks for and sees; plain values, to be exported as metrics:
///
/// | metric | from |
/// |---|---|
/// | `tuner_decisions_total{knob,verdict}` | [`TunerReading::decisions`] by both names |
/// | `tuner_setting{knob}` | [`TunerReading::in_force`], by [`SettingName::of`] |
/// | `tuner_frozen` | whether [`TunerReading::frozen`] is `Some` |
/// | `quality_recall` | [`TunerReading::recall`], absent while `None` |
/// | the driver's age | [`TunerReading::age`]; alert where it exceeds a second |
#[derive(Clone, Debug, PartialEq)]
pub struct TunerReading {
    /// The settings the tuner asks for.
    pub settings: Settings,
    /// Those in force in the engine: other ones where somebody else has set them.
    pub in_force: Settings,
    /// How settings are chosen.
    pub policy: PolicyName,
    /// Why the tuner is frozen, if it is.
    pub frozen: Option<Reason>,
    /// What the newest shadow spreads saw, at whichever hop limit they judged.
    pub shadow: Option<Shadow>,
    /// The newest recall of the hop limit in force; 1 at full depth. `None` below it until shadow
    /// spreads have judged it.
    pub recall: Option<f64>,
    /// Time since the driver last looked, or since it was made. A driver that hangs or has died
    /// shows here: its age exceeds what it is meant to wait by far.
    pub age: Duration,
    /// Time since the last window ended, or since the driver was made.
    pub window_age: Duration,
    /// Whether a thread or task drives it, as far as it has not hung.
    pub is_driven: bool,
    /// Windows read.
    pub windows: u64,
    /// Samples that were lost since the ring was full.
    pub samples_lost: u64,
    /// Batches that ended under older settings than those in force, and judged nothing.
    pub samples_stale: u64,
    /// Shadow spreads compared.
    pub shadows: u64,
    /// What they took.
    pub shadow_time: Duration,
    decisions: [[u64; Verdict::ALL.len()]; SettingName::ALL.len()],
}

/// What [`TunerReading`] is made of, besides the history.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) in_force: Settings,
    pub(crate) policy: PolicyName,
    pub(crate) frozen: Option<Reason>,
    pub(crate) shadow: Option<Shadow>,
    pub(crate) recall: Option<f64>,
}

impl TunerReading {
    pub(crate) fn new(parts: Parts, audit: &Audit) -> Self {
        let Parts { settings, in_force, policy, frozen, shadow, recall } = parts;
        let count = |setting| Verdict::ALL.map(|verdict| audit.count_of(setting, verdict));
        Self {
            settings,
            in_force,
            policy,
            frozen,
            shadow,
            recall,
            age: Duration::ZERO,
            window_age: Duration::ZERO,
            is_driven: false,
            windows: 0,
            samples_lost: 0,
            samples_stale: 0,
            shadows: 0,
            shadow_time: Duration::ZERO,
            decisions: SettingName::ALL.map(count),
        }
    }

    /// Answers with `verdict` about `setting`.
    #[must_use]
    pub const fn decisions(&self, setting: SettingName, verdict: Verdict) -> u64 {
        self.decisions[setting as usize][verdict as usize]
    }
}
