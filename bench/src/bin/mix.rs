//! How much longer do small spreads take while one request in fifty is saturated?
//!
//! Callers submit 2-hop spreads one after another and wait for each; every fiftieth request of the
//! mixed rounds is a saturated spread in its place. Rounds with and without them alternate, so that
//! what disturbs the machine disturbs both. Prints a line of CSV for each pair of rounds, and the
//! median of the ratios of the 99th percentiles of the small ones.
//!
//! ```text
//! cargo run --release -p emanate-bench --bin mix -- [SCALE [PAIRS [REQUESTS]]]
//! ```

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use emanate::spread::{Hops, Linear, Rule};
use emanate::{Engine, Graph, NodeId, Snapshot, SpreadError, SpreadRequest};
use emanate_bench::{EdgeList, RMat, SplitMix64};

/// Threads that submit, and threads of the engine.
const CALLERS: u64 = 2;
/// One request of so many is saturated.
const SATURATED: usize = 50;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn request(seed: u32, hops: u32) -> SpreadRequest {
    let hops = Hops::Limit(hops);
    let rule = Rule::Linear(Linear { hops, firing_threshold: 0.0, ..Linear::default() });
    SpreadRequest::new(rule).seed(NodeId::new(seed), 1.0).top(10)
}

/// One caller's turn: how long each small spread took.
fn call(
    engine: &Engine,
    graph: &Snapshot,
    seeds: &[u32],
    mixed: bool,
) -> Result<Vec<Duration>, SpreadError> {
    let mut times = Vec::with_capacity(seeds.len());
    for (turn, &seed) in seeds.iter().enumerate() {
        let large = mixed && turn % SATURATED == SATURATED / 2;
        let started = Instant::now();
        wait(engine.submit(graph, request(seed, if large { 5 } else { 2 })))?;
        if !large {
            times.push(started.elapsed());
        }
    }
    Ok(times)
}

/// The 99th percentile over all callers.
fn round(
    engine: &Engine,
    graph: &Snapshot,
    seeds: &[Vec<u32>],
    mixed: bool,
) -> Result<Duration, SpreadError> {
    let called: Result<Vec<_>, SpreadError> = thread::scope(|scope| {
        let called = seeds.iter().map(|seeds| scope.spawn(|| call(engine, graph, seeds, mixed)));
        let callers: Vec<_> = called.collect();
        callers.into_iter().map(|caller| caller.join().expect("callers do not panic")).collect()
    });
    let mut times = called?.concat();
    times.sort_unstable();
    Ok(times[times.len() * 99 / 100])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given =
        |place, or: u32| std::env::args().nth(place).map_or(Ok(or), |given| given.parse::<u32>());
    let (scale, pairs, requests) = (given(1, 18)?, given(2, 20)?, given(3, 2000)?);
    let shape = RMat { scale, edges: 16 << scale };
    let graph = EdgeList::rmat(42, shape).with_weights(42, 0.001, 0.05).to_generation()?;
    let graph = Graph::from(graph).snapshot();
    let nodes = u32::try_from(graph.node_count())?;
    let mut random = SplitMix64::new(7);
    let mut seeds = |_| (0..requests).map(|_| random.below(nodes)).collect::<Vec<_>>();
    let seeds: Vec<_> = (0..CALLERS).map(&mut seeds).collect();
    let engine = Engine::builder().threads(CALLERS as usize).build()?;

    round(&engine, &graph, &seeds, true)?;
    println!("alone_p99_us,mixed_p99_us,ratio");
    let mut ratios = Vec::new();
    for _ in 0..pairs {
        let alone = round(&engine, &graph, &seeds, false)?.as_secs_f64();
        let mixed = round(&engine, &graph, &seeds, true)?.as_secs_f64();
        println!("{:.1},{:.1},{:.2}", alone * 1e6, mixed * 1e6, mixed / alone);
        ratios.push(mixed / alone);
    }
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios[(ratios.len() - 1) * part / 100];
    println!("median {:.2}, from {:.2} to {:.2} (10th to 90th percentile)", at(50), at(10), at(90));
    Ok(())
}
