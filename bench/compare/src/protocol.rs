//! The command language of the workers.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::top::{Strongest, TOP};
use crate::write_column;

/// What a worker is started with: `GRAPH PRECISION THREADS VARIANT`.
#[derive(Debug)]
pub struct Arguments {
    /// Folder of the graph.
    pub graph: PathBuf,
    /// Whether the state takes 4 bytes, not 8.
    pub single: bool,
    /// Threads the worker may use.
    pub threads: usize,
    /// Which of the peer's ways to do the work.
    pub variant: String,
}

impl Arguments {
    /// Those of this process.
    ///
    /// # Errors
    /// A sentence where there are not four, or one makes no sense.
    pub fn of_process() -> Result<Self, Box<dyn Error>> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [graph, precision, threads, variant] = <[String; 4]>::try_from(arguments)
            .map_err(|_| "a worker takes GRAPH PRECISION THREADS VARIANT")?;
        let single = match precision.as_str() {
            "single" => true,
            "double" => false,
            _ => return Err("PRECISION is single or double".into()),
        };
        Ok(Self { graph: graph.into(), single, threads: threads.parse()?, variant })
    }
}

/// One command. `out` is where answers are to be written; `None` where only time counts.
#[derive(Debug)]
pub enum Ask {
    /// Queries `first..first + count`, the ten strongest nodes of each.
    Spread {
        /// Hops of each query.
        hops: u32,
        /// Least pulse that fires.
        threshold: f64,
        /// The first query.
        first: usize,
        /// How many.
        count: usize,
        /// Whether the worker gets them all at once.
        batch: bool,
        /// Answers, by [`write_answers`].
        out: Option<PathBuf>,
    },
    /// Full-frontier hops: every node begins with 1, nothing decays.
    Hop {
        /// How many hops to time, after a first one.
        hops: u32,
        /// The ten largest sums over all hops and the start.
        out: Option<PathBuf>,
    },
    /// Personalised PageRank of queries `first..first + count`.
    PageRank {
        /// `power` or `push`, or what the peer calls its ways.
        method: String,
        /// How exact; what it means depends on the method.
        knob: f64,
        /// The first query.
        first: usize,
        /// How many; 0 for one query whose seeds are all nodes.
        count: usize,
        /// Whole vectors, by [`write_vector`].
        out: Option<PathBuf>,
    },
    /// What the graph takes in memory, as `work`.
    Memory {
        /// `out` for the out-edges; then with `in` the in-edges, with `dense` all that
        /// full-frontier hops need besides.
        part: String,
    },
    /// Builds a graph from a file of edges (source, target, weight; 12 bytes each).
    Build {
        /// The file.
        edges: PathBuf,
    },
}

fn parse(line: &str) -> Result<Ask, Box<dyn Error>> {
    let mut words = line.split(' ');
    let verb = words.next().unwrap_or_default();
    let mut next = || words.next().ok_or("the command has too few words");
    let path = |word: &str| (word != "-").then(|| PathBuf::from(word));
    Ok(match verb {
        "spread" | "batch" => Ask::Spread {
            hops: next()?.parse()?,
            threshold: next()?.parse()?,
            first: next()?.parse()?,
            count: next()?.parse()?,
            batch: verb == "batch",
            out: path(next()?),
        },
        "hop" => Ask::Hop { hops: next()?.parse()?, out: path(next()?) },
        "pagerank" => Ask::PageRank {
            method: next()?.to_owned(),
            knob: next()?.parse()?,
            first: next()?.parse()?,
            count: next()?.parse()?,
            out: path(next()?),
        },
        "memory" => Ask::Memory { part: next()?.to_owned() },
        "build" => Ask::Build { edges: next()?.into() },
        _ => return Err(format!("there is no command {verb}").into()),
    })
}

/// What one command took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processor time, of all threads of the process.
    pub cpu: f64,
    /// What was done: queries, edges or bytes.
    pub work: f64,
    /// Sum of the activations reported, so that no work can be left out unseen.
    pub checksum: f64,
}

fn seconds(time: Timespec) -> f64 {
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs `work`, and takes the time of it.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Measured) {
    let clocks = || {
        let wall = clock_gettime(ClockId::Monotonic);
        (seconds(wall), seconds(clock_gettime(ClockId::ProcessCPUTime)))
    };
    let (wall, cpu) = clocks();
    let done = work();
    let (wall_end, cpu_end) = clocks();
    let measured = Measured { wall: wall_end - wall, cpu: cpu_end - cpu, ..Measured::default() };
    (done, measured)
}

/// Answers commands until the input ends.
///
/// # Errors
/// Where a reply cannot be written. What goes wrong in a command is a reply.
pub fn serve(
    mut answer: impl FnMut(Ask) -> Result<Measured, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut replies = io::stdout().lock();
    writeln!(replies, "ready")?;
    replies.flush()?;
    for line in io::stdin().lock().lines() {
        match parse(&line?).and_then(&mut answer) {
            Ok(Measured { wall, cpu, work, checksum }) => {
                writeln!(replies, "ok {wall:.9} {cpu:.9} {work} {checksum:.12e}")?;
            }
            Err(error) => writeln!(replies, "error {error}")?,
        }
        replies.flush()?;
    }
    Ok(())
}

/// Writes [`TOP`] pairs of node (u64) and activation (f64) for each answer; node `u64::MAX` where
/// an answer has fewer.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_answers(path: &Path, answers: &[Strongest]) -> io::Result<()> {
    let pairs = answers.iter().flat_map(|answer| {
        (0..TOP).map(|rank| answer.get(rank).copied().unwrap_or((u64::MAX, 0.0)))
    });
    write_column(path, pairs.flat_map(|(node, value)| [node.to_le_bytes(), value.to_le_bytes()]))
}

/// Writes one f64 for each node.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_vector(path: &Path, values: &[f64]) -> io::Result<()> {
    write_column(path, values.iter().map(|value| value.to_le_bytes()))
}
