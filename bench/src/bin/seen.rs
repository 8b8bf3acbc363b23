//! What do spreads pay for being guarded and seen?
//!
//! `guarded` compares an engine with breakers, metrics and histograms with one of the same build
//! that has them switched off: the time of the same 2-hop spreads, one thread. `scraped` compares
//! the 99th percentile of 2-hop spreads on two threads while a third takes every metric as text,
//! ten times a second, with the same while nobody does. Rounds alternate, A B, B A, .., so that
//! what disturbs the machine disturbs both; the answers of the first round are compared. Prints
//! rows of the record, with the 95 % interval of the median by the sign test.
//!
//! ```text
//! cargo run --release -p emanate-bench --bin seen -- [SCALE [SPREADS]]
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::{Engine, Graph, NodeId, Snapshot, SpreadError, SpreadOutcome, SpreadRequest};
use emanate_bench::pairs::{COLUMNS, Question, print_row, quantile};
use emanate_bench::{EdgeList, RMat, SplitMix64};

/// Threads that spread while somebody scrapes.
const CALLERS: usize = 2;
/// Scrapes are so far apart.
const SCRAPED_EVERY: Duration = Duration::from_millis(100);

fn request(seed: u32) -> SpreadRequest {
    SpreadRequest::linear(2).seed(NodeId::new(seed), 1.0).top(10)
}

fn spread(engine: &Engine, graph: &Snapshot, seed: u32) -> Result<SpreadOutcome, SpreadError> {
    engine.spread_at(graph, &request(seed))
}

/// Seconds of one spread from each seed, one after the other.
fn round(engine: &Engine, graph: &Snapshot, seeds: &[u32]) -> Result<f64, SpreadError> {
    let started = Instant::now();
    for seed in seeds {
        spread(engine, graph, *seed)?;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// The 99th percentile, in seconds, of spreads from each seed on each of [`CALLERS`] threads.
fn p99(
    engine: &Engine,
    graph: &Snapshot,
    seeds: &[u32],
    is_scraped: bool,
) -> Result<f64, SpreadError> {
    let is_over = AtomicBool::new(false);
    let call = || {
        let mut times = Vec::with_capacity(seeds.len());
        for seed in seeds {
            let started = Instant::now();
            spread(engine, graph, *seed)?;
            times.push(started.elapsed().as_secs_f64());
        }
        Ok(times)
    };
    let scrape = || {
        // Relaxed: only that it ends matters.
        while !is_over.load(Ordering::Relaxed) {
            if is_scraped {
                assert!(engine.reading().text().contains("emanate_spreads_total"));
            }
            thread::park_timeout(SCRAPED_EVERY);
        }
    };
    let called: Result<Vec<Vec<f64>>, SpreadError> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
        let scraper = scope.spawn(scrape);
        let joined = callers.into_iter().map(|caller| caller.join().expect("no caller panics"));
        let called = joined.collect();
        is_over.store(true, Ordering::Relaxed);
        scraper.thread().unpark();
        called
    });
    Ok(quantile(&mut called?.concat(), 0.99))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given =
        |place, or: u32| std::env::args().nth(place).map_or(Ok(or), |given| given.parse::<u32>());
    let (scale, spreads) = (given(1, 18)?, given(2, 2000)?);
    let shape = RMat { scale, edges: 16 << scale };
    let list = EdgeList::rmat(42, shape).with_weights(42, 0.001, 0.05);
    let graph = Graph::from(list.to_generation()?).snapshot();
    let nodes = u32::try_from(graph.node_count())?;
    let mut random = SplitMix64::new(7);
    let seeds: Vec<u32> = (0..spreads).map(|_| random.below(nodes)).collect();
    let seen = Engine::builder().threads(CALLERS).build()?;
    let quiet = Engine::builder().threads(CALLERS).without_metrics().without_breakers().build()?;
    for seed in &seeds {
        let [a, b] = [spread(&seen, &graph, *seed)?, spread(&quiet, &graph, *seed)?];
        assert_eq!(a.activations, b.activations, "being seen changes no answer");
    }
    let command = format!("cargo run --release -p emanate-bench --bin seen -- {scale} {spreads}");
    println!("{COLUMNS}");
    let guarded = Question {
        asked: &format!("2-hop spreads, breakers and metrics, rmat{scale}"),
        sides: ["on", "switched off"],
        figure: "times as long",
        command: &command,
    };
    print_row(guarded, |is_seen| round(if is_seen { &seen } else { &quiet }, &graph, &seeds))?;
    let scraped = Question {
        asked: &format!("99th percentile of 2-hop spreads, 2 threads, rmat{scale}"),
        sides: ["ten scrapes a second", "none"],
        ..guarded
    };
    print_row(scraped, |is_scraped| p99(&seen, &graph, &seeds, is_scraped))
}
