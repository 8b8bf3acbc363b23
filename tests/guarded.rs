//! Spreads through breakers and metrics: what is let in, what is kept out, and what is counted.
#![expect(clippy::disallowed_types, reason = "a test may wait; no spread does here")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use emanate::gate::{BreakerState, Operation};
use emanate::graph::{open, write};
use emanate::observe::{Ending, ErrorClass, Reading, Timed};
use emanate::spread::{Combine, Linear, NodeFilter, Rule, oracle};
use emanate::sync::{Clock, ManualClock};
use emanate::{
    Engine, Generation, Graph, NodeId, SpreadError, SpreadOutcome, SpreadRequest, StopReason, Tier,
};
use emanate_bench::{EdgeList, Uniform};
use emanate_tests::compare::{Scope, assert_close, assert_same_bits};
use emanate_tests::waiting::{until, wait};

fn generation() -> Generation {
    let list = EdgeList::uniform(7, Uniform { nodes: 6000, edges: 30_000 });
    list.with_weights(5, 0.05, 0.4).to_generation().expect("a good graph")
}

fn request(node: u32) -> SpreadRequest {
    SpreadRequest::linear(3).seed(NodeId::new(node), 1.0)
}

/// An engine whose breakers wait by a clock that this test moves.
fn with_clock() -> (Engine, ManualClock) {
    let clock = ManualClock::new();
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    (Engine::builder().clock(shared).threads(2).build().expect("good options"), clock)
}

/// A graph in a file of its own, removed when this is dropped.
struct Stored(PathBuf);

impl Stored {
    fn new(graph: &Generation, name: &str) -> Self {
        let name = format!("emanate-guarded-{}-{name}.emg", std::process::id());
        let path = std::env::temp_dir().join(name);
        write(graph, &path).expect("there is room");
        Self(path)
    }

    fn open(&self) -> Graph {
        open(&self.0).expect("it was just written").into()
    }

    /// Spoils all but the first third, where the labels and the first rows lie; gives what it was.
    fn spoil(&self) -> Vec<u8> {
        let bytes = std::fs::read(&self.0).expect("it is there");
        let (front, back) = bytes.split_at(bytes.len() / 3);
        let spoilt: Vec<u8> = front.iter().copied().chain(back.iter().map(|b| !b)).collect();
        std::fs::write(&self.0, spoilt).expect("there is room");
        bytes
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What outcomes add up to.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    spreads: u64,
    nodes: u64,
    edges: u64,
    revisits: u64,
    hops: u64,
    aggregations: u64,
}

impl Sums {
    fn add(&mut self, request: &SpreadRequest, outcome: &SpreadOutcome) {
        let stats = &outcome.stats;
        self.spreads += 1;
        self.nodes += stats.nodes_reached;
        self.edges += stats.edges_traversed;
        self.revisits += stats.revisits;
        self.hops += u64::from(stats.hops);
        if matches!(&request.rule, Rule::Linear(Linear { combine: Combine::NoisyOr, .. })) {
            self.aggregations += stats.edges_traversed;
        }
    }

    fn of(reading: &Reading) -> Self {
        let stopped = StopReason::ALL.map(|reason| reading.spreads_of(Ending::Stopped(reason)));
        Self {
            spreads: stopped.iter().sum(),
            nodes: reading.nodes_activated,
            edges: reading.edges_traversed,
            revisits: reading.revisits,
            hops: reading.tally_of(Timed::Hop).count(),
            aggregations: reading.confidence_aggregations,
        }
    }
}

fn mixed(number: u32) -> SpreadRequest {
    let combine = if number.is_multiple_of(3) { Combine::NoisyOr } else { Combine::Sum };
    let threshold = if number.is_multiple_of(2) { 0.0 } else { 1e-2 };
    let linear = Linear { combine, firing_threshold: threshold, ..Linear::default() };
    SpreadRequest::new(Rule::Linear(linear)).seed(NodeId::new(number * 37 % 6000), 0.8)
}

#[test]
fn every_spread_is_counted_whatever_way_and_from_whatever_thread_it_came() {
    let (engine, graph) =
        (Engine::builder().threads(2).build().expect("good options"), generation());
    let graph = Graph::from(graph);
    let sums = std::sync::Mutex::new(Sums::default());
    let errors = AtomicU64::new(0);
    let note = |request: &SpreadRequest, answer: &Result<SpreadOutcome, SpreadError>| match answer {
        Ok(outcome) => sums.lock().expect("no test panics here").add(request, outcome),
        Err(_) => {
            errors.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (engine, graph, note) = (&engine, &graph, &note);
            scope.spawn(move || {
                for number in 0..60 {
                    let request = mixed(thread * 1000 + number);
                    note(&request, &engine.spread(graph, &request));
                    note(&request, &wait(engine.submit(graph, request.clone())));
                    if number % 10 == 0 {
                        let mut many: Vec<_> = (0..20).map(|n| mixed(number + n * 7)).collect();
                        many.push(SpreadRequest::linear(2));
                        let answers = engine.spread_many(graph, &many);
                        many.iter().zip(&answers).for_each(|(r, answer)| note(r, answer));
                        // A scrape in the middle of it takes nothing away.
                        assert!(engine.reading().text().contains("emanate_spreads_total"));
                    }
                }
            });
        }
    });
    let (sums, reading) = (sums.into_inner().expect("no test panics here"), engine.reading());
    assert_eq!(sums.spreads, 4 * (60 * 2 + 6 * 20));
    assert_eq!(Sums::of(&reading), sums);
    let invalid = reading.spreads_of(Ending::Error(ErrorClass::Invalid));
    assert_eq!((invalid, errors.into_inner()), (24, 24));
    let all: u64 = reading.spreads.iter().sum();
    assert_eq!(reading.tally_of(Timed::Response).count(), all);
    let breaker = engine.gate().operation(Operation::Spread).reading();
    assert_eq!((breaker.calls.success, breaker.calls.failure), (sums.spreads, 0));
}

#[test]
fn what_is_not_measured_gives_the_same_bits_and_no_counts() {
    let quiet = Engine::builder().without_metrics().without_breakers().build();
    let (quiet, engine) = (quiet.expect("good options"), Engine::new());
    let graph = Graph::from(generation());
    for node in 0..20 {
        let [got, expected] = [&quiet, &engine].map(|engine| engine.spread(&graph, &request(node)));
        let (got, expected) = (got.expect("a good request"), expected.expect("a good request"));
        assert_same_bits(&got, &expected, Scope::Whole);
    }
    assert_eq!(quiet.reading().spreads.iter().sum::<u64>(), 0);
    assert_eq!(quiet.gate().operation(Operation::Spread).reading().calls.success, 0);
}

#[test]
fn an_open_breaker_keeps_spreads_out_and_says_how_long() {
    let (engine, _clock) = with_clock();
    let graph = Graph::from(generation());
    engine.gate().operation(Operation::Spread).force_open();
    let kept_out = |answer: Result<SpreadOutcome, SpreadError>| {
        assert!(matches!(answer, Err(SpreadError::BreakerOpen { .. })), "{answer:?}");
    };
    kept_out(engine.spread(&graph, &request(1)));
    kept_out(wait(engine.submit(&graph, request(1))));
    engine.spread_many(&graph, &vec![request(1); 9]).into_iter().for_each(kept_out);
    let reading = engine.reading();
    assert_eq!(reading.spreads_of(Ending::Error(ErrorClass::BreakerOpen)), 11);
    // A worker gives its scratch back after it has answered.
    until(|| engine.scratch_use().leased == 0);
    engine.gate().operation(Operation::Spread).reset();
    engine.spread(&graph, &request(1)).expect("let in again");
}

/// Panics when it is asked.
#[derive(Debug)]
struct Faulty;

impl NodeFilter for Faulty {
    fn contains(&self, _: NodeId) -> bool {
        panic!("a filter with a fault")
    }
}

#[test]
fn panics_open_the_breaker_which_closes_by_probes() {
    let (engine, clock) = with_clock();
    let graph = Graph::from(generation());
    let faulty = SpreadRequest { nodes: Some(Arc::new(Faulty)), ..request(1) };
    for _ in 0..5 {
        assert_eq!(wait(engine.submit(&graph, faulty.clone())), Err(SpreadError::Panicked));
    }
    let breaker = engine.gate().operation(Operation::Spread);
    assert_eq!(breaker.state(), BreakerState::Open);
    let Err(SpreadError::BreakerOpen { retry_in }) = engine.spread(&graph, &request(1)) else {
        panic!("the breaker is open");
    };
    assert!(retry_in > Duration::ZERO && retry_in <= Duration::from_secs(60), "{retry_in:?}");
    clock.advance(retry_in);
    for _ in 0..2 {
        engine.spread(&graph, &request(1)).expect("a probe");
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    let reading = engine.reading();
    assert_eq!(reading.spreads_of(Ending::Error(ErrorClass::Panicked)), 5);
    assert_eq!(breaker.reading().probes_in_flight, 0);
    until(|| engine.scratch_use().leased == 0);
}

#[test]
fn the_callers_mistakes_open_nothing() {
    let (engine, _clock) = with_clock();
    let graph = Graph::from(generation());
    for _ in 0..50 {
        assert_eq!(engine.spread(&graph, &SpreadRequest::linear(1)), Err(SpreadError::NoSeeds));
    }
    let reading = engine.gate().operation(Operation::Spread).reading();
    assert_eq!((reading.state, reading.calls.ignored), (BreakerState::Closed, 50));
}

fn assert_without_rows(whole: &Generation, request: &SpreadRequest, got: &SpreadOutcome) {
    let expected = oracle::spread_without(whole, request, &got.degraded.nodes);
    let expected = expected.expect("a good request").outcome;
    assert_eq!(got.activations.len(), expected.activations.len());
    for entry in &expected.activations {
        let found = got.activation_of(entry.node).expect("the oracle reached it");
        assert_close("activation", found, entry.activation, 1e-9);
    }
}

#[test]
fn a_tier_that_is_kept_out_degrades_to_what_is_in_memory() {
    let (engine, _clock) = with_clock();
    let whole = generation();
    let stored = Stored::new(&whole, "kept-out");
    let graph = stored.open();
    // Reads the first block of rows, which stays in memory.
    graph.snapshot().out_row(NodeId::new(3)).expect("a good file");
    engine.gate().tier(Tier::Warm).force_open();
    let request = request(3);
    let got = engine.spread(&graph, &request).expect("not vital");
    assert!(got.degraded.count > 0 && got.activations.len() > 1, "{:?}", got.degraded);
    assert!(got.degraded.nodes.iter().all(|node| node.get() >= 1024));
    assert_without_rows(&whole, &request, &got);
    let reading = engine.reading();
    assert_eq!((reading.spreads_degraded, reading.nodes_degraded), (1, got.degraded.count));

    engine.gate().tier(Tier::Warm).reset();
    engine.gate().tier(Tier::Hot).force_open();
    let got = engine.spread(&graph, &request).expect("not vital");
    assert_eq!(got.degraded.nodes, [NodeId::new(3)], "its row is in memory");
    engine.gate().tier(Tier::Hot).reset();
    let got = engine.spread(&graph, &request).expect("not vital");
    assert_eq!(got.degraded.count, 0);
    assert_without_rows(&whole, &request, &got);
}

#[test]
fn a_sick_file_opens_its_tiers_breaker_and_heals() {
    let (engine, clock) = with_clock();
    let whole = generation();
    let stored = Stored::new(&whole, "sick");
    let graph = stored.open();
    let bytes = stored.spoil();
    let breaker = engine.gate().tier(Tier::Warm);
    for node in 5800..5803 {
        assert_eq!(breaker.state(), BreakerState::Closed);
        let got = engine.spread(&graph, &request(node)).expect("not vital");
        assert_eq!(got.degraded.nodes, [NodeId::new(node)]);
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    std::fs::write(&stored.0, &bytes).expect("there is room");
    let got = engine.spread(&graph, &request(5900)).expect("not vital");
    assert_eq!(got.degraded.nodes, [NodeId::new(5900)], "no attempt is made while it is open");
    clock.advance(Duration::from_secs(30));
    let got = engine.spread(&graph, &request(5900)).expect("a good file");
    assert_eq!((got.degraded.count, breaker.state()), (0, BreakerState::Closed));
    assert_without_rows(&whole, &request(5900), &got);
    assert_eq!(engine.gate().operation(Operation::Spread).state(), BreakerState::Closed);
}

/// Runs a spread inside the one that asks it, once.
#[derive(Debug)]
struct Asking {
    engine: Arc<Engine>,
    graph: Graph,
    seed: u32,
    has_asked: AtomicBool,
}

impl NodeFilter for Asking {
    fn contains(&self, _: NodeId) -> bool {
        if !self.has_asked.swap(true, Ordering::Relaxed) {
            let got = self.engine.spread(&self.graph, &request(self.seed)).expect("not vital");
            assert_eq!(got.degraded.nodes, [NodeId::new(self.seed)]);
        }
        true
    }
}

#[test]
fn what_a_spread_inside_another_reads_is_held_against_the_file_once() {
    let (engine, _clock) = with_clock();
    let engine = Arc::new(engine);
    let stored = Stored::new(&generation(), "nested");
    let graph = stored.open();
    stored.spoil();
    let asking = Asking {
        engine: Arc::clone(&engine),
        graph: graph.clone(),
        seed: 5800,
        has_asked: AtomicBool::new(false),
    };
    let around = SpreadRequest { nodes: Some(Arc::new(asking)), ..SpreadRequest::linear(1) };
    let got = engine.spread(&graph, &around.seed(NodeId::new(3), 1.0)).expect("good rows");
    assert_eq!(got.degraded.count, 0);
    let calls = engine.gate().tier(Tier::Warm).reading().calls;
    assert_eq!((calls.success, calls.failure), (1, 1), "one spread each");
}
