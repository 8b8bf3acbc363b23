//! The hop limit: down a rung on evidence from shadow spreads, back to full depth at once.

use crate::curve::Effect;
use crate::decision::{Proposal, Reason, Verdict};
use crate::objective::{median, wilson};
use crate::paired::Context;
use crate::reading::{Settings, Shadow};

/// Standard errors by which recall must clear the floor before a rung is taken.
const CLEAR_Z: f64 = 1.64;
/// Standard errors by which it must miss the floor before a tried rung is left early.
const MISS_Z: f64 = 1.0;
/// Standard errors by which the newest windows must miss the floor to give a rung up.
const NEWEST_Z: f64 = 2.8;
/// Numbers of newest windows that may show it.
const NEWEST: [usize; 4] = [1, 2, 4, 8];
/// Shadow spreads in them from which they may.
const SPREADS_JUDGING: f64 = 20.0;
/// Standard errors by which all windows that judge a rung must miss it.
const ALL_Z: f64 = 0.7;
/// Standard errors of a fall from what recall was that count as a shift of the workload.
const FALL_Z: f64 = 3.0;
/// Shadow spreads before a rung is taken.
const SPREADS_MIN: f64 = 100.0;
/// Shadow spreads from which a mean below the floor ends a trial, since while it lasts answers
/// suffer, and from which all windows together may give a rung up.
const SPREADS_ENOUGH: f64 = 60.0;
/// Shadow spreads that judge a rung in force, the newest.
const SPREADS_JUDGED: f64 = 200.0;
/// Windows after which a trial that is still undecided ends.
const TRIAL_WINDOWS: u32 = 64;
/// Windows of throughput a trial needs.
const TRIAL_THROUGHPUT: usize = 4;
/// Windows at full depth before going down again.
const REST: u64 = 6;
/// How long a rung that failed is not tried again, in ticks; twice as long each time.
const TABU: u64 = 256;
/// Least gain of throughput for which a hop is given up, as a logarithm.
const GAIN_MIN: f64 = 0.02;
/// Probability with which that gain must be real.
const GAIN_CONFIDENCE: f64 = 0.95;
/// Least standard error of recall in units of the binomial one, since windows may repeat queries.
const SPREAD_MIN: f64 = 0.5;

/// Recall of one rung over the newest windows.
#[derive(Clone, Debug, Default, PartialEq)]
struct Evidence {
    /// Spreads and mean recall of each window, the newest last.
    windows: Vec<(f64, f64)>,
}

impl Evidence {
    fn add(&mut self, shadow: Shadow) {
        self.windows.push((shadow.spreads as f64, shadow.recall));
        while self.windows.len() > 1 && self.spreads() - self.windows[0].0 >= SPREADS_JUDGED {
            self.windows.remove(0);
        }
    }

    fn spreads(&self) -> f64 {
        self.windows.iter().map(|(spreads, _)| spreads).sum()
    }

    fn mean(&self) -> f64 {
        self.windows.iter().map(|(n, recall)| n * recall).sum::<f64>() / self.spreads()
    }

    /// Recall's interval at `z` standard errors: Wilson's, or what windows spread over.
    fn interval(&self, z: f64) -> (f64, f64) {
        let (mean, n) = (self.mean().clamp(0.0, 1.0), self.spreads());
        let (low, high) = wilson(mean, n, z);
        let count = self.windows.len() as f64;
        if count < 6.0 {
            return (low, high);
        }
        let squares: f64 = self.windows.iter().map(|(n, r)| n * (r - mean) * (r - mean)).sum();
        let by_windows = libm::sqrt(squares / n / (count - 1.0));
        let binomial = libm::sqrt(mean * (1.0 - mean) / n);
        let error = by_windows.max(SPREAD_MIN * binomial);
        (low.max(mean - z * error), high.min(mean + z * error))
    }
}

impl Evidence {
    /// The recall that demands full depth, where it does: it misses the floor, or has fallen far
    /// below `usual`, so that the workload is another.
    fn too_low(&self, floor: f64, usual: Option<f64>) -> Option<f64> {
        let usual = usual.map_or(0.0, |usual| wilson(usual, SPREADS_MIN, 2.0).0);
        for count in NEWEST {
            let newest = self.windows.iter().rev().take(count);
            let (mut n, mut sum) = (0.0, 0.0);
            for (spreads, recall) in newest {
                (n, sum) = (n + spreads, sum + spreads * recall);
            }
            if n < SPREADS_JUDGING {
                continue;
            }
            let recall = (sum / n).clamp(0.0, 1.0);
            if wilson(recall, n, NEWEST_Z).1 < floor || wilson(recall, n, FALL_Z).1 < usual {
                return Some(recall);
            }
        }
        let enough = self.spreads() >= SPREADS_ENOUGH;
        (enough && self.interval(ALL_Z).1 < floor).then(|| self.mean())
    }
}

/// A rung that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tabu {
    hop_limit: u32,
    until: u64,
    strikes: u32,
}

/// A lower rung in force for a while.
#[derive(Clone, Debug, PartialEq)]
struct Trial {
    hop_limit: u32,
    evidence: Evidence,
    throughput: Vec<f64>,
    /// Throughput of the rung above just before.
    before: Option<(f64, usize)>,
    windows: u32,
}

/// The ladder's state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ladder {
    floor: f64,
    /// The rung in force, where this ladder took it.
    taken: Option<u32>,
    /// Of the rung in force.
    evidence: Evidence,
    /// Of the rung below, where shadow spreads were compared at it too.
    below: Evidence,
    /// Recall with which the rung in force was taken.
    taken_with: Option<f64>,
    trial: Option<Trial>,
    tabu: Option<Tabu>,
    rest_until: u64,
}

impl Ladder {
    pub(crate) fn new(floor: f64) -> Self {
        let (evidence, below) =
            (Evidence { windows: Vec::new() }, Evidence { windows: Vec::new() });
        Self {
            floor,
            taken: None,
            evidence,
            below,
            taken_with: None,
            trial: None,
            tabu: None,
            rest_until: 0,
        }
    }

    /// Whether a lower rung is being tried.
    pub(crate) const fn is_trying(&self) -> bool {
        self.trial.is_some()
    }

    /// The rung in force is another: what was seen of the last one says nothing about it.
    pub(crate) fn moved_to(&mut self, hop_limit: u32, tick: u64) {
        if self.taken == Some(hop_limit) {
            return;
        }
        let floor = self.floor;
        let tabu = self.tabu;
        *self = Self { tabu, rest_until: tick + REST, ..Self::new(floor) };
    }

    /// The workload is another, so a rung that failed may do now.
    pub(crate) fn forget_failures(&mut self) {
        self.tabu = None;
    }

    /// Takes in shadows and says whether recall demands full depth at once.
    pub(crate) fn observe(&mut self, context: Context<'_>) -> Option<Proposal> {
        let full = context.bounds.max().hop_limit;
        let own = context.incumbent.settings.hop_limit;
        let shadow = context.reading.usable_shadow()?;
        if self.trial.is_some() {
            return None;
        }
        if shadow.hop_limit + 1 == own {
            self.below.add(shadow);
        }
        if shadow.hop_limit != own {
            return None;
        }
        self.evidence.add(shadow);
        if own >= full {
            return None;
        }
        let recall = self.evidence.too_low(self.floor, self.taken_with)?;
        self.fail(own, context.tick);
        let settings = Settings { hop_limit: full, ..context.incumbent.settings };
        Some(Proposal::new(settings, Verdict::BackOff, Reason::RecallFell { recall }))
    }

    /// Whether a lower rung may be tried now.
    pub(crate) fn may_try(&self, context: Context<'_>) -> bool {
        let own = context.incumbent.settings.hop_limit;
        let lower = own.saturating_sub(1);
        let tabu = self.tabu.is_some_and(|t| t.hop_limit >= lower && t.until > context.tick);
        let rested = context.tick >= self.rest_until;
        // Where rungs are compared without being in force, the rung below must have passed.
        let passed = match self.below.windows.is_empty() {
            true => self.evidence.spreads() > 0.0 && self.evidence.mean() >= self.floor,
            false => {
                self.below.spreads() >= SPREADS_MIN && self.below.interval(CLEAR_Z).0 >= self.floor
            }
        };
        own > context.bounds.min().hop_limit && !tabu && rested && passed
    }

    /// Begins to try the rung below.
    pub(crate) fn try_lower(&mut self, context: Context<'_>) -> Proposal {
        let hop_limit = context.incumbent.settings.hop_limit.saturating_sub(1);
        let (evidence, throughput) = (self.below.clone(), Vec::new());
        let before = context.incumbent.recent(2 * TRIAL_THROUGHPUT);
        self.trial = Some(Trial { hop_limit, evidence, throughput, before, windows: 0 });
        let settings = Settings { hop_limit, ..context.incumbent.settings };
        Proposal::new(settings, Verdict::Probe, Reason::TryingHops { hop_limit })
    }

    /// Takes in a reading made while a rung is tried, if it was made there.
    pub(crate) fn step(&mut self, context: Context<'_>) -> Proposal {
        let own = context.incumbent.settings;
        let Some(trial) = &mut self.trial else {
            return Proposal::new(own, Verdict::Hold, Reason::Gathering);
        };
        let hop_limit = trial.hop_limit;
        if context.reading.settings.hop_limit != hop_limit {
            let settings = Settings { hop_limit, ..own };
            return Proposal::new(settings, Verdict::Probe, Reason::TryingHops { hop_limit });
        }
        trial.windows += 1;
        let shadow = context.reading.usable_shadow();
        if let Some(shadow) = shadow.filter(|shadow| shadow.hop_limit == hop_limit) {
            trial.evidence.add(shadow);
        }
        trial.throughput.extend(context.reading.ln_throughput());
        let settings = Settings { hop_limit, ..own };
        let Some((verdict, reason, measured)) = trial.judge(self.floor, context) else {
            return Proposal::new(settings, Verdict::Probe, Reason::TryingHops { hop_limit });
        };
        let recall = trial.evidence.mean();
        self.trial = None;
        if verdict == Verdict::Accept {
            self.moved_to(hop_limit, context.tick);
            (self.taken, self.taken_with) = (Some(hop_limit), Some(recall));
            return Proposal { measured, ..Proposal::new(settings, verdict, reason) };
        }
        self.fail(hop_limit, context.tick);
        Proposal { measured, ..Proposal::new(own, verdict, reason) }
    }

    /// Ends a trial without a verdict on its rung.
    pub(crate) fn abandon(&mut self, tick: u64) {
        self.trial = None;
        self.rest_until = tick + REST;
    }

    fn fail(&mut self, hop_limit: u32, tick: u64) {
        let strikes = match self.tabu {
            Some(old) if old.hop_limit == hop_limit => (old.strikes + 1).min(4),
            _ => 0,
        };
        self.tabu = Some(Tabu { hop_limit, until: tick + (TABU << strikes), strikes });
    }
}

impl Trial {
    fn judge(&self, floor: f64, context: Context<'_>) -> Option<(Verdict, Reason, Option<Effect>)> {
        let hop_limit = self.hop_limit;
        let seen = self.evidence.spreads();
        let recall = if seen > 0.0 { self.evidence.mean() } else { 0.0 };
        let miss = Reason::HopsMiss { hop_limit, recall };
        let enough = seen >= SPREADS_ENOUGH && recall < floor;
        if enough || (seen > 0.0 && self.evidence.interval(MISS_Z).1 < floor) {
            return Some((Verdict::Reject, miss, None));
        }
        let clear = seen >= SPREADS_MIN && self.evidence.interval(CLEAR_Z).0 >= floor;
        let effect = self.effect(context.noise);
        if clear
            && let Some(effect) = effect
            && self.throughput.len() >= TRIAL_THROUGHPUT
        {
            if effect.probability_above(GAIN_MIN) >= GAIN_CONFIDENCE {
                let reason = Reason::HopsSuffice { hop_limit, recall };
                return Some((Verdict::Accept, reason, Some(effect)));
            }
            if effect.probability_above(GAIN_MIN) < 1.0 - GAIN_CONFIDENCE {
                let reason = Reason::HopsGainNothing { hop_limit };
                return Some((Verdict::Reject, reason, Some(effect)));
            }
        }
        if self.windows < TRIAL_WINDOWS {
            return None;
        }
        let reason = if clear { Reason::HopsGainNothing { hop_limit } } else { miss };
        Some((Verdict::Reject, reason, effect))
    }

    fn effect(&self, noise: f64) -> Option<Effect> {
        let (before, count) = self.before?;
        let gain = median(&self.throughput)? - before;
        let n = 1.0 / count as f64 + 1.0 / self.throughput.len() as f64;
        Some(Effect { gain, error: 1.25 * noise * libm::sqrt(n) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(throughput: &[f64], before: Option<(f64, usize)>) -> Trial {
        let evidence = Evidence { windows: Vec::new() };
        Trial { hop_limit: 2, evidence, throughput: throughput.to_vec(), before, windows: 0 }
    }

    #[test]
    fn a_trial_is_as_exact_as_both_sides_have_windows() {
        let few = trial(&[1.3; 4], Some((1.0, 4))).effect(0.1).unwrap();
        let many = trial(&[1.3; 16], Some((1.0, 16))).effect(0.1).unwrap();
        assert!((few.gain - 0.3).abs() < 1e-12 && few.gain == many.gain, "{few:?}");
        assert!((few.error - 2.0 * many.error).abs() < 1e-12, "{few:?} {many:?}");
        let noisy = trial(&[1.3; 16], Some((1.0, 16))).effect(0.2).unwrap();
        assert!((noisy.error - few.error).abs() < 1e-12, "{noisy:?}");
        // A median of 16 has a third of its windows' deviation, and there are two of them.
        assert!((0.04..0.05).contains(&many.error), "{many:?}");
        assert_eq!(trial(&[], Some((1.0, 4))).effect(0.1), None);
        assert_eq!(trial(&[1.3], None).effect(0.1), None);
    }
    /// The lower end at 1.64 standard errors of ten windows of 20, whose recall is in turn the
    /// one and the other.
    fn lower_end(count: usize, one: f64, other: f64) -> f64 {
        let recall = |at: usize| if at.is_multiple_of(2) { one } else { other };
        let windows = (0..count).map(|at| (20.0, recall(at))).collect();
        Evidence { windows }.interval(1.64).0
    }

    #[test]
    fn an_interval_is_as_narrow_as_its_windows_agree_but_not_below_half_of_chance() {
        // 0.5 sqrt(0.97 0.03 / 200) = 0.006_03
        assert!((lower_end(10, 0.97, 0.97) - (0.97 - 1.64 * 0.006_03)).abs() < 1e-4);
        // 0.03 / sqrt(9) = 0.01
        assert!((lower_end(10, 0.94, 1.0) - (0.97 - 1.64 * 0.01)).abs() < 1e-4);
        assert_eq!(lower_end(10, 0.8, 1.0), wilson(0.9, 200.0, 1.64).0, "chance explains more");
        assert_eq!(lower_end(5, 0.97, 0.97), wilson(0.97, 100.0, 1.64).0, "too few windows");
    }
}
