//! Dashboards, rules, runbook and what brings them up, against the metrics that are exported.
//!
//! `expr` knows what an expression over those metrics may say, `negative` shows that it finds what
//! is wrong, `live` asks a real Prometheus, the others hold every file to it.
#![forbid(unsafe_code)]

#[path = "dashboards/alerts.rs"]
mod alerts;
#[path = "dashboards/boards.rs"]
mod boards;
#[path = "dashboards/deployed.rs"]
mod deployed;
#[path = "dashboards/expr.rs"]
mod expr;
#[path = "dashboards/files.rs"]
mod files;
#[path = "dashboards/live.rs"]
mod live;
#[path = "dashboards/negative.rs"]
mod negative;
#[path = "dashboards/runbook.rs"]
mod runbook;
