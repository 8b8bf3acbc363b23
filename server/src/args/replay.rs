//! Flags of `replay`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::values;

/// How long to replay where neither `--duration` nor `--count` says so.
pub(crate) const DEFAULT_REPLAY: Duration = Duration::from_secs(10);

/// How a replay is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayFormat {
    /// For people
    Table,
    /// One JSON object, numbers in full precision
    Json,
}

/// Flags of `replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// The graph: an edge list or a native file
    #[arg(long, value_name = "GRAPH", long_help = super::graph_help())]
    pub(crate) graph: PathBuf,
    /// The queries: one JSON object a line, replayed in their order, again and again
    #[arg(
        long,
        value_name = "Q.jsonl",
        long_help = "\
The queries: one JSON object a line, replayed in their order, again and again. Keys are the long \
names of the flags of `emanate spread`, with underscores: {\"seeds\": [[\"dog\", 1.0]], \"rule\": \
\"linear\", \"hops\": 3}. A seed is a label, [label, activation] or [label, activation, time]"
    )]
    pub(crate) queries: PathBuf,
    /// Write nothing and exit with 2 if any line is no query [default: use the others]
    #[arg(long)]
    pub(crate) strict: bool,
    /// How the queries arrive.
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// Threads that run spreads, from 1 to 1024 [default: one for each core]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_hyphen_values = true,
        help_heading = LOAD)]
    pub(crate) threads: Option<u32>,
    /// How to print
    #[arg(long, value_enum, default_value_t = ReplayFormat::Table, help_heading = REPORT)]
    pub(crate) format: ReplayFormat,
    /// Write histograms of service and response in nanoseconds, one of each a second, to FILE in
    /// HdrHistogram's V2 log format, tagged service and response; an existing file is replaced
    #[arg(long, value_name = "FILE", help_heading = REPORT)]
    pub(crate) hdr_log: Option<PathBuf>,
}

const LOAD: &str = "Load";
const REPORT: &str = "Report";

/// How queries arrive, and for how long.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = LOAD)]
pub(crate) struct LoadArgs {
    /// Open loop: begin this many spreads a second, evenly spaced, above 0; the schedule does not
    /// wait for answers
    #[arg(long, value_name = "R", value_parser = values::rate, allow_hyphen_values = true,
        conflicts_with = "closed",
        long_help = "\
Open loop: this many spreads a second, evenly spaced, above 0. The schedule does not wait for \
answers: a spread that begins late, since all threads are busy, counts its response time from the \
instant it should have begun (corrected for coordinated omission). What was scheduled within \
--duration is run even when it is over, for as long again")]
    pub(crate) rate: Option<f64>,
    /// Closed loop: this many callers, each of which asks again when it has its answer [default:
    /// one for each thread]
    #[arg(long, value_name = "N", value_parser = values::positive, allow_hyphen_values = true,
        long_help = "\
Closed loop: this many callers, each of which asks again when it has its answer; where there are \
more than threads, they wait in line, and their response times say so [default: one for each \
thread]")]
    pub(crate) closed: Option<u32>,
    /// How long to measure: a number with us, ms, s or m [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = values::some_time,
        allow_hyphen_values = true, conflicts_with = "count")]
    pub(crate) duration: Option<Duration>,
    /// How many spreads to measure instead, at least 1
    #[arg(long, value_name = "N", value_parser = values::positive_count,
        allow_hyphen_values = true)]
    pub(crate) count: Option<u64>,
    /// Time to run before anything is measured [default: 0s]
    #[arg(long, value_name = "DURATION", value_parser = values::duration,
        allow_hyphen_values = true)]
    pub(crate) warm_up: Option<Duration>,
}
