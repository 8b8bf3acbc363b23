//! `emanate replay`: a file of queries as load on a graph.
//!
//! Threads take [`turns`], run a spread each into an outcome they use again, and record two times
//! of it: *service*, from its begin to its end, and *response*, from the instant it should have
//! begun. The difference is what somebody who asks waits for others. Both go into HdrHistograms of
//! three digits, of the thread's own, which are merged once a second; nothing is shared on the way
//! of a spread but a counter.

mod clock;
mod collect;
mod hdr_log;
mod queries;
mod recording;
mod report;
#[cfg(test)]
mod tests;
mod turns;
mod worker;

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use emanate::{Engine, Graph, Snapshot, SpreadOutcome, SpreadRequest};

use crate::args::{DEFAULT_REPLAY, LoadArgs, ReplayArgs};
use crate::exit::{self, Failure, Printed};
use crate::graph_file;
use clock::{Clock, SystemClock};
use collect::collect;
use hdr_log::LogFile;
use queries::Queries;
use recording::{Ended, Recording};
use report::{Replayed, Report};
use turns::{Pace, Plan, Turn, Turns, Until};
use worker::{Shared, work};

pub(crate) use hdr_log::LogError;
pub(crate) use queries::QueriesError;

/// Why nothing was replayed, or not all was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReplayError {
    /// The file of queries cannot be replayed.
    Queries(QueriesError),
    /// The log cannot be written.
    Log(LogError),
    /// The operating system gives no more threads.
    Threads {
        /// How many were asked for.
        asked: u32,
        /// Why not.
        kind: io::ErrorKind,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queries(error) => write!(f, "{error}"),
            Self::Log(error) => write!(f, "{error}"),
            Self::Threads { asked, kind } => {
                write!(f, "{asked} threads cannot be had ({kind}); ask for fewer with --threads")
            }
        }
    }
}

impl std::error::Error for ReplayError {}

impl From<QueriesError> for ReplayError {
    fn from(error: QueriesError) -> Self {
        Self::Queries(error)
    }
}

impl From<LogError> for ReplayError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Time that threads have to be there before the first turn.
const LEAD: Duration = Duration::from_millis(20);

/// Exit status where a second interrupt comes before the running spreads have ended: 128 and the
/// number of the signal, as shells have it.
const INTERRUPTED_TWICE: i32 = 130;

/// Replays as `args` say and prints throughput and quantiles.
///
/// # Errors
/// [`Failure`]. What can be refused without the graph is refused before it is read.
pub(crate) fn run(args: &ReplayArgs) -> Result<Printed, Failure> {
    if let Some(log) = &args.hdr_log
        && [&args.graph, &args.queries].iter().any(|read| graph_file::is_same(read, log))
    {
        return Err(ReplayError::from(LogError::SameFile { file: log.clone() }).into());
    }
    let file = queries::read(&args.queries, args.strict).map_err(ReplayError::from)?;
    let graph = graph_file::read(&args.graph, &[])?;
    if let Some(report) = &graph.report {
        graph_file::warn_of_bad_lines(&args.graph, report);
    }
    let snapshot = Graph::from(graph.graph).snapshot();
    let rejected = file.rejected;
    let queries = file.prepare(&snapshot);
    let threads = threads(args.threads);
    let turns = Arc::new(Turns::new(plan(&args.load, threads)));
    end_on_interrupt(&turns);
    warn_of_cores(threads);

    let spreads = Spreads { engine: Engine::new(), snapshot: &snapshot, queries: &queries };
    let mut log =
        args.hdr_log.as_deref().map(LogFile::create).transpose().map_err(ReplayError::from)?;
    let clock = SystemClock::beginning_in(LEAD);
    let recording = replay(&turns, threads, &clock, &spreads, log.as_mut())?;
    let ended = clock.now();

    queries.warn_of_errors();
    let replayed = Replayed { threads, queries: queries.len(), rejected };
    let report = Report::new(&turns, recording, ended, replayed);
    report.warn();
    let mut out = BufWriter::new(io::stdout().lock());
    report.print(args.format, &mut out)?;
    out.flush()?;
    if let Some(log) = log {
        log.finish().map_err(ReplayError::from)?;
    }
    Ok(Printed)
}

/// The queries in the file at `path` that fit `snapshot`, in their order, and why the first of the
/// others does not. Lines that are no query are named on standard error.
///
/// # Errors
/// [`QueriesError`].
pub(crate) fn requests(
    path: &Path,
    strict: bool,
    snapshot: &Snapshot,
) -> Result<(Vec<SpreadRequest>, Option<String>), QueriesError> {
    Ok(queries::read(path, strict)?.prepare(snapshot).into_requests())
}

/// The plan that `args` ask for.
fn plan(args: &LoadArgs, threads: u32) -> Plan {
    let pace = match (args.rate, args.closed) {
        (Some(rate), _) => Pace::Open { rate },
        (None, callers) => Pace::Closed { callers: callers.unwrap_or(threads) },
    };
    let until = match (args.count, args.duration) {
        (Some(count), _) => Until::Count(count),
        (None, duration) => Until::Time(duration.unwrap_or(DEFAULT_REPLAY)),
    };
    Plan { pace, warm_up: args.warm_up.unwrap_or_default(), until }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn threads(asked: Option<u32>) -> u32 {
    asked.unwrap_or_else(|| u32::try_from(cores()).unwrap_or(u32::MAX))
}

fn warn_of_cores(threads: u32) {
    let cores = cores();
    if threads as usize > cores {
        let share = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
        exit::say(&format_args!(
            "note: {threads} threads share {share}, so service times hold waiting for a core"
        ));
    }
}

/// Ends `turns` at the first interrupt, so that what was measured is printed, and the command at
/// the second.
fn end_on_interrupt(turns: &Arc<Turns>) {
    let turns = Arc::clone(turns);
    // Where there can be no handler, an interrupt ends the command as it ends any other.
    let _ = ctrlc::set_handler(move || {
        if turns.is_interrupted() {
            std::process::exit(INTERRUPTED_TWICE);
        }
        turns.interrupt();
    });
}

/// Runs `turns` on `threads` threads and gives what was measured.
///
/// # Errors
/// [`ReplayError::Threads`].
fn replay(
    turns: &Turns,
    threads: u32,
    clock: &SystemClock,
    spreads: &Spreads<'_>,
    log: Option<&mut LogFile>,
) -> Result<Recording, ReplayError> {
    let spares = ArrayQueue::new(threads as usize);
    for _ in 0..threads {
        // There is room for all of them.
        drop(spares.push(Box::new(Recording::new())));
    }
    let shared = Shared { clock, turns, spares: &spares };
    let (teller, told) = channel();
    thread::scope(|scope| {
        for worker in 0..threads as usize {
            let (shared, teller) = (&shared, teller.clone());
            let run = move || {
                let mut outcome = SpreadOutcome::new();
                work(shared, worker, teller, |turn| spreads.run(turn, &mut outcome));
            };
            let named = thread::Builder::new().name(format!("replay-{worker}"));
            if let Err(error) = named.spawn_scoped(scope, run) {
                turns.interrupt();
                return Err(ReplayError::Threads { asked: threads, kind: error.kind() });
            }
        }
        drop(teller);
        let is_watched = io::stderr().is_terminal();
        let collected = |log: &mut dyn FnMut(u64, &Recording)| {
            collect(threads as usize, &told, &spares, |second, recording| {
                log(second, recording);
                if is_watched {
                    // Whoever closed standard error does not want to hear it.
                    let _ = writeln!(io::stderr(), "{}", report::progress(second, recording));
                }
            })
        };
        let begin = clock.wall() + turns.plan().warm_up;
        Ok(match log {
            Some(log) => log.with_log(begin, collected),
            None => collected(&mut |_, _| {}),
        })
    })
}

/// What every thread runs.
struct Spreads<'a> {
    engine: Engine,
    snapshot: &'a Snapshot,
    queries: &'a Queries,
}

impl Spreads<'_> {
    /// The spread of a turn, into memory that is used again; `None` where it is refused.
    fn run(&self, turn: &Turn, outcome: &mut SpreadOutcome) -> Option<Ended> {
        let query = self.queries.of_turn(turn.number);
        let ended = query.request().and_then(|request| {
            match self.engine.spread_into(self.snapshot, request, outcome) {
                Ok(()) => Some(Ended::new(outcome.stop_reason, &outcome.stats)),
                Err(error) => {
                    query.refuse(error);
                    None
                }
            }
        });
        if ended.is_none() && turn.measured {
            query.count_error();
        }
        ended
    }
}
