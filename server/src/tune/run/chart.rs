//! The way there, drawn with letters.

use std::io::{self, Write};

use super::{Step, Tuned};

/// Columns of the drawing.
const COLUMNS: usize = 72;
/// Rows of the throughput and of the batch size.
const ROWS: usize = 8;
/// Eighths of a row, from the least.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Mean of `of` in each of [`COLUMNS`] parts of the time; `None` where it gives nothing.
pub(super) fn columns(steps: &[Step], of: impl Fn(&Step) -> Option<f64>) -> Vec<Option<f64>> {
    let end = steps.last().map_or(0.0, |step| step.at_s).max(f64::MIN_POSITIVE);
    let mut sums = vec![(0.0, 0_u32); COLUMNS];
    for step in steps {
        let column = ((step.at_s / end * COLUMNS as f64) as usize).min(COLUMNS - 1);
        if let Some(value) = of(step).filter(|value| value.is_finite()) {
            sums[column].0 += value;
            sums[column].1 += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
}

/// Bars between `low` and `high`, with the ends written at the left.
fn bars(
    out: &mut dyn Write,
    title: &str,
    values: &[Option<f64>],
    (low, high): (f64, f64),
    label: impl Fn(f64) -> String,
) -> io::Result<()> {
    writeln!(out, "\n{title}")?;
    let span = (high - low).max(f64::MIN_POSITIVE);
    for row in (0..ROWS).rev() {
        let name = match row {
            0 => label(low),
            top if top == ROWS - 1 => label(high),
            _ => String::new(),
        };
        let letter = |value: &Option<f64>| {
            let Some(value) = value else { return ' ' };
            let eighths = ((value - low) / span).clamp(0.0, 1.0) * (8 * ROWS) as f64;
            // The least value still shows.
            let here = (eighths.max(1.0) - (8 * row) as f64).clamp(0.0, 8.0);
            EIGHTHS[here as usize]
        };
        let letters: String = values.iter().map(letter).collect();
        writeln!(out, "{name:>12} ┤{}", letters.trim_end())?;
    }
    Ok(())
}

/// Throughput, batch size and hop limit over time.
pub(super) fn draw(tuned: &Tuned, out: &mut dyn Write) -> io::Result<()> {
    let steps = &tuned.steps;
    let Some(last) = steps.last() else { return Ok(()) };
    let throughput = columns(steps, |step| step.reading.ln_throughput().map(f64::exp));
    let top = throughput.iter().flatten().fold(0.0, |top: f64, value| top.max(*value));
    bars(out, "spreads a second", &throughput, (0.0, top), |value| format!("{value:.0}"))?;
    let size = columns(steps, |step| Some(f64::from(step.reading.settings.batch_size).log2()));
    let top = size.iter().flatten().fold(1.0, |top: f64, value| top.max(*value));
    bars(out, "batch size, by doublings", &size, (0.0, top), |value| {
        format!("{:.0}", value.exp2())
    })?;
    let hops = columns(steps, |step| Some(f64::from(step.reading.settings.hop_limit)));
    let digit = |hops: &Option<f64>| {
        hops.and_then(|hops| char::from_digit((hops.round() as u32).min(35), 36)).unwrap_or(' ')
    };
    let digits: String = hops.iter().map(digit).collect();
    writeln!(out, "\n{:>12} ┤{}", "hop limit", digits.trim_end())?;
    let end = format!("{:.0} s", last.at_s);
    writeln!(out, "{:>12} └{}", "", "─".repeat(COLUMNS))?;
    let width = COLUMNS - 1;
    writeln!(out, "{:>15}{end:>width$}", "0")
}
