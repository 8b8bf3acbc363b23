//! `emanate tune simulate`: a tuner on a made-up plant.

use std::io::{self, BufWriter, Write};

use emanate_tuner::simulator::{
    Figures, Plant, Setup, Summary, Trace, Tuner, best_throughput, figures, run as run_once,
    summary,
};
use emanate_tuner::{PolicyName, Verdict};
use serde_json::{Value, json};

use super::TuneError;
use crate::args::{Contender, SimulateArgs, TuneFormat};
use crate::exit::{Failure, Printed};

/// Runs what `args` say and prints how it went.
///
/// # Errors
/// [`Failure::Tune`] for noise out of range, or [`Failure::Output`].
pub(crate) fn run(args: &SimulateArgs) -> Result<Printed, Failure> {
    if args.noise < 0.0 {
        let (flag, value, range) = ("noise", args.noise, "at least 0");
        return Err(TuneError::Flag { flag, value, range }.into());
    }
    let named = Plant::ALL.into_iter().find(|plant| plant.name() == args.plant);
    let plant = named.expect("the command line takes only names of plants");
    let (windows, strategy) = (u64::from(args.windows), args.strategy.into());
    let tuner = match args.policy {
        Contender::Paired => Tuner::Own(PolicyName::Paired, strategy),
        Contender::Gradient => Tuner::Own(PolicyName::Gradient, strategy),
        Contender::Aimd => Tuner::Own(PolicyName::Aimd, strategy),
        Contender::Off => Tuner::Own(PolicyName::Off, strategy),
        Contender::Shadow => Tuner::Own(PolicyName::Shadow, strategy),
        Contender::Naive => Tuner::Naive,
        Contender::Gradient2 => Tuner::Gradient2,
    };
    let best = best_throughput(plant, windows);
    let mut all = Vec::new();
    let mut last = None;
    for seed in (args.seed..).take(args.seeds as usize) {
        let trace = run_once(Setup { plant, noise: args.noise, seed, windows, tuner }, &best);
        all.push(figures(&trace));
        last = Some(trace);
    }
    let trace = last.filter(|_| args.seeds == 1);
    let mut out = BufWriter::new(io::stdout().lock());
    let sums = summary(plant, &all);
    match args.format {
        TuneFormat::Json => writeln!(out, "{}", json_of(args, &sums, &all, trace.as_ref()))?,
        TuneFormat::Table => print_table(&mut out, &sums, &all, trace.as_ref())?,
    }
    out.flush()?;
    Ok(Printed)
}

fn json_of(args: &SimulateArgs, sums: &Summary, all: &[Figures], trace: Option<&Trace>) -> Value {
    let mut object = json!({
        "plant": args.plant,
        "noise": args.noise,
        "seed": args.seed,
        "seeds": args.seeds,
        "windows": args.windows,
        "efficiency": {"median": sums.efficiency.0, "p05": sums.efficiency.1},
        "reversals_per_1000": {"median": sums.reversals.0, "mean": sums.reversals.1},
        "over_budget_share": {"mean": sums.over_budget.0, "p95": sums.over_budget.1},
        "settling_windows": sums.settling.map(|(median, _)| median),
        "settled_share": sums.settling.map(|(_, share)| share),
        "drift_doublings": sums.drift,
        "accepting_share": sums.accepting,
        "below_floor_share": sums.below_floor,
        "frozen_share": sums.frozen,
        "accepted": all.iter().map(|figures| figures.accepted).sum::<usize>(),
    });
    if let (Some(trace), Some(keys)) = (trace, object.as_object_mut()) {
        let of = |get: &dyn Fn(usize) -> Value| (0..trace.steps.len()).map(get).collect();
        let steps = &trace.steps;
        let columns: [(&str, Vec<Value>); 4] = [
            ("batch_size", of(&|at| steps[at].settings.batch_size.into())),
            ("hop_limit", of(&|at| steps[at].settings.hop_limit.into())),
            ("efficiency", of(&|at| steps[at].efficiency.into())),
            ("verdict", of(&|at| steps[at].verdict.name().into())),
        ];
        let columns = columns.into_iter().map(|(name, values)| (name.to_owned(), values.into()));
        keys.insert("trace".to_owned(), Value::Object(columns.collect()));
    }
    object
}

fn print_table(
    out: &mut dyn Write,
    sums: &Summary,
    all: &[Figures],
    trace: Option<&Trace>,
) -> io::Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<28}{value}");
    line("plant", sums.plant.name().to_owned())?;
    line("runs", sums.runs.to_string())?;
    let (median, worst) = sums.efficiency;
    line("throughput against best", format!("{median:.3} median, {worst:.3} worst 5 %"))?;
    let (median, mean) = sums.reversals;
    line("reversals per 1000 windows", format!("{median:.1} median, {mean:.1} mean"))?;
    let (mean, worst) = sums.over_budget;
    line(
        "windows over budget",
        format!("{:.2} % mean, {:.2} % worst 5 %", 100.0 * mean, 100.0 * worst),
    )?;
    if let Some((windows, share)) = sums.settling {
        let share = 100.0 * share;
        line("settling after the step", format!("{windows:.0} windows median, {share:.1} %"))?;
    }
    line("greatest drift", format!("{:.2} doublings", sums.drift))?;
    line("windows below the floor", format!("{:.2} %", 100.0 * sums.below_floor))?;
    let accepted: usize = all.iter().map(|figures| figures.accepted).sum();
    line("moves accepted", accepted.to_string())?;
    let Some(trace) = trace else { return Ok(()) };
    writeln!(out, "\n{:>8} {:>10} {:>9}  verdict", "window", "batch size", "hop limit")?;
    for (window, step) in trace.steps.iter().enumerate() {
        if !matches!(step.verdict, Verdict::Hold | Verdict::Sleep | Verdict::Probe) {
            let settings = step.settings;
            writeln!(
                out,
                "{window:>8} {:>10} {:>9}  {}",
                settings.batch_size,
                settings.hop_limit,
                step.verdict.name()
            )?;
        }
    }
    Ok(())
}
