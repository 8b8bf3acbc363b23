//! `emanate tune run`: the tuner on the engine itself, under queries that never run out.
//!
//! Callers ask again and again for many spreads together, so that there is always a full batch to
//! run; meanwhile this thread drives the tuner. When the time is over, the settings before and
//! after are measured in turns, so that a machine that grows slower meanwhile favours neither.

mod chart;
mod load;
mod report;
mod svg;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::spread::{Hops, Rule};
use emanate::sync::MonotonicClock;
use emanate::{Engine, Graph, Settings as EngineSettings, Snapshot, SpreadRequest};
use emanate_tuner::driver::{DEFAULT_RECALL_AT, Driver, DriverConfig, TunerReading, recall_of};
use emanate_tuner::{Decision, Proposal, Reading, Settings, Verdict};

use super::{TuneError, config};
use crate::args::{RunArgs, TuneFormat};
use crate::exit::{Failure, Printed};
use crate::graph_file;
use crate::replay;
use load::{Load, Measured};

/// Turns in which the settings before and after are measured.
const TURNS: u32 = 4;
/// A comparison that is under way when the time is over may take this much more of it.
const GRACE: f64 = 0.25;

/// One window on the way.
#[derive(Debug)]
struct Step {
    /// Seconds since tuning began.
    at_s: f64,
    reading: Reading,
    proposal: Proposal,
}

/// What was measured under one pair of settings.
#[derive(Debug)]
struct Phase {
    settings: Settings,
    measured: Measured,
    /// Mean recall of all queries that leave their hop limit to the engine; `None` without any.
    recall: Option<f64>,
}

/// All that is reported.
#[derive(Debug)]
struct Tuned {
    budget_s: f64,
    floor: f64,
    queries: usize,
    together: usize,
    before: Phase,
    after: Phase,
    steps: Vec<Step>,
    decisions: Vec<Decision>,
    reading: TunerReading,
}

/// Tunes as `args` say and prints how it went.
///
/// # Errors
/// [`Failure`].
pub(crate) fn run(args: &RunArgs) -> Result<Printed, Failure> {
    let budget_s = args.budget_p99.as_secs_f64();
    let tuner = config(&args.steering, 1e6 * budget_s)?;
    if let Some(svg) = &args.svg
        && [&args.graph, &args.queries].iter().any(|read| graph_file::is_same(read, svg))
    {
        return Err(TuneError::SvgIsInput { file: svg.clone() }.into());
    }
    let graph = graph_file::read(&args.graph, &[])?;
    if let Some(report) = &graph.report {
        graph_file::warn_of_bad_lines(&args.graph, report);
    }
    let snapshot = Graph::from(graph.graph).snapshot();
    let read = replay::requests(&args.queries, args.strict, &snapshot);
    let (requests, misfit) = read.map_err(TuneError::Queries)?;
    if requests.is_empty() {
        let (file, first) = (args.queries.clone(), misfit.unwrap_or_default());
        return Err(TuneError::NoQueryFits { file, first }.into());
    }
    let mut begin = EngineSettings::default();
    let batch_size = args.batch.map_or(begin.batch_size.get(), |batch_size| batch_size as usize);
    let wanted = Settings {
        batch_size: u32::try_from(batch_size).unwrap_or(u32::MAX),
        hop_limit: tuner.bounds.max().hop_limit,
    };
    let wanted = tuner.bounds.clamp(wanted);
    put(&mut begin, wanted);
    let threads = args.threads.map_or(0, |threads| threads as usize);
    let engine = Engine::builder().threads(threads).settings(begin).build();
    let engine = Arc::new(engine.expect("settings and threads contradict no other option"));
    let mut driving = DriverConfig::new(tuner);
    driving.window_min = args.window;
    driving.window_max = driving.window_max.max(4 * args.window);
    driving.look_every = driving.look_every.min(args.window / 4).max(Duration::from_millis(1));

    let tuned = tune(args, &engine, &snapshot, &requests, driving)?;
    if let Some(file) = &args.svg {
        let failed = |error| TuneError::Svg { file: file.clone(), error };
        fs::write(file, svg::draw(&tuned)).map_err(failed)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        TuneFormat::Json => writeln!(out, "{}", report::json(&tuned))?,
        TuneFormat::Table => report::table(&tuned, &mut out)?,
    }
    out.flush()?;
    Ok(Printed)
}

fn put(settings: &mut EngineSettings, wanted: Settings) {
    let batch_size = NonZeroUsize::new(wanted.batch_size as usize);
    settings.batch_size = batch_size.unwrap_or(NonZeroUsize::MIN);
    settings.hop_limit = wanted.hop_limit;
}

fn tune(
    args: &RunArgs,
    engine: &Arc<Engine>,
    snapshot: &Snapshot,
    requests: &[SpreadRequest],
    driving: DriverConfig,
) -> Result<Tuned, Failure> {
    let batch_max = driving.tuner.bounds.max().batch_size as usize;
    let together = args.together.map_or_else(
        || load::together(engine, snapshot, requests, batch_max),
        |together| together as usize,
    );
    let load = Load::new(engine, snapshot, requests, together);
    let interrupted = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&interrupted);
    // Where there can be no handler, an interrupt ends the command as it ends any other.
    let _ = ctrlc::set_handler(move || {
        // Relaxed: the flag carries no data.
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let mut driver = Driver::new(Arc::clone(engine), &driving, Arc::new(MonotonicClock::new()));
    let handle = driver.handle();
    let first = handle.reading().settings;
    thread::scope(|scope| {
        let calls = load.begin(scope, args.callers).map_err(TuneError::Threads)?;
        let steps = drive(&mut driver, args.duration, &interrupted);
        drop(driver);
        let last = handle.reading().settings;
        let slice = args.duration.mul_f64(0.25 / f64::from(TURNS));
        let (mut before, mut after) = (Measured::default(), Measured::default());
        for _ in 0..TURNS {
            for (settings, measured) in [(first, &mut before), (last, &mut after)] {
                let mut next = (*engine.settings()).clone();
                put(&mut next, settings);
                engine.set(next);
                load::measure(engine, slice, driving.tuner.objective.budget_us, measured);
            }
        }
        calls.end();
        let recall = |settings: Settings| {
            recall(snapshot, requests, settings.hop_limit, driving.tuner.bounds.max().hop_limit)
        };
        Ok(Tuned {
            budget_s: args.budget_p99.as_secs_f64(),
            floor: args.steering.floor,
            queries: requests.len(),
            together,
            before: Phase { settings: first, recall: recall(first), measured: before },
            after: Phase { settings: last, recall: recall(last), measured: after },
            steps,
            decisions: handle.decisions(usize::MAX).into_iter().rev().collect(),
            reading: handle.reading(),
        })
    })
}

/// Drives for `duration`, and on until no comparison is under way, but not for ever.
fn drive(driver: &mut Driver, duration: Duration, interrupted: &AtomicBool) -> Vec<Step> {
    let begun = Instant::now();
    let (mut steps, mut is_settled) = (Vec::<Step>::new(), false);
    loop {
        let look = driver.look();
        let at = begun.elapsed();
        if let Some((reading, proposal)) = look.answered {
            is_settled = proposal.verdict != Verdict::Probe;
            steps.push(Step { at_s: at.as_secs_f64(), reading, proposal });
        }
        let is_over = at >= duration && (is_settled || at >= duration.mul_f64(1.0 + GRACE));
        if is_over || interrupted.load(Ordering::Relaxed) {
            return steps;
        }
        thread::sleep(look.wait);
    }
}

/// Mean recall at `hop_limit` against `full` of all `requests` that leave it to the engine.
fn recall(
    snapshot: &Snapshot,
    requests: &[SpreadRequest],
    hop_limit: u32,
    full: u32,
) -> Option<f64> {
    let engine = Engine::new();
    let (mut sum, mut count) = (0.0, 0_u64);
    for request in requests {
        let at = |hops: u32| {
            let mut request = request.clone();
            let Rule::Linear(linear) = &mut request.rule else { return None };
            if linear.hops != Hops::Auto {
                return None;
            }
            linear.hops = Hops::Limit(hops);
            request.top = Some(request.top.unwrap_or(DEFAULT_RECALL_AT));
            (request.explain, request.by_step) = (false, false);
            engine.spread_at(snapshot, &request).ok()
        };
        let Some(limited) = at(hop_limit) else { continue };
        let Some(whole) = at(full) else { continue };
        let k = request.top.unwrap_or(DEFAULT_RECALL_AT);
        sum += recall_of(&limited.activations, &whole.activations, k);
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}
