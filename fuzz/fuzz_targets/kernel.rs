//! Any small graph and any request: the kernels give what the oracle gives.
#![no_main]

use emanate::{Engine, Graph};
use emanate_bench::SplitMix64;
use emanate_tests::agreement::{Arithmetic, compare};
use emanate_tests::plans::{RuleKind, Weights, config, graphs, requests, rule_of};
use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

const RULES: [RuleKind; 5] =
    [RuleKind::Linear, RuleKind::Retention, RuleKind::PageRank, RuleKind::ActR, RuleKind::Synapse];

/// Random words behind the input's own bytes; a case draws a few thousand.
const STREAM_WORDS: usize = 1 << 14;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let rule = RULES[usize::from(kind) % RULES.len()];
    let weights = if rule == RuleKind::Linear && kind >= 128 {
        Weights::Inhibitory
    } else {
        Weights::NonNegative
    };
    // The input's bytes are the random numbers that the strategies draw from. A strategy that
    // rejects what it drew would draw for ever from a stream that has ended, so the stream goes on.
    let seed = bytes.iter().fold(0u64, |sum, &byte| sum.wrapping_mul(31) + u64::from(byte));
    let mut more = SplitMix64::new(seed);
    let mut stream = bytes.to_vec();
    stream.extend((0..STREAM_WORDS).flat_map(|_| more.next_u64().to_le_bytes()));
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, &stream);
    let mut runner = TestRunner::new_with_rng(config(1), rng);
    let drawn = (graphs(weights), requests(rule_of(rule))).new_tree(&mut runner);
    let Ok(tree) = drawn else { return };
    let (plan, request) = tree.current();
    let graph = Graph::from(plan.generation()).snapshot();
    let request = request.request(plan.nodes);
    if let Err(difference) = compare(&Engine::new(), &graph, &request, Arithmetic::Rounds) {
        panic!("{difference}");
    }
});
