//! Compares counted instructions with the recorded ones.
//!
//!     instruction_gate COUNTED BASELINE [accept]
//!
//! COUNTED is the folder into which the bench `instructions` has written, BASELINE the record.
//! Fails where a case takes more instructions than recorded, or fewer, by more than its tolerance,
//! and where a case has come or gone. With `accept`, records what was counted instead.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

const HEADER: &str = "case,instructions,tolerance";
/// Tolerance of a case that was not recorded before: the share by which its count may differ.
const DEFAULT_TOLERANCE: f64 = 0.02;
const HOW_TO_ACCEPT: &str = "If this is meant, `bench/baseline/run accept` records the new counts.";

/// What is recorded of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Recorded {
    instructions: u64,
    tolerance: f64,
}

type Counts = BTreeMap<String, u64>;
type Baseline = BTreeMap<String, Recorded>;

/// Reads a baseline.
fn baseline_of(text: &str) -> Result<Baseline, String> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(format!("the baseline does not begin with the line `{HEADER}`"));
    }
    let recorded = |line: &str| {
        let [case, instructions, tolerance] = line.split(',').collect::<Vec<_>>()[..] else {
            return None;
        };
        let (instructions, tolerance) = (instructions.parse().ok()?, tolerance.parse().ok()?);
        Some((case.to_owned(), Recorded { instructions, tolerance }))
    };
    lines.map(|line| recorded(line).ok_or(format!("no line of a baseline: {line}"))).collect()
}

/// The baseline that records `counts`, with the tolerances of an earlier one.
fn accepted(counts: &Counts, earlier: &Baseline) -> String {
    counts.iter().fold(format!("{HEADER}\n"), |mut text, (case, instructions)| {
        let tolerance = earlier.get(case).map_or(DEFAULT_TOLERANCE, |before| before.tolerance);
        writeln!(text, "{case},{instructions},{tolerance}").expect("a string takes all");
        text
    })
}

/// The share by which `after` differs from `before`.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn change(before: u64, after: u64) -> f64 {
    (after as f64 - before as f64) / before.max(1) as f64
}

/// A line for each case, and whether it passes.
fn compare(counts: &Counts, baseline: &Baseline) -> Vec<(bool, String)> {
    let counted = counts.iter().map(|(case, &after)| {
        let Some(Recorded { instructions: before, tolerance }) = baseline.get(case).copied() else {
            return (false, format!("{case}: {after}, not recorded before"));
        };
        let change = change(before, after);
        let verdict = if change.abs() <= tolerance {
            "ok"
        } else if change > 0.0 {
            "SLOWER"
        } else {
            "FASTER than recorded"
        };
        let [percent, allowed] = [change, tolerance].map(|share| share * 100.0);
        let line = format!("{case}: {before} -> {after} ({percent:+.2} %, allowed {allowed} %)");
        (change.abs() <= tolerance, format!("{line} {verdict}"))
    });
    let gone = baseline.keys().filter(|case| !counts.contains_key(*case));
    counted.chain(gone.map(|case| (false, format!("{case}: recorded, not counted")))).collect()
}

/// The number of instructions in a file that callgrind wrote.
fn instructions_of(text: &str) -> Option<u64> {
    // The program's threads are in files of their own; each ends with its total.
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    total.split_whitespace().next()?.parse().ok()
}

/// Adds up what the files of each case under `folder` say. A case is named by the folder of its
/// files, as `function.id`.
fn counts_under(folder: &Path, counts: &mut Counts) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            counts_under(&path, counts)?;
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("callgrind.") || !name.ends_with(".out") {
            continue;
        }
        let case = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let broken = || io::Error::other(format!("{} has no total", path.display()));
        *counts.entry(case).or_default() +=
            instructions_of(&fs::read_to_string(&path)?).ok_or_else(broken)?;
    }
    Ok(())
}

fn run(arguments: &[String]) -> Result<bool, String> {
    let (counted, baseline, accepts) = match arguments {
        [counted, baseline] => (counted, baseline, false),
        [counted, baseline, accept] if accept == "accept" => (counted, baseline, true),
        _ => return Err("usage: instruction_gate COUNTED BASELINE [accept]".to_owned()),
    };
    let mut counts = Counts::new();
    counts_under(Path::new(counted), &mut counts).map_err(|error| format!("{counted}: {error}"))?;
    if counts.is_empty() {
        return Err(format!("{counted} holds no counts; did the bench run?"));
    }
    let recorded = match fs::read_to_string(baseline) {
        Ok(text) => baseline_of(&text).map_err(|error| format!("{baseline}: {error}"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound && accepts => Baseline::new(),
        Err(error) => return Err(format!("{baseline}: {error}")),
    };
    let lines = compare(&counts, &recorded);
    lines.iter().for_each(|(_, line)| println!("{line}"));
    if accepts {
        let text = accepted(&counts, &recorded);
        fs::write(baseline, text).map_err(|error| format!("{baseline}: {error}"))?;
        println!("recorded in {baseline}");
        return Ok(true);
    }
    Ok(lines.iter().all(|(passes, _)| *passes))
}

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("The instructions differ from those recorded. {HOW_TO_ACCEPT}");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Baseline, Counts, accepted, baseline_of, compare, instructions_of};

    fn baseline() -> Baseline {
        baseline_of("case,instructions,tolerance\nhop,1000,0.02\nload,500,0.1\n").unwrap()
    }

    fn verdicts(hop: u64, load: u64) -> Vec<bool> {
        let counts = Counts::from([("hop".to_owned(), hop), ("load".to_owned(), load)]);
        compare(&counts, &baseline()).into_iter().map(|(passes, _)| passes).collect()
    }

    #[test]
    fn a_change_passes_within_its_tolerance_only() {
        assert_eq!(verdicts(1000, 500), [true, true]);
        assert_eq!(verdicts(1020, 549), [true, true]);
        assert_eq!(verdicts(1021, 551), [false, false]);
        assert_eq!(verdicts(980, 450), [true, true]);
        assert_eq!(verdicts(979, 449), [false, false]);
    }

    #[test]
    fn the_line_of_a_failure_says_which_and_by_how_much() {
        let counts = Counts::from([("hop".to_owned(), 1500), ("load".to_owned(), 500)]);
        let lines = compare(&counts, &baseline());
        assert_eq!(lines[0].1, "hop: 1000 -> 1500 (+50.00 %, allowed 2 %) SLOWER");
    }

    #[test]
    fn cases_that_come_or_go_fail() {
        let counts = Counts::from([("hop".to_owned(), 1000), ("new".to_owned(), 1)]);
        let failed: Vec<_> =
            compare(&counts, &baseline()).into_iter().filter(|line| !line.0).collect();
        assert_eq!(failed.len(), 2, "{failed:?}");
    }

    #[test]
    fn accepting_keeps_tolerances() {
        let counts = Counts::from([("load".to_owned(), 7), ("new".to_owned(), 1)]);
        let text = accepted(&counts, &baseline());
        assert_eq!(text, "case,instructions,tolerance\nload,7,0.1\nnew,1,0.02\n");
        assert!(compare(&counts, &baseline_of(&text).unwrap()).iter().all(|line| line.0));
    }

    #[test]
    fn other_text_is_refused() {
        assert!(baseline_of("").is_err());
        assert!(baseline_of("case,instructions,tolerance\nhop,many,0.02\n").is_err());
        assert!(baseline_of("case,instructions,tolerance\nhop,1\n").is_err());
        assert_eq!(instructions_of("events: Ir\nsummary: 9\n"), None);
        assert_eq!(instructions_of("events: Ir\nfn=x\n1 2\ntotals: 12 3\n"), Some(12));
    }
}
