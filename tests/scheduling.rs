//! Many spreads at once: in batches, submitted, cancelled, large beside small.
#![forbid(unsafe_code)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use emanate::spread::{Direction, Execution, Kernel, PageRank, Precision, Retention, Rule};
use emanate::{Engine, Graph, Settings, SpreadError, SpreadOutcome, SpreadRequest, StopReason};
use emanate_bench::{EdgeList, RMat};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::waiting::{Gate, is_pending, until, wait};

fn graph() -> Graph {
    let list = EdgeList::rmat(5, RMat { scale: 9, edges: 4000 }).with_weights(5, 0.1, 0.9);
    Graph::from(list.to_generation().expect("a good graph"))
}

fn small(number: u32) -> SpreadRequest {
    SpreadRequest::linear(1 + number % 3).seed(EdgeList::label(number % 200).as_str(), 1.0)
}

/// A spread that ends only when it is cancelled.
fn endless() -> SpreadRequest {
    let retention = Retention { time: Some(u32::MAX), ..Retention::default() };
    SpreadRequest::new(Rule::Retention(retention)).seed("n0", 1.0)
}

/// Requests of several rules and widths, small and larger.
fn mixed() -> Vec<SpreadRequest> {
    let rules = [
        SpreadRequest::linear(2).rule,
        SpreadRequest::linear(6).rule,
        Rule::Linear(emanate::spread::Linear {
            precision: Precision::Single,
            ..emanate::spread::Linear::default()
        }),
        Rule::PageRank(PageRank::default()),
        SpreadRequest::retention().rule,
        SpreadRequest::act_r().rule,
        SpreadRequest::synapse().rule,
    ];
    let request = |number: u32| {
        let rule = rules[number as usize % rules.len()].clone();
        let direction = [Direction::Out, Direction::In, Direction::Both][number as usize % 3];
        let seed = EdgeList::label(number);
        SpreadRequest::new(rule).seed(seed.as_str(), 1.0).direction(direction)
    };
    (0..63).map(request).collect()
}

fn alone(graph: &Graph, requests: &[SpreadRequest]) -> Vec<SpreadOutcome> {
    let alone = |request| Engine::new().spread(graph, request).expect("a good request");
    requests.iter().map(alone).collect()
}

fn assert_whole(engine: &Engine) {
    until(|| engine.scratch_use().leased == 0 && engine.queued() == 0);
    engine.free_idle_scratch();
    assert_eq!(engine.scratch_use().bytes, 0);
}

fn with_threads(threads: usize) -> Engine {
    Engine::builder().threads(threads).build().expect("good options")
}

#[test]
fn outcomes_are_in_order_and_bit_identical_on_any_number_of_threads() {
    let (graph, requests) = (graph(), mixed());
    let expected = alone(&graph, &requests);
    for threads in [1, 2, 3, 8] {
        let engine = with_threads(threads);
        let many = engine.spread_many(&graph, &requests);
        let futures: Vec<_> =
            requests.iter().map(|request| engine.submit(&graph, request.clone())).collect();
        let submitted: Vec<_> = futures.into_iter().map(wait).collect();
        for answers in [many, submitted] {
            assert_eq!(answers.len(), expected.len());
            for (answer, expected) in answers.iter().zip(&expected) {
                let outcome = answer.as_ref().expect("a good request");
                assert_same_bits(outcome, expected, Scope::Whole);
            }
        }
        assert_whole(&engine);
    }
}

#[test]
fn batch_size_and_scratch_change_nothing_but_speed() {
    let (graph, requests) = (graph(), mixed());
    let expected = alone(&graph, &requests);
    let bytes = requests
        .iter()
        .map(|request| Engine::new().estimate(&graph.snapshot(), request).scratch_bytes);
    let bytes = bytes.max().expect("several");
    for (batch_size, slots, bytes) in
        [(1, 1, bytes), (2, 3, bytes), (7, 2, 2 * bytes), (500, 9, u64::MAX)]
    {
        let mut settings = Settings::default();
        settings.batch_size = NonZeroUsize::new(batch_size).expect("not 0");
        let builder = Engine::builder().threads(3).settings(settings);
        let engine = builder.scratch_slots(slots).scratch_bytes(bytes).build().expect("good");
        let answers = engine.spread_many(&graph, &requests);
        for (answer, expected) in answers.iter().zip(&expected) {
            assert_same_bits(answer.as_ref().expect("good"), expected, Scope::Whole);
        }
        assert_whole(&engine);
    }
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(Engine::new().spread_many(&graph(), &[]), []);
}

#[test]
fn a_filter_that_panics_fails_alone() {
    let (graph, engine) = (graph(), with_threads(2));
    let seed = graph.snapshot().find("n0").expect("in memory");
    let bad = small(0).only(move |node| {
        assert_eq!(Some(node), seed, "this filter panics");
        true
    });
    let requests: Vec<_> =
        (0..40).map(|n| if n % 4 == 1 { bad.clone() } else { small(n) }).collect();
    let many = engine.spread_many(&graph, &requests);
    let futures: Vec<_> = requests.iter().map(|r| engine.submit(&graph, r.clone())).collect();
    let submitted: Vec<_> = futures.into_iter().map(wait).collect();
    for answers in [many, submitted] {
        for (n, answer) in (0_u32..).zip(answers) {
            if n % 4 == 1 {
                assert_eq!(answer, Err(SpreadError::Panicked));
            } else {
                let expected = &alone(&graph, &[small(n)])[0];
                assert_same_bits(&answer.expect("a good request"), expected, Scope::Whole);
            }
        }
    }
    drop((requests, bad));
    assert_whole(&engine);
}

#[test]
fn errors_come_back_to_the_request_that_made_them() {
    let (graph, engine) = (graph(), with_threads(2));
    let requests = [small(1), SpreadRequest::linear(2), small(2)];
    let answers = engine.spread_many(&graph, &requests);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(answers[1], Err(SpreadError::NoSeeds));
    assert_eq!(wait(engine.submit(&graph, SpreadRequest::linear(2))), Err(SpreadError::NoSeeds));
}

#[test]
fn futures_dropped_by_the_thousand_leak_nothing() {
    let (graph, engine) = (graph(), with_threads(2));
    let alive = Arc::new(());
    for round in 0..10 {
        let request = |n: u32| {
            let alive = alive.clone();
            let request = if n % 100 == 99 { endless() } else { small(n) };
            request.only(move |_| Arc::strong_count(&alive) > 0)
        };
        let mut futures: Vec<_> = (0..500).map(|n| engine.submit(&graph, request(n))).collect();
        if round % 2 == 0 {
            futures.iter_mut().step_by(3).for_each(|future| {
                is_pending(future);
            });
        }
    }
    until(|| Arc::strong_count(&alive) == 1);
    assert_whole(&engine);
}

#[test]
fn a_dropped_future_cancels_a_running_spread_and_keeps_the_hosts_token_out_of_it() {
    let (graph, engine) = (graph(), with_threads(1));
    let token = emanate::CancelToken::new();
    let mut request = endless();
    request.bounds.cancel = Some(token.clone());
    let first = engine.submit(&graph, request.clone());
    until(|| engine.scratch_use().leased == 1);
    drop(first);
    assert!(!token.is_cancelled());
    let second = engine.submit(&graph, request);
    until(|| engine.queued() == 0);
    token.cancel();
    let outcome = wait(second).expect("cancelling is no error");
    assert_eq!(outcome.stop_reason, StopReason::Cancelled);
    assert_whole(&engine);
}

#[test]
fn a_full_queue_waits_until_the_deadline_and_sheds() {
    let (graph, gate) = (graph(), Gate::default());
    let engine = Engine::builder().threads(1).queue_slots(2).build().expect("good options");
    let held = engine.submit(&graph, small(0).only(gate.clone()));
    gate.wait_for_spread();
    let queued: Vec<_> = (0..2).map(|n| engine.submit(&graph, small(n))).collect();
    // Before the queue stands one that can wait, and one that cannot.
    let mut patient = engine.submit(&graph, small(3));
    let hasty = engine.submit(&graph, small(4).within(Duration::ZERO));
    let Err(SpreadError::Shed { retry_in }) = wait(hasty) else { panic!("it was too late") };
    assert!(retry_in > Duration::ZERO);
    assert!(is_pending(&mut patient));
    // The hasty one left its room to this one; for another there is none, however patient.
    let last = engine.submit(&graph, small(5));
    let refused = wait(engine.submit(&graph, small(6)));
    assert!(matches!(refused, Err(SpreadError::Shed { .. })), "{refused:?}");
    gate.open();
    for future in queued.into_iter().chain([held, patient, last]) {
        wait(future).expect("its turn came");
    }
    assert_whole(&engine);
}

#[test]
fn small_spreads_finish_while_a_large_one_runs_on_the_only_thread() {
    let (graph, engine) = (graph(), with_threads(1));
    let mut large = engine.submit(&graph, endless());
    until(|| engine.scratch_use().leased == 1);
    for n in 0..200 {
        let outcome = wait(engine.submit(&graph, small(n))).expect("a good request");
        assert_same_bits(&outcome, &alone(&graph, &[small(n)])[0], Scope::Whole);
    }
    assert!(is_pending(&mut large), "the large one still runs");
    drop(large);
    assert_whole(&engine);
}

#[test]
fn small_spreads_finish_while_a_batch_of_large_ones_runs() {
    let (graph, engine) = (graph(), with_threads(2));
    let token = emanate::CancelToken::new();
    let mut request = endless();
    request.bounds.cancel = Some(token.clone());
    thread::scope(|scope| {
        let batch = scope.spawn(|| engine.spread_many(&graph, &[request.clone(), request.clone()]));
        until(|| engine.scratch_use().leased == 2);
        for n in 0..100 {
            wait(engine.submit(&graph, small(n))).expect("a good request");
        }
        assert!(!batch.is_finished());
        token.cancel();
        for answer in batch.join().expect("no panic") {
            assert_eq!(answer.expect("good").stop_reason, StopReason::Cancelled);
        }
    });
    assert_whole(&engine);
}

#[test]
fn large_spreads_are_not_starved_by_small_ones() {
    let (graph, engine) = (graph(), with_threads(1));
    let mut settings = Settings::default();
    settings.large_edges = 1000;
    engine.set(settings);
    let large = SpreadRequest::linear(8).seed("n0", 1.0);
    let mut pending: Vec<_> = (0..64).map(|n| engine.submit(&graph, small(n))).collect();
    let mut large = engine.submit(&graph, large);
    // A new small one comes for each that is done, so their line is never empty.
    let mut n = 0;
    while is_pending(&mut large) {
        n += 1;
        assert!(n < 1_000_000, "the large one never had its turn");
        wait(pending.remove(0)).expect("a good request");
        pending.push(engine.submit(&graph, small(n)));
    }
    drop(pending);
    assert_whole(&engine);
}

#[test]
fn settings_may_change_while_spreads_run() {
    let (graph, engine) = (graph(), with_threads(3));
    let requests = mixed();
    let expected = alone(&graph, &requests);
    let rounds = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if rounds.load(Ordering::Relaxed) >= 20 {
                    break;
                }
                let mut settings = Settings::default();
                settings.batch_size = NonZeroUsize::new(1 + round % 40).expect("not 0");
                settings.large_edges = [0, 100, u64::MAX][round % 3];
                settings.pause_max = Duration::from_micros(round as u64 % 700);
                engine.set(settings);
                thread::yield_now();
            }
        });
        for _ in 0..20 {
            let futures: Vec<_> =
                requests.iter().map(|request| engine.submit(&graph, request.clone())).collect();
            let many = engine.spread_many(&graph, &requests);
            let submitted = futures.into_iter().map(wait);
            for (answers, expected) in many.into_iter().zip(submitted).zip(&expected) {
                assert_same_bits(&answers.0.expect("good"), expected, Scope::Whole);
                assert_same_bits(&answers.1.expect("good"), expected, Scope::Whole);
            }
            rounds.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert_whole(&engine);
}

#[test]
fn auto_is_the_setting() {
    let (graph, engine) = (graph(), Engine::new());
    let auto = emanate::spread::Linear {
        hops: emanate::spread::Hops::Auto,
        ..emanate::spread::Linear::default()
    };
    let auto = SpreadRequest::new(Rule::Linear(auto)).seed("n0", 1.0);
    for hops in [1, 4, 2] {
        let mut settings = Settings::default();
        settings.hop_limit = hops;
        engine.set(settings);
        assert_eq!(engine.settings().hop_limit, hops);
        let outcome = engine.spread(&graph, &auto).expect("good");
        let fixed = engine.spread(&graph, &SpreadRequest::linear(hops).seed("n0", 1.0));
        assert_eq!(outcome.stats.hop_limit, hops);
        assert_same_bits(&outcome, &fixed.expect("good"), Scope::Whole);
        let batch = engine.spread_many(&graph, std::slice::from_ref(&auto));
        assert_same_bits(batch[0].as_ref().expect("good"), &outcome, Scope::Whole);
    }
}

#[test]
fn a_hosts_own_threads_do_the_work_and_no_others() {
    let names = Arc::new(AtomicU64::new(0));
    let host = rayon::ThreadPoolBuilder::new().num_threads(2).thread_name(|n| format!("host-{n}"));
    let host = Arc::new(host.build().expect("two threads"));
    let graph = graph();
    let engine = Engine::builder().rayon_pool(host.clone()).build().expect("good options");
    let on_host = {
        let names = names.clone();
        move |_| {
            let current = thread::current();
            let name = current.name().unwrap_or_default();
            assert!(name.starts_with("host-"), "{name}");
            names.fetch_add(1, Ordering::Relaxed);
            true
        }
    };
    wait(engine.submit(&graph, small(0).only(on_host.clone()))).expect("on the host's threads");
    assert!(names.load(Ordering::Relaxed) > 0);
    // Called from a thread of the pool, it works there.
    let requests = vec![small(1).only(on_host); 20];
    let answers = host.install(|| engine.spread_many(&graph, &requests));
    assert!(answers.iter().all(Result::is_ok));
}

#[test]
fn every_thread_of_a_small_pool_may_wait_for_batches_of_its_own() {
    let host = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let host = Arc::new(host);
    let (graph, requests) = (graph(), mixed());
    let builder = Engine::builder().rayon_pool(host.clone()).scratch_slots(1);
    let engine = builder.build().expect("good options");
    host.scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|_| {
                let answers = engine.spread_many(&graph, &requests);
                assert!(answers.iter().all(Result::is_ok));
                engine.spread(&graph, &small(0)).expect("a good request");
            });
        }
    });
    assert_whole(&engine);
}

#[test]
fn spreads_that_share_threads_run_beside_each_other_and_outlive_a_panic() {
    // Hops of more edges than are worth a second thread, in both kernels that share them.
    let list = EdgeList::rmat(6, RMat { scale: 14, edges: 70_000 }).with_weights(6, 0.1, 0.9);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let request = |number: u32| {
        let seed = EdgeList::label(number);
        SpreadRequest::linear(3 + number % 3).seed(seed.as_str(), 1.0)
    };
    let requests: Vec<_> = (0..6).map(request).collect();
    let expected = alone(&graph, &requests);
    for kernel in [Kernel::Scan, Kernel::Dense, Kernel::Auto] {
        let execution = Execution { kernel, ..Execution::default() };
        // The panics would open the breaker, and here every other spread is to be answered.
        let builder = Engine::builder().without_breakers().threads(3).scratch_slots(3);
        let engine = builder.execution(execution).build().expect("good options");
        let told = |position: usize, threads: usize| {
            let request =
                requests[position].clone().threads(NonZeroU32::MIN.saturating_add(threads as u32));
            let outcome = engine.spread(&graph, &request).expect("a good request");
            assert_same_bits(&outcome, &expected[position], Scope::Whole);
        };
        let told = &told;
        thread::scope(|scope| {
            for host in 0..3 {
                scope.spawn(move || (0..4).for_each(|turn| told((host + turn) % 6, 1 + host)));
            }
            for request in &requests {
                let request = request.clone().threads(NonZeroU32::MIN.saturating_add(2));
                drop(engine.submit(&graph, request.clone()));
                let broken = request.only(|_| panic!("this filter panics"));
                assert!(matches!(wait(engine.submit(&graph, broken)), Err(SpreadError::Panicked)));
            }
        });
        assert_whole(&engine);
    }
}

#[test]
fn an_estimate_is_exact_for_one_hop_and_classes_the_rest() {
    let (graph, engine) = (graph(), Engine::new());
    let snapshot = graph.snapshot();
    for n in 0..100 {
        let one = SpreadRequest::linear(1).seed(EdgeList::label(n).as_str(), 1.0);
        let estimate = engine.estimate(&snapshot, &one);
        let outcome = engine.spread(&graph, &one).expect("a good request");
        assert_eq!(estimate.edges as u64, outcome.stats.edges_traversed);
        assert_eq!(estimate.edges_first, outcome.stats.edges_traversed);
    }
    let edges = |request: &SpreadRequest| engine.estimate(&snapshot, request).edges;
    assert_eq!(edges(&SpreadRequest::linear(0).seed("n0", 1.0)), 0.0);
    assert_eq!(edges(&SpreadRequest::linear(3).seed("nobody", 1.0)), 0.0);
    assert!(edges(&endless()) > 1e12);
    let hops: Vec<f64> =
        (1..8).map(|hops| edges(&SpreadRequest::linear(hops).seed("n0", 1.0))).collect();
    assert!(hops.is_sorted(), "{hops:?}");
}
