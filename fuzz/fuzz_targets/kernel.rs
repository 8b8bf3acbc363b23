//! Any small graph and any request: the kernels give what the oracle gives.
#![no_main]

use emanate::{Engine, Graph};
use emanate_tests::agreement::compare;
use emanate_tests::plans::{RuleKind, Weights, config, graphs, requests, rule_of};
use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

const RULES: [RuleKind; 5] =
    [RuleKind::Linear, RuleKind::Retention, RuleKind::PageRank, RuleKind::ActR, RuleKind::Synapse];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let rule = RULES[usize::from(kind) % RULES.len()];
    let weights = if rule == RuleKind::Linear && kind >= 128 {
        Weights::Inhibitory
    } else {
        Weights::NonNegative
    };
    // The input's bytes are the random numbers that the strategies draw from.
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, bytes);
    let mut runner = TestRunner::new_with_rng(config(1), rng);
    let drawn = (graphs(weights), requests(rule_of(rule))).new_tree(&mut runner);
    let Ok(tree) = drawn else { return };
    let (plan, request) = tree.current();
    let graph = Graph::from(plan.generation()).snapshot();
    if let Err(difference) = compare(&Engine::new(), &graph, &request.request(plan.nodes)) {
        panic!("{difference}");
    }
});
