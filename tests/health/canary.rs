//! The canary: silent on a good engine whatever the graph, and not to be fooled by a bad one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use emanate::gate::{BreakerState, Operation};
use emanate::graph::{open, write};
use emanate::health::checks::{CanaryOptions, canary};
use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Verdict};
use emanate::sync::{Clock, ManualClock};
use emanate::{
    Edge, Engine, Generation, Graph, GraphBuilder, Label, NodeId, SpreadError, SpreadOutcome,
    SpreadRequest,
};
use emanate_bench::{EdgeList, RMat, SplitMix64};
use emanate_tests::waiting::{Gate, wait};

use crate::{check, policy, registry, seconds, tick};

/// Rows of one block of a file.
const ROWS_PER_BLOCK: usize = 1024;

fn generation() -> Generation {
    let shape = RMat { scale: 9, edges: 4 << 9 };
    EdgeList::rmat(5, shape).with_weights(5, 0.1, 0.9).to_generation().expect("a good graph")
}

/// What the canary says of `engine` on `graph`, in each of `runs` periods.
fn verdicts(engine: &Engine, graph: &Graph, options: CanaryOptions, runs: usize) -> Vec<String> {
    let (registry, clock) = registry();
    let check_of = engine.canary_check(graph, options);
    registry.register("canary", CheckKind::Ready, policy(1, 1), check_of).expect("good");
    let mut found = Vec::new();
    for _ in 0..runs {
        tick(&registry);
        let stands = check(&registry, "canary");
        found.extend(stands.reason.map(|reason| reason.to_string()));
        assert_eq!(stands.last == Some(HealthStatus::Pass), found.is_empty());
        clock.advance(seconds(10));
    }
    found
}

/// Builds of tests are slow, and so are the machines they run on.
fn patient() -> CanaryOptions {
    CanaryOptions { budget: seconds(20), ..CanaryOptions::default() }
}

#[test]
fn a_good_engine_passes_on_every_part_of_a_graph() {
    let graph = Graph::from(generation());
    let none: Vec<String> = Vec::new();
    assert_eq!(verdicts(&Engine::new(), &graph, patient(), 150), none);
    let tight = CanaryOptions { edges_max: 10, ..patient() };
    assert_eq!(verdicts(&Engine::new(), &graph, tight, 50), none);
    let nothing = CanaryOptions { edges_max: 0, ..patient() };
    assert_eq!(verdicts(&Engine::new(), &graph, nothing, 5), none);
}

#[test]
fn odd_graphs_pass_too() {
    let none: Vec<String> = Vec::new();
    let passes = |builder: GraphBuilder| {
        let graph = Graph::from(builder.build().expect("a good graph"));
        assert_eq!(verdicts(&Engine::new(), &graph, patient(), 40), none);
    };
    passes(GraphBuilder::new());
    let mut alone = GraphBuilder::new();
    alone.node("alone").expect("good");
    passes(alone);
    // Parallel edges by relation and time, self-loops, inhibitory and zero edges, large weights.
    let mut odd = GraphBuilder::with_keys();
    let mut random = SplitMix64::new(7);
    for number in 0..300_u64 {
        let (source, target) = (random.below(40), random.below(40));
        let weight = [0.5, -0.25, 0.0, 3.0, -1.0, 1e3][random.below(6) as usize];
        let relation = [None, Some("a"), Some("b")][random.below(3) as usize];
        let time = (number % 4 == 0).then_some(number as f64);
        let (source, target) = (Label::Key(source.into()), Label::Key(target.into()));
        odd.add(&Edge { source, target, weight, relation, time }).expect("good");
    }
    passes(odd);
}

/// What a canary says where `spread` answers in place of an engine.
fn fooled(
    spread: impl Fn(&Engine, &Graph, &SpreadRequest) -> Result<SpreadOutcome, SpreadError>
    + Send
    + Sync
    + 'static,
) -> Verdict {
    let (registry, _clock) = registry();
    let (engine, graph) = (Engine::new(), Graph::from(generation()));
    let held = Arc::new(generation());
    let checked =
        canary(patient(), move || held.clone(), move |_, request| spread(&engine, &graph, request));
    registry.register("canary", CheckKind::Ready, policy(1, 1), checked).expect("good");
    tick(&registry);
    let stands = check(&registry, "canary");
    match (stands.last, stands.reason) {
        (Some(HealthStatus::Pass), None) => Verdict::Pass,
        (Some(HealthStatus::Warn), Some(reason)) => Verdict::Warn(reason),
        (Some(HealthStatus::Fail), Some(reason)) => Verdict::Fail(reason),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_fails(verdict: &Verdict, because: &str) {
    let Verdict::Fail(reason) = verdict else { panic!("{verdict:?}") };
    assert!(reason.as_str().contains(because), "{reason}");
}

#[test]
fn every_wrong_answer_is_found() {
    assert_eq!(fooled(|engine, graph, request| engine.spread(graph, request)), Verdict::Pass);
    let wrong = |change: fn(&mut SpreadOutcome)| {
        fooled(move |engine, graph, request| {
            engine.spread(graph, request).map(|mut outcome| {
                // Some seeds lead nowhere.
                if outcome.activations.len() > 4 {
                    change(&mut outcome);
                }
                outcome
            })
        })
    };
    let last = wrong(|o| o.activations.last_mut().expect("some").activation *= 1.0 + 1e-7);
    assert_fails(&last, "wrong answer: node");
    assert_fails(&wrong(|o| o.activations[0].activation = f64::NAN), "NaN");
    assert_fails(&wrong(|o| o.activations[1].hop += 1), "at hop");
    assert_fails(&wrong(|o| o.activations.truncate(3)), "with 3 nodes");
    assert_fails(&wrong(|o| o.activations[1].node = o.activations[2].node), "is missing");
    assert_fails(&wrong(|o| o.stats.hops -= 1), "hops");
    assert_fails(&wrong(|o| o.stop_reason = emanate::StopReason::Overflow), "overflow");
    assert_fails(&wrong(|o| o.degraded.count = 5), "5 rows");
    // Rounding is no error.
    let near = wrong(|o| o.activations[1].activation *= 1.0 + 1e-11);
    assert_eq!(near, Verdict::Pass);
}

#[test]
fn an_engine_that_answers_for_another_graph_is_found() {
    let shape = RMat { scale: 9, edges: 4 << 9 };
    let weights = EdgeList::rmat(5, shape).with_weights(6, 0.1, 0.9);
    let other = Graph::from(weights.to_generation().expect("a good graph"));
    let verdict = fooled(move |engine, _, request| engine.spread(&other, request));
    assert_fails(&verdict, "wrong answer");
}

/// `graph` out of a file in which one byte of a block of rows is another.
fn damaged(graph: &Generation) -> Generation {
    let path = std::env::temp_dir().join(format!("emanate-canary-{}.emg", std::process::id()));
    write(graph, &path).expect("there is room");
    let bytes = std::fs::read(&path).expect("it was just written");
    let blocks = graph.node_count() / ROWS_PER_BLOCK;
    let mut at = bytes.len() / 2;
    loop {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        std::fs::write(&path, &changed).expect("there is room");
        let spoilt = open(&path).ok().filter(|graph| {
            let first = |block: usize| NodeId::new((block * ROWS_PER_BLOCK) as u32);
            let spoilt = (0..blocks).filter(|block| graph.out_row(first(*block)).is_err()).count();
            spoilt > 0 && spoilt < blocks
        });
        if spoilt.is_some() {
            let fresh = open(&path).expect("it opened before");
            // An open file is read although it has no name any more.
            std::fs::remove_file(&path).expect("it is there");
            return fresh;
        }
        at += 1024;
        assert!(at < bytes.len(), "no byte spoils one block alone");
    }
}

#[test]
fn rows_that_cannot_be_read_are_a_warning_where_the_rest_is_right() {
    let shape = RMat { scale: 12, edges: 3 << 12 };
    let list = EdgeList::rmat(5, shape).with_weights(5, 0.1, 0.9);
    let whole = list.to_generation().expect("a good graph");
    let worst = |hides: bool| {
        let (registry, clock) = registry();
        let held = Arc::new(damaged(&whole));
        let (engine, graph) = (Engine::new(), Graph::from(damaged(&whole)));
        let snapshot = move || held.clone();
        let checked = canary(patient(), snapshot, move |_, request| {
            let mut outcome = engine.spread(&graph, request)?;
            if hides {
                outcome.degraded = Default::default();
            }
            Ok(outcome)
        });
        registry.register("canary", CheckKind::Ready, policy(1, 1), checked).expect("good");
        let mut found = Vec::new();
        for _ in 0..40 {
            tick(&registry);
            let stands = check(&registry, "canary");
            found.extend(stands.reason.map(|reason| reason.to_string()));
            clock.advance(seconds(10));
        }
        found
    };
    let open = worst(false);
    assert!(!open.is_empty() && open.iter().all(|why| why.contains("without them")), "{open:?}");
    let hidden = worst(true);
    assert!(!hidden.is_empty() && !hidden.iter().any(|why| why.contains("without them")));
}

#[test]
fn a_spread_that_fails_or_takes_too_long_fails_the_check() {
    assert_fails(&fooled(|_, _, _| Err(SpreadError::Panicked)), "panicked");
    let (registry, clock) = registry();
    let (engine, graph) = (Engine::new(), Graph::from(generation()));
    let (held, moving) = (Arc::new(generation()), clock.clone());
    let took_ms = Arc::new(AtomicU64::new(50));
    let takes = took_ms.clone();
    let options = CanaryOptions::default();
    let checked = canary(
        options,
        move || held.clone(),
        move |_, request| {
            let outcome = engine
                .spread(&graph, &SpreadRequest { bounds: Default::default(), ..request.clone() });
            moving.advance(Duration::from_millis(takes.load(Ordering::Relaxed)));
            outcome.map(|mut outcome| {
                // Only the clock of the test counts here.
                outcome.stats.elapsed = Duration::ZERO;
                outcome
            })
        },
    );
    registry.register("canary", CheckKind::Live, policy(1, 1), checked).expect("good");
    tick(&registry);
    assert_eq!(check(&registry, "canary").last, Some(HealthStatus::Pass), "50 ms are allowed");
    took_ms.store(51, Ordering::Relaxed);
    clock.advance(seconds(10));
    tick(&registry);
    let stands = check(&registry, "canary");
    assert_eq!(stands.last, Some(HealthStatus::Fail));
    assert!(stands.reason.expect("it failed").as_str().contains("took 51ms"));
}

/// A canary goes in whatever the breakers say, and leaves every probe's place to a spread.
#[test]
fn a_canary_asks_no_breaker_and_takes_no_probes_place() {
    let clock = ManualClock::new();
    let builder = Engine::builder().clock(Arc::new(clock.clone())).threads(1);
    let (engine, graph) = (builder.build().expect("good options"), Graph::from(generation()));
    let request = SpreadRequest::linear(2).seed("n0", 1.0);
    let faulty = request.clone().only(|_| panic!("a filter with a fault"));
    for _ in 0..5 {
        assert_eq!(wait(engine.submit(&graph, faulty.clone())), Err(SpreadError::Panicked));
    }
    let none: Vec<String> = Vec::new();
    let breaker = engine.gate().operation(Operation::Spread);
    for open_for in [0, 61] {
        clock.advance(seconds(open_for));
        assert_eq!(verdicts(&engine, &graph, patient(), 3), none);
        let reading = breaker.reading();
        assert_eq!((reading.state, reading.probes_in_flight), (BreakerState::Open, 0));
        assert_eq!((reading.calls.success, reading.calls.rejected), (0, 0));
    }
    engine.spread(&graph, &request).expect("the first probe");
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert_eq!(verdicts(&engine, &graph, patient(), 3), none);
    assert_eq!(breaker.reading().probes_succeeded, 1, "the canary's success is not counted");
    engine.spread(&graph, &request).expect("the second probe");
    assert_eq!(breaker.state(), BreakerState::Closed);
}

/// An engine all of whose scratch is taken by a spread that does not end is reported in time, by
/// the canary and by the pool, and works again when the scratch comes back.
#[test]
fn an_engine_that_is_stuck_is_reported_within_thirty_seconds() {
    let graph = Graph::from(generation());
    let engine = Engine::builder().scratch_slots(1).build().expect("one slot is enough");
    let (registry, clock) = registry();
    let default = CheckPolicy::default();
    let canary = engine.canary_check(&graph, CanaryOptions::default());
    registry.register("canary", CheckKind::Live, default, canary).expect("good");
    registry.register("pool", CheckKind::Ready, default, engine.pool_check()).expect("good");
    let gate = Gate::default();
    let request = SpreadRequest::linear(2).seed("n0", 1.0);
    thread::scope(|scope| {
        let stuck = scope.spawn(|| engine.spread(&graph, &request.clone().only(gate.clone())));
        gate.wait_for_spread();
        let broken_ns = clock.now_ns();
        while registry.reading().live != HealthStatus::Fail {
            registry.tick(CheckJob::run);
            clock.advance(seconds(1));
        }
        let took = Duration::from_nanos(clock.now_ns() - broken_ns);
        assert!(took <= seconds(30), "{took:?}");
        let reading = registry.reading();
        assert_eq!(reading.ready, HealthStatus::Fail);
        let why = reading.check("canary").and_then(|canary| canary.reason.clone());
        assert!(why.expect("it failed").as_str().contains("no room"));
        gate.open();
        stuck.join().expect("no panic").expect("a good request");
    });
    for _ in 0..6 {
        registry.tick(CheckJob::run);
        clock.advance(seconds(1));
    }
    assert_eq!(registry.reading().ready, HealthStatus::Pass);
    assert_eq!(engine.scratch_use().leased, 0);
}
