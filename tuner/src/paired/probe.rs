//! One comparison of two batch sizes, in turn, until evidence decides.

use crate::curve::Effect;
use crate::decision::{Reason, Verdict};
use crate::objective::{Meter, median, robust_deviation};
use crate::random::SplitMix64;
use crate::reading::Reading;
use crate::strategy::Strategy;

/// Pairs before the throughput is judged at all.
const PAIRS_MIN: usize = 3;
/// Pairs after which the settings in force are kept.
const PAIRS_MAX: usize = 16;
/// Evidence against the compared batch size from which it is left at once: more than one window
/// can give, since in one a neighbour may have had the machine.
const LATENCY_REJECT: f64 = 2.3;
/// Evidence for it that growth needs.
const LATENCY_ACCEPT: f64 = -1.5;
/// Probability of a gain below which nothing is expected of it any more.
const FUTILE: f64 = 0.1;
/// Pairs before a contradicted prediction is given up.
const PAIRS_SURPRISE: usize = 6;
/// Error up to which a prediction is one that can be contradicted.
const SURE: f64 = 0.2;
/// Probability with which a gain must be real where the prediction said otherwise, or where
/// the best of many is tried.
const SURPRISE: f64 = 0.999;
/// Probability of a predicted gain from which the prediction is trusted where pairs cannot tell.
const TRUST: f64 = 0.96;
/// Probability with which a gain that the curve promises must be real.
const TRUSTED: f64 = 0.97;
/// The same after the last pair.
const NOT_AGAINST: f64 = 0.9;
/// A block that sees so many times its length of windows without enough usable ones ends.
const PATIENCE: u32 = 4;

/// What is known from outside the probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) strategy: &'a Strategy,
    /// Deviation of one window's throughput.
    pub(crate) noise: f64,
}

/// Which of the two is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    From,
    To,
}

/// How a probe goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Set this batch size and go on.
    Set(u32),
    /// It is decided: accept, reject or back off.
    Done(Verdict, Reason, Option<Effect>),
}

/// A comparison under way.
///
/// Blocks of `block` windows alternate in pairs, the order within a pair drawn at random, so that
/// neither drift nor a period in the load falls on one side only. The effect is the median of the
/// pairs' differences of log throughput; its error the larger of what single windows' noise and
/// what the differences themselves give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) predicted: Effect,
    block: u32,
    pairs_max: usize,
    side: Side,
    /// Whether the pair's other block has still to come.
    first_of_pair: bool,
    windows: u32,
    /// Log throughput in the block under way.
    values: Vec<f64>,
    /// Median of the pair's first block.
    first: Option<f64>,
    differences: Vec<f64>,
    /// Latencies of `to`.
    meter: Meter,
    /// Whether `to` is the best of many, so that it may be so by luck.
    far: bool,
}

impl Probe {
    /// Begins with `to`, since `before`, the newest windows of `from`, make the first block.
    pub(crate) fn new(from: u32, to: u32, predicted: Effect, block: u32, before: &[f64]) -> Self {
        Self {
            from,
            to,
            predicted,
            block,
            pairs_max: PAIRS_MAX,
            side: Side::To,
            first_of_pair: before.is_empty(),
            windows: 0,
            values: Vec::new(),
            first: median(before),
            differences: Vec::new(),
            meter: Meter::default(),
            far: false,
        }
    }

    /// The same with a limit on the number of pairs.
    pub(crate) fn with_pairs_max(mut self, pairs_max: usize) -> Self {
        self.pairs_max = pairs_max;
        self
    }

    /// The same for a batch size that was the best of many.
    pub(crate) fn of_many(mut self) -> Self {
        self.far = true;
        self
    }

    /// The batch size in force now.
    pub(crate) const fn current(&self) -> u32 {
        match self.side {
            Side::From => self.from,
            Side::To => self.to,
        }
    }

    /// Takes in a reading made under the batch size in force.
    pub(crate) fn step(
        &mut self,
        reading: &Reading,
        known: Known<'_>,
        random: &mut SplitMix64,
    ) -> Step {
        if let Some((over, samples)) = reading.exceedance()
            && self.side == Side::To
        {
            self.meter.add(over, samples);
            if self.meter.sum > LATENCY_REJECT {
                return self.over_budget(over, samples);
            }
        }
        self.windows += 1;
        self.values.extend(reading.ln_throughput());
        let full = self.values.len() >= self.block as usize;
        if full || self.windows >= PATIENCE * self.block {
            self.end_block(random);
            if let Some(done) = self.judge(known) {
                return done;
            }
        }
        Step::Set(self.current())
    }

    /// What is over budget below the settings in force means that those are too.
    fn over_budget(&self, over: f64, samples: f64) -> Step {
        let usual =
            if self.meter.samples > 0.0 { self.meter.over / self.meter.samples } else { 0.0 };
        let share = usual.max(over / samples).min(1.0);
        let reason = Reason::ProbeOverBudget { batch_size: self.to, share };
        let verdict = if self.to < self.from { Verdict::BackOff } else { Verdict::Reject };
        Step::Done(verdict, reason, self.effect(DEVIATION_ANY))
    }

    fn end_block(&mut self, random: &mut SplitMix64) {
        let block = median(&self.values);
        self.values.clear();
        self.windows = 0;
        if self.first_of_pair {
            self.first = block;
            self.first_of_pair = false;
            self.side = self.other();
            return;
        }
        if let (Some(first), Some(second)) = (self.first, block) {
            let sign = if self.side == Side::To { 1.0 } else { -1.0 };
            self.differences.push(sign * (second - first));
        } else {
            // A pair without throughput still counts, so that the probe ends.
            self.pairs_max = self.pairs_max.saturating_sub(1);
        }
        self.first_of_pair = true;
        self.first = None;
        if random.coin() {
            self.side = self.other();
        }
    }

    const fn other(&self) -> Side {
        match self.side {
            Side::From => Side::To,
            Side::To => Side::From,
        }
    }

    /// The measured effect, where `noise` is the deviation of one window.
    fn effect(&self, noise: f64) -> Option<Effect> {
        let gain = median(&self.differences)?;
        let pairs = self.differences.len() as f64;
        // A median is this much less exact than a mean.
        let efficiency = if pairs < 3.0 { 1.0 } else { 1.2 };
        let by_noise = noise * libm::sqrt(2.0 / f64::from(self.block));
        let by_pairs = match self.differences.as_slice() {
            [first, rest @ ..] if rest.len() < 3 => {
                // Too few for a robust deviation: half of what they span.
                let most = rest.iter().copied().fold(*first, f64::max);
                0.5 * (most - rest.iter().copied().fold(*first, f64::min))
            }
            all => robust_deviation(all).unwrap_or(0.0),
        };
        let error = efficiency * by_noise.max(by_pairs) / libm::sqrt(pairs);
        Some(Effect { gain, error: error.max(0.002) })
    }

    /// Decides at the end of a block, if the evidence does.
    fn judge(&self, known: Known<'_>) -> Option<Step> {
        let pairs = self.differences.len();
        if !self.first_of_pair {
            return None;
        }
        if pairs < PAIRS_MIN.min(self.pairs_max) {
            return (self.pairs_max == 0).then_some(Step::Done(
                Verdict::Reject,
                Reason::Undecided { pairs },
                None,
            ));
        }
        let measured = self.effect(known.noise)?;
        let both = self.predicted.combined(measured);
        let least = known.strategy.gain_min;
        // Against what was predicted, more is needed than a few lucky pairs.
        let contradicted = both == measured && self.predicted.error < SURE;
        if contradicted && pairs < PAIRS_SURPRISE.min(self.pairs_max) {
            return None;
        }
        let rises = self.predicted.probability_above(0.0) >= TRUST;
        let needed = match known.strategy.confidence {
            _ if contradicted || self.far => SURPRISE,
            confidence if rises => confidence.min(TRUSTED),
            confidence => confidence,
        };
        let gains = both.gain >= least && both.probability_above(0.0) >= needed;
        let inside = self.to < self.from || self.meter.sum <= LATENCY_ACCEPT;
        if gains && inside {
            let reason = Reason::Better { effect: both };
            return Some(Step::Done(Verdict::Accept, reason, Some(measured)));
        }
        // What noise hides forever is taken on trust where the curve clearly rises.
        let trusted = both.gain >= least && both.probability_above(0.0) >= NOT_AGAINST;
        if pairs >= self.pairs_max && rises && trusted && !contradicted && inside {
            let reason = Reason::Better { effect: both };
            return Some(Step::Done(Verdict::Accept, reason, Some(measured)));
        }
        if !gains && both.probability_above(least) < FUTILE {
            let reason = Reason::NoGain { effect: both };
            return Some(Step::Done(Verdict::Reject, reason, Some(measured)));
        }
        (pairs >= self.pairs_max).then_some(Step::Done(
            Verdict::Reject,
            Reason::Undecided { pairs },
            Some(measured),
        ))
    }
}

/// Used where only the pairs themselves are to speak.
const DEVIATION_ANY: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Settings;
    use crate::strategy::AGGRESSIVE;

    /// A comparison of 64 with 128 in blocks of one window, where `rate` is the throughput of a
    /// batch size; how it ended, and after how many windows.
    fn compared(probe: Probe, noise: f64, rate: impl Fn(u32) -> f64) -> (Step, u64) {
        let (mut probe, mut random) = (probe, SplitMix64::new(1));
        let known = Known { strategy: &AGGRESSIVE, noise };
        for window in 1..200 {
            let batch_size = probe.current();
            let reading = Reading {
                window,
                settings: Settings { batch_size, hop_limit: 3 },
                spreads: 900,
                throughput_per_second: rate(batch_size),
                samples: 200,
                over_budget: 0,
                app_limited: false,
                shadow: None,
            };
            match probe.step(&reading, known, &mut random) {
                Step::Set(_) => {}
                done @ Step::Done(..) => return (done, window),
            }
        }
        panic!("it does not end: {probe:?}");
    }

    fn verdict(step: Step) -> Verdict {
        match step {
            Step::Done(verdict, ..) => verdict,
            Step::Set(batch_size) => panic!("not done, but at {batch_size}"),
        }
    }

    #[test]
    fn only_the_last_pair_is_taken_on_trust() {
        // The curve promises a tenth; the pairs see nothing, and might not if it were there.
        let promised = Effect { gain: 0.1, error: 0.05 };
        let probe = Probe::new(64, 128, promised, 1, &[]);
        let (last, windows) = compared(probe.clone().with_pairs_max(3), 0.051, |_| 1000.0);
        assert_eq!((verdict(last), windows), (Verdict::Accept, 6));
        let (patient, windows) = compared(probe, 0.051, |_| 1000.0);
        assert_eq!(verdict(patient), Verdict::Reject);
        assert!(windows > 6, "{windows}");
    }

    #[test]
    fn a_clear_gain_needs_three_pairs_and_a_clear_loss_no_more() {
        let probe = Probe::new(64, 128, Effect::UNKNOWN, 1, &[]);
        let (gain, windows) = compared(probe.clone(), 0.01, f64::from);
        assert_eq!((verdict(gain), windows), (Verdict::Accept, 6));
        let Step::Done(_, Reason::Better { effect }, Some(measured)) = gain else {
            panic!("{gain:?}")
        };
        assert!((measured.gain - std::f64::consts::LN_2).abs() < 1e-12, "{measured:?}");
        assert!(effect.gain > 0.69 && effect.error <= measured.error, "{effect:?}");
        let (loss, windows) = compared(probe, 0.01, |b| 1e4 / f64::from(b));
        assert_eq!((verdict(loss), windows), (Verdict::Reject, 6));
        assert!(matches!(loss, Step::Done(_, Reason::NoGain { effect }, _) if effect.gain < -0.6));
    }
    #[test]
    fn one_disturbed_pair_among_many_moves_neither_gain_nor_error_far() {
        let mut probe = Probe::new(64, 128, Effect::UNKNOWN, 1, &[]);
        probe.differences = vec![0.10, 0.11, 2.0, 0.09, 0.10, 0.12];
        let many = probe.effect(0.01).unwrap();
        assert!((many.gain - 0.105).abs() < 1e-12 && many.error < 0.01, "{many:?}");
        // Of two nobody knows which is disturbed: half of what they span, by the root of two.
        probe.differences = vec![0.10, 0.30];
        let few = probe.effect(0.01).unwrap();
        assert!((few.gain - 0.2).abs() < 1e-12 && (few.error - 0.0707).abs() < 1e-4, "{few:?}");
    }
}
