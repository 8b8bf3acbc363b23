//! The plants are what their table says, and figures count what they say they count.
#![forbid(unsafe_code)]

use emanate_tuner::simulator::{
    Figures, Plant, Setup, Step, TRANSIENT, Trace, Tuner, best_throughput, figures, summary,
};
use emanate_tuner::{Settings, Verdict};

const WINDOWS: u64 = 2000;

/// Best batch size and hop limit of a window, and the throughput there in whole spreads.
fn best(plant: Plant, window: u64) -> (u32, u32, u64) {
    let Settings { batch_size, hop_limit } = plant.best(window, WINDOWS);
    let throughput = best_throughput(plant, WINDOWS)[window as usize];
    (batch_size, hop_limit, throughput as u64)
}

#[test]
fn the_best_settings_are_those_of_the_table() {
    assert_eq!(best(Plant::Monotone, 0), (459, 3, 205_277));
    assert_eq!(best(Plant::Unimodal, 0), (158, 3, 147_172));
    assert_eq!(best(Plant::Plateau, 0), (67, 3, 111_111));
    assert_eq!(best(Plant::TwoOptima, 0), (400, 3, 320_011));
    assert_eq!(best(Plant::Cliff, 0), (256, 3, 179_775));
    assert_eq!(best(Plant::HeavyTail, 0), (212, 3, 169_871));
    assert_eq!(best(Plant::CostStep, 999), (459, 3, 205_277));
    assert_eq!(best(Plant::CostStep, 1000), (154, 3, 68_897));
    assert_eq!(best(Plant::CostDrop, 999), (154, 3, 68_897));
    assert_eq!(best(Plant::CostDrop, 1000), (459, 3, 205_277));
    // A quarter and three quarters of its period of 1500 windows, up to the eighth window.
    assert!(best(Plant::Drift, 375).0.abs_diff(239) <= 1);
    assert!(best(Plant::Drift, 1125).0.abs_diff(821) <= 1);
    assert_eq!(best(Plant::Hops, 999), (698, 3, 312_388));
    assert_eq!(best(Plant::Hops, 1000), (459, 4, 205_277));
}

#[test]
fn a_second_optimum_and_a_period_are_where_the_table_has_them() {
    let at = |plant: Plant, batch_size, window| {
        plant.throughput(Settings { batch_size, hop_limit: 3 }, window, WINDOWS) as u64
    };
    assert_eq!([20, 90, 400].map(|b| at(Plant::TwoOptima, b, 0)), [270_014, 65_562, 320_011]);
    let steady = at(Plant::Monotone, 100, 0);
    assert_eq!(
        (steady, at(Plant::Periodic, 100, 0), at(Plant::Periodic, 100, 9)),
        (125_000, 125_000, 125_000)
    );
    // Nearly 0.3 less in the middle of a period of nine windows.
    assert_eq!(at(Plant::Periodic, 100, 4), 88_630);
    assert_eq!((at(Plant::Flat, 1, 0), at(Plant::Flat, 4096, 0)), (50_000, 50_000));
}

/// A run in which windows had these batch sizes, and nothing else happened.
fn run(plant: Plant, batch_sizes: impl Iterator<Item = u32>) -> Trace {
    let step = |batch_size| Step {
        settings: Settings { batch_size, hop_limit: 3 },
        efficiency: 1.0,
        over_budget: false,
        below_floor: false,
        verdict: Verdict::Hold,
    };
    let steps: Vec<_> = batch_sizes.map(step).collect();
    let windows = steps.len() as u64;
    let setup = Setup { plant, noise: 0.0, seed: 0, windows, tuner: Tuner::Naive };
    Trace { setup, steps }
}

#[test]
fn reversals_are_counted_in_steady_state_and_drift_from_end_to_end() {
    // Up and down every window, so a reversal a window from the second move on.
    let zigzag = figures(&run(Plant::Monotone, (0..1400).map(|at| 10 + at % 2)));
    assert!((zigzag.reversals - 998.0).abs() < 1e-9, "{zigzag:?}");
    let early = |at: u32| if at < 400 { 10 + at % 2 } else { 10 };
    assert_eq!(figures(&run(Plant::Monotone, (0..1400).map(early))).reversals, 0.0);
    // A hill with a flat top turns once.
    let hill = |at: u32| 1 + at.min(900).min(1_500_u32.saturating_sub(at));
    let hill = figures(&run(Plant::Monotone, (0..1400).map(hill)));
    assert!((hill.reversals - 1.0).abs() < 1e-9, "{hill:?}");
    assert!((hill.drift - 102_f64.log2()).abs() < 1e-9, "{hill:?}");
    let fall = figures(&run(Plant::Monotone, [64, 1, 2].into_iter()));
    assert_eq!((fall.drift, fall.reversals), (5.0, 0.0));
    assert_eq!((fall.settling, fall.settled), (None, true));
}

#[test]
fn what_happens_in_transients_is_not_held_against_a_run() {
    let mut trace = run(Plant::CostStep, (0..200).map(|_| 16));
    let transient = |at: usize| at < TRANSIENT || (100..100 + TRANSIENT).contains(&at);
    for (at, step) in trace.steps.iter_mut().enumerate() {
        (step.over_budget, step.below_floor) = (transient(at), transient(at));
    }
    let within = figures(&trace);
    assert_eq!((within.over_budget, within.below_floor), (0.0, 0.0));
    for (at, step) in trace.steps.iter_mut().enumerate() {
        (step.over_budget, step.below_floor) = (at % 4 == 2, at == 150);
        step.efficiency = if at < 50 { 0.0 } else { 1.0 };
        step.verdict = [Verdict::Accept, Verdict::Freeze, Verdict::Hold][at.min(2)];
    }
    let outside = figures(&trace);
    assert!((outside.over_budget - 36.0 / 140.0).abs() < 1e-9, "{outside:?}");
    assert!((outside.below_floor - 1.0 / 140.0).abs() < 1e-9, "{outside:?}");
    assert_eq!((outside.accepted, outside.frozen, outside.efficiency), (1, 1, 0.75));
}

#[test]
fn a_run_settles_where_it_is_good_and_stays_so() {
    let mut trace = run(Plant::CostStep, (0..400).map(|_| 16));
    for step in &mut trace.steps[200..240] {
        step.efficiency = 0.5;
    }
    let settled = figures(&trace);
    assert_eq!((settled.settling, settled.settled), (Some(40), true));
    // A probe now and then is none the worse.
    for at in (250..400).step_by(25) {
        trace.steps[at].efficiency = 0.5;
    }
    assert_eq!(figures(&trace).settling, Some(40));
    for step in &mut trace.steps[200..] {
        step.over_budget = true;
    }
    let never = figures(&trace);
    assert_eq!((never.settling, never.settled), (Some(200), false));
}

#[test]
fn a_summary_has_the_median_the_mean_and_the_worst() {
    let one = figures(&run(Plant::CostStep, (0..100).map(|_| 16)));
    let runs: Vec<Figures> = (0..=20)
        .map(|at| Figures {
            efficiency: 0.8 + f64::from(at) / 100.0,
            reversals: f64::from(at * at),
            over_budget: f64::from(at),
            settling: Some(at as u64),
            settled: at < 7,
            drift: f64::from(at % 5),
            accepted: usize::from(at < 14),
            below_floor: f64::from(at) / 10.0,
            frozen: usize::from(at == 3) * 9,
        })
        .collect();
    let all = summary(Plant::CostStep, &runs);
    assert_eq!((all.runs, all.plant), (21, Plant::CostStep));
    assert!((all.efficiency.0 - 0.9).abs() < 1e-9 && (all.efficiency.1 - 0.81).abs() < 1e-9);
    assert_eq!((all.reversals.0, all.over_budget, all.drift), (100.0, (10.0, 19.0), 4.0));
    assert!((all.reversals.1 - 2870.0 / 21.0).abs() < 1e-9, "{all:?}");
    assert!((all.below_floor - 1.0).abs() < 1e-9, "{all:?}");
    let (middle, share) = all.settling.expect("there was a step");
    assert!(middle == 10.0 && (share - 1.0 / 3.0).abs() < 1e-9, "{all:?}");
    assert!((all.accepting - 2.0 / 3.0).abs() < 1e-9 && (all.frozen - 1.0 / 21.0).abs() < 1e-9);
    let steady = Figures { settling: None, ..one };
    assert_eq!(summary(Plant::Flat, &[steady]).settling, None);
    assert!(summary(Plant::Flat, &[]).efficiency.0.is_nan());
}
