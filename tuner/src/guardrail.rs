//! What no policy may do, and what is done without asking one.

use std::collections::VecDeque;

use crate::curve::Effect;
use crate::decision::{Proposal, Reason, Verdict};
use crate::incumbent::Incumbent;
use crate::objective::{ALARM, normal_quantile};
use crate::paired::Context;
use crate::reading::{Bounds, Settings};

/// Severe windows in a row from which settings are left at once.
const SEVERE_WINDOWS: u32 = 3;
/// Ticks after a step down within which one severe window fewer is enough for the next.
const EPISODE: u64 = 8;
/// Evidence from which settings that are left for better ones count as good.
const GOOD: f64 = -3.0;
/// Windows after an accepted move during which its throughput is watched.
const WATCH_WINDOWS: usize = 8;
/// Ticks after an accepted move during which a violation takes it back.
const WATCH_TICKS: u64 = 32;
/// Least loss of throughput that takes a move back, as a logarithm.
const LOSS_MIN: f64 = 0.05;
/// Standard errors by which the loss must be real.
const LOSS_Z: f64 = 3.0;
/// Rollbacks within [`ROLLBACK_MEMORY`] ticks from which the tuner freezes.
const ROLLBACKS_MAX: usize = 4;
/// How long a rollback is remembered, in ticks.
const ROLLBACK_MEMORY: u64 = 512;
/// Greatest share over budget assumed where no single window was severe.
pub(crate) const CREEPING: f64 = 0.02;
/// Ticks within which two such steps down are a drift.
const CREEPING_TICKS: u64 = 200;
/// Factor below the settings in force within which the last good ones are gone back to.
const NEAR: u32 = 2;
/// Assumed deviation of the logarithm of one latency, by which a step down is sized.
const LATENCY_DEVIATION: f64 = 0.22;
/// Least and greatest factor of a step down.
const STEP_DOWN: (f64, f64) = (0.5, 0.92);

/// A move that is still watched.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Watch {
    since: u64,
    /// Log throughput before, with its standard error; without the move's own effect.
    before: Option<(f64, f64)>,
}

/// Bounds, dwell, the fast path, rollback and freeze.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guardrail {
    bounds: Bounds,
    /// What is in force, as far as the tuner asked for it.
    current: Settings,
    changed: Option<u64>,
    last_good: Settings,
    watch: Option<Watch>,
    backed_off: Option<u64>,
    /// Last step down without a severe window.
    crept: Option<u64>,
    rollbacks: VecDeque<u64>,
    frozen: Option<Reason>,
}

impl Guardrail {
    /// With `first` in force, `changed` from what was at that tick, if it was another.
    pub(crate) const fn new(bounds: Bounds, first: Settings, changed: Option<u64>) -> Self {
        Self {
            bounds,
            current: first,
            changed,
            last_good: first,
            watch: None,
            backed_off: None,
            crept: None,
            rollbacks: VecDeque::new(),
            frozen: None,
        }
    }

    pub(crate) const fn current(&self) -> Settings {
        self.current
    }

    pub(crate) const fn last_good(&self) -> Settings {
        self.last_good
    }

    pub(crate) const fn frozen(&self) -> Option<Reason> {
        self.frozen
    }

    pub(crate) const fn freeze(&mut self, reason: Reason) {
        self.frozen = Some(reason);
    }

    /// Pins narrow the bounds, or widen them again.
    pub(crate) const fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    pub(crate) fn release(&mut self) {
        self.frozen = None;
        self.rollbacks.clear();
    }

    /// A move was accepted; `incumbent` is what it left.
    pub(crate) fn accepted(&mut self, incumbent: &Incumbent, noise: f64, tick: u64) {
        if incumbent.meter.sum <= GOOD {
            self.last_good = incumbent.settings;
        }
        let before = incumbent.recent(16);
        let error = |n: usize| 1.25 * noise / libm::sqrt(n as f64);
        let before = before.map(|(y, n)| (y, error(n)));
        self.watch = Some(Watch { since: tick, before });
    }

    /// The settings in force were moved from outside or by an operator.
    pub(crate) fn adopt(&mut self, settings: Settings, tick: u64) {
        (self.current, self.changed) = (settings, Some(tick));
        self.last_good = settings;
        self.watch = None;
    }

    /// What has to be done about the settings in force without asking a policy.
    pub(crate) fn emergency(&mut self, context: Context<'_>) -> Option<Proposal> {
        let incumbent = context.incumbent;
        if context.reading.settings != incumbent.settings {
            return None;
        }
        let episode = self.backed_off.is_some_and(|at| at + EPISODE >= context.tick);
        let needed = if episode { SEVERE_WINDOWS - 1 } else { SEVERE_WINDOWS };
        let meter = &incumbent.meter;
        if meter.severe >= needed || meter.alarm >= ALARM {
            return Some(self.leave(context));
        }
        let watch = self.watch?;
        let watched = context.tick >= watch.since + WATCH_TICKS;
        if let Some(effect) = lost(watch, incumbent, context.noise) {
            let up = self.last_good.batch_size > incumbent.settings.batch_size;
            let allowed = !(up && context.violates());
            if allowed && -effect.gain > LOSS_MIN.max(LOSS_Z * effect.error) {
                let answer = self.roll_back(context, Reason::LostThroughput { effect });
                return Some(Proposal { measured: Some(effect), ..answer });
            }
            if watched {
                self.watch = None;
                self.last_good = incumbent.settings;
            }
        }
        None
    }

    /// Leaves settings that are over budget: back to the last good ones where these are lower and
    /// the move is young, else down by what the share over budget suggests.
    fn leave(&mut self, context: Context<'_>) -> Proposal {
        let own = context.incumbent.settings;
        let severe = context.incumbent.meter.severe > 0;
        let most = if severe { 1.0 } else { CREEPING };
        let share = context.incumbent.recent_share().min(most);
        let reason = Reason::OverBudget { share };
        // A survey leaps far; what creeps over the budget after it needs a step, not the leap back.
        let near = own.batch_size / NEAR <= self.last_good.batch_size;
        let lower = self.last_good.batch_size < own.batch_size
            && self.last_good.hop_limit == own.hop_limit
            && near;
        let young = self.watch.is_some_and(|watch| watch.since + WATCH_TICKS > context.tick);
        if lower && young {
            self.backed_off = Some(context.tick);
            return self.roll_back(context, reason);
        }
        let mut factor = step_down(share);
        if severe || self.crept.is_some_and(|at| at + CREEPING_TICKS < context.tick) {
            self.crept = None;
        }
        if !severe {
            // The second time, what creeps up on the budget is a drift: make room for it.
            factor = if self.crept.is_some() { factor * factor } else { factor };
            self.crept = Some(context.tick);
        }
        let batch_size = self.bounds.scaled(own.batch_size, factor);
        self.watch = None;
        if batch_size == own.batch_size {
            let reason = Reason::OverBudgetAtLeast { share };
            return Proposal::new(own, Verdict::Hold, reason);
        }
        self.backed_off = Some(context.tick);
        let settings = Settings { batch_size, ..own };
        self.last_good = settings;
        Proposal::new(settings, Verdict::BackOff, reason)
    }

    fn roll_back(&mut self, context: Context<'_>, reason: Reason) -> Proposal {
        self.watch = None;
        while self.rollbacks.front().is_some_and(|at| at + ROLLBACK_MEMORY < context.tick) {
            self.rollbacks.pop_front();
        }
        self.rollbacks.push_back(context.tick);
        let rollbacks = self.rollbacks.len();
        if rollbacks >= ROLLBACKS_MAX {
            let reason = Reason::FrozenByRollbacks { rollbacks };
            self.frozen = Some(reason);
            return Proposal::new(self.last_good, Verdict::Freeze, reason);
        }
        Proposal::new(self.last_good, Verdict::Rollback, reason)
    }

    /// Lets an answer pass, or holds back what breaks a rule: bounds always; not up while the
    /// reading is severe, nor sooner after the last change than `dwell` ticks.
    pub(crate) fn admit(&mut self, proposal: Proposal, context: Context<'_>) -> Proposal {
        let mut settings = self.bounds.clamp(proposal.settings);
        let up = settings.batch_size > self.current.batch_size;
        let dwell = u64::from(context.strategy.dwell);
        let young = self.changed.is_some_and(|at| at + dwell > context.tick);
        if up && (young || context.violates()) {
            settings.batch_size = self.current.batch_size;
        }
        let is_other_limit = settings.hop_limit != self.current.hop_limit;
        if settings != self.current {
            (self.current, self.changed) = (settings, Some(context.tick));
        }
        if proposal.verdict == Verdict::BackOff {
            if is_other_limit {
                // What it is watched against was measured at another hop limit.
                self.watch = None;
            }
            // A hop limit that is left for the answers' sake is not gone back to for throughput.
            self.last_good.hop_limit = self.last_good.hop_limit.max(settings.hop_limit);
        }
        Proposal { settings, ..proposal }
    }
}

fn lost(watch: Watch, incumbent: &Incumbent, noise: f64) -> Option<Effect> {
    let (before, error) = watch.before?;
    let (now, count) = incumbent.recent(WATCH_WINDOWS)?;
    let own = 1.25 * noise / libm::sqrt(count as f64);
    let effect = Effect { gain: now - before, error: libm::sqrt(error * error + own * own) };
    (count >= WATCH_WINDOWS).then_some(effect)
}

/// The factor that would bring `share` back to the budget if latencies were lognormal and in
/// proportion to the batch size.
fn step_down(share: f64) -> f64 {
    let excess = normal_quantile(0.9965) - normal_quantile(1.0 - share.clamp(1e-6, 1.0 - 1e-6));
    libm::exp(-LATENCY_DEVIATION * excess).clamp(STEP_DOWN.0, STEP_DOWN.1)
}
