//! Callers that never stop asking, and what the engine makes of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, Scope, sleep};
use std::time::{Duration, Instant};

use emanate::{CancelToken, Engine, Sample, Snapshot, SpreadRequest};

/// How often samples are taken out while they are measured.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long one call should take, about.
const CALL: Duration = Duration::from_secs(1);
/// Time to find out how many queries that are.
const TRIAL: Duration = Duration::from_millis(500);
/// Fewest queries that are asked together.
const TOGETHER_MIN: usize = 64;

/// How many of `requests` to ask together: four of the greatest batches, but no more than take
/// about a second.
pub(super) fn together(
    engine: &Engine,
    snapshot: &Snapshot,
    requests: &[SpreadRequest],
    batch_max: usize,
) -> usize {
    let begun = Instant::now();
    let mut run = 0_usize;
    for request in requests.iter().cycle().take(4096) {
        // What is refused is refused as fast again.
        drop(engine.spread_at(snapshot, request));
        run += 1;
        if begun.elapsed() >= TRIAL {
            break;
        }
    }
    let each = begun.elapsed().as_secs_f64() / run as f64;
    let fit = CALL.as_secs_f64() / each.max(1e-9);
    let most = batch_max.saturating_mul(4).max(TOGETHER_MIN);
    // Saturates where a query takes no time at all.
    (fit as usize).clamp(TOGETHER_MIN, most)
}

/// What callers ask.
#[derive(Debug)]
pub(super) struct Load<'a> {
    engine: &'a Engine,
    snapshot: &'a Snapshot,
    /// The queries, over and over, so that any of them has as many behind it as are asked together.
    queries: Vec<SpreadRequest>,
    count: usize,
    together: usize,
    ends: AtomicBool,
    cancel: CancelToken,
}

/// Callers at work; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Calls<'a>(&'a Load<'a>);

impl<'a> Load<'a> {
    pub(super) fn new(
        engine: &'a Arc<Engine>,
        snapshot: &'a Snapshot,
        requests: &[SpreadRequest],
        together: usize,
    ) -> Self {
        let cancel = CancelToken::new();
        let with_token = |request: &SpreadRequest| {
            let mut request = request.clone();
            request.bounds.cancel = Some(cancel.clone());
            request
        };
        let count = requests.len();
        let over_and_over = requests.iter().cycle().take(count + together);
        let queries = over_and_over.map(with_token).collect();
        let ends = AtomicBool::new(false);
        Self { engine, snapshot, queries, count, together, ends, cancel }
    }

    /// Begins `callers` callers.
    ///
    /// # Errors
    /// Where the operating system gives no more threads; none are left at work then.
    pub(super) fn begin<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        callers: u32,
    ) -> Result<Calls<'scope>, io::Error> {
        let calls = Calls(self);
        for caller in 0..callers as usize {
            let named = Builder::new().name(format!("caller-{caller}"));
            let begin = caller * self.count / callers as usize;
            named.spawn_scoped(scope, move || self.call(begin))?;
        }
        Ok(calls)
    }

    fn call(&self, begin: usize) {
        let mut at = begin;
        // Relaxed: the flag carries no data.
        while !self.ends.load(Ordering::Relaxed) {
            let asked = &self.queries[at..at + self.together];
            drop(self.engine.spread_many(self.snapshot, asked));
            at = (at + self.together) % self.count;
        }
    }
}

impl Calls<'_> {
    /// Ends the callers, and what they have asked.
    pub(super) fn end(self) {
        drop(self);
    }
}

impl Drop for Calls<'_> {
    fn drop(&mut self) {
        self.0.ends.store(true, Ordering::Relaxed);
        self.0.cancel.cancel();
    }
}

/// Throughput and latencies of batches.
#[derive(Debug, Default)]
pub(super) struct Measured {
    spreads: u64,
    seconds: f64,
    latencies_s: Vec<f64>,
    over_budget: u64,
}

/// Adds what `engine` does within `duration` under the settings now in force.
pub(super) fn measure(
    engine: &Engine,
    duration: Duration,
    budget_us: f64,
    measured: &mut Measured,
) {
    let number = engine.settings().number();
    let mut begun = Instant::now();
    // From the first batch's end on, so that neither end of the time counts by halves.
    let (mut since, mut last): (Option<Instant>, Option<Instant>) = (None, None);
    let mut spreads = 0;
    while begun.elapsed() < duration {
        sleep(LOOK_EVERY.min(duration));
        engine.take_samples(|sample: Sample| {
            if sample.settings < number {
                // Batches under the settings before share the machine with those after.
                (since, last, spreads) = (None, None, 0);
                begun = Instant::now();
                return;
            }
            let latency = sample.latency.as_secs_f64();
            measured.latencies_s.push(latency);
            measured.over_budget += u64::from(1e6 * latency > budget_us);
            match since {
                None => since = Some(sample.ended),
                Some(_) => spreads += u64::from(sample.spreads - sample.failed),
            }
            last = last.max(Some(sample.ended));
        });
    }
    if let (Some(since), Some(last)) = (since, last) {
        measured.spreads += spreads;
        measured.seconds += last.saturating_duration_since(since).as_secs_f64();
    }
}

impl Measured {
    /// Spreads a second; 0 where too little ended.
    pub(super) fn throughput(&self) -> f64 {
        if self.seconds > 0.0 { self.spreads as f64 / self.seconds } else { 0.0 }
    }

    /// A quantile of the batches' latencies in seconds; `None` where none ended.
    pub(super) fn latency_s(&self, quantile: f64) -> Option<f64> {
        let mut sorted = self.latencies_s.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (quantile * sorted.len() as f64).ceil() as usize;
        sorted.get(at.saturating_sub(1)).copied()
    }

    /// Share of the batches that took longer than the budget.
    pub(super) fn share_over(&self) -> f64 {
        self.over_budget as f64 / (self.latencies_s.len() as f64).max(1.0)
    }
}
