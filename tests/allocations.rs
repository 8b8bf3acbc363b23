//! A warm spread into a used outcome allocates nothing, whatever the rule; no guarded call does.

use emanate::gate::{Breaker, BreakerSettings, OutcomeClass};
use emanate::spread::{
    Combine, Direction, Firing, Linear, PageRank, PageRankMethod, Precision, Retention, Rule,
    Share, Synapse,
};
use emanate::sync::ManualClock;
use emanate::{Engine, Generation, Graph, SpreadOutcome, SpreadRequest};
use emanate_bench::{EdgeList, RMat};

/// Spreads before counting: enough for every list to reach its final room.
const WARM_UP: usize = 3;
/// Spreads counted for each rule.
const COUNTED: usize = 50;

fn graph() -> Generation {
    let shape = RMat { scale: 10, edges: 8_000 };
    let edges = EdgeList::rmat(7, shape).with_weights(7, 0.1, 1.0);
    edges.with_relations(7, 3).with_times(7, 1000).to_generation().expect("the shape is small")
}

fn rules() -> Vec<Rule> {
    let linear = |share, combine, firing, precision| {
        Rule::Linear(Linear { share, combine, firing, precision, ..Linear::default() })
    };
    vec![
        linear(Share::Weight, Combine::Sum, Firing::Repeat, Precision::Double),
        linear(Share::Sqrt, Combine::Max, Firing::Once, Precision::Double),
        linear(Share::Log, Combine::NoisyOr, Firing::Repeat, Precision::Single),
        Rule::Retention(Retention::default()),
        Rule::PageRank(PageRank::default()),
        Rule::PageRank(PageRank {
            method: PageRankMethod::Push { epsilon: 1e-4 },
            ..PageRank::default()
        }),
        SpreadRequest::act_r().rule,
        Rule::Synapse(Synapse::default()),
    ]
}

#[test]
fn a_warm_spread_allocates_nothing() {
    let snapshot = Graph::from(graph()).snapshot();
    let engine = Engine::new();
    let node = snapshot.find(EdgeList::label(0).as_str()).expect("in memory").expect("exists");
    let mut outcome = SpreadOutcome::new();
    for rule in rules() {
        for direction in [Direction::Out, Direction::In, Direction::Both] {
            let mut request =
                SpreadRequest::new(rule.clone()).seed(node, 0.75).direction(direction).top(20);
            request.edges.relations = vec![(EdgeList::relation_name(0), 1.0)];
            request.bounds.nodes_max = Some(1 << 20);
            let mut run = || {
                engine.spread_into(&snapshot, &request, &mut outcome).expect("a good request");
            };
            (0..WARM_UP).for_each(|_| run());
            let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|_| run()));
            assert_eq!(counted.count_total, 0, "{rule:?} {direction:?}: {counted:?}");
        }
    }
}

#[test]
fn the_counter_sees_an_allocation() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8; 64])));
    assert_eq!(counted.count_total, 1);
}

#[test]
fn a_guarded_call_allocates_nothing() {
    let clock = ManualClock::new();
    let settings = BreakerSettings::spread();
    let breaker = Breaker::new("guarded", settings, std::sync::Arc::new(clock.clone()));
    // Every outcome, every rejection, and every transition of a breaker that opens and recovers.
    let run = || {
        for class in OutcomeClass::ALL.into_iter().cycle().take(100) {
            if let Ok(permit) = breaker.acquire() {
                let _ = permit.record_timed(class, 0, 1);
            }
            drop(breaker.acquire());
        }
        while let Ok(permit) = breaker.acquire() {
            let _ = permit.record(OutcomeClass::Failure);
        }
        clock.advance(std::time::Duration::from_secs(1000));
        while breaker.reading().probes_succeeded > 0 || breaker.reading().open_remaining.is_zero() {
            match breaker.acquire() {
                Ok(permit) if breaker.reading().probes_in_flight > 0 => {
                    let _ = permit.record(OutcomeClass::Success);
                }
                _ => break,
            }
        }
    };
    // What belongs to the thread: its part of the published pointers.
    run();
    let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|_| run()));
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert!(breaker.reading().calls.rejected >= COUNTED as u64);
    assert!(breaker.reading().false_trips >= COUNTED as u64);
}
