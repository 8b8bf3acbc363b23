//! Faults on purpose: tiers that fail or are slow, workers that panic, no scratch, a clock that
//! jumps, and all of it at once. Whatever happens, an answer is exactly right for what was not
//! skipped, breakers open and close as they should, and nothing leaks.
//!
//! Time is virtual, but where a read is made slow. The points are those of `emanate::sync::fault`;
//! `cargo test -p emanate-tests --features failpoints --test chaos` runs it.
//!
//! Where the environment names a file in `EMANATE_CHAOS_METRICS`, the metrics of the run are
//! written there: scrapes in the text format, each after a line `# chaos <scenario> <seconds>`,
//! with the seconds of virtual time since the scenario began. `dashboards/record-chaos` makes
//! tests of alerts of it.
#![forbid(unsafe_code)]

#[path = "chaos/alerts.rs"]
mod alerts;
#[path = "chaos/clocks.rs"]
mod clocks;
#[path = "chaos/cold.rs"]
mod cold;
#[path = "chaos/scratch.rs"]
mod scratch;
#[path = "chaos/site.rs"]
mod site;
#[path = "chaos/storm.rs"]
mod storm;
#[path = "chaos/tiers.rs"]
mod tiers;
#[path = "chaos/workers.rs"]
mod workers;
