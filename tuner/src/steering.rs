//! All state that a tick changes, and the order in which its parts have their say.

use crate::decision::{Proposal, Reason, Verdict};
use crate::guardrail::{CREEPING, Guardrail};
use crate::incumbent::{Incumbent, Noise};
use crate::ladder::Ladder;
use crate::objective::Objective;
use crate::paired::{Context, Paired};
use crate::policy::{Formula, PolicyName};
use crate::reading::{Bounds, Reading, Settings};
use crate::shift::ShiftDetector;
use crate::strategy::{Strategy, StrategyName};

/// What a tuner is made with; it does not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Least and greatest settings.
    pub bounds: Bounds,
    /// What is wanted.
    pub objective: Objective,
    /// How settings are chosen.
    pub policy: PolicyName,
    /// How boldly.
    pub strategy: StrategyName,
    /// Of the random order within pairs.
    pub seed: u64,
}

/// What an operator may do while the tuner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Holds the batch size at a value, or lets go of it.
    PinBatchSize(Option<u32>),
    /// Holds the hop limit at a value, or lets go of it.
    PinHopLimit(Option<u32>),
    /// Sets both once; the tuner goes on from there.
    Override(Settings),
    /// Nothing changes any more.
    Freeze,
    /// The tuner goes on after a freeze.
    Release,
}

/// Windows in a row under other settings after which these are taken as somebody's wish.
const FOREIGN_WINDOWS: u32 = 12;
/// Late readings in a row after which the numbering is taken as begun anew.
const LATE_WINDOWS: u32 = 8;

#[derive(Clone, Debug, PartialEq)]
enum Policy {
    Paired(Box<Paired>),
    Formula(Formula),
    Off,
}

/// The tuner without its history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Steering {
    config: Config,
    /// The configured bounds, narrowed by pins.
    bounds: Bounds,
    pins: (Option<u32>, Option<u32>),
    tick: u64,
    last_window: Option<u64>,
    late: u32,
    foreign: Option<(Settings, u32)>,
    incumbent: Option<Incumbent>,
    guardrail: Option<Guardrail>,
    policy: Policy,
    ladder: Ladder,
    noise: Noise,
    shift: ShiftDetector,
    /// Last batch size in force at each hop limit.
    batch_sizes: Vec<(u32, u32)>,
}

impl Steering {
    pub(crate) fn new(config: Config) -> Self {
        let policy = match config.policy {
            PolicyName::Paired | PolicyName::Shadow => {
                Policy::Paired(Box::new(Paired::new(config.seed)))
            }
            PolicyName::Gradient => Policy::Formula(Formula::gradient()),
            PolicyName::Aimd => Policy::Formula(Formula::aimd()),
            PolicyName::Off => Policy::Off,
        };
        Self {
            config,
            bounds: config.bounds,
            pins: (None, None),
            tick: 0,
            last_window: None,
            late: 0,
            foreign: None,
            incumbent: None,
            guardrail: None,
            policy,
            ladder: Ladder::new(config.objective.quality_floor),
            noise: Noise::default(),
            shift: ShiftDetector::default(),
            batch_sizes: Vec::new(),
        }
    }

    pub(crate) const fn tick(&self) -> u64 {
        self.tick
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// The settings asked for; `None` before the first reading.
    pub(crate) fn current(&self) -> Option<Settings> {
        self.guardrail.as_ref().map(Guardrail::current)
    }

    pub(crate) fn last_good(&self) -> Option<Settings> {
        self.guardrail.as_ref().map(Guardrail::last_good)
    }

    pub(crate) fn frozen(&self) -> Option<Reason> {
        self.guardrail.as_ref().and_then(Guardrail::frozen)
    }

    pub(crate) fn strategy(&self) -> Strategy {
        self.config.strategy.chosen(self.noise.deviation(), self.shift.recent())
    }

    /// Begins at `settings`, or at the nearest ones that are allowed.
    pub(crate) fn begin_at(&mut self, settings: Settings) {
        let first = self.bounds.clamp(settings);
        self.guardrail = Some(Guardrail::new(self.bounds, first, None));
        self.incumbent = Some(Incumbent::new(first));
    }

    /// Answers a reading.
    pub(crate) fn answer(&mut self, reading: &Reading) -> Proposal {
        self.tick += 1;
        let first = self.bounds.clamp(reading.settings);
        let moved = (first != reading.settings).then_some(self.tick);
        let guardrail = self.guardrail.take();
        let mut guardrail = guardrail.unwrap_or_else(|| Guardrail::new(self.bounds, first, moved));
        let mut incumbent = self.incumbent.take().unwrap_or_else(|| Incumbent::new(first));
        let strategy = self.strategy();
        let proposal = self.decide(reading, &mut incumbent, &mut guardrail, &strategy);
        self.incumbent = Some(incumbent);
        self.guardrail = Some(guardrail);
        proposal
    }

    fn decide(
        &mut self,
        reading: &Reading,
        incumbent: &mut Incumbent,
        guardrail: &mut Guardrail,
        strategy: &Strategy,
    ) -> Proposal {
        let current = guardrail.current();
        if let Some(reason) = guardrail.frozen() {
            return Proposal::new(current, Verdict::Freeze, reason);
        }
        if self.policy == Policy::Off {
            return Proposal::new(current, Verdict::Hold, Reason::Off);
        }
        if self.is_late(reading) {
            return Proposal::new(current, Verdict::Hold, Reason::Late);
        }
        let context_of = |tick, noise, bounds, incumbent| Context {
            tick,
            reading,
            incumbent,
            noise,
            strategy,
            bounds,
        };
        if reading.settings != current {
            let answer = self.other_settings(reading, incumbent, guardrail);
            let bounds = self.bounds;
            let context = context_of(self.tick, self.noise.deviation(), &bounds, incumbent);
            return guardrail.admit(answer, context);
        }
        self.foreign = None;
        self.noise.observe(reading);
        incumbent.observe(reading);
        let bounds = self.bounds;
        let context = context_of(self.tick, self.noise.deviation(), &bounds, incumbent);
        if self.config.policy == PolicyName::Shadow {
            let answer = self.advise(context, guardrail);
            self.settle(answer, incumbent, guardrail);
            return answer;
        }
        let answer = self.choose(context, guardrail);
        let answer = guardrail.admit(answer, context);
        self.settle(answer, incumbent, guardrail);
        answer
    }

    /// What would be done; nothing is, so what would only be known by doing it stays unknown.
    fn advise(&mut self, context: Context<'_>, guardrail: &mut Guardrail) -> Proposal {
        let before = (self.policy.clone(), self.ladder.clone(), guardrail.clone());
        let shift = self.shift.clone();
        let answer = self.choose(context, guardrail);
        let answer = guardrail.admit(answer, context);
        let current = before.2.current();
        if answer.settings == current {
            return answer;
        }
        (self.policy, self.ladder, *guardrail) = before;
        self.shift = shift;
        let reason = Reason::Advice { settings: answer.settings };
        Proposal { settings: current, reason, ..answer }
    }

    /// The first of those that have something to say: the guardrail, the ladder, the policy.
    fn choose(&mut self, context: Context<'_>, guardrail: &mut Guardrail) -> Proposal {
        let tick = context.tick;
        let own = context.incumbent.settings;
        if let Some(answer) = guardrail.emergency(context) {
            // Where the batch cannot be smaller, only fewer hops help.
            let least = matches!(answer.reason, Reason::OverBudgetAtLeast { .. });
            if least && !self.ladder.is_trying() && self.ladder.may_try(context) {
                return self.ladder.try_lower(context);
            }
            self.left(own.batch_size, &answer);
            return answer;
        }
        if let Some(answer) = self.ladder.observe(context) {
            return self.at_full_hops(answer);
        }
        if !self.ladder.is_trying()
            && let Some(change) = self.shift.detect(context.incumbent, tick)
        {
            return self.shifted(context, change);
        }
        if self.ladder.is_trying() {
            if context.violates() {
                self.ladder.abandon(tick);
                return Proposal::new(own, Verdict::Reject, Reason::OverBudget { share: 1.0 });
            }
            let answer = self.ladder.step(context);
            return self.at_known_size(answer, own.batch_size);
        }
        let quiet = match &self.policy {
            Policy::Paired(paired) => paired.is_quiet(),
            Policy::Formula(_) => true,
            Policy::Off => false,
        };
        if quiet && self.ladder.may_try(context) {
            return self.ladder.try_lower(context);
        }
        match &mut self.policy {
            Policy::Paired(paired) => paired.step(context),
            Policy::Formula(formula) => formula.step(context),
            Policy::Off => Proposal::new(own, Verdict::Hold, Reason::Off),
        }
    }

    /// Tells the policy what the guardrail did.
    fn left(&mut self, batch_size: u32, answer: &Proposal) {
        let Policy::Paired(paired) = &mut self.policy else { return };
        let crept = matches!(answer.reason, Reason::OverBudget { share } if share <= CREEPING);
        if crept && answer.settings.batch_size < batch_size {
            paired.crept(batch_size, self.tick);
        } else if answer.verdict == Verdict::Rollback {
            paired.rolled_back(batch_size, answer.settings.batch_size, self.tick);
        } else if answer.settings.batch_size < batch_size {
            paired.backed_off(batch_size, self.tick);
        }
    }

    fn backed_off(&mut self, batch_size: u32) {
        if let Policy::Paired(paired) = &mut self.policy {
            paired.backed_off(batch_size, self.tick);
        }
    }

    /// A rung that is taken again is taken with the batch size it had, where that was larger.
    fn at_known_size(&self, answer: Proposal, own: u32) -> Proposal {
        if answer.verdict != Verdict::Accept {
            return answer;
        }
        let known = self.batch_sizes.iter().find(|(hops, _)| *hops == answer.settings.hop_limit);
        let batch_size = known.map_or(own, |(_, batch_size)| own.max(*batch_size));
        Proposal { settings: Settings { batch_size, ..answer.settings }, ..answer }
    }

    /// Back to full depth, at a batch size that did there.
    fn at_full_hops(&mut self, answer: Proposal) -> Proposal {
        let known = self.batch_sizes.iter().find(|(hops, _)| *hops == answer.settings.hop_limit);
        let batch_size = known.map_or(answer.settings.batch_size, |(_, batch_size)| {
            answer.settings.batch_size.min(*batch_size)
        });
        Proposal { settings: Settings { batch_size, ..answer.settings }, ..answer }
    }

    fn shifted(&mut self, context: Context<'_>, change: f64) -> Proposal {
        if let Policy::Paired(paired) = &mut self.policy {
            paired.shifted();
        }
        self.ladder.forget_failures();
        self.batch_sizes.clear();
        let own = context.incumbent.settings;
        let full = context.bounds.max().hop_limit;
        let reason = Reason::Shifted { change };
        if own.hop_limit == full {
            return Proposal::new(own, Verdict::Hold, reason);
        }
        let settings = Settings { hop_limit: full, ..own };
        self.at_full_hops(Proposal::new(settings, Verdict::BackOff, reason))
    }

    /// Makes what was decided the incumbent, and tells the parts.
    fn settle(&mut self, answer: Proposal, incumbent: &mut Incumbent, guardrail: &mut Guardrail) {
        if matches!(answer.reason, Reason::Shifted { .. }) {
            incumbent.forget(3);
        }
        let stands = !matches!(answer.verdict, Verdict::Probe | Verdict::Reject);
        if !stands || answer.settings == incumbent.settings {
            return;
        }
        if answer.verdict == Verdict::Accept && matches!(self.policy, Policy::Paired(_)) {
            guardrail.accepted(incumbent, self.noise.deviation(), self.tick);
        }
        self.replace(incumbent, answer.settings);
    }

    fn replace(&mut self, incumbent: &mut Incumbent, settings: Settings) {
        let old = incumbent.settings;
        self.batch_sizes.retain(|(hops, _)| *hops != old.hop_limit);
        self.batch_sizes.push((old.hop_limit, old.batch_size));
        *incumbent = Incumbent::new(settings);
        if old.hop_limit != settings.hop_limit {
            self.ladder.moved_to(settings.hop_limit, self.tick);
            if let Policy::Paired(paired) = &mut self.policy {
                paired.hops_changed();
            }
        }
    }

    /// A number not above the last one's, unless the numbering has begun anew.
    fn is_late(&mut self, reading: &Reading) -> bool {
        let late = self.last_window.is_some_and(|last| reading.window <= last);
        self.late = if late { self.late + 1 } else { 0 };
        if late && self.late < LATE_WINDOWS {
            return true;
        }
        self.last_window = Some(reading.window);
        self.late = 0;
        false
    }

    /// A reading under settings that were not asked for judges nothing; if they stay, somebody
    /// wants them.
    fn other_settings(
        &mut self,
        reading: &Reading,
        incumbent: &mut Incumbent,
        guardrail: &mut Guardrail,
    ) -> Proposal {
        let seen = match self.foreign {
            Some((settings, seen)) if settings == reading.settings => seen + 1,
            _ => 1,
        };
        self.foreign = Some((reading.settings, seen));
        let inside = self.bounds.clamp(reading.settings) == reading.settings;
        if seen < FOREIGN_WINDOWS || !inside {
            return Proposal::new(guardrail.current(), Verdict::Hold, Reason::OtherSettings);
        }
        self.foreign = None;
        self.ladder.abandon(self.tick);
        self.backed_off(u32::MAX);
        self.replace(incumbent, reading.settings);
        guardrail.adopt(reading.settings, self.tick);
        Proposal::new(reading.settings, Verdict::Hold, Reason::MovedByOthers)
    }

    /// Does what an operator asks; takes force with the next answer.
    pub(crate) fn obey(&mut self, command: Command) {
        match command {
            Command::PinBatchSize(pin) => self.pins.0 = pin,
            Command::PinHopLimit(pin) => self.pins.1 = pin,
            Command::Override(settings) => return self.move_to(settings),
            Command::Freeze => {
                if let Some(guardrail) = &mut self.guardrail {
                    guardrail.freeze(Reason::FrozenByOperator);
                }
                return;
            }
            Command::Release => {
                if let Some(guardrail) = &mut self.guardrail {
                    guardrail.release();
                }
                return;
            }
        }
        self.bounds = self.pinned_bounds();
        if let Some(guardrail) = &mut self.guardrail {
            guardrail.set_bounds(self.bounds);
        }
        if let Some(current) = self.current() {
            self.move_to(current);
        }
    }

    /// A pin narrows the bounds to one value, so that every rule that keeps bounds keeps pins.
    fn pinned_bounds(&self) -> Bounds {
        let all = self.config.bounds;
        let batch_size = self.pins.0.map(|b| all.clamp(Settings { batch_size: b, ..all.min() }));
        let hop_limit = self.pins.1.map(|h| all.clamp(Settings { hop_limit: h, ..all.min() }));
        let with = |end: Settings| Settings {
            batch_size: batch_size.map_or(end.batch_size, |pinned| pinned.batch_size),
            hop_limit: hop_limit.map_or(end.hop_limit, |pinned| pinned.hop_limit),
        };
        Bounds::new(with(all.min()), with(all.max())).unwrap_or(all)
    }

    fn move_to(&mut self, settings: Settings) {
        let settings = self.bounds.clamp(settings);
        let (Some(mut incumbent), Some(mut guardrail)) =
            (self.incumbent.take(), self.guardrail.take())
        else {
            return;
        };
        self.ladder.abandon(self.tick);
        if let Policy::Paired(paired) = &mut self.policy {
            paired.begin_anew();
        }
        self.replace(&mut incumbent, settings);
        guardrail.adopt(settings, self.tick);
        (self.incumbent, self.guardrail) = (Some(incumbent), Some(guardrail));
    }
}
