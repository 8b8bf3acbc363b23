//! Sweeps fixed settings of the engine itself on three workloads, tunes on each, and compares.
//!
//! `cargo run --release -p emanate-tuner --example engine -- [BUDGET_MS [TUNE_S [SEED]]]`
//!
//! Every figure of a comparison is measured in turns with those it is compared with, so that a
//! machine that is busy for a while is busy for all of them. A fixed setting counts where at most
//! 1 % of its batches are over budget, the 0.99 quantile's definition, and recall keeps the floor.
#![forbid(unsafe_code)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::spread::{Hops, Linear, Precision, Rule};
use emanate::sync::MonotonicClock;
use emanate::{CancelToken, Engine, Snapshot, SpreadRequest};
use emanate_bench::work::{graph, seeded_from};
use emanate_tuner::driver::{DEFAULT_RECALL_AT, Driver, DriverConfig, recall_of};
use emanate_tuner::objective::median;
use emanate_tuner::{Bounds, Config, Objective, PolicyName, Settings, StrategyName, Verdict};

const SCALE: u32 = 14;
const FULL: u32 = 3;
const FLOOR: f64 = 0.9;
const BATCH_MAX: u32 = 256;
const QUERIES: u32 = 256;
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_millis(250);

struct Workload {
    name: &'static str,
    requests: Vec<SpreadRequest>,
    /// Spreads asked together.
    together: usize,
    /// Hop limits that make a difference.
    hops: &'static [u32],
}

/// A spread that few nodes fire in, from one node.
fn small(graph: &Snapshot, node: u32, hops: Hops, hop_decay: f64) -> SpreadRequest {
    let rule =
        Rule::Linear(Linear { hops, hop_decay, firing_threshold: 0.02, ..Linear::default() });
    seeded_from(SpreadRequest::new(rule).top(10), graph, 1, node)
}

/// Spreads from one of the nodes most pointed to, so that most edges are followed.
fn large(graph: &Snapshot, node: u32, hops: Hops) -> SpreadRequest {
    let rule = Rule::Linear(Linear {
        hops,
        firing_threshold: 0.0,
        precision: Precision::Single,
        ..Linear::default()
    });
    seeded_from(SpreadRequest::new(rule).top(10), graph, 1, node)
}

/// The greatest decay, by steps, at which two hops keep the floor with some room: so the hop limit
/// can be steered, and a third hop still changes answers.
fn decay(graph: &Snapshot, node: impl Fn(u32) -> u32) -> f64 {
    let keeps = |hop_decay: &f64| {
        let auto = |turn| small(graph, node(turn), Hops::Auto, *hop_decay);
        recall(graph, &(0..QUERIES).map(auto).collect::<Vec<_>>(), 2) >= FLOOR + 0.03
    };
    (1..20).rev().map(|step| 0.01 * f64::from(step)).find(keeps).unwrap_or(0.2)
}

fn workloads(graph: &Snapshot) -> [Workload; 3] {
    let node = |turn: u32| turn.wrapping_mul(2_654_435_761) % (1 << SCALE);
    let decay = decay(graph, node);
    println!("decay of the steered queries\t{decay:.2}");
    let two_hops = (0..QUERIES).map(|turn| small(graph, node(turn), Hops::Limit(2), 0.2));
    let mixed = (0..QUERIES).map(|turn| match turn % 20 {
        0 => large(graph, turn, Hops::Limit(FULL)),
        _ => small(graph, node(turn), Hops::Auto, decay),
    });
    let saturated = (0..QUERIES).map(|turn| large(graph, turn, Hops::Auto));
    [
        Workload { name: "small", requests: two_hops.collect(), together: 4096, hops: &[FULL] },
        Workload { name: "mixed", requests: mixed.collect(), together: 2048, hops: &[2, FULL] },
        Workload {
            name: "saturated",
            requests: saturated.collect(),
            together: 1024,
            hops: &[2, FULL],
        },
    ]
}

/// Sums over the slices measured under one pair of settings.
#[derive(Clone, Default)]
struct Sum {
    rates: Vec<f64>,
    batches: u64,
    over: u64,
}

impl Sum {
    /// Spreads a second: the middle of the slices, which a busy neighbour moves least.
    fn rate(&self) -> f64 {
        median(&self.rates).unwrap_or(0.0)
    }

    fn share_over(&self) -> f64 {
        self.over as f64 / self.batches.max(1) as f64
    }
}

fn put(engine: &Engine, settings: Settings) {
    let mut next = (*engine.settings()).clone();
    next.batch_size = NonZeroUsize::new(settings.batch_size as usize).expect("not 0");
    next.hop_limit = settings.hop_limit;
    engine.set(next);
}

fn slice(engine: &Engine, settings: Settings, budget: Duration, sum: &mut Sum) {
    put(engine, settings);
    let number = engine.settings().number();
    let all_begun = Instant::now();
    let mut begun = all_begun;
    let (mut since, mut last, mut spreads): (Option<Instant>, _, u64) = (None, None, 0);
    // Two batches at least, however long they take.
    while begun.elapsed() < SLICE || (last <= since && all_begun.elapsed() < 20 * SLICE) {
        thread::sleep(Duration::from_millis(5));
        engine.take_samples(|sample| {
            if sample.settings < number {
                // Batches under the settings before share the machine with those after.
                (since, last, spreads) = (None, None, 0);
                begun = Instant::now();
                return;
            }
            sum.batches += 1;
            sum.over += u64::from(sample.latency > budget);
            match since {
                None => since = Some(sample.ended),
                Some(_) => spreads += u64::from(sample.spreads),
            }
            last = last.max(Some(sample.ended));
        });
    }
    if let (Some(since), Some(last)) = (since, last) {
        let seconds = last.saturating_duration_since(since).as_secs_f64();
        if seconds > 0.0 {
            sum.rates.push(spreads as f64 / seconds);
        }
    }
}

/// Mean recall over all requests that leave their hop limit to the engine.
fn recall(graph: &Snapshot, requests: &[SpreadRequest], hop_limit: u32) -> f64 {
    let engine = Engine::new();
    let at = |request: &SpreadRequest, hops: u32| {
        let mut request = request.clone();
        let Rule::Linear(linear) = &mut request.rule else { return None };
        let steered = linear.hops == Hops::Auto;
        linear.hops = Hops::Limit(hops);
        steered.then(|| engine.spread_at(graph, &request).expect("a good request").activations)
    };
    let recalls = requests.iter().filter_map(|request| {
        let (limited, full) = (at(request, hop_limit)?, at(request, FULL)?);
        Some(recall_of(&limited, &full, request.top.unwrap_or(DEFAULT_RECALL_AT)))
    });
    let recalls: Vec<f64> = recalls.collect();
    if recalls.is_empty() { 1.0 } else { recalls.iter().sum::<f64>() / recalls.len() as f64 }
}

/// Runs `work` while a caller asks for spreads without end.
fn under_load<T>(
    engine: &Arc<Engine>,
    graph: &Snapshot,
    workload: &Workload,
    work: impl FnOnce() -> T,
) -> T {
    let (ends, cancel) = (AtomicBool::new(false), CancelToken::new());
    let mut asked: Vec<SpreadRequest> =
        workload.requests.iter().cycle().take(workload.together).cloned().collect();
    asked.iter_mut().for_each(|request| request.bounds.cancel = Some(cancel.clone()));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                drop(engine.spread_many(graph, &asked));
            }
        });
        let done = work();
        ends.store(true, Ordering::Relaxed);
        cancel.cancel();
        done
    })
}

fn engine() -> Arc<Engine> {
    let engine = Engine::builder().threads(2).build().expect("good options");
    engine.take_samples(|_| ());
    Arc::new(engine)
}

fn settings_of(workload: &Workload) -> Vec<Settings> {
    let sizes = (0..=BATCH_MAX.ilog2()).map(|doublings| 1 << doublings);
    let with_hops =
        |batch_size| workload.hops.iter().map(move |&hop_limit| Settings { batch_size, hop_limit });
    sizes.flat_map(with_hops).collect()
}

/// Each fixed setting with what was measured of it.
fn sweep(graph: &Snapshot, workload: &Workload, budget: Duration) -> Vec<(Settings, Sum)> {
    let engine = engine();
    under_load(&engine, graph, workload, || {
        let mut sums: Vec<_> =
            settings_of(workload).into_iter().map(|s| (s, Sum::default())).collect();
        for _ in 0..ROUNDS {
            for (settings, sum) in &mut sums {
                slice(&engine, *settings, budget, sum);
            }
        }
        sums
    })
}

/// What tuning came to.
struct Tuned {
    settings: Settings,
    windows: u64,
    over: f64,
    below_floor: f64,
    shadow_share: f64,
    accepted: usize,
}

/// How the engine is driven.
fn driving(budget: Duration, seed: u64) -> DriverConfig {
    let least = Settings { batch_size: 1, hop_limit: 1 };
    let most = Settings { batch_size: BATCH_MAX, hop_limit: FULL };
    let budget_us = 1e6 * budget.as_secs_f64();
    let mut config = DriverConfig::new(Config {
        bounds: Bounds::new(least, most).expect("in order"),
        objective: Objective { budget_us, quality_floor: FLOOR },
        policy: PolicyName::Paired,
        strategy: StrategyName::Adaptive,
        seed,
    });
    config.window_min = Duration::from_millis(50);
    config
}

/// Tunes from `from`; then measures `compared` and the tuned settings in turns.
fn tuned(
    graph: &Snapshot,
    workload: &Workload,
    from: Settings,
    compared: &[Settings],
    (budget, tune, seed): (Duration, Duration, u64),
) -> (Tuned, Vec<Sum>) {
    let engine = engine();
    put(&engine, from);
    let config = driving(budget, seed);
    let floor_kept: Vec<bool> =
        (0..=FULL).map(|hops| recall(graph, &workload.requests, hops) >= FLOOR).collect();
    under_load(&engine, graph, workload, || {
        let mut driver = Driver::new(Arc::clone(&engine), &config, Arc::new(MonotonicClock::new()));
        let handle = driver.handle();
        let begun = Instant::now();
        let (mut samples, mut over, mut windows, mut below) = (0, 0, 0, 0);
        let mut settled = false;
        while begun.elapsed() < tune || (!settled && begun.elapsed() < 2 * tune) {
            let look = driver.look();
            if let Some((reading, proposal)) = look.answered {
                settled = proposal.verdict != Verdict::Probe;
                windows += 1;
                samples += reading.samples;
                over += reading.over_budget;
                let trying = proposal.verdict == Verdict::Probe;
                below += u64::from(!trying && !floor_kept[reading.settings.hop_limit as usize]);
            }
            thread::sleep(look.wait);
        }
        let reading = handle.reading();
        let accepted = handle.decisions(usize::MAX);
        let accepted = accepted.iter().filter(|d| d.proposal.verdict == Verdict::Accept).count();
        for decision in handle.decisions(usize::MAX).iter().rev() {
            eprintln!(
                "  {:>5} {:>4} {} {:<9} {}",
                decision.tick,
                decision.proposal.settings.batch_size,
                decision.proposal.settings.hop_limit,
                decision.proposal.verdict.name(),
                decision.proposal.reason
            );
        }
        let passed = 2.0 * begun.elapsed().as_secs_f64();
        let result = Tuned {
            settings: reading.settings,
            windows,
            over: over as f64 / f64::max(samples as f64, 1.0),
            below_floor: below as f64 / f64::max(windows as f64, 1.0),
            shadow_share: reading.shadow_time.as_secs_f64() / passed,
            accepted,
        };
        drop(driver);
        let mut sums = vec![Sum::default(); compared.len() + 1];
        for _ in 0..4 * ROUNDS {
            let all = compared.iter().chain([&result.settings]);
            for (settings, sum) in all.zip(&mut sums) {
                slice(&engine, *settings, budget, sum);
            }
        }
        (result, sums)
    })
}

/// Fixed settings that keep budget and floor, with their throughput; the fastest last.
fn allowed(
    graph: &Snapshot,
    workload: &Workload,
    sums: &[(Settings, Sum)],
) -> Vec<(Settings, f64)> {
    let keeps =
        |settings: &Settings| recall(graph, &workload.requests, settings.hop_limit) >= FLOOR;
    let inside = sums.iter().filter(|(settings, sum)| sum.share_over() <= 0.01 && keeps(settings));
    let mut inside: Vec<_> = inside.map(|(settings, sum)| (*settings, sum.rate())).collect();
    inside.sort_by(|a, b| a.1.total_cmp(&b.1));
    inside
}

/// The fixed settings best for all workloads together: the greatest product of throughputs, each
/// against its workload's best, among those that every workload allows.
fn best_together(workloads: &[Workload], all: &[Vec<(Settings, f64)>]) -> Option<Settings> {
    let candidates = (0..=BATCH_MAX.ilog2())
        .flat_map(|doublings| [2, FULL].map(|hop_limit| (1 << doublings, hop_limit)))
        .map(|(batch_size, hop_limit)| Settings { batch_size, hop_limit });
    let product = |settings: Settings| {
        workloads.iter().zip(all).try_fold(1.0, |product, (workload, inside)| {
            let best = inside.last()?.1;
            // Where the hop limit makes no difference, it was swept at full depth only.
            let is_swept = workload.hops.contains(&settings.hop_limit);
            let hop_limit = if is_swept { settings.hop_limit } else { FULL };
            let own = inside.iter().find(|(s, _)| *s == Settings { hop_limit, ..settings })?.1;
            Some(product * own / best)
        })
    };
    let known = candidates.filter_map(|settings| Some((settings, product(settings)?)));
    known.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(settings, _)| settings)
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let budget = Duration::from_millis(arguments.next().unwrap_or(50));
    let tune = Duration::from_secs(arguments.next().unwrap_or(60));
    let seed = arguments.next().unwrap_or(1);
    let graph = graph(SCALE);
    let workloads = workloads(&graph);
    println!("workload\tbatch\thops\tper second\tover budget\trecall");
    let mut inside = Vec::new();
    for workload in &workloads {
        let sums = sweep(&graph, workload, budget);
        for (settings, sum) in &sums {
            println!(
                "{}\t{}\t{}\t{:.1}\t{:.4}\t{:.4}",
                workload.name,
                settings.batch_size,
                settings.hop_limit,
                sum.rate(),
                sum.share_over(),
                recall(&graph, &workload.requests, settings.hop_limit)
            );
        }
        inside.push(allowed(&graph, workload, &sums));
    }
    let Some(default) = best_together(&workloads, &inside) else {
        println!("no fixed setting keeps the budget on all three workloads");
        return;
    };
    println!("best together\t{}\t{}", default.batch_size, default.hop_limit);
    println!(
        "workload\ttuned\thops\tof best\tof default\tover budget\tthen over\tbelow floor\t\
         shadows' share\twindows\taccepted\tbest\tits over"
    );
    for (workload, inside) in workloads.iter().zip(&inside) {
        let best = inside.last().expect("the default is among them").0;
        let (tuned, sums) =
            tuned(&graph, workload, default, &[default, best], (budget, tune, seed));
        let of = |at: usize| sums[2].rate() / sums[at].rate();
        println!(
            "{}\t{}\t{}\t{:.3}\t{:.3}\t{:.4}\t{:.4}\t{:.4}\t{:.4}\t{}\t{}\t{}/{}\t{:.4}",
            workload.name,
            tuned.settings.batch_size,
            tuned.settings.hop_limit,
            of(1),
            of(0),
            tuned.over,
            sums[2].share_over(),
            tuned.below_floor,
            tuned.shadow_share,
            tuned.windows,
            tuned.accepted,
            best.batch_size,
            best.hop_limit,
            sums[1].share_over(),
        );
    }
}
