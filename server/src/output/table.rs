//! A table a person can read.

use std::io::{self, Write};

use emanate::spread::Rule;
use emanate::terms::StopReason;

use super::text::{activation, duration, grouped, visible, width};
use super::{Colour, Report, Row};

/// Columns that names are padded to at most; a longer one only shifts its own line.
const NAME_WIDTH_MAX: usize = 48;

/// What is printed before and after a piece of text.
struct Paint {
    bold: &'static str,
    dim: &'static str,
    end: &'static str,
}

impl Paint {
    const fn new(colour: Colour) -> Self {
        match colour {
            Colour::Yes => Self { bold: "\x1b[1m", dim: "\x1b[2m", end: "\x1b[0m" },
            Colour::No => Self { bold: "", dim: "", end: "" },
        }
    }
}

/// Prints the report: a header, one line per node, the steps if asked for, a summary.
pub(super) fn print(report: &Report<'_>, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(colour);
    let lines: Vec<Line> =
        report.rows.iter().enumerate().map(|(place, row)| Line::of(report, place, row)).collect();
    let header = Line::header(report);
    let widths = Widths::of(&header, &lines);
    write!(out, "{}", paint.bold)?;
    header.print(&widths, ["", ""], out)?;
    writeln!(out, "{}", paint.end)?;
    for line in &lines {
        line.print(&widths, [paint.dim, paint.end], out)?;
        writeln!(out)?;
    }
    if lines.is_empty() {
        writeln!(out, "(no node is to be reported)")?;
    }
    print_steps(report, &paint, out)?;
    writeln!(out)?;
    writeln!(out, "{}", summary(report))
}

/// The texts of one line.
struct Line {
    rank: String,
    name: String,
    activation: String,
    hop: String,
    latency: Option<String>,
    path: Option<String>,
}

impl Line {
    fn header(report: &Report<'_>) -> Self {
        Self {
            rank: "rank".to_owned(),
            name: "node".to_owned(),
            activation: "activation".to_owned(),
            hop: "hop".to_owned(),
            latency: report.has_latency().then(|| "latency (s)".to_owned()),
            path: report.request.explain.then(|| "path".to_owned()),
        }
    }

    fn of(report: &Report<'_>, place: usize, row: &Row<'_>) -> Self {
        let path = row.path.as_ref().map(|path| {
            let names = report.path_names(path);
            let names: Vec<_> =
                names.iter().map(|n| visible(&n.to_string()).into_owned()).collect();
            names.join(" → ")
        });
        Self {
            rank: (place + 1).to_string(),
            name: visible(&row.name.to_string()).into_owned(),
            activation: activation(row.activation),
            hop: row.hop.to_string(),
            latency: report
                .has_latency()
                .then(|| row.latency_s.map_or_else(String::new, |seconds| format!("{seconds:.3}"))),
            path: report.request.explain.then(|| path.unwrap_or_default()),
        }
    }

    fn print(&self, widths: &Widths, dim: [&str; 2], out: &mut dyn Write) -> io::Result<()> {
        let (rank, hop) = (widths.rank, widths.hop);
        let after = widths.name.saturating_sub(width(&self.name));
        write!(out, "{:>rank$}  {}{:after$}", self.rank, self.name, "")?;
        write!(out, "  {:>1$}  {2:>hop$}", self.activation, widths.activation, self.hop)?;
        if let Some(latency) = &self.latency {
            write!(out, "  {latency:>0$}", widths.latency)?;
        }
        match &self.path {
            Some(path) if !path.is_empty() => write!(out, "  {}{path}{}", dim[0], dim[1]),
            _ => Ok(()),
        }
    }
}

/// Columns of each part.
struct Widths {
    rank: usize,
    name: usize,
    activation: usize,
    hop: usize,
    latency: usize,
}

impl Widths {
    fn of(header: &Line, lines: &[Line]) -> Self {
        let widest = |part: fn(&Line) -> &str| {
            lines.iter().chain([header]).map(|line| width(part(line))).max().unwrap_or(0)
        };
        Self {
            rank: widest(|line| &line.rank),
            name: widest(|line| &line.name).min(NAME_WIDTH_MAX),
            activation: widest(|line| &line.activation),
            hop: widest(|line| &line.hop),
            latency: widest(|line| line.latency.as_deref().unwrap_or("")),
        }
    }
}

fn print_steps(report: &Report<'_>, paint: &Paint, out: &mut dyn Write) -> io::Result<()> {
    let Some(steps) = report.steps() else { return Ok(()) };
    let totals: Vec<String> = steps.iter().map(|step| activation(step.total)).collect();
    let wide = totals.iter().map(String::len).chain(["total".len()]).max().unwrap_or(0);
    writeln!(out)?;
    writeln!(out, "{}{:>4}  {:>wide$}  {:>10}{}", paint.bold, "t", "total", "active", paint.end)?;
    for (step, total) in steps.iter().zip(&totals) {
        writeln!(out, "{:>4}  {total:>wide$}  {:>10}", step.t, grouped(step.active))?;
    }
    Ok(())
}

/// What was reached, why it ended and how long it took.
fn summary(report: &Report<'_>) -> String {
    let stats = &report.outcome.stats;
    let [round, rounds] = match &report.request.rule {
        Rule::Retention(_) | Rule::Synapse(_) => ["step", "steps"],
        Rule::PageRank(_) => ["iteration", "iterations"],
        _ => ["hop", "hops"],
    };
    let reached = if stats.nodes_reached == 1 { "node" } else { "nodes" };
    let edges = if stats.edges_traversed == 1 { "edge" } else { "edges" };
    let mut text = format!(
        "rule {}: reached {} {reached} along {} {edges} in {} {} and {}; stopped: {}",
        report.request.rule.name(),
        grouped(stats.nodes_reached),
        grouped(stats.edges_traversed),
        grouped(stats.hops.into()),
        if stats.hops == 1 { round } else { rounds },
        duration(stats.elapsed.as_secs_f64()),
        report.stop_reason(),
    );
    text.push_str(&match report.stop_reason() {
        StopReason::HopLimit => format!(" (all {rounds} allowed were run)"),
        other => format!(" ({})", reason(other)),
    });
    if report.hops_are_auto() {
        text.push_str(&format!("; hop limit {} (auto)", stats.hop_limit));
    }
    if let Some(residual) = report.outcome.residual {
        text.push_str(&format!("; residual {residual:.3e}"));
    }
    let shown = report.rows.len() as u64;
    if shown < stats.nodes_reached && report.request.top == Some(report.rows.len()) {
        text.push_str(&match shown {
            1 => "; shown: the strongest".to_owned(),
            more => format!("; shown: the {} strongest", grouped(more)),
        });
    }
    text
}

/// A reason to stop, in words.
const fn reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Exhausted => "nothing was left that fires",
        StopReason::Converged => "it converged",
        StopReason::Deadline => "the time was up",
        StopReason::EdgeBudget => "--max-edges would have been passed",
        StopReason::NodeBudget => "--max-nodes was reached",
        StopReason::MemoryBudget => "--max-memory would have been passed",
        StopReason::Overflow => "a number would have become too large",
        other => other.name(),
    }
}
