//! What a replay is printed as.

use std::io::{self, Write};
use std::time::Duration;

use emanate::terms::StopReason;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::recording::Recording;
use super::turns::{Pace, Turns};
use crate::args::ReplayFormat;
use crate::exit;
use crate::output::text::{duration, grouped};

/// The quantiles that are printed, and the greatest value.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

/// With what a replay was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replayed {
    /// Threads that ran spreads.
    pub(super) threads: u32,
    /// Queries that were replayed.
    pub(super) queries: usize,
    /// Lines that are no query.
    pub(super) rejected: u64,
}

/// The result of a replay.
#[derive(Debug)]
pub(super) struct Report {
    pace: Pace,
    replayed: Replayed,
    /// Time that was measured.
    elapsed: Duration,
    recording: Recording,
    /// Measured spreads that an open loop had scheduled.
    scheduled: Option<u64>,
    interrupted: bool,
}

impl Report {
    /// The report of a replay whose threads had ended at `ended`.
    pub(super) fn new(
        turns: &Turns,
        recording: Recording,
        ended: Duration,
        replayed: Replayed,
    ) -> Self {
        let (plan, interrupted) = (turns.plan(), turns.is_interrupted());
        let until = if interrupted { ended } else { plan.end().max(recording.last_end) };
        Self {
            pace: plan.pace,
            replayed,
            elapsed: until.saturating_sub(plan.warm_up),
            scheduled: plan.scheduled(if interrupted { ended } else { Duration::MAX }),
            recording,
            interrupted,
        }
    }

    /// Spreads that were scheduled and not begun, since they came too late or were interrupted.
    fn not_begun(&self) -> u64 {
        let begun = self.recording.spreads() + self.recording.errors;
        self.scheduled.map_or(0, |scheduled| scheduled.saturating_sub(begun))
    }

    /// Says on standard error what must be known to read the numbers.
    pub(super) fn warn(&self) {
        if self.interrupted {
            exit::warn(&"the replay was interrupted; what was measured until then follows");
        } else if self.not_begun() > 0 {
            exit::warn(&format_args!(
                "{} of {} scheduled spreads had not begun when the replay gave up, so the true \
                 response times are longer still; ask for a lower --rate or more --threads",
                grouped(self.not_begun()),
                grouped(self.scheduled.unwrap_or(0))
            ));
        }
        if self.recording.spreads() == 0 {
            exit::warn(&"no spread was measured, so there are no quantiles");
        }
    }

    /// Prints it.
    ///
    /// # Errors
    /// What writing to `out` gives.
    pub(super) fn print(&self, format: ReplayFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            ReplayFormat::Table => self.table(out),
            ReplayFormat::Json => writeln!(out, "{}", self.json()),
        }
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Spreads begun in a second, refused ones among them: what the rate asked becomes.
    fn rate_achieved(&self) -> f64 {
        self.per_second(self.recording.spreads() + self.recording.errors)
    }

    fn json(&self) -> Value {
        let Self { recording, .. } = self;
        let (open, rate, callers) = match self.pace {
            Pace::Open { rate } => ("open", Some(rate), None),
            Pace::Closed { callers } => ("closed", None, Some(callers)),
        };
        let reasons = StopReason::ALL.iter().zip(&recording.stop_reasons);
        let reasons: Map<String, Value> =
            reasons.map(|(reason, count)| (reason.name().to_owned(), json!(count))).collect();
        json!({
            "loop": open,
            "rate_asked": rate,
            "rate_achieved": self.rate_achieved(),
            "callers": callers,
            "threads": self.replayed.threads,
            "queries": self.replayed.queries,
            "lines_rejected": self.replayed.rejected,
            "elapsed_s": self.elapsed.as_secs_f64(),
            "interrupted": self.interrupted,
            "spreads": recording.spreads(),
            "errors": recording.errors,
            "not_begun": self.not_begun(),
            "throughput_per_second": self.per_second(recording.spreads()),
            "edges_traversed": recording.edges,
            "edges_per_second": self.per_second(recording.edges),
            "stop_reasons": reasons,
            "service_us": quantiles(&recording.service),
            "response_us": quantiles(&recording.response),
        })
    }

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { recording, .. } = self;
        write!(out, "{:<10}", "")?;
        for (name, _) in QUANTILES {
            write!(out, "{name:>12}")?;
        }
        writeln!(out)?;
        for (name, histogram) in
            [("service", &recording.service), ("response", &recording.response)]
        {
            write!(out, "{name:<10}")?;
            for (_, quantile) in QUANTILES {
                let value = value_at(histogram, quantile);
                let text = value.map_or_else(|| "-".to_owned(), |micros| duration(micros / 1e6));
                write!(out, "{text:>12}")?;
            }
            writeln!(out)?;
        }
        writeln!(out)?;
        let (spreads, errors) = (recording.spreads(), recording.errors);
        writeln!(
            out,
            "{} spreads and {} errors in {}: {:.1} spreads and {:.4e} edges a second",
            grouped(spreads),
            grouped(errors),
            duration(self.elapsed.as_secs_f64()),
            self.per_second(spreads),
            self.per_second(recording.edges)
        )?;
        let load = match self.pace {
            Pace::Open { rate } => format!(
                "open loop at {rate} a second (achieved {:.1}, {} not begun)",
                self.rate_achieved(),
                grouped(self.not_begun())
            ),
            Pace::Closed { callers: 1 } => "closed loop of 1 caller".to_owned(),
            Pace::Closed { callers } => {
                format!("closed loop of {} callers", grouped(callers.into()))
            }
        };
        writeln!(
            out,
            "{load}; threads: {}; queries: {} ({} lines rejected)",
            self.replayed.threads,
            grouped(self.replayed.queries as u64),
            grouped(self.replayed.rejected)
        )?;
        let reasons = StopReason::ALL.iter().zip(&recording.stop_reasons);
        let reasons = reasons.filter(|(_, count)| **count > 0);
        let reasons = reasons.map(|(reason, count)| format!("{reason} {}", grouped(*count)));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        writeln!(out, "stopped: {}", if reasons.is_empty() { "-" } else { &reasons })
    }
}

/// A quantile in microseconds; `None` where nothing was recorded.
fn value_at(histogram: &Histogram<u64>, quantile: f64) -> Option<f64> {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / 1e3)
}

fn quantiles(histogram: &Histogram<u64>) -> Value {
    let quantiles = QUANTILES.iter();
    quantiles.map(|(name, at)| ((*name).to_owned(), json!(value_at(histogram, *at)))).collect()
}

/// One line about one second, for whoever watches.
pub(super) fn progress(second: u64, recording: &Recording) -> String {
    let response = |quantile| {
        let micros = value_at(&recording.response, quantile);
        micros.map_or_else(|| "-".to_owned(), |micros| duration(micros / 1e6))
    };
    format!(
        "{:>5} s {:>12} spreads {:>8} errors   response p50 {:>10}   p99 {:>10}   max {:>10}",
        second + 1,
        grouped(recording.spreads()),
        grouped(recording.errors),
        response(0.5),
        response(0.99),
        response(1.0)
    )
}
