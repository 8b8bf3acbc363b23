//! One run: a tuner on a plant, and how well it did.

use crate::controller::Controller;
use crate::decision::Verdict;
use crate::objective::Objective;
use crate::policy::PolicyName;
use crate::reading::Settings;
use crate::simulator::plant::{BUDGET_US, Plant, QUALITY_FLOOR};
use crate::simulator::rivals::{Gradient2, Naive};
use crate::simulator::world::World;
use crate::steering::Config;
use crate::strategy::StrategyName;

/// Who tunes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tuner {
    /// This crate's, with a policy and a strategy.
    Own(PolicyName, StrategyName),
    /// The threshold rule.
    Naive,
    /// Netflix's.
    Gradient2,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// On what.
    pub plant: Plant,
    /// Deviation of the logarithm of one window's throughput, at least 0.
    pub noise: f64,
    /// Of the noise and of the tuner.
    pub seed: u64,
    /// How long.
    pub windows: u64,
    /// By whom.
    pub tuner: Tuner,
}

/// One window of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Settings in force.
    pub settings: Settings,
    /// Their throughput without noise, over that of the best fixed settings.
    pub efficiency: f64,
    /// Whether their true 0.99 quantile is over budget.
    pub over_budget: bool,
    /// Whether their true recall is below the floor.
    pub below_floor: bool,
    /// What the tuner answered; `Hold` for tuners without verdicts.
    pub verdict: Verdict,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What was run.
    pub setup: Setup,
    /// Every window.
    pub steps: Vec<Step>,
}

enum Running {
    Own(Box<Controller>),
    Naive(Naive),
    Gradient2(Gradient2),
}

/// The settings a tuner would begin with on `plant`.
#[must_use]
pub fn config(plant: Plant, policy: PolicyName, strategy: StrategyName, seed: u64) -> Config {
    let objective = Objective { budget_us: BUDGET_US, quality_floor: QUALITY_FLOOR };
    Config { bounds: plant.bounds(), objective, policy, strategy, seed }
}

/// The throughput of the best fixed settings, window by window; the same for every seed.
#[must_use]
pub fn best_throughput(plant: Plant, windows: u64) -> Vec<f64> {
    let mut best = plant.best(0, windows);
    let mut found = Vec::new();
    for window in 0..windows {
        let step = plant.step_at(windows) == Some(window);
        // A drift is slow, so the best settings are looked for every eighth window only.
        if step || (matches!(plant, Plant::Drift) && window % 8 == 0) {
            best = plant.best(window, windows);
        }
        found.push(plant.throughput(best, window, windows));
    }
    found
}

/// Runs `setup`. `best` is [`best_throughput`] of its plant.
#[must_use]
pub fn run(setup: Setup, best: &[f64]) -> Trace {
    let Setup { plant, noise, seed, windows, tuner } = setup;
    let mut world = World::new(plant, noise, windows, seed);
    let bounds = plant.bounds();
    let mut running = match tuner {
        Tuner::Own(policy, strategy) => {
            Running::Own(Box::new(Controller::new(config(plant, policy, strategy, seed))))
        }
        Tuner::Naive => Running::Naive(Naive::new()),
        Tuner::Gradient2 => Running::Gradient2(Gradient2::new()),
    };
    let mut steps = Vec::with_capacity(best.len());
    for (window, best) in (0..windows).zip(best) {
        let settings = world.in_force();
        let (reading, batch_us) = world.measure();
        let (next, verdict) = match &mut running {
            Running::Own(controller) => {
                let proposal = controller.tick(&reading);
                (proposal.settings, proposal.verdict)
            }
            Running::Naive(naive) => (naive.tick(&reading, &bounds), Verdict::Hold),
            Running::Gradient2(gradient) => {
                (gradient.tick(&reading, batch_us, &bounds), Verdict::Hold)
            }
        };
        steps.push(Step {
            settings,
            efficiency: plant.throughput(settings, window, windows) / best,
            over_budget: plant.p99_us(settings, window, windows) > BUDGET_US,
            below_floor: plant.recall(settings.hop_limit, window, windows) < QUALITY_FLOOR,
            verdict,
        });
        world.ask(next);
    }
    Trace { setup, steps }
}
