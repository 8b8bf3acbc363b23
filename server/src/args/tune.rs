//! Flags of `tune`.

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

/// Flags of `tune tick`.
#[derive(Args, Debug)]
pub(crate) struct TickArgs {
    /// How settings are chosen
    #[arg(long, value_enum, default_value_t = PolicyFlag::Paired)]
    pub(crate) policy: PolicyFlag,
    /// How boldly
    #[arg(long, value_enum, default_value_t = StrategyFlag::Adaptive)]
    pub(crate) strategy: StrategyFlag,
    /// Of the random order in which settings are compared
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The latency budget in microseconds, above 0; at most 1 % of the latencies may exceed it
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    #[arg(value_parser = values::number)]
    pub(crate) budget_us: f64,
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

/// How `tune simulate` prints.
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
