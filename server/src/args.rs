//! What can be typed: commands, flags, their help.

mod replay;
mod rule;
#[cfg(feature = "serve")]
mod serve;
mod spread;
mod store;
mod tune;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use replay::{DEFAULT_REPLAY, LoadArgs, ReplayArgs, ReplayFormat};
#[cfg(feature = "serve")]
pub(crate) use rule::{CombineName, FiringName, ShareName};
pub(crate) use rule::{PrecisionName, RuleArgs, RuleName};
#[cfg(feature = "serve")]
pub(crate) use serve::{AlertsCommand, ConfigCommand, ServeArgs};
pub(crate) use spread::{DirectionName, QueryArgs, ReportFormat, SpreadArgs};
pub(crate) use store::{BackupArgs, CheckArgs, ExportArgs};
pub(crate) use tune::{
    Contender, RunArgs, SimulateArgs, SteeringArgs, TickArgs, TuneCommand, TuneFormat,
};

const AFTER_HELP: &str = "\
Exit status: 0 done (also when a bound ended the spread), 1 the work failed, 2 the arguments or \
the input are wrong. Errors and warnings go to standard error.

Examples:
  emanate spread --graph wordnet.tsv.gz --seed dog
  emanate import wordnet.tsv.gz -o wordnet.emg
  emanate info wordnet.emg --verify
  emanate replay --graph wordnet.emg --queries queries.jsonl --rate 1000";

const EDGE_LIST_HELP: &str = "\
An edge list has a line `source target [weight [relation [time]]]` for each edge, tab-separated, \
or RFC 4180 where the name has .csv; one field alone is a node without edges";

/// How a graph's file is described where either kind is read.
pub(crate) fn graph_help() -> String {
    format!(
        "An edge list (plain, gzip or zstd) or a native file, told apart by content; a name that \
         ends in .emg must be a native file. {EDGE_LIST_HELP}"
    )
}

/// Spreading activation over a weighted graph.
#[derive(Debug, Parser)]
#[command(name = "emanate", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Spread activation from seeds and print what it reaches, strongest first
    Spread(Box<SpreadArgs>),
    /// Turn an edge list into a native file, which opens in milliseconds
    Import(ImportArgs),
    /// Say what a graph holds: nodes, edges, degrees, weights, relations, components, memory
    Info(InfoArgs),
    /// Replay a file of queries as load; print throughput and quantiles of service and response
    Replay(Box<ReplayArgs>),
    /// Verify every file of a store: manifest, segment, logs; change nothing
    Check(CheckArgs),
    /// Copy a store while it is written
    Backup(BackupArgs),
    /// Write the edge list of a graph or of what a store holds now
    Export(ExportArgs),
    /// Steer batch size and hop limit: answer measured windows, or try it on made-up plants
    #[command(subcommand)]
    Tune(TuneCommand),
    /// Serve spreads over HTTP
    #[cfg(feature = "serve")]
    Serve(ServeArgs),
    /// Print or check the configuration of the service
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Try the channels that alerts of the service go through
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page of emanate, or of one of its commands
    Man(ManArgs),
}

/// Flags of `import`.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The edge list: plain, gzip or zstd
    #[arg(value_name = "EDGES",
        long_help = format!("The edge list: plain, gzip or zstd. {EDGE_LIST_HELP}"))]
    pub(crate) edges: PathBuf,
    /// The native file to write, not one that is read; an existing one is replaced once the new
    /// one is complete
    #[arg(short = 'o', long, value_name = "GRAPH.emg")]
    pub(crate) output: PathBuf,
    /// Nodes to have even without edges: one label a line
    #[arg(long, value_name = "FILE")]
    pub(crate) nodes: Option<PathBuf>,
    /// Compress the edges: less of the disk, more work to read them
    #[arg(long)]
    pub(crate) cold: bool,
    /// Write nothing and exit with 2 if any line cannot be used [default: use the others]
    #[arg(long)]
    pub(crate) strict: bool,
}

/// How `info` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InfoFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

/// Flags of `info`.
#[derive(Args, Debug)]
pub(crate) struct InfoArgs {
    /// The graph: an edge list or a native file
    #[arg(value_name = "GRAPH", long_help = graph_help())]
    pub(crate) graph: PathBuf,
    /// Read every block of a native file and check it against its checksum
    #[arg(long)]
    pub(crate) verify: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = InfoFormat::Table)]
    pub(crate) format: InfoFormat,
}

/// Flags of `completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete in
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Flags of `man`.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The command to describe [default: all of emanate]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }
}
