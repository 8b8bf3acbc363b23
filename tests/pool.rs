//! Scratch is bounded in number and in bytes, and always comes back.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use emanate::spread::{PageRank, Rule};
use emanate::{BuildEngineError, Engine, Graph, SpreadError, SpreadRequest, StopReason};
use emanate_bench::{EdgeList, RMat, SplitMix64};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::waiting::{Gate, wait};
use proptest::prelude::*;

fn graph(scale: u32) -> Graph {
    let shape = RMat { scale, edges: 4 << scale };
    let list = EdgeList::rmat(3, shape).with_weights(3, 0.1, 0.9);
    Graph::from(list.to_generation().expect("a good graph"))
}

fn request() -> SpreadRequest {
    SpreadRequest::linear(3).seed("n0", 1.0)
}

/// A request whose node filter panics once activation leaves the seed.
fn panicking(graph: &Graph) -> SpreadRequest {
    let seed = graph.snapshot().find("n0").expect("in memory");
    request().only(move |node| {
        assert_eq!(Some(node), seed, "this filter panics");
        true
    })
}

/// Nothing is leased, and nothing is left once idle scratch is freed.
#[track_caller]
fn assert_whole(engine: &Engine) {
    // The last worker may still be giving its scratch back when its answer is here.
    emanate_tests::waiting::until(|| engine.scratch_use().leased == 0);
    engine.free_idle_scratch();
    let left = engine.scratch_use();
    assert_eq!((left.leased, left.bytes, engine.queued()), (0, 0, 0));
}

#[test]
fn a_pool_too_small_for_a_graph_is_refused_at_build() {
    let graph = graph(8);
    let build = |bytes| Engine::builder().serves(&graph.snapshot()).scratch_bytes(bytes).build();
    let error = build(1000).expect_err("far too small");
    let BuildEngineError::ScratchTooSmall { bytes_needed, bytes_max: 1000 } = error else {
        panic!("{error:?}")
    };
    assert!(error.to_string().contains(&bytes_needed.to_string()), "{error}");
    assert!(build(bytes_needed - 1).is_err());
    // What the error asks for is enough, for the rule that takes most too.
    let engine = build(bytes_needed).expect("what it asked for");
    let rank = SpreadRequest::new(Rule::PageRank(PageRank::default())).seed("n0", 1.0);
    engine.spread(&graph, &rank).expect("it fits");
    engine.spread(&graph, &request()).expect("it fits");
}

#[test]
fn a_graph_not_named_at_build_is_refused_at_the_spread() {
    let graph = graph(8);
    let engine = Engine::builder().scratch_bytes(1000).build().expect("no graph was named");
    let snapshot = graph.snapshot();
    let bytes_needed = engine.estimate(&snapshot, &request()).scratch_bytes;
    let refused = SpreadError::ScratchTooSmall { bytes_needed, bytes_max: 1000 };
    assert_eq!(engine.spread(&graph, &request()), Err(refused.clone()));
    assert_eq!(engine.spread_many(&graph, &[request()]), [Err(refused.clone())]);
    assert_eq!(wait(engine.submit(&graph, request())), Err(refused));
    let larger = Engine::builder().scratch_bytes(bytes_needed).build().expect("more");
    larger.spread(&graph, &request()).expect("what it asked for is enough");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |error: BuildEngineError| {
        assert!(error.to_string().len() > 20);
        error
    };
    let builder = Engine::builder;
    let error = builder().scratch_slots(0).build().map_err(refused).expect_err("no slot");
    assert_eq!(error, BuildEngineError::NoScratch);
    let error = builder().queue_slots(0).build().map_err(refused).expect_err("no place");
    assert_eq!(error, BuildEngineError::NoQueue);
    let error = builder().scratch_slots(1 << 16).build().map_err(refused).expect_err("too many");
    assert_eq!(error, BuildEngineError::TooManySlots { most: 65_535 });
    builder().scratch_slots(65_535).scratch_bytes(u64::MAX).build().expect("the most there is");
}

#[test]
fn a_full_pool_waits_until_the_deadline_and_sheds() {
    let (graph, gate) = (graph(6), Gate::default());
    let engine = Engine::builder().scratch_slots(1).build().expect("one slot is enough");
    thread::scope(|scope| {
        let held = scope.spawn(|| engine.spread(&graph, &request().only(gate.clone())));
        gate.wait_for_spread();
        for budget in [Duration::ZERO, Duration::from_millis(20)] {
            let started = std::time::Instant::now();
            let shed = engine.spread(&graph, &request().within(budget));
            assert!(started.elapsed() >= budget);
            let Err(error @ SpreadError::Shed { retry_in }) = shed else { panic!("{shed:?}") };
            assert!(retry_in > Duration::ZERO);
            assert!(error.to_string().contains("try again in"), "{error}");
            let many =
                engine.spread_many(&graph, &[request().within(budget), request().within(budget)]);
            assert!(many.iter().all(|a| matches!(a, Err(SpreadError::Shed { .. }))), "{many:?}");
        }
        // Without a deadline it waits for as long as it takes.
        let waits = scope.spawn(|| engine.spread(&graph, &request()));
        gate.open();
        held.join().expect("no panic").expect("a good request");
        waits.join().expect("no panic").expect("a good request");
    });
    assert_whole(&engine);
}

#[test]
fn a_spread_inside_another_never_waits_for_the_scratch_of_that() {
    let graph = graph(6);
    let engine = std::sync::Arc::new(
        Engine::builder().scratch_slots(1).build().expect("one slot is enough"),
    );
    let inner = { (graph.clone(), engine.clone()) };
    let outer = request().only(move |_| {
        let shed = inner.1.spread(&inner.0, &request());
        assert!(matches!(shed, Err(SpreadError::Shed { .. })), "{shed:?}");
        true
    });
    engine.spread(&graph, &outer).expect("a good request");
    drop(outer);
    assert_whole(&engine);
}

#[test]
fn a_deadline_in_the_past_is_an_outcome_without_hops() {
    let (graph, engine) = (graph(6), Engine::new());
    let late = request().within(Duration::ZERO);
    let mut outcomes = vec![engine.spread(&graph, &late)];
    outcomes.extend(engine.spread_many(&graph, &[late.clone(), late.clone()]));
    outcomes.push(wait(engine.submit(&graph, late)));
    for outcome in outcomes {
        let outcome = outcome.expect("lateness is no error");
        assert_eq!(outcome.stop_reason, StopReason::Deadline);
        assert_eq!((outcome.stats.hops, outcome.activations.len()), (0, 1));
    }
    assert_whole(&engine);
}

#[test]
fn graphs_of_many_sizes_stay_within_the_bytes() {
    let graphs: Vec<Graph> = (4..=10).map(graph).collect();
    let largest = graphs.last().expect("several").snapshot();
    let bytes = Engine::new().estimate(&largest, &request()).scratch_bytes;
    // Room for the largest and little more, and for several of the small ones.
    let engine = Engine::builder().scratch_bytes(bytes + bytes / 4).scratch_slots(5).build();
    let engine = engine.expect("the largest fits");
    let expected: Vec<_> = graphs
        .iter()
        .map(|graph| Engine::new().spread(graph, &request()).expect("a good request"))
        .collect();
    thread::scope(|scope| {
        for number in 0..8 {
            let (engine, graphs, expected) = (&engine, &graphs, &expected);
            scope.spawn(move || {
                let mut random = SplitMix64::new(number);
                for _ in 0..200 {
                    let choice = random.below(7) as usize;
                    let outcome = engine.spread(&graphs[choice], &request());
                    let outcome = outcome.expect("it waits for its turn");
                    assert_same_bits(&outcome, &expected[choice], Scope::Whole);
                    let used = engine.scratch_use();
                    assert!(used.bytes <= used.bytes_max && used.leased <= 5, "{used:?}");
                }
            });
        }
    });
    assert_whole(&engine);
}

/// What a host may do next.
#[derive(Clone, Debug)]
enum Act {
    Spread,
    Panic,
    Refused,
    Cancelled,
    Many(usize),
    Submit,
    SubmitPanic,
    Forget,
    FreeIdle,
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![
        Just(Act::Spread),
        Just(Act::Panic),
        Just(Act::Refused),
        Just(Act::Cancelled),
        (0_usize..6).prop_map(Act::Many),
        Just(Act::Submit),
        Just(Act::SubmitPanic),
        Just(Act::Forget),
        Just(Act::FreeIdle),
    ];
    proptest::collection::vec((0_usize..3, act), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a host does, the pool is whole when all is done.
    #[test]
    fn the_pool_is_whole_after_anything(acts in acts(), slots in 1_usize..4) {
        let graphs = [graph(4), graph(6), graph(8)];
        let builder = Engine::builder().without_breakers().scratch_slots(slots).threads(2);
        let engine = builder.build().expect("good");
        let mut futures = Vec::new();
        for (choice, act) in acts {
            let graph = &graphs[choice];
            match act {
                Act::Spread => drop(engine.spread(graph, &request()).expect("good")),
                Act::Panic => {
                    let run = AssertUnwindSafe(|| engine.spread(graph, &panicking(graph)));
                    prop_assert!(catch_unwind(run).is_err());
                }
                Act::Refused => {
                    let refused = engine.spread(graph, &SpreadRequest::linear(2));
                    prop_assert_eq!(refused, Err(SpreadError::NoSeeds));
                }
                Act::Cancelled => {
                    let mut request = request();
                    let token = emanate::CancelToken::new();
                    request.bounds.cancel = Some(token.clone());
                    let future = engine.submit(graph, request);
                    token.cancel();
                    futures.push((false, future));
                }
                Act::Many(count) => {
                    let mut requests = vec![request(); count];
                    requests.push(panicking(graph));
                    let answers = engine.spread_many(graph, &requests);
                    prop_assert!(answers[..count].iter().all(Result::is_ok), "{:?}", answers);
                    prop_assert_eq!(&answers[count], &Err(SpreadError::Panicked));
                }
                Act::Submit => futures.push((false, engine.submit(graph, request()))),
                Act::SubmitPanic => futures.push((true, engine.submit(graph, panicking(graph)))),
                Act::Forget => drop(engine.submit(graph, request())),
                Act::FreeIdle => engine.free_idle_scratch(),
            }
        }
        for (panics, future) in futures {
            let answer = wait(future);
            prop_assert_eq!(answer.is_err(), panics, "{:?}", answer);
        }
        emanate_tests::waiting::until(|| engine.queued() == 0);
        assert_whole(&engine);
    }
}
