//! What is tried when.

use crate::curve::{Curve, Effect};
use crate::decision::{Proposal, Reason, Verdict};
use crate::incumbent::Incumbent;
use crate::objective::{median, normal_quantile, severe};
use crate::paired::probe::{self, Known, Probe};
use crate::paired::survey::{self, Survey};
use crate::random::SplitMix64;
use crate::reading::{Bounds, Reading, Settings};
use crate::strategy::Strategy;

/// What a policy sees at a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) tick: u64,
    pub(crate) reading: &'a Reading,
    pub(crate) incumbent: &'a Incumbent,
    /// Deviation of the logarithm of one window's throughput.
    pub(crate) noise: f64,
    pub(crate) strategy: &'a Strategy,
    pub(crate) bounds: &'a Bounds,
}

impl Context<'_> {
    /// Whether so many latencies of the reading are over budget that it cannot be chance.
    pub(crate) fn violates(&self) -> bool {
        self.reading.exceedance().is_some_and(|(over, samples)| severe(over, samples))
    }
}

/// Exceedance at 1.28 standard errors up to which a step up by the factor is allowed.
const HEADROOM: [(f64, f64); 4] = [(0.0015, 2.0), (0.0028, 1.4143), (0.0045, 1.1893), (0.007, 1.1)];
/// Standard errors of the upper end used with [`HEADROOM`].
const HEADROOM_Z: f64 = 1.28;
/// Latencies after which headroom is not waited for any longer.
const HEADROOM_SAMPLES: f64 = 2_500.0;
/// Windows after which it is not either.
const HEADROOM_WINDOWS: u32 = 48;
/// Assumed deviation of the logarithm of one latency, by which a step out of sleep is sized.
const LATENCY_DEVIATION: f64 = 0.25;
/// Exceedance that a careful step up may lead to.
const CAREFUL: f64 = 0.0065;
/// Least factor between neighbours then: less is not worth the unrest.
const CAREFUL_STEP_MIN: f64 = 1.09;
/// How much less is known of the curve at another hop limit, as a factor on variances.
const OTHER_HOPS: f64 = 3.0;
/// Standard errors by which what a survey found must be better to be taken without a probe.
const SURE_Z: f64 = 3.5;
/// First sleep, in ticks; each in a row is twice as long.
const SLEEP: u64 = 512;
/// Greatest number of doublings of the sleep.
const SLEEP_DOUBLINGS: u32 = 3;
/// Probes in a row before sleeping anyway.
const PROBES_MAX: u32 = 12;
/// How long a batch size found over budget is not tried again, in ticks; twice as long each time.
const CEILING: u64 = 128;
/// Windows of a block when a probe is made out of sleep.
const SLEEPY_BLOCK: u32 = 8;
/// Factor to the neighbours then.
const SLEEPY_STEP: f64 = std::f64::consts::SQRT_2;
/// Factor to the neighbour above when a ceiling has passed.
const AGAIN_STEP: f64 = 1.2;
/// Pairs of such a probe.
const SLEEPY_PAIRS: usize = 1;
/// Change of throughput in sleep that wakes, as a logarithm.
const WAKE: f64 = 0.12;
/// Change from which the workload is so much another that steps may be bold again.
const BOLD: f64 = 0.3;
/// Windows whose median tells of such a change.
const WAKE_WINDOWS: usize = 24;

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// Evidence about the first settings is gathered.
    Settle,
    Survey(Survey),
    /// The next neighbour is chosen.
    Choose,
    Probe(Probe),
    /// Until a tick, or until throughput leaves what it was when the sleep began.
    Sleep {
        until: u64,
        usual: Option<f64>,
    },
}

/// A batch size found over budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ceiling {
    batch_size: u32,
    until: u64,
    strikes: u32,
}

/// The policy's state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Paired {
    random: SplitMix64,
    phase: Phase,
    curve: Curve,
    ceiling: Option<Ceiling>,
    surveyed: bool,
    /// Factors to the neighbours above and below; `None` where nothing is left to try.
    step_up: f64,
    step_down: f64,
    probes: u32,
    doublings: u32,
    /// Whether the next probe is the only one before sleeping again.
    sleepy: bool,
    /// Whether steps up are as small as the latencies say, not as a bold guess would have it.
    careful: bool,
}

impl Paired {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            phase: Phase::Settle,
            curve: Curve::default(),
            ceiling: None,
            surveyed: false,
            step_up: f64::INFINITY,
            step_down: f64::INFINITY,
            probes: 0,
            doublings: 0,
            sleepy: false,
            careful: false,
        }
    }

    /// Whether nothing is being tried, so that another setting may be.
    pub(crate) const fn is_quiet(&self) -> bool {
        matches!(self.phase, Phase::Choose | Phase::Sleep { .. })
    }

    /// The batch size asked for now.
    fn wanted(&self, incumbent: u32) -> u32 {
        match &self.phase {
            Phase::Survey(survey) => survey.current(),
            Phase::Probe(probe) => probe.current(),
            Phase::Settle | Phase::Choose | Phase::Sleep { .. } => incumbent,
        }
    }

    /// The settings in force were found over budget and left; `batch_size` is what they were.
    pub(crate) fn backed_off(&mut self, batch_size: u32, tick: u64) {
        self.raise_ceiling(batch_size, tick);
        self.awake();
        if !self.surveyed {
            self.phase = Phase::Settle;
        }
    }

    /// The same without a severe window: it crept up on the budget, and may go on to.
    pub(crate) fn crept(&mut self, batch_size: u32, tick: u64) {
        self.backed_off(batch_size, tick);
        if self.surveyed {
            self.phase = Phase::Sleep { until: 0, usual: None };
        }
    }

    /// A move was taken back: down from `batch_size`, or up from it.
    pub(crate) fn rolled_back(&mut self, batch_size: u32, to: u32, tick: u64) {
        if to < batch_size {
            self.backed_off(batch_size, tick);
        } else {
            self.awake();
            self.step_down = 1.0;
        }
    }

    /// The workload is another: what was found before may not hold.
    pub(crate) fn shifted(&mut self) {
        self.ceiling = None;
        self.awake();
        if !self.surveyed {
            self.phase = Phase::Settle;
        }
    }

    /// An operator changed what may be tried: everything is looked at anew.
    pub(crate) fn begin_anew(&mut self) {
        self.ceiling = None;
        self.curve = Curve::default();
        self.surveyed = false;
        self.awake();
        self.phase = Phase::Settle;
    }

    /// The hop limit was changed, and with it the height of the curve; its shape less so.
    pub(crate) fn hops_changed(&mut self) {
        self.shifted();
        self.curve.blur(OTHER_HOPS);
    }

    fn awake(&mut self) {
        self.phase = Phase::Choose;
        (self.step_up, self.step_down) = (f64::INFINITY, f64::INFINITY);
        (self.probes, self.doublings, self.sleepy, self.careful) = (0, 0, false, false);
    }

    fn raise_ceiling(&mut self, batch_size: u32, tick: u64) {
        // One that still stands is only made more exact; one that had passed was right.
        let strikes = match self.ceiling {
            Some(old) if old.until > tick => old.strikes,
            Some(old) => old.strikes + 1,
            None => 0,
        };
        let until = tick + (CEILING << strikes.min(5));
        self.ceiling = Some(Ceiling { batch_size, until, strikes });
    }

    /// Nothing at or above this is tried.
    fn ceiling_at(&self, tick: u64) -> u32 {
        self.ceiling.filter(|c| c.until > tick).map_or(u32::MAX, |c| c.batch_size)
    }

    /// Answers a reading. One made under another batch size than the one asked for, since the
    /// guardrail held that back, judges nothing.
    pub(crate) fn step(&mut self, context: Context<'_>) -> Proposal {
        let wanted = self.wanted(context.incumbent.settings.batch_size);
        if context.reading.settings.batch_size != wanted {
            return probing(context.incumbent, wanted, Reason::Gathering);
        }
        match &self.phase {
            Phase::Settle => self.settle(context),
            Phase::Survey(_) => self.survey(context),
            Phase::Choose => self.choose(context),
            Phase::Probe(_) => self.probe(context),
            Phase::Sleep { .. } => self.sleep(context),
        }
    }

    fn settle(&mut self, context: Context<'_>) -> Proposal {
        let incumbent = context.incumbent;
        let block = context.strategy.dwell;
        if incumbent.newest(block as usize).len() < block as usize {
            let reason = match context.reading.app_limited {
                true => Reason::AppLimited,
                false => Reason::Gathering,
            };
            return hold(incumbent, reason);
        }
        if context.bounds.min().batch_size == context.bounds.max().batch_size {
            return self.fall_asleep(context);
        }
        let block = if context.noise > 0.08 { 2 * block } else { block };
        self.phase = Phase::Survey(Survey::new(incumbent.settings.batch_size, block));
        self.survey(context)
    }

    fn survey(&mut self, context: Context<'_>) -> Proposal {
        let ceiling = self.ceiling_at(context.tick);
        let Phase::Survey(survey) = &mut self.phase else { return self.step(context) };
        match survey.step(context.reading, context.bounds, ceiling) {
            survey::Step::Set(batch_size) => {
                let reason = Reason::Surveying { batch_size };
                probing(context.incumbent, batch_size, reason)
            }
            survey::Step::GaveUp => {
                self.phase = Phase::Settle;
                hold(context.incumbent, Reason::AppLimited)
            }
            survey::Step::Done => self.surveyed(context),
        }
    }

    /// Takes in a finished survey and goes to the best it found, if that is surely better.
    fn surveyed(&mut self, context: Context<'_>) -> Proposal {
        let Phase::Survey(survey) = std::mem::replace(&mut self.phase, Phase::Choose) else {
            return hold(context.incumbent, Reason::Gathering);
        };
        self.surveyed = true;
        let variance = context.noise * context.noise;
        for rung in &survey.rungs {
            let n = rung.values.len() as f64;
            if let Some(y) = median(&rung.values) {
                self.curve.add(rung.batch_size, y, 1.44 * variance / n, context.tick);
            }
        }
        if let Some(batch_size) = survey.ceiling() {
            self.raise_ceiling(batch_size, context.tick);
        }
        let from = context.incumbent.settings.batch_size;
        let Some((best, effect)) = survey.best_from(from, context.noise) else {
            return hold(context.incumbent, Reason::Surveyed { batch_size: from });
        };
        if effect.gain - SURE_Z * effect.error <= context.strategy.gain_min {
            let block = context.strategy.dwell;
            let probe = Probe::new(from, best, Effect::UNKNOWN, block, &[]).of_many();
            self.phase = Phase::Probe(probe);
            return probing(context.incumbent, best, Reason::Comparing { from, to: best });
        }
        let reason = Reason::Surveyed { batch_size: best };
        let settings = Settings { batch_size: best, ..context.incumbent.settings };
        Proposal { measured: Some(effect), ..Proposal::new(settings, Verdict::Accept, reason) }
    }

    fn choose(&mut self, context: Context<'_>) -> Proposal {
        let incumbent = context.incumbent;
        let block = context.strategy.dwell as usize;
        if context.reading.app_limited {
            return hold(incumbent, Reason::AppLimited);
        }
        let max = context.strategy.step_max;
        let careful_min = if self.careful { CAREFUL_STEP_MIN } else { 1.0 };
        let min = context.strategy.step_min.max(careful_min);
        self.step_up = self.step_up.min(max);
        self.step_down = self.step_down.min(max);
        let wanted_up = self.step_up.min(self.ceiling_step(context));
        let allowed = self.headroom(incumbent);
        let enough = incumbent.meter.samples >= HEADROOM_SAMPLES
            || incumbent.meter.windows >= HEADROOM_WINDOWS;
        let waiting = wanted_up >= min && allowed < wanted_up && !enough;
        if waiting || incumbent.newest(block).len() < block {
            return hold(incumbent, Reason::Gathering);
        }
        let up = wanted_up.min(allowed);
        let mut best: Option<(u32, Effect)> = None;
        let from = incumbent.settings.batch_size;
        for factor in [up, 1.0 / self.step_down] {
            if factor < min && factor > 1.0 / min {
                continue;
            }
            let to = context.bounds.scaled(from, factor);
            let effect = self.curve.predict(from, to, context.tick);
            let promise = |e: Effect| e.gain + e.error;
            let promising = to != from && promise(effect) >= context.strategy.gain_min;
            if promising && best.is_none_or(|(_, other)| promise(effect) > promise(other)) {
                best = Some((to, effect));
            }
        }
        match best {
            Some((to, predicted)) if self.probes < PROBES_MAX => {
                self.begin_probe(context, to, predicted)
            }
            _ => self.fall_asleep(context),
        }
    }

    /// The greatest step up that the latencies of the settings in force allow. While climbing a
    /// failed step costs a window or two, so guesses are bold; out of sleep they are not.
    fn headroom(&self, incumbent: &Incumbent) -> f64 {
        let upper = incumbent.meter.upper(HEADROOM_Z);
        if self.careful {
            let room = normal_quantile(1.0 - upper) - normal_quantile(1.0 - CAREFUL);
            return libm::exp(LATENCY_DEVIATION * room);
        }
        HEADROOM.iter().find(|(most, _)| upper <= *most).map_or(1.0, |(_, step)| *step)
    }

    /// The greatest factor that stays below the ceiling by half a least step.
    fn ceiling_step(&self, context: Context<'_>) -> f64 {
        let ceiling = f64::from(self.ceiling_at(context.tick));
        let from = f64::from(context.incumbent.settings.batch_size);
        let room = ceiling / from;
        // Halfway to the ceiling, so that each rejection halves the uncertainty.
        if room > 4.0 { f64::INFINITY } else { libm::sqrt(room.max(0.0)) }
    }

    fn begin_probe(&mut self, context: Context<'_>, to: u32, predicted: Effect) -> Proposal {
        let from = context.incumbent.settings.batch_size;
        self.probes += 1;
        let block = if self.sleepy { SLEEPY_BLOCK } else { context.strategy.dwell };
        let before = context.incumbent.newest(block as usize);
        let mut probe = Probe::new(from, to, predicted, block, &before);
        if self.sleepy {
            probe = probe.with_pairs_max(SLEEPY_PAIRS);
        }
        self.phase = Phase::Probe(probe);
        let answer = probing(context.incumbent, to, Reason::Comparing { from, to });
        Proposal { predicted: Some(predicted), ..answer }
    }

    fn probe(&mut self, context: Context<'_>) -> Proposal {
        let Phase::Probe(probe) = &mut self.phase else { return self.step(context) };
        let known = Known { strategy: context.strategy, noise: context.noise };
        let (from, to, predicted) = (probe.from, probe.to, probe.predicted);
        match probe.step(context.reading, known, &mut self.random) {
            probe::Step::Set(batch_size) => {
                let reason = Reason::Comparing { from, to };
                let answer = probing(context.incumbent, batch_size, reason);
                Proposal { predicted: Some(predicted), ..answer }
            }
            probe::Step::Done(verdict, reason, measured) => {
                self.ended(context, (from, to), verdict, reason, measured);
                let batch_size = if verdict == Verdict::Reject { from } else { to };
                let settings = Settings { batch_size, ..context.incumbent.settings };
                let answer = Proposal::new(settings, verdict, reason);
                Proposal { predicted: Some(predicted), measured, ..answer }
            }
        }
    }

    fn ended(
        &mut self,
        context: Context<'_>,
        (from, to): (u32, u32),
        verdict: Verdict,
        reason: Reason,
        measured: Option<Effect>,
    ) {
        self.phase = Phase::Choose;
        if let Some(measured) = measured {
            self.curve.add_step(from, to, measured, context.tick);
        }
        match reason {
            _ if verdict == Verdict::Accept => {
                self.probes = 0;
                self.doublings = 0;
                self.sleepy = false;
            }
            Reason::ProbeOverBudget { batch_size, .. } => {
                self.raise_ceiling(batch_size, context.tick);
            }
            _ if to > from => {
                let tried = f64::from(to) / f64::from(from);
                self.step_up = libm::sqrt(tried.min(self.step_up));
            }
            _ => {
                let tried = f64::from(from) / f64::from(to);
                self.step_down = libm::sqrt(tried.min(self.step_down));
            }
        }
        if self.sleepy {
            self.phase = Phase::Sleep { until: 0, usual: None };
        }
    }

    fn fall_asleep(&mut self, context: Context<'_>) -> Proposal {
        let rested = context.tick + (SLEEP << self.doublings.min(SLEEP_DOUBLINGS));
        // What kept it from going up may pass.
        let ceiling = self.ceiling.map(|ceiling| ceiling.until);
        let until = ceiling.filter(|at| *at > context.tick).map_or(rested, |at| at.min(rested));
        let usual = context.incumbent.recent(WAKE_WINDOWS).map(|(usual, _)| usual);
        self.phase = Phase::Sleep { until, usual };
        Proposal::new(context.incumbent.settings, Verdict::Sleep, Reason::NothingPromises)
    }

    fn sleep(&mut self, context: Context<'_>) -> Proposal {
        let Phase::Sleep { until, usual } = self.phase else { return self.step(context) };
        if until == 0 {
            // A probe out of sleep has ended.
            self.doublings += 1;
            return self.fall_asleep(context);
        }
        let now = context.incumbent.recent(WAKE_WINDOWS);
        if let (Some(usual), Some((now, WAKE_WINDOWS))) = (usual, now) {
            let error = 1.25 * context.noise / libm::sqrt(WAKE_WINDOWS as f64);
            if libm::fabs(now - usual) > WAKE.max(6.0 * error) {
                self.awake();
                self.careful = libm::fabs(now - usual) < BOLD;
                return hold(context.incumbent, Reason::Shifted { change: now - usual });
            }
        }
        if context.tick < until {
            let reason = Reason::Asleep { ticks: until - context.tick };
            return Proposal::new(context.incumbent.settings, Verdict::Sleep, reason);
        }
        let doublings = self.doublings + 1;
        let again = self.ceiling.is_some_and(|ceiling| ceiling.until == until);
        self.awake();
        (self.doublings, self.careful, self.sleepy) = (doublings, true, !again);
        if again {
            // One that fails is enough to know that the ceiling still stands.
            self.probes = PROBES_MAX - 1;
        }
        (self.step_up, self.step_down) = match again {
            true => (AGAIN_STEP, 1.0),
            false => (SLEEPY_STEP, SLEEPY_STEP),
        };
        self.choose(context)
    }
}

const fn hold(incumbent: &Incumbent, reason: Reason) -> Proposal {
    Proposal::new(incumbent.settings, Verdict::Hold, reason)
}

const fn probing(incumbent: &Incumbent, batch_size: u32, reason: Reason) -> Proposal {
    let settings = Settings { batch_size, hop_limit: incumbent.settings.hop_limit };
    Proposal::new(settings, Verdict::Probe, reason)
}
