//! Flags of `spread` that belong to one rule or some.
//!
//! Each is an `Option`, so that a flag another rule has is seen when it is given and refused; see
//! [`crate::rules`]. Defaults come from the library, which alone states them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use emanate::spread::{
    ActR, Combine, DEFAULT_DAMPING, DEFAULT_FIRING_THRESHOLD, DEFAULT_HOP_DECAY, DEFAULT_HOP_LIMIT,
    DEFAULT_ITERATIONS_MAX, DEFAULT_RETENTION, DEFAULT_RETENTION_TIME, DEFAULT_TOLERANCE, Firing,
    Hops, Inhibit, Precision, RETENTION_STEPS_MAX, Share, Squash, Synapse,
};

use crate::values::{self, Steps};

/// `--rule`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleName {
    /// Hop by hop with decay and thresholds (Collins & Loftus 1975, Crestani 1997)
    #[default]
    Linear,
    /// Nodes keep a part and pass the rest on (Siew 2019, the R package spreadr)
    Retention,
    /// Personalised PageRank, by power iteration or push
    Pagerank,
    /// One step from sources to facts, with retrieval latencies (Anderson 1983, ACT-R 6)
    ActR,
    /// Agent memory: steps with lateral inhibition and a logistic (Jiang et al. 2026)
    Synapse,
}

impl RuleName {
    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Retention => "retention",
            Self::Pagerank => "pagerank",
            Self::ActR => "act-r",
            Self::Synapse => "synapse",
        }
    }
}

/// `--share`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShareName {
    /// All of the activation goes along each edge
    None,
    /// Divided by the sum of the absolute weights of the node's edges (the fan effect)
    Weight,
    /// Divided by the square root of the number of edges
    Sqrt,
    /// Divided by 1 + ln of the number of edges
    Log,
}

impl From<ShareName> for Share {
    fn from(name: ShareName) -> Self {
        match name {
            ShareName::None => Self::None,
            ShareName::Weight => Self::Weight,
            ShareName::Sqrt => Self::Sqrt,
            ShareName::Log => Self::Log,
        }
    }
}

/// `--combine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CombineName {
    /// Contributions add up
    Sum,
    /// The largest contribution counts
    Max,
    /// 1 - product of (1 - contribution)
    NoisyOr,
}

impl From<CombineName> for Combine {
    fn from(name: CombineName) -> Self {
        match name {
            CombineName::Sum => Self::Sum,
            CombineName::Max => Self::Max,
            CombineName::NoisyOr => Self::NoisyOr,
        }
    }
}

/// `--firing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FiringName {
    /// A node fires in every hop that reaches its threshold
    Repeat,
    /// A node fires once
    Once,
}

impl From<FiringName> for Firing {
    fn from(name: FiringName) -> Self {
        match name {
            FiringName::Repeat => Self::Repeat,
            FiringName::Once => Self::Once,
        }
    }
}

/// `--precision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrecisionName {
    /// 8 bytes a node
    Double,
    /// 4 bytes a node, within 1e-4 of double
    Single,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::Double => Self::Double,
            PrecisionName::Single => Self::Single,
        }
    }
}

const LINEAR: &str = "Rule linear (the default)";
const RETENTION: &str = "Rule retention";
const PAGERANK: &str = "Rule pagerank";
const ACT_R: &str = "Rule act-r";
const SYNAPSE: &str = "Rule synapse";
const SEVERAL: &str = "Several rules";

/// The parameters of all rules, each `None` where its flag was not given.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RuleArgs {
    #[arg(long, help_heading = SEVERAL, value_name = "D", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "linear: fraction kept across one hop, above 0 and at most 1 [default: \
             {DEFAULT_HOP_DECAY}]; retention: fraction lost in one step, 0 to 1 [default: 0]; \
             synapse: delta, fraction a node loses in one step, 0 to 1 [default: {}]",
            Synapse::default().time_decay))]
    pub(crate) decay: Option<f64>,
    #[arg(long, help_heading = SEVERAL, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = "linear: least activation reported, at least 0 [default: 0]; act-r: least \
                activation reported, any number [default: all are reported, negative ones too]")]
    pub(crate) report_threshold: Option<f64>,
    #[arg(long, help_heading = SEVERAL, value_enum,
        help = "Width of the state; single is for rule linear alone [default: double]")]
    pub(crate) precision: Option<PrecisionName>,

    #[arg(long, help_heading = LINEAR, value_name = "N|auto", value_parser = values::hops,
        allow_hyphen_values = true,
        help = format!(
            "Greatest hop run, from 0 (the seeds alone); auto takes the engine's current limit, \
             which the report names [default: {DEFAULT_HOP_LIMIT}]"))]
    pub(crate) hops: Option<Hops>,
    #[arg(long, help_heading = LINEAR, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "Firing threshold: least pulse at which a node passes activation on, at least 0 \
             [default: {DEFAULT_FIRING_THRESHOLD:e}]"))]
    pub(crate) threshold: Option<f64>,
    #[arg(long, help_heading = LINEAR, value_enum,
        help = "What of a node's pulse goes along each of its edges [default: none]")]
    pub(crate) share: Option<ShareName>,
    #[arg(long, help_heading = LINEAR, value_enum,
        help = "How contributions to one node come together; noisy-or takes seeds of at most 1 \
                [default: sum]")]
    pub(crate) combine: Option<CombineName>,
    #[arg(long, help_heading = LINEAR, value_enum,
        help = "How often a node may fire [default: repeat]")]
    pub(crate) firing: Option<FiringName>,
    #[arg(long, help_heading = LINEAR, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = "Greatest activation of a node, above 0 [default: none]")]
    pub(crate) ceiling: Option<f64>,
    #[arg(long, help_heading = LINEAR, value_name = "N", value_parser = values::count,
        allow_hyphen_values = true,
        help = "Nodes with more edges than this do not fire; from 0 [default: no limit]")]
    pub(crate) fan_out_limit: Option<u64>,
    #[arg(long, help_heading = LINEAR, value_name = "BETA,M", value_parser = values::inhibit,
        allow_hyphen_values = true,
        help = "At the end, each of the M strongest nodes (M from 0) lowers all weaker ones by \
                BETA (at least 0) times the difference [default: off]")]
    pub(crate) inhibit: Option<Inhibit>,
    #[arg(long, help_heading = LINEAR, value_name = "GAIN,CENTER", value_parser = values::squash,
        allow_hyphen_values = true,
        help = "At the end, after --inhibit, activation a becomes \
                1 / (1 + exp(-GAIN (a - CENTER))); both may be any number [default: off]")]
    pub(crate) squash: Option<Squash>,

    #[arg(long, help_heading = RETENTION, value_name = "R", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "Fraction of its activation a node keeps in one step, 0 to 1 [default: \
             {DEFAULT_RETENTION}]"))]
    pub(crate) retention: Option<f64>,
    #[arg(long, help_heading = RETENTION, value_name = "FILE",
        help = "Retention of single nodes: lines of a label, a tab and a number from 0 to 1; the \
                last entry of a node wins, nodes not named keep --retention")]
    pub(crate) retention_file: Option<PathBuf>,
    #[arg(long, help_heading = RETENTION, value_name = "N|none", value_parser = values::steps,
        allow_hyphen_values = true,
        help = format!(
            "Steps to run; none runs until --stop-threshold, at most {RETENTION_STEPS_MAX} \
             [default: {DEFAULT_RETENTION_TIME}]"))]
    pub(crate) time: Option<Steps>,
    #[arg(long, help_heading = RETENTION, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = "Activation below this becomes 0, at least 0 [default: 0]")]
    pub(crate) suppress: Option<f64>,
    #[arg(long, help_heading = RETENTION, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = "Stop when every activation is below this, above 0 [default: off]")]
    pub(crate) stop_threshold: Option<f64>,

    #[arg(long, help_heading = PAGERANK, value_name = "D", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "Probability of following an edge, at least 0 and below 1 [default: \
             {DEFAULT_DAMPING}]"))]
    pub(crate) damping: Option<f64>,
    #[arg(long, help_heading = PAGERANK, value_name = "E", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "Power iteration stops when the L1 change is below this, above 0 [default: \
             {DEFAULT_TOLERANCE:e}]"))]
    pub(crate) tolerance: Option<f64>,
    #[arg(long, help_heading = PAGERANK, value_name = "N", value_parser = values::small_count,
        allow_hyphen_values = true,
        help = format!(
            "Power iteration stops after this many iterations, from 0 to {} [default: \
             {DEFAULT_ITERATIONS_MAX}]",
            u32::MAX))]
    pub(crate) max_iterations: Option<u32>,
    #[arg(long, help_heading = PAGERANK, value_name = "E", value_parser = values::number,
        allow_hyphen_values = true,
        help = "Compute by push instead of power iteration: a node pushes while its residual is \
                at least E times its number of edges; at least 2.3e-308 [default: power \
                iteration]")]
    pub(crate) epsilon: Option<f64>,

    #[arg(long, help_heading = ACT_R, value_name = "S", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "S, the greatest association, any number [default: {}]",
            ActR::default().source_strength))]
    pub(crate) source_strength: Option<f64>,
    #[arg(long, help_heading = ACT_R, value_name = "W", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "W, the activation all seeds share, any number [default: {}]",
            ActR::default().source_activation))]
    pub(crate) source_activation: Option<f64>,
    #[arg(long, help_heading = ACT_R, value_name = "B", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "B, every target's base level, any number [default: {}]",
            ActR::default().base_level))]
    pub(crate) base_level: Option<f64>,
    #[arg(long, help_heading = ACT_R, value_name = "SECONDS", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "F in latency = intercept + F exp(-A), any number of seconds [default: {}]",
            ActR::default().latency_factor))]
    pub(crate) latency_factor: Option<f64>,
    #[arg(long, help_heading = ACT_R, value_name = "SECONDS", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "Part of a latency that no activation changes, any number of seconds [default: {}]",
            ActR::default().intercept))]
    pub(crate) intercept: Option<f64>,

    #[arg(long, help_heading = SYNAPSE, value_name = "N", value_parser = values::small_count,
        allow_hyphen_values = true,
        help = format!("Steps to run, from 0 [default: {}]", Synapse::default().steps))]
    pub(crate) steps: Option<u32>,
    #[arg(long, help_heading = SYNAPSE, value_name = "S", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "S, how much passes along the edges, at least 0 [default: {}]",
            Synapse::default().spread))]
    pub(crate) spread: Option<f64>,
    #[arg(long, help_heading = SYNAPSE, value_name = "BETA", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "beta, strength of the lateral inhibition, at least 0 [default: {}]",
            Synapse::default().inhibit.beta))]
    pub(crate) inhibition: Option<f64>,
    #[arg(long, help_heading = SYNAPSE, value_name = "M", value_parser = values::small_count,
        allow_hyphen_values = true,
        help = format!(
            "M, how many of the strongest nodes inhibit, from 0 [default: {}]",
            Synapse::default().inhibit.competitors))]
    pub(crate) competitors: Option<u32>,
    #[arg(long, help_heading = SYNAPSE, value_name = "GAMMA", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "gamma, steepness of the logistic, any number [default: {}]",
            Synapse::default().squash.gain))]
    pub(crate) gain: Option<f64>,
    #[arg(long, help_heading = SYNAPSE, value_name = "THETA", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "theta, activation that the logistic makes one half, any number [default: {}]",
            Synapse::default().squash.center))]
    pub(crate) center: Option<f64>,
    #[arg(long, help_heading = SYNAPSE, value_name = "A", value_parser = values::number,
        allow_hyphen_values = true,
        help = format!(
            "After the last step, nodes below this are dropped, at least 0 [default: {}]",
            Synapse::default().gate))]
    pub(crate) gate: Option<f64>,
}
