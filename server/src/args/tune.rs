//! Flags of `tune`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::values;

const TICK_HELP: &str = "\
Reads one window a line from standard input and answers each with one line at once:

  {\"window\":7,\"batch_size\":64,\"hop_limit\":3,\"spreads\":900,\"throughput_per_second\":3600.0,
   \"samples\":200,\"over_budget\":1,\"app_limited\":false,\"shadow_spreads\":20,\"recall\":0.99}

  {\"batch_size\":64,\"hop_limit\":3,\"verdict\":\"hold\",\"reason\":\"...\"}

(here wrapped). batch_size and hop_limit of a window are those it was measured under; window \
ascends; recall is null without shadow spreads; null, NaN and Infinity are figures that say \
nothing. Empty lines and other keys are passed over. The same lines give the same answers. A line \
that is no window ends the run with exit status 2.";

/// What the tuner is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum TuneCommand {
    /// Answer windows read from standard input, one line each
    #[command(after_help = TICK_HELP)]
    Tick(TickArgs),
    /// Run a tuner on a made-up plant that knows its best settings, and say how well it did
    Simulate(SimulateArgs),
    /// Tune the engine on a graph under queries; print before, after and the way there
    Run(Box<RunArgs>),
}

/// A policy of the tuner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFlag {
    /// Compares neighbours in pairs
    Paired,
    /// Netflix's Gradient2 on the time a batch takes, inside the budget
    Gradient,
    /// Adds a little, takes away a tenth when over budget
    Aimd,
    /// Changes nothing
    Off,
    /// Says what `paired` would do, and changes nothing
    Shadow,
}

/// A strategy of the tuner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyFlag {
    /// Moves for at least 10 %
    Conservative,
    /// Moves for little
    Aggressive,
    /// The one or the other, by how steady the workload is
    Adaptive,
}

/// How to steer, and within which bounds.
#[derive(Args, Clone, Debug)]
pub(crate) struct SteeringArgs {
    /// How settings are chosen
    #[arg(long, value_enum, default_value_t = PolicyFlag::Paired)]
    pub(crate) policy: PolicyFlag,
    /// How boldly
    #[arg(long, value_enum, default_value_t = StrategyFlag::Adaptive)]
    pub(crate) strategy: StrategyFlag,
    /// Of the random order in which settings are compared
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Least recall against full depth, from 0 to 1
    #[arg(long, value_name = "F", default_value_t = 0.95, allow_negative_numbers = true)]
    #[arg(value_parser = values::number)]
    pub(crate) floor: f64,
    /// Least batch size, from 1
    #[arg(long, value_name = "A", default_value_t = 1)]
    pub(crate) min_batch: u32,
    /// Greatest batch size
    #[arg(long, value_name = "Z", default_value_t = 1024)]
    pub(crate) max_batch: u32,
    /// Least hop limit
    #[arg(long, value_name = "H", default_value_t = 1)]
    pub(crate) min_hops: u32,
    /// Greatest hop limit, full depth
    #[arg(long, value_name = "K", default_value_t = 3)]
    pub(crate) max_hops: u32,
}

/// Flags of `tune tick`.
#[derive(Args, Debug)]
pub(crate) struct TickArgs {
    /// The latency budget in microseconds, above 0; at most 1 % of the latencies may exceed it
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    #[arg(value_parser = values::number)]
    pub(crate) budget_us: f64,
    /// How to steer.
    #[command(flatten)]
    pub(crate) steering: SteeringArgs,
}

/// Flags of `tune run`.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The graph: an edge list or a native file
    #[arg(long, value_name = "GRAPH", long_help = super::graph_help())]
    pub(crate) graph: PathBuf,
    /// The queries: one JSON object a line, as `emanate replay` takes them, run in batches again
    /// and again; the hop limit is steered of those that say \"hops\": \"auto\"
    #[arg(long, value_name = "Q.jsonl")]
    pub(crate) queries: PathBuf,
    /// Run nothing and exit with 2 if any line is no query [default: use the others]
    #[arg(long)]
    pub(crate) strict: bool,
    /// The latency budget of a batch, such as 5ms; at most 1 % of the batches may take longer
    #[arg(long, value_name = "DURATION", value_parser = values::some_time,
        allow_hyphen_values = true)]
    pub(crate) budget_p99: Duration,
    /// How to steer.
    #[command(flatten)]
    pub(crate) steering: SteeringArgs,
    /// How long to tune; before and after, a quarter of it each is measured
    #[arg(long, value_name = "DURATION", value_parser = values::some_time, default_value = "30s",
        allow_hyphen_values = true)]
    pub(crate) duration: Duration,
    /// Least length of a window
    #[arg(long, value_name = "DURATION", value_parser = values::some_time, default_value = "50ms",
        allow_hyphen_values = true)]
    pub(crate) window: Duration,
    /// Callers, each of which asks again when it has its answers, from 1 to 1024
    #[arg(long, value_name = "N", value_parser = values::threads, default_value_t = 1,
        allow_hyphen_values = true)]
    pub(crate) callers: u32,
    /// Queries that a caller asks together [default: four of the greatest batches]
    #[arg(long, value_name = "N", value_parser = values::positive, allow_hyphen_values = true)]
    pub(crate) together: Option<u32>,
    /// Threads of the engine, from 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true)]
    pub(crate) threads: Option<u32>,
    /// The batch size to begin with [default: the engine's]
    #[arg(long, value_name = "N", value_parser = values::positive, allow_hyphen_values = true)]
    pub(crate) batch: Option<u32>,
    /// Draw what happened as SVG to FILE; an existing file is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = TuneFormat::Table)]
    pub(crate) format: TuneFormat,
}

/// Who tunes in a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// Compares neighbours in pairs
    Paired,
    /// Netflix's Gradient2 on the time a batch takes, inside the budget
    Gradient,
    /// Adds a little, takes away a tenth when over budget
    Aimd,
    /// Changes nothing
    Off,
    /// Says what `paired` would do, and changes nothing
    Shadow,
    /// A threshold rule, for comparison
    Naive,
    /// Netflix's Gradient2 as published, for comparison
    Gradient2,
}

/// How `tune simulate` and `tune run` print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TuneFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

/// Flags of `tune simulate`.
#[derive(Args, Debug)]
pub(crate) struct SimulateArgs {
    /// What is tuned; `cargo doc -p emanate-tuner` has the formulas
    #[arg(long, value_parser = plant_names())]
    pub(crate) plant: String,
    /// Deviation of the logarithm of one window's throughput, from 0
    #[arg(long, value_name = "S", default_value_t = 0.1, allow_negative_numbers = true)]
    #[arg(value_parser = values::number)]
    pub(crate) noise: f64,
    /// Of the noise and of the tuner
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Runs, with this seed and those that follow it; figures of many are summed up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = values::positive)]
    pub(crate) seeds: u32,
    /// How long a run is
    #[arg(long, value_name = "W", default_value_t = 2000, value_parser = values::positive)]
    pub(crate) windows: u32,
    /// Who tunes
    #[arg(long, value_enum, default_value_t = Contender::Paired)]
    pub(crate) policy: Contender,
    /// How boldly
    #[arg(long, value_enum, default_value_t = StrategyFlag::Adaptive)]
    pub(crate) strategy: StrategyFlag,
    /// How to print
    #[arg(long, value_enum, default_value_t = TuneFormat::Table)]
    pub(crate) format: TuneFormat,
}

fn plant_names() -> clap::builder::PossibleValuesParser {
    let names = emanate_tuner::simulator::Plant::ALL.map(|plant| plant.name());
    clap::builder::PossibleValuesParser::new(names)
}

impl From<StrategyFlag> for emanate_tuner::StrategyName {
    fn from(flag: StrategyFlag) -> Self {
        match flag {
            StrategyFlag::Conservative => Self::Conservative,
            StrategyFlag::Aggressive => Self::Aggressive,
            StrategyFlag::Adaptive => Self::Adaptive,
        }
    }
}

impl From<PolicyFlag> for emanate_tuner::PolicyName {
    fn from(flag: PolicyFlag) -> Self {
        match flag {
            PolicyFlag::Paired => Self::Paired,
            PolicyFlag::Gradient => Self::Gradient,
            PolicyFlag::Aimd => Self::Aimd,
            PolicyFlag::Off => Self::Off,
            PolicyFlag::Shadow => Self::Shadow,
        }
    }
}
