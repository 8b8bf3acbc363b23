//! The parameters of each rule, as a caller gives them.
//!
//! Every rule has its own type, so that a parameter another rule has cannot be given. Ranges stand
//! beside the fields; they are checked once, when a spread begins.

/// How activation moves. Each rule's module gives its formula and source.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Hop by hop with decay and thresholds; see [`crate::spread::rules::linear`].
    Linear(Linear),
    /// Siew's `spreadr`; see [`crate::spread::rules::retention`].
    Retention(Retention),
    /// Personalised PageRank; see [`crate::spread::rules::pagerank`].
    PageRank(PageRank),
    /// ACT-R's one step from sources to facts; see [`crate::spread::rules::act_r`].
    ActR(ActR),
    /// An agent memory's steps with lateral inhibition; see [`crate::spread::rules::synapse`].
    Synapse(Synapse),
}

impl Rule {
    /// The rule's name on the command line and in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Linear(_) => "linear",
            Self::Retention(_) => "retention",
            Self::PageRank(_) => "pagerank",
            Self::ActR(_) => "act-r",
            Self::Synapse(_) => "synapse",
        }
    }

    /// Checks every parameter against its range, as a spread does when it begins: for a host that
    /// wants to refuse a mistake before it opens a graph.
    ///
    /// # Errors
    /// [`SpreadError::Parameter`](super::SpreadError), or `Endless` for rule `retention`.
    pub fn check(&self) -> Result<(), super::SpreadError> {
        super::plan::check_rule(self)
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::Linear(Linear::default())
    }
}

/// How many hops a spread may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hops {
    /// This many; nothing changes it.
    Limit(u32),
    /// The engine's current setting. The outcome says which limit it was.
    Auto,
}

/// What of a node's pulse goes along each of its edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// All of it: `1`.
    #[default]
    None,
    /// The fan effect as sharing: `1 / sum of |e(v,.)|`.
    Weight,
    /// `1 / sqrt(fan)`.
    Sqrt,
    /// `1 / (1 + ln fan)`.
    Log,
}

/// How contributions to one node become its pulse, and pulses its activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// The sum of both.
    #[default]
    Sum,
    /// The largest of both.
    Max,
    /// `p = 1 - product of (1 - c)`, `c` clamped to `[0, 1]`; `A = 1 - (1 - A)(1 - p)`.
    NoisyOr,
}

/// How often a node may fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firing {
    /// In every hop in which its pulse reaches the threshold.
    #[default]
    Repeat,
    /// Once in a spread.
    Once,
}

/// Width of the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 8 bytes; within `1e-9` of the oracle.
    #[default]
    Double,
    /// 4 bytes; within `1e-4` of the oracle.
    Single,
}

/// Lateral inhibition by the strongest nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inhibit {
    /// Strength of the inhibition; at least 0.
    pub beta: f64,
    /// How many of the strongest nodes inhibit.
    pub competitors: u32,
}

/// A logistic on each activation: `1 / (1 + exp(-gain (a - center)))` where `a > 0`, else 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Squash {
    /// Steepness; finite.
    pub gain: f64,
    /// Activation that becomes one half; finite.
    pub center: f64,
}

/// Parameters of rule `linear`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Greatest hop run; 0 reports the seeds.
    pub hops: Hops,
    /// Fraction kept across one hop, in `(0, 1]`.
    pub hop_decay: f64,
    /// Least pulse that fires; at least 0.
    pub firing_threshold: f64,
    /// Least activation reported; at least 0.
    pub report_threshold: f64,
    /// What goes along each edge.
    pub share: Share,
    /// How contributions add up.
    pub combine: Combine,
    /// How often a node may fire.
    pub firing: Firing,
    /// Greatest activation of a node; above 0.
    pub ceiling: Option<f64>,
    /// Nodes with more effective out-edges do not fire.
    pub fan_out_limit: Option<u64>,
    /// Lateral inhibition over the final activations.
    pub inhibit: Option<Inhibit>,
    /// Logistic over the final activations, after inhibition.
    pub squash: Option<Squash>,
    /// Width of the state.
    pub precision: Precision,
}

/// Default of [`Linear::hops`].
pub const DEFAULT_HOP_LIMIT: u32 = 3;
/// Default of [`Linear::hop_decay`].
pub const DEFAULT_HOP_DECAY: f64 = 0.85;
/// Default of [`Linear::firing_threshold`].
pub const DEFAULT_FIRING_THRESHOLD: f64 = 1e-4;

impl Default for Linear {
    fn default() -> Self {
        Self {
            hops: Hops::Limit(DEFAULT_HOP_LIMIT),
            hop_decay: DEFAULT_HOP_DECAY,
            firing_threshold: DEFAULT_FIRING_THRESHOLD,
            report_threshold: 0.0,
            share: Share::None,
            combine: Combine::Sum,
            firing: Firing::Repeat,
            ceiling: None,
            fan_out_limit: None,
            inhibit: None,
            squash: None,
            precision: Precision::Double,
        }
    }
}

/// Parameters of rule `retention`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    /// Fraction a node keeps, in `[0, 1]`, where `per_node` does not say otherwise.
    pub retention: f64,
    /// Retention of single nodes, each in `[0, 1]`. A later entry for a node replaces an earlier.
    pub per_node: Vec<(crate::terms::Key, f64)>,
    /// Steps to run; `None` runs until `stop_threshold`, at most [`RETENTION_STEPS_MAX`].
    pub time: Option<u32>,
    /// Fraction lost in each step, in `[0, 1]`.
    pub time_decay: f64,
    /// Activation below this becomes 0; at least 0.
    pub suppress: f64,
    /// Stop when every activation is below this; above 0.
    pub stop_threshold: Option<f64>,
}

/// Default of [`Retention::retention`].
pub const DEFAULT_RETENTION: f64 = 0.5;
/// Default of [`Retention::time`].
pub const DEFAULT_RETENTION_TIME: u32 = 10;
/// Steps after which a spread without [`Retention::time`] gives up (`spreadr` does the same).
pub const RETENTION_STEPS_MAX: u32 = 10_000;

impl Default for Retention {
    fn default() -> Self {
        Self {
            retention: DEFAULT_RETENTION,
            per_node: Vec::new(),
            time: Some(DEFAULT_RETENTION_TIME),
            time_decay: 0.0,
            suppress: 0.0,
            stop_threshold: None,
        }
    }
}

/// How rule `pagerank` is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PageRankMethod {
    /// Power iteration over all of the graph that is reached.
    Power {
        /// Stop when the L1 change of one iteration is below this; above 0.
        tolerance: f64,
        /// Greatest number of iterations.
        iterations_max: u32,
    },
    /// Forward push; touches only the neighbourhood of the seeds.
    Push {
        /// A node pushes while its residual is at least `epsilon * max(1, fan)`; at least
        /// [`f64::MIN_POSITIVE`], since smaller residuals no longer shrink.
        epsilon: f64,
    },
}

/// Parameters of rule `pagerank`.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRank {
    /// Probability of following an edge, in `[0, 1)`.
    pub damping: f64,
    /// How it is computed.
    pub method: PageRankMethod,
}

/// Default of [`PageRank::damping`].
pub const DEFAULT_DAMPING: f64 = 0.85;
/// Default of [`PageRankMethod::Power`]'s tolerance.
pub const DEFAULT_TOLERANCE: f64 = 1e-9;
/// Default of [`PageRankMethod::Power`]'s greatest number of iterations.
pub const DEFAULT_ITERATIONS_MAX: u32 = 1000;

impl Default for PageRank {
    fn default() -> Self {
        Self {
            damping: DEFAULT_DAMPING,
            method: PageRankMethod::Power {
                tolerance: DEFAULT_TOLERANCE,
                iterations_max: DEFAULT_ITERATIONS_MAX,
            },
        }
    }
}

/// Parameters of rule `act-r`; each finite.
#[derive(Clone, Debug, PartialEq)]
pub struct ActR {
    /// `S`, the greatest association (`:mas`).
    pub source_strength: f64,
    /// `W`, the activation all seeds share (`:ga`).
    pub source_activation: f64,
    /// `B`, every target's base level.
    pub base_level: f64,
    /// `F`, seconds (`:lf`).
    pub latency_factor: f64,
    /// Seconds of a retrieval that take the same whatever the activation.
    pub intercept: f64,
    /// Least activation reported; `None` reports all, negative ones too.
    pub report_threshold: Option<f64>,
}

impl Default for ActR {
    fn default() -> Self {
        Self {
            source_strength: 1.6,
            source_activation: 1.0,
            base_level: 0.0,
            latency_factor: 0.63,
            intercept: 0.845,
            report_threshold: None,
        }
    }
}

/// Parameters of rule `synapse`.
#[derive(Clone, Debug, PartialEq)]
pub struct Synapse {
    /// Steps to run.
    pub steps: u32,
    /// `delta`, fraction a node loses in one step, in `[0, 1]`.
    pub time_decay: f64,
    /// `S`, what passes along the edges; at least 0.
    pub spread: f64,
    /// `beta` and `M`, the lateral inhibition.
    pub inhibit: Inhibit,
    /// `gamma` and `theta`, the logistic.
    pub squash: Squash,
    /// After the last step, nodes below this are dropped; at least 0.
    pub gate: f64,
}

impl Default for Synapse {
    fn default() -> Self {
        Self {
            steps: 3,
            time_decay: 0.5,
            spread: 0.8,
            inhibit: Inhibit { beta: 0.15, competitors: 7 },
            squash: Squash { gain: 5.0, center: 0.5 },
            gate: 0.12,
        }
    }
}
