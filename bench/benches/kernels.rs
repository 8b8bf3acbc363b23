//! Which way of running a hop is fastest, and when?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use emanate::spread::{InstructionSet, Kernel, Precision};
use emanate::{Engine, Snapshot, SpreadOutcome, SpreadRequest};
use emanate_bench::work::{
    Work, check_answer, engine, graph, has_same_bits, saturating, seeded, seeded_from,
};

/// The graph on which every answer is compared with the oracle's.
const SMALL: u32 = 9;
/// The graph on which time is taken.
const LARGE: u32 = 16;
/// Seeds of a hop, up to every node of the large graph.
const FRONTIERS: [u32; 5] = [1, 1 << 6, 1 << 10, 1 << 13, 1 << 16];
const KERNELS: [Kernel; 4] = [Kernel::List, Kernel::Scan, Kernel::Dense, Kernel::Auto];
/// Saturated requests that are run one by one or together.
const REQUESTS: u32 = 16;

fn which_kernel_wins_at_which_frontier(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("which_kernel_wins_at_which_frontier");
    group.sample_size(10);
    let (small, large) = (graph(SMALL), graph(LARGE));
    for seeds in FRONTIERS {
        let mut first: Option<SpreadOutcome> = None;
        for kernel in KERNELS {
            let warm = |graph: &Snapshot| {
                let request = seeded(saturating(1, Precision::Double), graph, seeds);
                Work::warm(engine(kernel, InstructionSet::best()), graph.clone(), request)
            };
            warm(&small).check();
            let mut work = warm(&large);
            let first = first.get_or_insert_with(|| work.outcome.clone());
            assert!(has_same_bits(first, &work.outcome), "{kernel:?} from {seeds} seeds");
            group.throughput(Throughput::Elements(work.outcome.stats.edges_traversed));
            group.bench_function(format!("{seeds}_seeds/{kernel:?}"), |b| b.iter(|| work.run()));
        }
    }
    group.finish();
}

fn what_do_newer_instructions_gain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_do_newer_instructions_gain");
    group.sample_size(10);
    let graph = graph(LARGE);
    for kernel in [Kernel::Scan, Kernel::Dense] {
        let mut first: Option<SpreadOutcome> = None;
        for (turn, &instructions) in InstructionSet::available().iter().enumerate() {
            let request = seeded(saturating(1, Precision::Double), &graph, 1 << LARGE);
            let mut work = Work::warm(engine(kernel, instructions), graph.clone(), request);
            let first = first.get_or_insert_with(|| work.outcome.clone());
            assert!(has_same_bits(first, &work.outcome), "{kernel:?}, {instructions:?}");
            group.bench_function(format!("{kernel:?}/set_{turn}"), |b| b.iter(|| work.run()));
        }
    }
    group.finish();
}

/// Saturated requests of one seed each.
fn requests(graph: &Snapshot, precision: Precision) -> Vec<SpreadRequest> {
    let request = |first| seeded_from(saturating(3, precision), graph, 1, first).top(10);
    (0..REQUESTS).map(request).collect()
}

fn what_do_lanes_gain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_do_lanes_gain");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(REQUESTS)));
    let engine = Engine::builder().threads(1).build().expect("one thread is allowed");
    let (small, large) = (graph(SMALL), graph(LARGE));
    for precision in [Precision::Double, Precision::Single] {
        let alone = |graph: &Snapshot, requests: &[SpreadRequest]| -> Vec<SpreadOutcome> {
            let run = |request| engine.spread_at(graph, request).expect("it is allowed");
            requests.iter().map(run).collect()
        };
        let together = |graph: &Snapshot, requests: &[SpreadRequest]| -> Vec<SpreadOutcome> {
            let outcomes = engine.spread_many(graph, requests);
            outcomes.into_iter().map(|outcome| outcome.expect("it is allowed")).collect()
        };
        for graph in [&small, &large] {
            let requests = requests(graph, precision);
            let outcomes = together(graph, &requests);
            for (one, other) in alone(graph, &requests).iter().zip(&outcomes) {
                assert!(has_same_bits(one, other), "lanes give other bits");
            }
        }
        let few = requests(&small, precision);
        for (request, outcome) in few.iter().zip(together(&small, &few)) {
            check_answer(&small, request, &outcome);
        }
        let requests = requests(&large, precision);
        group.bench_function(format!("one_by_one/{precision:?}"), |b| {
            b.iter(|| alone(&large, &requests));
        });
        group.bench_function(format!("together/{precision:?}"), |b| {
            b.iter(|| together(&large, &requests));
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    which_kernel_wins_at_which_frontier,
    what_do_newer_instructions_gain,
    what_do_lanes_gain
);
criterion_main!(benches);
