//! One JSON object, as the command line's contract has it: numbers in full precision (the shortest
//! digits that read back as the same number), keys in a fixed order.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Name, Report, Row};

impl From<&Name<'_>> for Value {
    fn from(name: &Name<'_>) -> Self {
        match name {
            Name::Text(text) => Self::from(&**text),
            Name::Number(key) => Self::from(*key),
        }
    }
}

/// Prints the report as one line. A node at a time, since there may be millions.
pub(super) fn print(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let seeds: Vec<Value> = report
        .seeds
        .iter()
        .map(|(name, seed)| match seed.time {
            0 => json!([Value::from(name), seed.activation]),
            time => json!([Value::from(name), seed.activation, time]),
        })
        .collect();
    let rule = report.request.rule.name();
    write!(out, "{{\"rule\":{},\"seeds\":{},\"activations\":[", json!(rule), Value::from(seeds))?;
    for (position, row) in report.rows.iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        write!(out, "{comma}{}", activation(report, row))?;
    }
    let degraded: Vec<Value> = report.degraded.iter().map(Value::from).collect();
    write!(
        out,
        "],\"stop_reason\":{},\"degraded\":{},\"stats\":{}",
        json!(report.stop_reason().name()),
        Value::from(degraded),
        stats(report)
    )?;
    if let Some(residual) = report.outcome.residual {
        write!(out, ",\"residual\":{}", json!(residual))?;
    }
    if let Some(steps) = report.steps() {
        let steps: Vec<Value> = steps
            .iter()
            .map(|step| json!({"t": step.t, "total": step.total, "active": step.active}))
            .collect();
        write!(out, ",\"steps\":{}", Value::from(steps))?;
    }
    writeln!(out, "}}")
}

fn activation(report: &Report<'_>, row: &Row<'_>) -> Value {
    let mut node = json!({
        "node": Value::from(&row.name),
        "activation": row.activation,
        "hop": row.hop,
    });
    if report.request.explain {
        let path = row
            .path
            .as_ref()
            .map(|path| report.path_names(path).iter().map(Value::from).collect::<Vec<Value>>());
        node["path"] = json!(path);
    }
    if let Some(latency_s) = row.latency_s {
        node["latency_s"] = json!(latency_s);
    }
    node
}

fn stats(report: &Report<'_>) -> Value {
    let stats = &report.outcome.stats;
    let mut object = json!({
        "hops": stats.hops,
        "nodes_reached": stats.nodes_reached,
        "edges_traversed": stats.edges_traversed,
        "revisits": stats.revisits,
        "elapsed_us": stats.elapsed.as_secs_f64() * 1e6,
        "generation": stats.generation,
    });
    if report.hops_are_auto() {
        object["hop_limit"] = json!(stats.hop_limit);
    }
    object
}
