//! Random graphs and requests as plain data, so that a failing case can be shrunk and read.

mod graph;
mod request;
mod rules;

pub use graph::{EdgePlan, GraphPlan, LABELS, Weights, graphs};
pub use request::{Hidden, RequestPlan, requests};
pub use rules::{
    RuleKind, act_r, any_rule, linear, monotone_linear, pagerank, retention, rule_of, synapse,
};

use proptest::test_runner::Config;

/// Proptest's settings for `cases` cases; a failing case is printed, not written to a file.
#[must_use]
pub fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_global_rejects: 100_000, ..Config::default() }
}
