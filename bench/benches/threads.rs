//! What does one more thread gain, and what does it cost to hand work over?

use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use emanate::spread::Precision;
use emanate::{Engine, Snapshot, SpreadFuture, SpreadOutcome, SpreadRequest};
use emanate_bench::work::{Work, check_answer, graph, has_same_bits, saturating, seeded_from};

/// The graph on which every answer is compared with the oracle's.
const SMALL: u32 = 9;
/// The graph on which time is taken.
const LARGE: u32 = 16;
const THREADS: [u32; 2] = [1, 2];
/// Requests of a call.
const REQUESTS: u32 = 64;

fn engine(threads: u32) -> Engine {
    let builder = Engine::builder().threads(threads as usize);
    builder.build().expect("threads are few")
}

fn one_seed(graph: &Snapshot, hops: u32, first: u32) -> SpreadRequest {
    seeded_from(saturating(hops, Precision::Double), graph, 1, first)
}

/// Two hops from nodes that follow few edges, so that each request is run by itself.
fn requests(graph: &Snapshot) -> Vec<SpreadRequest> {
    let middle = u32::try_from(graph.node_count() / 64).expect("node ids have 32 bits");
    (0..REQUESTS).map(|turn| one_seed(graph, 2, middle + turn).top(10)).collect()
}

fn run_many(engine: &Engine, graph: &Snapshot, requests: &[SpreadRequest]) -> Vec<SpreadOutcome> {
    let outcomes = engine.spread_many(graph, requests);
    outcomes.into_iter().map(|outcome| outcome.expect("each is allowed")).collect()
}

fn what_does_one_more_thread_gain_for_many(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_one_more_thread_gain_for_many");
    group.sample_size(20).throughput(Throughput::Elements(u64::from(REQUESTS)));
    let (small, large) = (graph(SMALL), graph(LARGE));
    for threads in THREADS {
        let engine = engine(threads);
        let few = requests(&small);
        for (request, outcome) in few.iter().zip(run_many(&engine, &small, &few)) {
            check_answer(&small, request, &outcome);
        }
        let many = requests(&large);
        group.bench_function(format!("{threads}_threads"), |b| {
            b.iter(|| run_many(&engine, &large, &many));
        });
    }
    group.finish();
}

fn what_does_one_more_thread_gain_for_one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_one_more_thread_gain_for_one");
    group.sample_size(10);
    let (small, large) = (graph(SMALL), graph(LARGE));
    let mut first: Option<SpreadOutcome> = None;
    for threads in THREADS {
        let most = NonZeroU32::new(threads).expect("no spread has 0 threads");
        let warm = |graph: &Snapshot| {
            let request = one_seed(graph, 3, 0).threads(most);
            Work::warm(engine(threads), graph.clone(), request)
        };
        warm(&small).check();
        let mut work = warm(&large);
        let first = first.get_or_insert_with(|| work.outcome.clone());
        assert!(has_same_bits(first, &work.outcome), "{threads} threads give other bits");
        group.bench_function(format!("{threads}_threads"), |b| b.iter(|| work.run()));
    }
    group.finish();
}

/// Wakes the thread that waits for a future.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait(future: SpreadFuture) -> SpreadOutcome {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome.expect("it is allowed"),
            Poll::Pending => thread::park(),
        }
    }
}

fn what_does_handing_a_spread_over_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_handing_a_spread_over_cost");
    let (engine, graph) = (engine(1), graph(SMALL));
    let request = one_seed(&graph, 0, 0);
    check_answer(&graph, &request, &wait(engine.submit(&graph, request.clone())));
    let one = [request.clone()];
    group.bench_function("spread", |b| {
        b.iter(|| engine.spread_at(&graph, &request).expect("it is allowed"));
    });
    group.bench_function("spread_many_of_one", |b| b.iter(|| run_many(&engine, &graph, &one)));
    group.bench_function("submit_and_wait", |b| {
        let submitted = |request| wait(engine.submit(&graph, request));
        b.iter_batched(|| request.clone(), submitted, BatchSize::SmallInput);
    });
    group.finish();
}

fn what_does_scratch_from_the_pool_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_scratch_from_the_pool_cost");
    group.sample_size(20);
    let graph = graph(LARGE);
    let mut work = Work::warm(engine(1), graph.clone(), one_seed(&graph, 0, 0));
    work.check();
    group.bench_function("kept", |b| b.iter(|| work.run()));
    group.bench_function("taken_anew", |b| {
        b.iter(|| {
            work.engine.free_idle_scratch();
            work.run()
        });
    });
    group.finish();
}

criterion_group!(
    benches,
    what_does_one_more_thread_gain_for_many,
    what_does_one_more_thread_gain_for_one,
    what_does_handing_a_spread_over_cost,
    what_does_scratch_from_the_pool_cost
);
criterion_main!(benches);
