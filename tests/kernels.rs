//! One spread, every way of running it: the same bits from each kernel, in each instruction set,
//! on any number of threads, alone or in a batch, in single and in double precision.

use std::num::NonZeroU32;
use std::path::Path;

use emanate::spread::{
    Combine, Direction, Execution, Firing, Hops, InstructionSet, Kernel, Linear, PageRank,
    PageRankMethod, Precision, Rule, Share,
};
use emanate::{Engine, Generation, Graph, Snapshot, SpreadOutcome, SpreadRequest};
use emanate_bench::{EdgeList, Hubs, RMat, SmallWorld, Uniform};

/// Real and generated graphs, each with its name.
fn graphs() -> Vec<(&'static str, Generation)> {
    let wordnet = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/data/wordnet.tsv.gz");
    let wordnet = emanate::graph::load(&wordnet, &Default::default()).expect("it is in here");
    let rmat = EdgeList::rmat(1, RMat { scale: 14, edges: 60_000 }).with_weights(1, 0.01, 0.2);
    let uniform = EdgeList::uniform(2, Uniform { nodes: 9000, edges: 30_000 });
    let ring = EdgeList::small_world(3, SmallWorld { nodes: 9000, neighbours: 2, rewired: 0.1 });
    let hubs = EdgeList::hubs(4, Hubs { hubs: 3, nodes: 9000, edges: 20_000 });
    let lists = [
        ("rmat", rmat),
        ("uniform", uniform.with_weights(2, 0.1, 0.5)),
        // Weights that no single-precision number holds.
        ("ring", ring.with_weights(3, 1.0 / 3.0, 0.7)),
        ("hubs", hubs.with_weights(4, 0.0, 0.3)),
    ];
    let lists = lists.map(|(name, list)| (name, list.to_generation().expect("a good graph")));
    std::iter::once(("wordnet", wordnet.graph)).chain(lists).collect()
}

fn linear(firing_threshold: f64) -> Linear {
    Linear { hops: Hops::Limit(4), firing_threshold, ..Linear::default() }
}

/// Rules whose hops have more than one kernel.
fn rules() -> Vec<Rule> {
    let every = linear(0.0);
    let shared = Linear { share: Share::Weight, ..linear(1e-5) };
    let largest = Linear { combine: Combine::Max, ceiling: Some(0.8), ..linear(1e-3) };
    let noisy = Linear { combine: Combine::NoisyOr, share: Share::Sqrt, ..linear(0.0) };
    let once = Linear { firing: Firing::Once, ..shared.clone() };
    let single = |linear: &Linear| Linear { precision: Precision::Single, ..linear.clone() };
    let singles = [single(&every), single(&shared), single(&largest)];
    let doubles = [every, shared, largest, noisy, once];
    let power = PageRankMethod::Power { tolerance: 1e-6, iterations_max: 12 };
    let page_rank = Rule::PageRank(PageRank { method: power, ..PageRank::default() });
    doubles.into_iter().chain(singles).map(Rule::Linear).chain([page_rank]).collect()
}

fn requests(graph: &Snapshot, rule: &Rule, direction: Direction) -> Vec<SpreadRequest> {
    // Seeds far apart, one of them the node that most edges lead to.
    let count = u32::try_from(graph.node_count()).expect("a small graph");
    let request = |seed: u32| {
        let node = emanate::NodeId::new(seed * (count / 19));
        let other = emanate::NodeId::new(seed);
        let request = SpreadRequest::new(rule.clone()).seed(node, 0.6).seed(other, 0.3);
        request.direction(direction).top(200)
    };
    (0..19).map(request).collect()
}

/// Everything an outcome says but how long it took.
fn told(outcome: &SpreadOutcome) -> String {
    let stats = emanate::SpreadStats { elapsed: Default::default(), ..outcome.stats };
    let bits = outcome.activations.iter().map(|a| (a.node, a.activation.to_bits(), a.hop));
    format!("{:?} {:?} {stats:?}", bits.collect::<Vec<_>>(), outcome.stop_reason)
}

fn engine(kernel: Kernel, instructions: InstructionSet) -> Engine {
    let execution = Execution { kernel, instructions };
    Engine::builder().execution(execution).threads(8).build().expect("the options are good")
}

/// Every kernel in every instruction set that this processor has, on one thread; and those that
/// use several threads, on some of the engine's and on all.
fn ways() -> Vec<(String, Engine, NonZeroU32)> {
    let mut ways = Vec::new();
    let mut way = |kernel, instructions, threads| {
        let how = format!("{kernel:?}, {instructions:?}, {threads} threads");
        let threads = NonZeroU32::new(threads).expect("at least one");
        ways.push((how, engine(kernel, instructions), threads));
    };
    for &instructions in InstructionSet::available() {
        for kernel in [Kernel::List, Kernel::Scan, Kernel::Dense, Kernel::Auto] {
            way(kernel, instructions, 1);
        }
    }
    for kernel in [Kernel::Scan, Kernel::Dense, Kernel::Auto] {
        [2, 3, 8].into_iter().for_each(|threads| way(kernel, InstructionSet::best(), threads));
    }
    ways
}

#[test]
fn every_kernel_instruction_set_and_number_of_threads_gives_the_same_bits() {
    let ways = ways();
    let mut compared = 0;
    for (name, generation) in graphs() {
        let graph = Graph::from(generation).snapshot();
        for rule in rules() {
            for direction in [Direction::Out, Direction::In] {
                let request = &requests(&graph, &rule, direction)[1];
                let expected = told(&ways[0].1.spread_at(&graph, request).unwrap());
                for (how, engine, threads) in &ways {
                    let request = request.clone().threads(*threads);
                    let got = told(&engine.spread_at(&graph, &request).unwrap());
                    assert!(got == expected, "{name} {rule:?} {direction:?}: {how}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 5 * 9 * 2 * (4 + 9), "only {compared} spreads were compared");
}

#[test]
fn a_batch_gives_each_the_bits_it_has_alone() {
    for (name, generation) in graphs() {
        let graph = Graph::from(generation).snapshot();
        for rule in rules() {
            let requests = requests(&graph, &rule, Direction::Out);
            let alone = engine(Kernel::List, InstructionSet::available()[0]);
            let expected: Vec<_> =
                requests.iter().map(|r| told(&alone.spread_at(&graph, r).unwrap())).collect();
            for (instructions, sizes) in
                [(InstructionSet::best(), &[1, 5, 19][..]), (InstructionSet::available()[0], &[16])]
            {
                let engine = engine(Kernel::Auto, instructions);
                for &size in sizes {
                    let answers = engine.spread_many(&graph, &requests[..size]);
                    for (position, answer) in answers.into_iter().enumerate() {
                        let got = told(&answer.unwrap());
                        let how = format!("{name} {rule:?} {instructions:?} {position} of {size}");
                        assert!(got == expected[position], "{how}");
                    }
                }
            }
        }
    }
}
