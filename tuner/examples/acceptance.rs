//! Runs every tuner on every plant and prints the table of acceptance.
//!
//! `cargo run --release -p emanate-tuner --example acceptance -- [SEEDS [WINDOWS]]`
#![forbid(unsafe_code)]

use emanate_tuner::simulator::{
    Plant, Setup, Summary, Tuner, best_throughput, figures, run, summary,
};
use emanate_tuner::{PolicyName, StrategyName};

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let seeds: u64 = arguments.next().unwrap_or(200);
    let windows: u64 = arguments.next().unwrap_or(2000);
    let own = Tuner::Own(PolicyName::Paired, StrategyName::Adaptive);
    println!(
        "tuner\tnoise\tplant\tefficiency\tworst 5 %\treversals\tmean\tover budget\tworst 5 %\t\
         settling\tsettled\tdrift\taccepting\tbelow floor\tfrozen"
    );
    for (name, tuner) in [("own", own), ("naive", Tuner::Naive), ("gradient2", Tuner::Gradient2)] {
        for noise in [0.03, 0.1, 0.2] {
            for plant in Plant::ALL {
                let best = best_throughput(plant, windows);
                let all: Vec<_> = (0..seeds)
                    .map(|seed| figures(&run(Setup { plant, noise, seed, windows, tuner }, &best)))
                    .collect();
                print(name, noise, &summary(plant, &all));
            }
        }
    }
}

fn print(name: &str, noise: f64, s: &Summary) {
    let (settling, settled) = s.settling.unwrap_or((f64::NAN, f64::NAN));
    println!(
        "{name}\t{noise}\t{:<10}\t{:.3}\t{:.3}\t{:.1}\t{:.1}\t{:.4}\t{:.4}\t{settling:.0}\t\
         {settled:.3}\t{:.2}\t{:.3}\t{:.4}\t{:.3}",
        s.plant.name(),
        s.efficiency.0,
        s.efficiency.1,
        s.reversals.0,
        s.reversals.1,
        s.over_budget.0,
        s.over_budget.1,
        s.drift,
        s.accepting,
        s.below_floor,
        s.frozen,
    );
}
