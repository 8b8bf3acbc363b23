//! Threads that share an engine do not disturb each other.

use std::thread;

use emanate::spread::{Direction, Hops, Linear, PageRank, PageRankMethod, Precision, Rule, Share};
use emanate::{Engine, Graph, SpreadOutcome, SpreadRequest};
use emanate_bench::{EdgeList, RMat, SplitMix64};
use emanate_tests::compare::{Scope, assert_same_bits};

/// Threads that spread at once.
const THREADS: u64 = 8;

/// Spreads of each thread.
const ROUNDS: u32 = 40;

/// Requests of every rule, small and large.
fn requests() -> Vec<SpreadRequest> {
    let linear = Linear { hops: Hops::Limit(4), share: Share::Weight, ..Linear::default() };
    let single = Linear { precision: Precision::Single, ..linear.clone() };
    let push = PageRank { damping: 0.85, method: PageRankMethod::Push { epsilon: 1e-4 } };
    let rules = [
        Rule::Linear(Linear::default()),
        Rule::Linear(linear),
        Rule::Linear(single),
        SpreadRequest::retention().rule,
        Rule::PageRank(push),
        SpreadRequest::act_r().rule,
        SpreadRequest::synapse().rule,
    ];
    let directions = [Direction::Out, Direction::In, Direction::Both];
    let both = rules.iter().flat_map(|rule| directions.map(|direction| (rule, direction)));
    let request = |(number, (rule, direction)): (usize, (&Rule, Direction))| {
        let explains = matches!(rule, Rule::Linear(_)) && number % 2 == 0;
        let seeds = SpreadRequest::new(rule.clone())
            .seed(EdgeList::label(u32::try_from(number).expect("few")), 1.0)
            .seed("n0", 0.3)
            .direction(direction);
        SpreadRequest { explain: explains, by_step: true, ..seeds }
    };
    both.enumerate().map(request).collect()
}

/// Spreads on many threads, in an order of each thread's own, against outcomes made alone.
fn assert_threads_agree(engine: &Engine) {
    let list = EdgeList::rmat(8, RMat { scale: 10, edges: 8000 }).with_weights(8, 0.1, 0.9);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let requests = requests();
    let alone = |request| Engine::new().spread(&graph, request).expect("a good request");
    let expected: Vec<SpreadOutcome> = requests.iter().map(alone).collect();
    // The in-edges are made by whichever thread needs them first, so this graph has none yet.
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (graph, requests, expected) = (&graph, &requests, &expected);
            scope.spawn(move || {
                let mut random = SplitMix64::new(number);
                let mut outcome = SpreadOutcome::new();
                for _ in 0..ROUNDS {
                    let bound = u32::try_from(requests.len()).expect("few");
                    let choice = random.below(bound) as usize;
                    let snapshot = graph.snapshot();
                    engine
                        .spread_into(&snapshot, &requests[choice], &mut outcome)
                        .expect("a good request");
                    assert_same_bits(&outcome, &expected[choice], Scope::Whole);
                }
            });
        }
    });
}

#[test]
fn threads_get_the_bits_of_one() {
    assert_threads_agree(&Engine::new());
}

#[test]
fn threads_that_share_one_scratch_get_the_bits_of_one() {
    let engine = Engine::builder().scratch_slots(1).build().expect("one slot is enough");
    assert_threads_agree(&engine);
}
