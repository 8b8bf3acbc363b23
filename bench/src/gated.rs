//! The work whose instructions are counted: small, on one thread, the same on every machine.
//!
//! Kernels and instructions are fixed. What the engine chooses by itself it chooses by time, and
//! by what the processor can do; a count would tell machines apart instead of changes.

use emanate::graph::{Load, LoadOptions, load_from};
use emanate::spread::{Kernel, PageRankMethod, Precision};
use std::sync::Arc;
use std::time::Duration;

use emanate::sync::ManualClock;
use emanate::{Engine, Snapshot, SpreadOutcome, SpreadRequest};
use emanate_tuner::driver::{Driver, DriverConfig};
use emanate_tuner::{
    Bounds, Config, Controller, Objective, PolicyName, Reading, Settings, StrategyName,
};

use crate::edge_list::EdgeList;
use crate::work::{
    Work, baseline_instructions, edge_list, engine, graph, pagerank as by_method, saturating,
    seeded, seeded_from,
};

/// Large enough that what a spread costs beside its edges is small, small enough to be emulated.
const SCALE: u32 = 11;
/// Requests of the batch that shares its edges: the lanes of single precision.
const LANES: u32 = 16;

/// Ten iterations, since the tolerance is not reached in so few.
pub const POWER: PageRankMethod = PageRankMethod::Power { tolerance: 1e-12, iterations_max: 10 };
/// A push that leaves the neighbourhood of its seed.
pub const PUSH: PageRankMethod = PageRankMethod::Push { epsilon: 1e-5 };

fn on_graph(kernel: Kernel, request: impl FnOnce(&Snapshot) -> SpreadRequest) -> Work {
    let graph = graph(SCALE);
    let request = request(&graph);
    Work::warm(engine(kernel, baseline_instructions()), graph, request)
}

/// A spread of no hop: what every spread costs.
#[must_use]
pub fn empty() -> Work {
    on_graph(Kernel::List, |graph| seeded(saturating(0, Precision::Double), graph, 1))
}

/// Two hops from one seed.
#[must_use]
pub fn two_hops() -> Work {
    on_graph(Kernel::List, |graph| seeded_from(saturating(2, Precision::Double), graph, 1, 40))
}

/// The same while somebody asks for samples and for live requests.
#[must_use]
pub fn sampled() -> Work {
    let work = two_hops();
    work.engine.take_samples(|_| ());
    work.engine.take_requests(8, 1, |_, _| ());
    work
}

/// One hop from a quarter of all nodes.
#[must_use]
pub fn hop(kernel: Kernel) -> Work {
    on_graph(kernel, |graph| seeded(saturating(1, Precision::Double), graph, (1 << SCALE) / 4))
}

/// Personalised PageRank of one node.
#[must_use]
pub fn pagerank(method: PageRankMethod) -> Work {
    on_graph(Kernel::List, |graph| seeded(by_method(method), graph, 1))
}

/// Requests that follow the same edges together.
#[derive(Debug)]
pub struct Lanes {
    /// Runs them.
    pub engine: Engine,
    /// What they are run on.
    pub graph: Snapshot,
    /// What is run.
    pub requests: Vec<SpreadRequest>,
}

impl Lanes {
    /// Sixteen saturated requests of single precision, run once.
    #[must_use]
    pub fn warm() -> Self {
        let graph = graph(SCALE);
        let request = |lane| seeded_from(saturating(3, Precision::Single), &graph, 1, lane);
        let requests = (0..LANES).map(request).collect();
        let lanes = Self { engine: engine(Kernel::List, baseline_instructions()), graph, requests };
        drop(lanes.run());
        lanes
    }

    /// Runs them; what came of each.
    ///
    /// # Panics
    /// Where one is refused.
    #[must_use]
    pub fn run(&self) -> Vec<SpreadOutcome> {
        let outcomes = self.engine.spread_many(&self.graph, &self.requests);
        outcomes.into_iter().map(|outcome| outcome.expect("each is allowed")).collect()
    }
}

/// The graph as text, one edge a line.
#[must_use]
pub fn text() -> String {
    use std::fmt::Write;
    edge_list(SCALE).edges.iter().fold(String::new(), |mut text, edge| {
        let (source, target) = (EdgeList::label(edge.source), EdgeList::label(edge.target));
        writeln!(text, "{source}\t{target}\t{:.4}", edge.weight).expect("a string takes all");
        text
    })
}

/// Loads what [`text`] gives.
///
/// # Panics
/// Where the text is not an edge list.
#[must_use]
pub fn load(text: &str) -> Load {
    load_from(text.as_bytes(), "edges.tsv", &LoadOptions::default()).expect("it is an edge list")
}

fn tuner(policy: PolicyName) -> Config {
    let least = Settings { batch_size: 1, hop_limit: 1 };
    let most = Settings { batch_size: 1024, hop_limit: 3 };
    let bounds = Bounds::new(least, most).expect("in order");
    let objective = Objective { budget_us: 4000.0, quality_floor: 0.95 };
    Config { bounds, objective, policy, strategy: StrategyName::Adaptive, seed: 7 }
}

/// A tuner that has seen many windows, and how many more it is to see.
#[derive(Debug)]
pub struct Ticks {
    /// The tuner.
    pub controller: Controller,
    window: u64,
}

impl Ticks {
    /// A tuner that has found the best batch size of a plant without noise.
    #[must_use]
    pub fn warm() -> Self {
        let mut ticks = Self { controller: Controller::new(tuner(PolicyName::Paired)), window: 0 };
        ticks.run(500);
        ticks
    }

    /// Answers `count` windows under the settings asked for.
    pub fn run(&mut self, count: u64) {
        for _ in 0..count {
            self.window += 1;
            let first = Settings { batch_size: 32, hop_limit: 3 };
            let settings = self.controller.settings().unwrap_or(first);
            let batch_size = f64::from(settings.batch_size);
            self.controller.tick(&Reading {
                window: self.window,
                settings,
                spreads: 1000,
                throughput_per_second: 1e6 * batch_size / (batch_size + 20.0),
                samples: 100,
                over_budget: u64::from(settings.batch_size > 300),
                app_limited: false,
                shadow: None,
            });
        }
    }
}

/// A driver that changes nothing, over an engine in whose ring are samples.
#[derive(Debug)]
pub struct Looks {
    /// The driver.
    pub driver: Driver,
    engine: Arc<Engine>,
    work: Work,
}

impl Looks {
    /// A driver that has looked once.
    #[must_use]
    pub fn warm() -> Self {
        let work = empty();
        let engine = Arc::new(Engine::new());
        let config = DriverConfig::new(tuner(PolicyName::Off));
        let clock = ManualClock::new();
        let mut driver = Driver::new(Arc::clone(&engine), &config, Arc::new(clock.clone()));
        driver.look();
        clock.advance(Duration::from_secs(1));
        let looks = Self { driver, engine, work };
        for _ in 0..SAMPLES {
            let spread = looks.engine.spread_at(&looks.work.graph, &looks.work.request);
            drop(spread.expect("the request is right"));
        }
        looks
    }
}

/// Samples in the ring at a look that is counted.
const SAMPLES: usize = 256;
