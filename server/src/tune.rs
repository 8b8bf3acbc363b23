//! `emanate tune`: the tuner on windows from outside, or on made-up plants.

mod run;
mod simulate;
mod tick;
mod window;

use std::fmt;
use std::io;
use std::path::PathBuf;

use emanate_tuner::{Bounds, BoundsError, Config, Objective, Settings};

use crate::args::{SteeringArgs, TuneCommand};
use crate::exit::{Failure, Printed};
use crate::replay::QueriesError;
use window::WindowError;

/// Why the tuner did not do what was asked.
#[derive(Debug)]
pub(crate) enum TuneError {
    /// A flag's value is out of range.
    Flag {
        /// The flag, without dashes.
        flag: &'static str,
        /// What it was given.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// No settings lie within the bounds.
    Bounds(BoundsError),
    /// A line of standard input is no window.
    Window {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        error: WindowError,
    },
    /// Standard input cannot be read.
    Input(io::Error),
    /// The file of queries cannot be replayed.
    Queries(QueriesError),
    /// No query fits the graph.
    NoQueryFits {
        /// The file of queries.
        file: PathBuf,
        /// Why the first one does not.
        first: String,
    },
    /// The operating system gives no more threads.
    Threads(io::Error),
    /// The drawing would replace what is read.
    SvgIsInput {
        /// Where it should go.
        file: PathBuf,
    },
    /// The drawing cannot be written.
    Svg {
        /// Where it should go.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl TuneError {
    /// 1 where reading failed, 2 where what was given is wrong.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Threads(_) | Self::Svg { .. } => 1,
            _ => 2,
        }
    }
}

impl fmt::Display for TuneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { flag, value, range } => {
                write!(f, "--{flag} is {value}, but must be {range}")
            }
            Self::Bounds(BoundsError::EmptyBatch) => {
                f.write_str("--min-batch is 0; a batch holds at least one spread")
            }
            Self::Bounds(BoundsError::BatchReversed) => {
                f.write_str("--min-batch is above --max-batch; swap them")
            }
            Self::Bounds(BoundsError::HopsReversed) => {
                f.write_str("--min-hops is above --max-hops; swap them")
            }
            Self::Bounds(error) => write!(f, "{error}"),
            Self::Window { line, error } => write!(f, "standard input:{line}: {error}"),
            Self::Input(error) => {
                write!(f, "standard input cannot be read ({error}); check where it comes from")
            }
            Self::Queries(error) => write!(f, "{error}"),
            Self::NoQueryFits { file, first } => {
                write!(f, "{}: no query fits the graph; the first one: {first}", file.display())
            }
            Self::Threads(error) => {
                write!(f, "the threads cannot be had ({error}); ask for fewer with --callers")
            }
            Self::SvgIsInput { file } => write!(
                f,
                "--svg would replace {}, which is read; name another file",
                file.display()
            ),
            Self::Svg { file, error } => write!(
                f,
                "--svg: {} cannot be written ({error}); check the folder and its permissions",
                file.display()
            ),
        }
    }
}

impl std::error::Error for TuneError {}

/// Does what `command` says.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(command: &TuneCommand) -> Result<Printed, Failure> {
    match command {
        TuneCommand::Tick(args) => tick::run(args),
        TuneCommand::Simulate(args) => simulate::run(args),
        TuneCommand::Run(args) => run::run(args),
    }
}

/// What a tuner is made with, by `args` and a budget above 0.
///
/// # Errors
/// [`TuneError`] where a value is out of range.
fn config(args: &SteeringArgs, budget_us: f64) -> Result<Config, TuneError> {
    if !(0.0..=1.0).contains(&args.floor) {
        let (flag, value, range) = ("floor", args.floor, "from 0 to 1");
        return Err(TuneError::Flag { flag, value, range });
    }
    let min = Settings { batch_size: args.min_batch, hop_limit: args.min_hops };
    let max = Settings { batch_size: args.max_batch, hop_limit: args.max_hops };
    Ok(Config {
        bounds: Bounds::new(min, max).map_err(TuneError::Bounds)?,
        objective: Objective { budget_us, quality_floor: args.floor },
        policy: args.policy.into(),
        strategy: args.strategy.into(),
        seed: args.seed,
    })
}
