//! Before, after and the way there, for people and for programs.

use std::io::{self, Write};

use emanate_tuner::{SettingName, Verdict};
use serde_json::{Map, Value, json};

use super::chart;
use super::{Phase, Tuned};
use crate::output::text::{duration, grouped};

/// Decisions shown to people, the newest.
const DECISIONS_SHOWN: usize = 12;

/// One JSON object.
pub(super) fn json(tuned: &Tuned) -> Value {
    let steps = &tuned.steps;
    let columns: [(&str, Vec<Value>); 8] = [
        ("at_s", steps.iter().map(|step| json!(step.at_s)).collect()),
        ("batch_size", steps.iter().map(|step| json!(step.reading.settings.batch_size)).collect()),
        ("hop_limit", steps.iter().map(|step| json!(step.reading.settings.hop_limit)).collect()),
        (
            "throughput_per_second",
            steps.iter().map(|step| json!(step.reading.throughput_per_second)).collect(),
        ),
        ("samples", steps.iter().map(|step| json!(step.reading.samples)).collect()),
        ("over_budget", steps.iter().map(|step| json!(step.reading.over_budget)).collect()),
        ("recall", steps.iter().map(|step| json!(step.reading.shadow.map(|s| s.recall))).collect()),
        ("verdict", steps.iter().map(|step| json!(step.proposal.verdict.name())).collect()),
    ];
    let trace: Map<String, Value> =
        columns.into_iter().map(|(name, values)| (name.to_owned(), values.into())).collect();
    let decisions = tuned.decisions.iter().map(|decision| {
        json!({
            "tick": decision.tick,
            "setting": decision.setting().name(),
            "verdict": decision.proposal.verdict.name(),
            "reason": decision.proposal.reason.to_string(),
            "before": settings_json(decision.before),
            "after": settings_json(decision.proposal.settings),
        })
    });
    let reading = &tuned.reading;
    json!({
        "budget_us": 1e6 * tuned.budget_s,
        "floor": tuned.floor,
        "queries": tuned.queries,
        "asked_together": tuned.together,
        "before": phase_json(&tuned.before),
        "after": phase_json(&tuned.after),
        "gain": gain(tuned),
        "windows": reading.windows,
        "frozen": reading.frozen.map(|reason| reason.to_string()),
        "samples_lost": reading.samples_lost,
        "samples_stale": reading.samples_stale,
        "shadow_spreads": reading.shadows,
        "shadow_s": reading.shadow_time.as_secs_f64(),
        "decisions": decisions.collect::<Vec<Value>>(),
        "trace": trace,
    })
}

fn settings_json(settings: emanate_tuner::Settings) -> Value {
    json!({"batch_size": settings.batch_size, "hop_limit": settings.hop_limit})
}

fn phase_json(phase: &Phase) -> Value {
    let micros = |quantile| phase.measured.latency_s(quantile).map(|seconds| 1e6 * seconds);
    json!({
        "batch_size": phase.settings.batch_size,
        "hop_limit": phase.settings.hop_limit,
        "throughput_per_second": phase.measured.throughput(),
        "latency_us": {"p50": micros(0.5), "p90": micros(0.9), "p99": micros(0.99)},
        "over_budget_share": phase.measured.share_over(),
        "recall": phase.recall,
    })
}

/// What tuning gained of throughput; `None` where nothing was measured.
fn gain(tuned: &Tuned) -> Option<f64> {
    let (before, after) = (tuned.before.measured.throughput(), tuned.after.measured.throughput());
    (before > 0.0 && after > 0.0).then(|| after / before - 1.0)
}

/// A table, the latest decisions, and a chart.
pub(super) fn table(tuned: &Tuned, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<24}{:>14}{:>14}", "", "before", "after")?;
    let phases = [&tuned.before, &tuned.after];
    let mut row = |name: &str, of: &dyn Fn(&Phase) -> String| {
        writeln!(out, "{name:<24}{:>14}{:>14}", of(phases[0]), of(phases[1]))
    };
    let latency = |phase: &Phase, quantile| {
        phase.measured.latency_s(quantile).map_or_else(|| "-".to_owned(), duration)
    };
    row("batch size", &|phase| grouped(phase.settings.batch_size.into()))?;
    row("hop limit", &|phase| phase.settings.hop_limit.to_string())?;
    row("spreads a second", &|phase| format!("{:.1}", phase.measured.throughput()))?;
    row("a batch takes, p50", &|phase| latency(phase, 0.5))?;
    row("a batch takes, p99", &|phase| latency(phase, 0.99))?;
    row("batches over budget", &|phase| format!("{:.2} %", 100.0 * phase.measured.share_over()))?;
    row("recall of all queries", &|phase| {
        phase.recall.map_or_else(|| "-".to_owned(), |recall| format!("{recall:.4}"))
    })?;
    summary(tuned, out)?;
    decisions(tuned, out)?;
    chart::draw(tuned, out)
}

fn summary(tuned: &Tuned, out: &mut dyn Write) -> io::Result<()> {
    let reading = &tuned.reading;
    let gain = gain(tuned).map_or_else(|| "-".to_owned(), |gain| format!("{:+.1} %", 100.0 * gain));
    writeln!(
        out,
        "\nthroughput {gain}; budget {}, floor {}",
        duration(tuned.budget_s),
        tuned.floor
    )?;
    writeln!(
        out,
        "{} windows, {} shadow spreads in {}; {} samples stale, {} lost",
        grouped(reading.windows),
        grouped(reading.shadows),
        duration(reading.shadow_time.as_secs_f64()),
        grouped(reading.samples_stale),
        grouped(reading.samples_lost)
    )?;
    for setting in SettingName::ALL {
        let counts = Verdict::ALL.map(|verdict| (verdict, reading.decisions(setting, verdict)));
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let counts = counts.map(|(verdict, count)| format!("{} {count}", verdict.name()));
        let counts = counts.collect::<Vec<_>>().join(", ");
        if !counts.is_empty() {
            writeln!(out, "{}: {counts}", setting.name())?;
        }
    }
    if let Some(reason) = reading.frozen {
        writeln!(out, "frozen: {reason}")?;
    }
    Ok(())
}

fn decisions(tuned: &Tuned, out: &mut dyn Write) -> io::Result<()> {
    let is_told = |verdict| !matches!(verdict, Verdict::Probe | Verdict::Hold | Verdict::Sleep);
    let told = tuned.decisions.iter().filter(|decision| is_told(decision.proposal.verdict));
    let told: Vec<_> = told.collect();
    let newest = &told[told.len().saturating_sub(DECISIONS_SHOWN)..];
    if newest.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{:>7} {:>10} {:>9}  {:<9}reason",
        "window", "batch size", "hop limit", "verdict"
    )?;
    for decision in newest {
        let proposal = decision.proposal;
        writeln!(
            out,
            "{:>7} {:>10} {:>9}  {:<9}{}",
            decision.tick,
            proposal.settings.batch_size,
            proposal.settings.hop_limit,
            proposal.verdict.name(),
            proposal.reason
        )?;
    }
    Ok(())
}
