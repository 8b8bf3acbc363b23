//! Windows of time, made from what the engine says of its batches.
//!
//! Engines name the settings of a batch by a number that ascends with every change, so a batch
//! that began under older settings is told apart however late it ends: it judges nothing. While
//! such batches still end, newer ones share the machine with them, so the first window after a
//! change begins anew each time one is seen, for at most [`WindowLimits::most_ns`].
//!
//! **Throughput** is spreads per wall time. It is measured between ends of batches, so that neither
//! what was under way when the window began nor what is under way when it ends counts by halves,
//! which would speak against large batches:
//!
//! ```text
//! throughput = spreads of the batches that ended in (t0, t1] / (t1 - t0)
//! t0 = end of the last batch before the window under the same settings, or of its first
//! t1 = end of its last batch
//! ```
//!
//! Where samples were lost, the time they fell into is left out: a new span begins at the first
//! batch that is known again.
//!
//! **App-limited** is a window of which at least half of the spreads ran in batches that could
//! have been larger had there been more to run, or in which batches ran for less than half of the
//! time. It says nothing about what larger batches would gain.

use crate::reading::{Reading, Settings, Shadow};

/// One batch as the engine measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Number of the settings it ran under; ascends with every change.
    pub settings: u64,
    /// Spreads in it that gave an outcome.
    pub spreads: u32,
    /// Whether there were fewer spreads to run than it might have had.
    pub app_limited: bool,
    /// From its begin to its end, nanoseconds.
    pub latency_ns: u64,
    /// When it ended, nanoseconds on some clock, the same for all batches.
    pub ended_ns: u64,
}

/// When a window is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLimits {
    /// Least length, nanoseconds.
    pub least_ns: u64,
    /// Length at which it ends however few batches it holds, nanoseconds.
    pub most_ns: u64,
    /// Batches from which it ends sooner.
    pub batches_min: u64,
    /// Latencies above this are over budget, nanoseconds.
    pub budget_ns: u64,
}

/// What is counted in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    batches: u64,
    over_budget: u64,
    spreads: u64,
    limited: u64,
    busy_ns: u64,
    /// Time between ends of batches, and the spreads that ended at its later ends.
    covered_ns: u64,
    covered: u64,
}

/// Makes windows, one after the other; holds no clock.
#[derive(Clone, Debug)]
pub struct Windows {
    limits: WindowLimits,
    settings: Settings,
    number: u64,
    /// When `settings` were first seen in force, on the caller's clock.
    changed_ns: u64,
    begun_ns: u64,
    is_first: bool,
    /// End of the latest batch, on the batches' clock; `None` where a span begins anew.
    since: Option<u64>,
    counts: Counts,
    window: u64,
    stale: u64,
    lost: u64,
}

impl Windows {
    /// Windows under `settings`, whose number is `number`, from `now_ns` on.
    #[must_use]
    pub const fn new(limits: WindowLimits, settings: Settings, number: u64, now_ns: u64) -> Self {
        let counts = Counts {
            batches: 0,
            over_budget: 0,
            spreads: 0,
            limited: 0,
            busy_ns: 0,
            covered_ns: 0,
            covered: 0,
        };
        Self {
            limits,
            settings,
            number,
            changed_ns: now_ns,
            begun_ns: now_ns,
            is_first: true,
            since: None,
            counts,
            window: 0,
            stale: 0,
            lost: 0,
        }
    }

    /// Begins anew under other settings.
    pub fn begin(&mut self, settings: Settings, number: u64, now_ns: u64) {
        (self.settings, self.number) = (settings, number);
        (self.changed_ns, self.is_first) = (now_ns, true);
        self.since = None;
        self.open(now_ns);
    }

    fn open(&mut self, now_ns: u64) {
        self.begun_ns = now_ns;
        self.counts = Counts::default();
    }

    /// The settings whose batches count.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// Their number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Batches so far that ran under older settings than those in force.
    #[must_use]
    pub const fn stale(&self) -> u64 {
        self.stale
    }

    /// Batches so far of which nothing is known.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Adds the batches that ended since the last call, before which `lost` others were lost.
    pub fn add(&mut self, batches: &[Batch], lost: u64, now_ns: u64) {
        if lost > 0 {
            self.lost = self.lost.saturating_add(lost);
            self.since = None;
        }
        for batch in batches {
            // What ran under newer settings is counted once these are known to be in force.
            match batch.settings.cmp(&self.number) {
                std::cmp::Ordering::Less => self.pass_over(now_ns),
                std::cmp::Ordering::Equal => self.count(batch),
                std::cmp::Ordering::Greater => {}
            }
        }
    }

    fn pass_over(&mut self, now_ns: u64) {
        self.stale = self.stale.saturating_add(1);
        let age = now_ns.saturating_sub(self.changed_ns);
        if self.is_first && age < self.limits.most_ns {
            self.since = None;
            self.open(now_ns);
        }
    }

    fn count(&mut self, batch: &Batch) {
        let spreads = u64::from(batch.spreads);
        let counts = &mut self.counts;
        counts.batches += 1;
        counts.over_budget += u64::from(batch.latency_ns > self.limits.budget_ns);
        counts.spreads += spreads;
        counts.limited += if batch.app_limited { spreads } else { 0 };
        counts.busy_ns = counts.busy_ns.saturating_add(batch.latency_ns);
        let Some(since) = self.since else {
            self.since = Some(batch.ended_ns);
            return;
        };
        // Two threads may note their batches in the other order than they ended.
        counts.covered += spreads;
        let span = batch.ended_ns.saturating_sub(since);
        counts.covered_ns = counts.covered_ns.saturating_add(span);
        self.since = Some(since.max(batch.ended_ns));
    }

    /// Ends the window where it is full, and opens the next.
    pub fn end(&mut self, shadow: Option<Shadow>, now_ns: u64) -> Option<Reading> {
        let age = now_ns.saturating_sub(self.begun_ns);
        let counts = self.counts;
        let enough = counts.batches >= self.limits.batches_min && age >= self.limits.least_ns;
        if !enough && age < self.limits.most_ns {
            return None;
        }
        let seconds = counts.covered_ns as f64 * 1e-9;
        let idle = counts.busy_ns < counts.covered_ns / 2;
        if counts.batches == 0 {
            // Nobody asked for anything; that time is no part of what comes next.
            self.since = None;
        }
        self.window += 1;
        self.is_first = false;
        self.open(now_ns);
        Some(Reading {
            window: self.window,
            settings: self.settings,
            spreads: counts.spreads,
            throughput_per_second: if counts.covered_ns == 0 {
                0.0
            } else {
                counts.covered as f64 / seconds
            },
            samples: counts.batches,
            over_budget: counts.over_budget,
            app_limited: 2 * counts.limited >= counts.spreads || idle,
            shadow,
        })
    }
}
