//! Flags of `spread` that do not depend on the rule.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use emanate::spread::Direction;

use super::rule::{RuleArgs, RuleName};
use crate::seeds::{RelationArg, SeedArg};
use crate::values;

/// Nodes reported where `--top` does not say otherwise.
pub(crate) const DEFAULT_TOP: u64 = 20;

/// Heading of what is reported and how.
const REPORT: &str = "Report";

/// Flags of `spread`.
#[derive(Args, Debug)]
pub(crate) struct SpreadArgs {
    /// The graph: an edge list or a native file
    #[arg(long, value_name = "GRAPH", long_help = super::graph_help())]
    pub(crate) graph: PathBuf,
    /// Most memory that graph and scratch take together; what has no room is read from the native
    /// file when it is needed [default: no bound, and all that was read is kept]
    #[arg(long, value_name = "BYTES", value_parser = values::bytes, allow_hyphen_values = true)]
    pub(crate) memory_budget: Option<u64>,
    /// What to spread.
    #[command(flatten)]
    pub(crate) query: QueryArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = ReportFormat::Table, help_heading = REPORT)]
    pub(crate) format: ReportFormat,
}

/// One query: all that decides what a spread does, whether typed as flags or read from JSON.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct QueryArgs {
    /// A node to start from; may be given several times
    #[arg(
        long = "seed",
        value_name = "LABEL[=X[@T]]",
        required = true,
        allow_hyphen_values = true,
        long_help = "\
A node to start from; may be given several times, amounts for one node add up. X is the seed's \
activation, above 0 [default: 1]; T is the step in which rule retention injects it [default: 0]. \
An argument that is a label as a whole is that node with activation 1; else the last `=` followed \
by a number splits. @FILE reads one seed per line"
    )]
    pub(crate) seeds: Vec<SeedArg>,
    /// How activation moves
    #[arg(long, value_enum, default_value_t)]
    pub(crate) rule: RuleName,
    /// The parameters of the rule.
    #[command(flatten)]
    pub(crate) parameters: RuleArgs,
    /// Which edges it follows.
    #[command(flatten)]
    pub(crate) edges: EdgeArgs,
    /// What may end it early.
    #[command(flatten)]
    pub(crate) bounds: BoundArgs,
    /// What is reported.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `--direction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DirectionName {
    /// From an edge's source to its target
    #[default]
    Out,
    /// From an edge's target to its source
    In,
    /// Both ways
    Both,
}

impl From<DirectionName> for Direction {
    fn from(name: DirectionName) -> Self {
        match name {
            DirectionName::Out => Self::Out,
            DirectionName::In => Self::In,
            DirectionName::Both => Self::Both,
        }
    }
}

/// Which edges a spread sees, and how strong.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Edges")]
pub(crate) struct EdgeArgs {
    /// Follow only edges of this relation, WEIGHT times as strong [default: all edges; WEIGHT 1]
    #[arg(
        long = "relation",
        value_name = "NAME[=WEIGHT]",
        allow_hyphen_values = true,
        long_help = "\
Follow only edges of this relation, WEIGHT times as strong (any finite number) [default: all \
edges; WEIGHT 1]; may be given several times, the last entry of a name wins. An argument \
that is a relation as a whole is that relation; else the last `=` followed by a number splits"
    )]
    pub(crate) relations: Vec<RelationArg>,
    /// Which way along the edges activation flows
    #[arg(long, value_enum, default_value_t)]
    pub(crate) direction: DirectionName,
    /// Weaken an edge by exp(-RATE * age); per second, at least 0, needs --at [default: 0]
    #[arg(long, value_name = "RATE", value_parser = values::number, allow_hyphen_values = true)]
    pub(crate) age_rate: Option<f64>,
    /// The instant ages are counted from: any number of seconds, on the scale of the edges' times
    #[arg(long, value_name = "TIME", value_parser = values::number, allow_hyphen_values = true)]
    pub(crate) at: Option<f64>,
}

/// What may end a spread before its rule does. The report then holds the last complete hop.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Bounds (each ends the spread with what it has; exit status 0)")]
pub(crate) struct BoundArgs {
    /// Time allowed for the spread: a number with us, ms, s or m, such as 50ms [default: no bound]
    #[arg(long, value_name = "DURATION", value_parser = values::duration,
        allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,
    /// Most edges followed, from 0; tested before each hop [default: no bound]
    #[arg(long, value_name = "N", value_parser = values::count,
        allow_hyphen_values = true)]
    pub(crate) max_edges: Option<u64>,
    /// Most nodes reached, from the number of seeds; the strongest new ones are kept [default: no
    /// bound]
    #[arg(long, value_name = "N", value_parser = values::count,
        allow_hyphen_values = true)]
    pub(crate) max_nodes: Option<u64>,
    /// Most scratch memory, from 0: a number of bytes, or one with KiB, MiB or GiB, such as 64MiB
    /// [default: no bound]
    #[arg(long, value_name = "BYTES", value_parser = values::bytes,
        allow_hyphen_values = true)]
    pub(crate) max_memory: Option<u64>,
    /// Threads the spread may use, at least 1; results never depend on it [default: 1]
    #[arg(long, value_name = "N", value_parser = values::positive,
        allow_hyphen_values = true)]
    pub(crate) threads: Option<u32>,
}

/// How a spread is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Table,
    /// One JSON object, numbers in full precision
    Json,
    /// A header, then one line per node, quoted as in RFC 4180; with --by-step one per step instead
    Csv,
    /// A Graphviz digraph of the reported nodes and the paths to them; implies --explain
    Dot,
}

/// What of an outcome is reported.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = REPORT)]
pub(crate) struct ReportArgs {
    /// How many of the strongest nodes to report; 0 reports all
    #[arg(
        long,
        value_name = "K",
        default_value_t = DEFAULT_TOP,
        value_parser = values::count,
        allow_hyphen_values = true
    )]
    pub(crate) top: u64,
    /// Leave the seeds out of the report
    #[arg(long)]
    pub(crate) exclude_seeds: bool,
    /// Leave out seeds that name no node, with a warning [default: an unknown seed is an error]
    #[arg(long)]
    pub(crate) skip_unknown: bool,
    /// Report total activation and active nodes after every hop
    #[arg(long)]
    pub(crate) by_step: bool,
    /// Report the strongest path from a seed to each node
    #[arg(long)]
    pub(crate) explain: bool,
}

impl Default for ReportArgs {
    fn default() -> Self {
        Self {
            top: DEFAULT_TOP,
            exclude_seeds: false,
            skip_unknown: false,
            by_step: false,
            explain: false,
        }
    }
}
