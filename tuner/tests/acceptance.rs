//! How well the tuner does on plants that know their optimum, with a margin for the few seeds.
//! `examples/acceptance.rs` runs the same with 200 seeds.
#![forbid(unsafe_code)]

use emanate_tuner::simulator::{
    Plant, Setup, Summary, Tuner, best_throughput, figures, run, summary,
};
use emanate_tuner::{PolicyName, StrategyName};

const OWN: Tuner = Tuner::Own(PolicyName::Paired, StrategyName::Adaptive);
const SEEDS: u64 = 12;
const WINDOWS: u64 = 2000;

fn measured(tuner: Tuner, plant: Plant, noise: f64) -> Summary {
    let best = best_throughput(plant, WINDOWS);
    let runs = 0..SEEDS;
    let setup = |seed| Setup { plant, noise, seed, windows: WINDOWS, tuner };
    let all: Vec<_> = runs.map(|seed| figures(&run(setup(seed), &best))).collect();
    summary(plant, &all)
}

#[test]
fn steady_plants_are_run_near_their_best_and_in_peace() {
    for plant in Plant::ALL.into_iter().filter(|plant| plant.is_steady()) {
        let sums = measured(OWN, plant, 0.05);
        let least = if plant == Plant::HeavyTail { 0.88 } else { 0.93 };
        assert!(sums.efficiency.0 >= least && sums.efficiency.1 >= 0.80, "{sums:?}");
        assert!(sums.reversals.0 <= 5.0, "{sums:?}");
        assert!(sums.over_budget.0 <= 0.01, "{sums:?}");
        assert_eq!(sums.frozen, 0.0, "{sums:?}");
    }
}

#[test]
fn a_step_of_cost_is_settled_soon() {
    for plant in [Plant::CostStep, Plant::CostDrop] {
        let sums = measured(OWN, plant, 0.05);
        let (settling, settled) = sums.settling.expect("it has a step");
        assert!(settling <= 40.0 && settled >= 0.9, "{sums:?}");
        assert!(sums.over_budget.0 <= 0.01, "{sums:?}");
    }
}

#[test]
fn a_setting_without_effect_is_left_alone() {
    let sums = measured(OWN, Plant::Flat, 0.05);
    assert!(sums.drift <= 1.0 && sums.accepting <= 0.1, "{sums:?}");
}

#[test]
fn hops_are_given_up_only_above_the_floor() {
    let sums = measured(OWN, Plant::Hops, 0.05);
    // Full depth all the time would reach 0.86 of the best.
    assert!(sums.efficiency.0 >= 0.87, "{sums:?}");
    assert!(sums.below_floor <= 0.01, "{sums:?}");
}

#[test]
fn the_plants_tell_good_tuners_from_bad() {
    let frozen = Tuner::Own(PolicyName::Off, StrategyName::Adaptive);
    assert!(measured(frozen, Plant::Monotone, 0.05).efficiency.0 < 0.8);
    let naive = measured(Tuner::Naive, Plant::Monotone, 0.05);
    assert!(naive.reversals.0 > 100.0 && naive.over_budget.0 > 0.05, "{naive:?}");
    let gradient = measured(Tuner::Gradient2, Plant::Monotone, 0.05);
    assert!(gradient.over_budget.0 > 0.05 || gradient.efficiency.0 < 0.9, "{gradient:?}");
}

#[test]
fn every_policy_and_strategy_stays_inside_the_budget() {
    for policy in [PolicyName::Gradient, PolicyName::Aimd] {
        let sums = measured(Tuner::Own(policy, StrategyName::Adaptive), Plant::Monotone, 0.05);
        assert!(sums.efficiency.0 > 0.5 && sums.over_budget.0 < 0.5, "{sums:?}");
    }
    for strategy in [StrategyName::Conservative, StrategyName::Aggressive] {
        let sums = measured(Tuner::Own(PolicyName::Paired, strategy), Plant::Monotone, 0.05);
        assert!(sums.efficiency.0 > 0.8 && sums.over_budget.0 <= 0.01, "{sums:?}");
    }
}
