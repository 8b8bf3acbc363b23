//! Figures of a run, and of many.

use crate::decision::Verdict;
use crate::simulator::plant::Plant;
use crate::simulator::run::Trace;

/// Windows after a step, and after the start, in which being over budget is a transient.
pub const TRANSIENT: usize = 30;
/// Window from which a steady plant should be in steady state.
pub const STEADY_FROM: usize = 400;
/// A run has settled where its throughput is at least this share of the best, and stays so.
pub const SETTLED: f64 = 0.9;

/// Figures of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Mean efficiency over all windows.
    pub efficiency: f64,
    /// Reversals of the direction of batch sizes in force, probes included, per 1,000 windows of
    /// steady state.
    pub reversals: f64,
    /// Share of windows over budget outside transients.
    pub over_budget: f64,
    /// Windows from the step to the first from which nine of ten are settled; `None` without a
    /// step, the run's rest where it never settles.
    pub settling: Option<u64>,
    /// Whether it settled at all.
    pub settled: bool,
    /// Doublings between the first and the last batch size in force.
    pub drift: f64,
    /// Moves accepted.
    pub accepted: usize,
    /// Share of windows below the floor outside transients.
    pub below_floor: f64,
    /// Windows frozen.
    pub frozen: usize,
}

/// Figures of a run.
#[must_use]
pub fn figures(trace: &Trace) -> Figures {
    let steps = &trace.steps;
    let windows = steps.len();
    let step_at = trace.setup.plant.step_at(windows as u64).map(|at| at as usize);
    let transient = |at: usize| {
        at < TRANSIENT || step_at.is_some_and(|step| (step..step + TRANSIENT).contains(&at))
    };
    let judged = (0..windows).filter(|at| !transient(*at)).count().max(1) as f64;
    let share = |is: &dyn Fn(usize) -> bool| {
        (0..windows).filter(|at| !transient(*at) && is(*at)).count() as f64 / judged
    };
    let settling = step_at.map(|step| settling(trace, step));
    let ln = |at: usize| libm::log2(f64::from(steps[at].settings.batch_size));
    Figures {
        efficiency: steps.iter().map(|s| s.efficiency).sum::<f64>() / windows.max(1) as f64,
        reversals: reversals(trace, step_at),
        over_budget: share(&|at| steps[at].over_budget),
        settling: settling.map(|(after, _)| after),
        settled: settling.is_none_or(|(_, settled)| settled),
        drift: if windows == 0 { 0.0 } else { libm::fabs(ln(windows - 1) - ln(0)) },
        accepted: steps.iter().filter(|s| s.verdict == Verdict::Accept).count(),
        below_floor: share(&|at| steps[at].below_floor),
        frozen: steps.iter().filter(|s| s.verdict == Verdict::Freeze).count(),
    }
}

/// The first window after `step` that is settled itself, and after which nine of ten are, up to
/// probes.
fn settling(trace: &Trace, step: usize) -> (u64, bool) {
    let after = &trace.steps[step..];
    let fine: Vec<bool> = after.iter().map(|s| s.efficiency >= SETTLED && !s.over_budget).collect();
    let mut good = 0;
    let mut first = None;
    for (back, is) in fine.iter().rev().enumerate() {
        good += usize::from(*is);
        if good * 10 < (back + 1) * 9 && back >= 20 {
            break;
        }
        if *is {
            first = Some(fine.len() - 1 - back);
        }
    }
    match first {
        Some(first) => (first as u64, true),
        None => (fine.len() as u64, false),
    }
}

fn reversals(trace: &Trace, step_at: Option<usize>) -> f64 {
    let from = step_at.unwrap_or(0) + STEADY_FROM;
    let Some(steady) = trace.steps.get(from..).filter(|steady| !steady.is_empty()) else {
        return 0.0;
    };
    let (mut last, mut count) = (0, 0_u32);
    for pair in steady.windows(2) {
        let direction = pair[1].settings.batch_size.cmp(&pair[0].settings.batch_size) as i8;
        if direction != 0 {
            count += u32::from(last != 0 && direction != last);
            last = direction;
        }
    }
    1000.0 * f64::from(count) / steady.len() as f64
}

/// Figures of many runs of one plant and one tuner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The plant.
    pub plant: Plant,
    /// Runs.
    pub runs: usize,
    /// Median efficiency, and that of the worst 5 % of runs.
    pub efficiency: (f64, f64),
    /// Median and mean reversals per 1,000 windows.
    pub reversals: (f64, f64),
    /// Mean share of windows over budget, and that of the worst 5 % of runs.
    pub over_budget: (f64, f64),
    /// Median windows to settle, and the share of runs that did, where there is a step.
    pub settling: Option<(f64, f64)>,
    /// Greatest drift in doublings.
    pub drift: f64,
    /// Share of runs in which something was accepted.
    pub accepting: f64,
    /// Mean share of windows below the floor.
    pub below_floor: f64,
    /// Share of runs that ended frozen.
    pub frozen: f64,
}

fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = q * (values.len().saturating_sub(1)) as f64;
    values.get(libm::round(at) as usize).copied().unwrap_or(f64::NAN)
}

/// Sums up `figures`, of one plant.
#[must_use]
pub fn summary(plant: Plant, figures: &[Figures]) -> Summary {
    let of = |get: &dyn Fn(&Figures) -> f64| figures.iter().map(get).collect::<Vec<f64>>();
    let n = figures.len().max(1) as f64;
    let mean = |get: &dyn Fn(&Figures) -> f64| of(get).iter().sum::<f64>() / n;
    let share = |is: &dyn Fn(&Figures) -> bool| mean(&|f| f64::from(u8::from(is(f))));
    let at = |get: &dyn Fn(&Figures) -> f64, q: f64| quantile(&mut of(get), q);
    let settles = figures.iter().any(|f| f.settling.is_some());
    let settling = |f: &Figures| f.settling.map_or(0.0, |after| after as f64);
    Summary {
        plant,
        runs: figures.len(),
        efficiency: (at(&|f| f.efficiency, 0.5), at(&|f| f.efficiency, 0.05)),
        reversals: (at(&|f| f.reversals, 0.5), mean(&|f| f.reversals)),
        over_budget: (mean(&|f| f.over_budget), at(&|f| f.over_budget, 0.95)),
        settling: settles.then(|| (at(&settling, 0.5), share(&|f| f.settled))),
        drift: at(&|f| f.drift, 1.0),
        accepting: share(&|f| f.accepted > 0),
        below_floor: mean(&|f| f.below_floor),
        frozen: share(&|f| f.frozen > 0),
    }
}
