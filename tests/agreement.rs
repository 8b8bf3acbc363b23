//! Every kernel against the oracle: the same requests on the same graphs, random small ones and
//! generated larger ones.

use std::cell::Cell;

use emanate::spread::{
    Direction, Hops, Linear, PageRank, PageRankMethod, Precision, Retention, Rule, Share,
};
use emanate::{Generation, Graph, SpreadRequest};
use emanate_bench::{Chains, EdgeList, Hubs, RMat, SmallWorld, Uniform};
use emanate_tests::Tally;
use emanate_tests::agreement::{Arithmetic, Verdict, compare, every_kernel};
use emanate_tests::plans::{RuleKind, Weights, config, graphs, requests, rule_of};
use proptest::test_runner::{TestCaseError, TestRunner};

#[path = "agreement/exact.rs"]
mod exact;

/// Random cases of each rule.
const CASES: u32 = 1200;

/// Runs [`CASES`] cases, of which enough must be outcomes rather than errors.
fn run_cases(kind: RuleKind, weights: Weights) {
    let engines = every_kernel();
    let (outcomes, undecided) = (Cell::new(0), Cell::new(0));
    let strategy = (graphs(weights), requests(rule_of(kind)));
    let config = config(CASES);
    let cases = config.cases;
    let result = TestRunner::new(config).run(&strategy, |(plan, request)| {
        let graph = Graph::from(plan.generation()).snapshot();
        let request = request.request(plan.nodes);
        for engine in &engines {
            let verdict = compare(engine, &graph, &request, Arithmetic::Rounds);
            match verdict.map_err(TestCaseError::fail)? {
                Verdict::SameOutcome => outcomes.set(outcomes.get() + 1),
                Verdict::Undecided => undecided.set(undecided.get() + 1),
                Verdict::BothRefuse => {}
            }
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let (outcomes, undecided) = (outcomes.get(), undecided.get());
    let compared = cases * engines.len() as u32;
    assert!(outcomes > compared / 4, "{kind:?}: only {outcomes} outcomes, {undecided} undecided");
}

#[test]
fn linear() {
    run_cases(RuleKind::Linear, Weights::NonNegative);
}

#[test]
fn linear_with_inhibitory_edges() {
    run_cases(RuleKind::Linear, Weights::Inhibitory);
}

#[test]
fn retention() {
    run_cases(RuleKind::Retention, Weights::NonNegative);
}

#[test]
fn pagerank() {
    run_cases(RuleKind::PageRank, Weights::NonNegative);
}

#[test]
fn act_r() {
    run_cases(RuleKind::ActR, Weights::NonNegative);
}

#[test]
fn synapse() {
    run_cases(RuleKind::Synapse, Weights::NonNegative);
}

/// Generated graphs, each with its name.
fn generated() -> Vec<(&'static str, Generation)> {
    let rmat = EdgeList::rmat(1, RMat { scale: 11, edges: 20_000 });
    let uniform = EdgeList::uniform(2, Uniform { nodes: 3000, edges: 15_000 });
    let ring = EdgeList::small_world(3, SmallWorld { nodes: 2000, neighbours: 3, rewired: 0.1 });
    let hubs = EdgeList::hubs(4, Hubs { hubs: 3, nodes: 1500, edges: 6000 });
    let chains = EdgeList::chains(Chains { count: 5, nodes: 300 });
    let lists = [
        ("rmat", rmat.with_weights(1, 0.1, 1.0).with_relations(1, 3).with_times(1, 1000)),
        ("uniform", uniform.with_weights(2, 0.1, 2.0)),
        ("ring", ring.with_relations(3, 2)),
        ("hubs", hubs.with_weights(4, 0.0, 0.5).with_times(4, 500)),
        ("chains", chains),
    ];
    lists.map(|(name, list)| (name, list.to_generation().expect("a good graph"))).into()
}

/// Rules that run far on a large graph.
fn rules() -> Vec<Rule> {
    let linear = Linear { hops: Hops::Limit(6), share: Share::Weight, ..Linear::default() };
    let single = Linear { precision: Precision::Single, ..linear.clone() };
    let sqrt = Linear { share: Share::Sqrt, firing_threshold: 0.0031, ..linear.clone() };
    let every = Linear { firing_threshold: 0.0, ..linear.clone() };
    let power = PageRankMethod::Power { tolerance: 1.1e-10, iterations_max: 200 };
    let push = PageRankMethod::Push { epsilon: 1.3e-5 };
    let page_rank = |method| Rule::PageRank(PageRank { damping: 0.85, method });
    let retention = Retention { suppress: 0.00137, ..Retention::default() };
    vec![
        Rule::Linear(linear),
        Rule::Linear(single),
        Rule::Linear(sqrt),
        Rule::Linear(every),
        Rule::Retention(retention),
        page_rank(power),
        page_rank(push),
        Rule::ActR(Default::default()),
        Rule::Synapse(Default::default()),
    ]
}

#[test]
fn generated_graphs() {
    let engines = every_kernel();
    let mut tally = Tally::new("spreads on generated graphs against the oracle");
    for (name, generation) in generated() {
        let graph = Graph::from(generation).snapshot();
        for rule in rules() {
            for direction in [Direction::Out, Direction::In, Direction::Both] {
                let request = SpreadRequest { by_step: true, ..SpreadRequest::new(rule.clone()) }
                    .seed("n0", 1.0)
                    .seed("n17", 0.7)
                    .seed("n903", 0.31)
                    .direction(direction);
                for engine in &engines {
                    let verdict = compare(engine, &graph, &request, Arithmetic::Rounds);
                    match verdict.unwrap_or_else(|what| panic!("{name}: {what}")) {
                        Verdict::SameOutcome => tally.ran(),
                        Verdict::BothRefuse => panic!("{name}: a good request was refused"),
                        Verdict::Undecided => {
                            let case = format!("{name} {} {direction:?}", rule.name());
                            tally.skip(&case, "a number lies within rounding of a threshold");
                        }
                    }
                }
            }
        }
    }
    assert!(tally.ran_count() > 400, "{}", tally.ran_count());
}
