//! What a tick answers, and what is kept of it.

use std::fmt;

use crate::curve::Effect;
use crate::reading::Settings;

/// What kind of answer a tick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The settings stay.
    Hold,
    /// Settings are tried; nothing is decided.
    Probe,
    /// What was tried stands from now on.
    Accept,
    /// What was tried is left again.
    Reject,
    /// Settings over budget, or of too little quality, are left for safer ones.
    BackOff,
    /// What was accepted proved worse; the last known good settings are back.
    Rollback,
    /// Nothing will change until an operator releases the tuner.
    Freeze,
    /// Nothing is worth trying for a while.
    Sleep,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 8] = [
        Self::Hold,
        Self::Probe,
        Self::Accept,
        Self::Reject,
        Self::BackOff,
        Self::Rollback,
        Self::Freeze,
        Self::Sleep,
    ];

    /// The name in lines and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Probe => "probe",
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::BackOff => "back_off",
            Self::Rollback => "rollback",
            Self::Freeze => "freeze",
            Self::Sleep => "sleep",
        }
    }
}

/// Why. Each displays as a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The policy is `off`.
    Off,
    /// An operator froze the tuner.
    FrozenByOperator,
    /// Too many rollbacks within a short time.
    FrozenByRollbacks {
        /// How many there were.
        rollbacks: usize,
    },
    /// The reading is late: its number is not above the last one's.
    Late,
    /// The reading was made under other settings than those asked for.
    OtherSettings,
    /// Somebody else moved the settings; the tuner goes on from there.
    MovedByOthers,
    /// Evidence about the settings in force is gathered.
    Gathering,
    /// Too little is asked for, so nothing can be learned about growth.
    AppLimited,
    /// Batch sizes are tried in turn, to see the whole curve.
    Surveying {
        /// The batch size tried.
        batch_size: u32,
    },
    /// The whole curve was seen.
    Surveyed {
        /// The batch size chosen.
        batch_size: u32,
    },
    /// Two batch sizes are compared in turn.
    Comparing {
        /// The batch size in force.
        from: u32,
        /// The one it is compared with.
        to: u32,
    },
    /// The compared batch size is better.
    Better {
        /// What it gains.
        effect: Effect,
    },
    /// The compared batch size gains too little.
    NoGain {
        /// What it gains.
        effect: Effect,
    },
    /// The compared batch size could not be judged in time.
    Undecided {
        /// Pairs of blocks compared.
        pairs: usize,
    },
    /// The compared batch size is over budget.
    ProbeOverBudget {
        /// The batch size.
        batch_size: u32,
        /// Its share of latencies over budget.
        share: f64,
    },
    /// The settings in force are over budget.
    OverBudget {
        /// Their share of latencies over budget.
        share: f64,
    },
    /// The least batch size is over budget.
    OverBudgetAtLeast {
        /// Its share of latencies over budget.
        share: f64,
    },
    /// The accepted settings lost throughput.
    LostThroughput {
        /// What was lost.
        effect: Effect,
    },
    /// No neighbour promises a gain.
    NothingPromises,
    /// Asleep until a number of ticks has passed.
    Asleep {
        /// Ticks left.
        ticks: u64,
    },
    /// A lower hop limit is tried.
    TryingHops {
        /// The hop limit tried.
        hop_limit: u32,
    },
    /// The lower hop limit keeps the quality floor and gains throughput.
    HopsSuffice {
        /// The hop limit.
        hop_limit: u32,
        /// Its recall.
        recall: f64,
    },
    /// The lower hop limit may miss the quality floor.
    HopsMiss {
        /// The hop limit.
        hop_limit: u32,
        /// Its recall.
        recall: f64,
    },
    /// The lower hop limit gains nothing.
    HopsGainNothing {
        /// The hop limit.
        hop_limit: u32,
    },
    /// Recall fell below the quality floor.
    RecallFell {
        /// The recall.
        recall: f64,
    },
    /// The workload shifted.
    Shifted {
        /// Change of throughput as a logarithm.
        change: f64,
    },
    /// A policy without probes moved by its formula.
    ByFormula {
        /// Factor on the batch size before rounding.
        factor: f64,
    },
    /// A policy only advises.
    Advice {
        /// What it would set.
        settings: Settings,
    },
}

fn percent(gain: f64) -> f64 {
    100.0 * (libm::exp(gain) - 1.0)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Off => f.write_str("the policy is off"),
            Self::FrozenByOperator => f.write_str("an operator froze the tuner"),
            Self::FrozenByRollbacks { rollbacks } => {
                write!(f, "{rollbacks} rollbacks in a short time; an operator must release it")
            }
            Self::Late => f.write_str("the reading is not newer than the last one"),
            Self::OtherSettings => f.write_str("the reading was made under other settings"),
            Self::MovedByOthers => f.write_str("the settings were changed from outside"),
            Self::Gathering => f.write_str("gathering evidence about the settings in force"),
            Self::AppLimited => f.write_str("too little is asked for to learn about growth"),
            Self::Surveying { batch_size } => {
                write!(f, "surveying the curve at batch size {batch_size}")
            }
            Self::Surveyed { batch_size } => {
                write!(f, "the survey found batch size {batch_size} best inside the budget")
            }
            Self::Comparing { from, to } => write!(f, "comparing batch size {to} with {from}"),
            Self::Better { effect } => gain(f, "it gains", effect),
            Self::NoGain { effect } => gain(f, "it does not gain enough:", effect),
            Self::Undecided { pairs } => write!(f, "still undecided after {pairs} pairs"),
            Self::ProbeOverBudget { batch_size, share } => {
                write!(f, "batch size {batch_size} has {:.2} % over budget", 100.0 * share)
            }
            Self::OverBudget { share } => {
                write!(f, "{:.2} % of the latencies are over budget", 100.0 * share)
            }
            Self::OverBudgetAtLeast { share } => write!(
                f,
                "{:.2} % of the latencies are over budget at the least batch size",
                100.0 * share
            ),
            Self::LostThroughput { effect } => gain(f, "throughput changed by", effect),
            Self::NothingPromises => f.write_str("no neighbour promises a gain"),
            Self::Asleep { ticks } => write!(f, "the next probe is due in {ticks} windows"),
            _ => self.fmt_others(f),
        }
    }
}

fn gain(f: &mut fmt::Formatter<'_>, what: &str, effect: Effect) -> fmt::Result {
    let (low, high) = (effect.gain - effect.error, effect.gain + effect.error);
    write!(f, "{what} {:.1} % ({:.1} to {:.1})", percent(effect.gain), percent(low), percent(high))
}

impl Reason {
    fn fmt_others(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TryingHops { hop_limit } => {
                write!(f, "trying hop limit {hop_limit} against full depth")
            }
            Self::HopsSuffice { hop_limit, recall } => {
                write!(f, "hop limit {hop_limit} keeps the floor with recall {recall:.4}")
            }
            Self::HopsMiss { hop_limit, recall } => {
                write!(f, "hop limit {hop_limit} may miss the floor with recall {recall:.4}")
            }
            Self::HopsGainNothing { hop_limit } => {
                write!(f, "hop limit {hop_limit} gains no throughput")
            }
            Self::RecallFell { recall } => {
                write!(f, "recall fell to {recall:.4}; back to full depth")
            }
            Self::Shifted { change } => {
                write!(f, "the workload shifted: throughput changed by {:.1} %", percent(change))
            }
            Self::ByFormula { factor } => write!(f, "the policy's formula gives {factor:.3}"),
            Self::Advice { settings } => write!(
                f,
                "advice only: batch size {}, hop limit {}",
                settings.batch_size, settings.hop_limit
            ),
            _ => f.write_str("the settings stay"),
        }
    }
}

/// The answer of a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// What should be in force from now on.
    pub settings: Settings,
    /// What kind of answer it is.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The effect expected of what is tried or done, where there is an expectation.
    pub predicted: Option<Effect>,
    /// The effect measured, where something was measured.
    pub measured: Option<Effect>,
}

impl Proposal {
    /// An answer without effects.
    #[must_use]
    pub const fn new(settings: Settings, verdict: Verdict, reason: Reason) -> Self {
        Self { settings, verdict, reason, predicted: None, measured: None }
    }
}
