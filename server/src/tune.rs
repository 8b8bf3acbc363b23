//! `emanate tune`: the tuner on windows from outside, or on made-up plants.

mod simulate;
mod tick;
mod window;

use std::fmt;
use std::io;

use emanate_tuner::BoundsError;

use crate::args::TuneCommand;
use crate::exit::{Failure, Printed};
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
}

impl TuneError {
    /// 1 where reading failed, 2 where what was given is wrong.
    pub(crate) fn status(&self) -> u8 {
        if matches!(self, Self::Input(_)) { 1 } else { 2 }
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
    }
}
