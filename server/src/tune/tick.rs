//! `emanate tune tick`: a window a line in, a line out.

use std::io::{self, BufRead, Write};

use emanate_tuner::{Controller, Proposal};
use serde_json::json;

use super::{TuneError, config, window};
use crate::args::TickArgs;
use crate::exit::{Failure, Printed};

/// Answers windows until standard input ends.
///
/// # Errors
/// [`Failure::Tune`] at the first line that is no window, or [`Failure::Output`].
pub(crate) fn run(args: &TickArgs) -> Result<Printed, Failure> {
    if args.budget_us <= 0.0 {
        let (flag, value, range) = ("budget-us", args.budget_us, "above 0");
        return Err(TuneError::Flag { flag, value, range }.into());
    }
    let mut controller = Controller::new(config(&args.steering, args.budget_us)?);
    answer(&mut controller, io::stdin().lock(), &mut io::stdout().lock())
}

fn answer(
    controller: &mut Controller,
    mut input: impl BufRead,
    out: &mut impl Write,
) -> Result<Printed, Failure> {
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes).map_err(TuneError::Input)? == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let reading =
            window::read(bytes.trim_ascii()).map_err(|error| TuneError::Window { line, error })?;
        writeln!(out, "{}", line_of(&controller.tick(&reading)))?;
        out.flush()?;
    }
    Ok(Printed)
}

fn line_of(proposal: &Proposal) -> serde_json::Value {
    json!({
        "batch_size": proposal.settings.batch_size,
        "hop_limit": proposal.settings.hop_limit,
        "verdict": proposal.verdict.name(),
        "reason": proposal.reason.to_string(),
    })
}
