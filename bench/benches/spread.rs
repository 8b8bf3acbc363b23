//! What does one spread cost, by what it asks for?

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use emanate::spread::{PageRankMethod, Precision};
use emanate::{Engine, SpreadRequest};
use emanate_bench::work::{Work, graph, pagerank, saturating, seeded, seeded_from};

/// The graph on which every answer is compared with the oracle's.
const SMALL: u32 = 9;
/// The graph on which time is taken.
const LARGE: u32 = 16;

fn work(scale: u32, request: SpreadRequest, first: u32) -> Work {
    let graph = graph(scale);
    let request = seeded_from(request, &graph, 1, first);
    Work::warm(Engine::new(), graph, request)
}

fn what_does_an_empty_spread_cost(criterion: &mut Criterion) {
    let request = || saturating(0, Precision::Double);
    work(SMALL, request(), 0).check();
    let mut work = work(LARGE, request(), 0);
    criterion.bench_function("what_does_an_empty_spread_cost", |b| b.iter(|| work.run()));
}

fn what_does_a_two_hop_spread_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_a_two_hop_spread_cost");
    group.sample_size(20);
    let first_nodes =
        [("from_a_hub", 0), ("from_a_common_node", 1 << 10), ("from_a_leaf", 1 << 14)];
    for (name, first) in first_nodes {
        for precision in [Precision::Double, Precision::Single] {
            work(SMALL, saturating(2, precision), first).check();
            let mut work = work(LARGE, saturating(2, precision), first);
            group.throughput(Throughput::Elements(work.outcome.stats.edges_traversed));
            group.bench_function(format!("{name}/{precision:?}"), |b| b.iter(|| work.run()));
        }
    }
    group.finish();
}

fn does_push_or_power_give_pagerank_sooner(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("does_push_or_power_give_pagerank_sooner");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for exponent in [3, 6, 9] {
        let error = 10f64.powi(-exponent);
        let power = PageRankMethod::Power { tolerance: error, iterations_max: 1000 };
        // What is left undone by a push sums up to at most `epsilon` for each edge and node.
        let graph = graph(LARGE);
        let sum = (graph.edge_count() + graph.node_count() as u64) as f64;
        let push = PageRankMethod::Push { epsilon: error / sum };
        for (name, method) in [("power", power), ("push", push)] {
            work(SMALL, pagerank(method), 0).check();
            let request = seeded(pagerank(method), &graph, 1);
            let mut work = Work::warm(Engine::new(), graph.clone(), request);
            group.bench_function(format!("{name}/error_1e-{exponent}"), |b| b.iter(|| work.run()));
        }
    }
    group.finish();
}

criterion_group!(
    benches,
    what_does_an_empty_spread_cost,
    what_does_a_two_hop_spread_cost,
    does_push_or_power_give_pagerank_sooner
);
criterion_main!(benches);
