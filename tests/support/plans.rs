//! Random graphs and requests as plain data, so that a failing case can be shrunk and read.

mod graph;
mod request;
mod rules;

pub use graph::{EdgePlan, GraphPlan, LABELS, Weights, graphs};
pub use request::{Hidden, RequestPlan, requests};
pub use rules::{
    RuleKind, act_r, any_rule, linear, monotone_linear, pagerank, retention, rule_of, synapse,
};

use std::env;

use proptest::test_runner::{Config, RngSeed};

/// Where the random cases begin, so that a run that failed fails again.
const SEED: u64 = 0x0065_6d61_6e61_7465;

/// Proptest's settings for `cases` cases. They are the same in every run, unless the environment
/// says otherwise: `PROPTEST_CASES` gives another number of cases, `PROPTEST_RNG_SEED` other
/// cases. One that fails is printed, not written to a file.
#[must_use]
pub fn config(cases: u32) -> Config {
    let given = Config::default();
    let is_given = env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if is_given { given.cases } else { cases },
        rng_seed: match given.rng_seed {
            RngSeed::Random => RngSeed::Fixed(SEED),
            fixed => fixed,
        },
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..given
    }
}
