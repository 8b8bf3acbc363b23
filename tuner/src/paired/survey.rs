//! A first look at the whole range of batch sizes, by doublings.

use crate::curve::Effect;
use crate::objective::{Meter, median};
use crate::reading::{Bounds, Reading};

/// Throughput this far below the best, as a logarithm, is not looked beyond when going up.
const FAR_UP: f64 = 1.6;
/// The same when going down.
const FAR_DOWN: f64 = 0.5;
/// Rungs within this of the best are visited a second time, in reverse order.
const NEAR: f64 = 0.3;
/// Evidence against a rung from which it is over budget; more than one window can give.
const LATENCY_REJECT: f64 = 2.3;
/// Windows without usable throughput, in blocks, after which the survey gives up.
const PATIENCE: u32 = 4;

/// One batch size and what was seen there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rung {
    pub(crate) batch_size: u32,
    /// Log throughput of each window.
    pub(crate) values: Vec<f64>,
    pub(crate) meter: Meter,
    /// Whether it is over budget.
    pub(crate) over_budget: bool,
}

impl Rung {
    const fn new(batch_size: u32) -> Self {
        let meter = Meter { windows: 0, samples: 0.0, over: 0.0, sum: 0.0, alarm: 0.0, severe: 0 };
        Self { batch_size, values: Vec::new(), meter, over_budget: false }
    }

    fn middle(&self) -> f64 {
        median(&self.values).unwrap_or(f64::NEG_INFINITY)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    /// Doubling from the start.
    Up,
    /// Second visits, from the top.
    Back,
    /// Halving from the start.
    Down,
}

/// How a survey goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Set this batch size and go on.
    Set(u32),
    /// Everything was seen.
    Done,
    /// Too little was asked for to see anything.
    GaveUp,
}

/// A survey under way: up by doublings until the budget, the bounds or a collapse of throughput;
/// back down over what was near the best, so that a drift falls on both sides; then down from the
/// start by halvings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Survey {
    pub(crate) rungs: Vec<Rung>,
    start: u32,
    leg: Leg,
    at: usize,
    block: u32,
    windows: u32,
    /// Usable windows in the block under way.
    usable: u32,
    /// Rungs still to be visited a second time, the next one last.
    again: Vec<usize>,
}

impl Survey {
    /// A survey from `start` with `block` windows a visit.
    pub(crate) fn new(start: u32, block: u32) -> Self {
        let rungs = vec![Rung::new(start)];
        let (leg, again) = (Leg::Up, Vec::new());
        Self { rungs, start, leg, at: 0, block, windows: 0, usable: 0, again }
    }

    /// The batch size in force now.
    pub(crate) fn current(&self) -> u32 {
        self.rungs[self.at].batch_size
    }

    /// Takes in a reading made under the batch size in force; nothing at or above `ceiling` is
    /// tried.
    pub(crate) fn step(&mut self, reading: &Reading, bounds: &Bounds, ceiling: u32) -> Step {
        let rung = &mut self.rungs[self.at];
        if let Some((over, samples)) = reading.exceedance() {
            rung.meter.add(over, samples);
            rung.over_budget |= rung.meter.sum > LATENCY_REJECT;
        }
        self.windows += 1;
        if let Some(y) = reading.ln_throughput() {
            rung.values.push(y);
            self.usable += 1;
        }
        if !rung.over_budget && self.usable < self.block {
            return match self.windows >= PATIENCE * self.block {
                true => Step::GaveUp,
                false => Step::Set(self.current()),
            };
        }
        (self.windows, self.usable) = (0, 0);
        self.next(bounds, ceiling)
    }

    fn best(&self) -> f64 {
        let inside = self.rungs.iter().filter(|rung| !rung.over_budget);
        inside.map(Rung::middle).fold(f64::NEG_INFINITY, f64::max)
    }

    fn next(&mut self, bounds: &Bounds, ceiling: u32) -> Step {
        let (best, here) = (self.best(), &self.rungs[self.at]);
        if self.leg == Leg::Up {
            let double = here.batch_size.saturating_mul(2).min(bounds.max().batch_size);
            let far = here.over_budget || here.middle() < best - FAR_UP;
            if !far && double > here.batch_size && double < ceiling {
                return self.visit(double);
            }
            let near = |rung: &Rung| !rung.over_budget && rung.middle() >= best - NEAR;
            let last = self.rungs.len() - 1;
            let again = self.rungs.iter().enumerate().filter(|(at, rung)| *at < last && near(rung));
            self.again = again.map(|(at, _)| at).collect();
            self.leg = Leg::Back;
        }
        if self.leg == Leg::Back {
            if let Some(at) = self.again.pop() {
                self.at = at;
                return Step::Set(self.current());
            }
            self.leg = Leg::Down;
            return self.halve(self.start, bounds);
        }
        match self.rungs[self.at].middle() < best - FAR_DOWN {
            true => Step::Done,
            false => self.halve(self.rungs[self.at].batch_size, bounds),
        }
    }

    fn halve(&mut self, from: u32, bounds: &Bounds) -> Step {
        let half = (from / 2).max(bounds.min().batch_size);
        // Where the start is already far below the best, what is below it is too.
        let start = self.rungs.iter().find(|rung| rung.batch_size == self.start);
        let hopeless = start.is_some_and(|rung| rung.middle() < self.best() - FAR_DOWN);
        if half >= from || hopeless { Step::Done } else { self.visit(half) }
    }

    fn visit(&mut self, batch_size: u32) -> Step {
        self.rungs.push(Rung::new(batch_size));
        self.at = self.rungs.len() - 1;
        Step::Set(batch_size)
    }

    /// The least batch size found over budget.
    pub(crate) fn ceiling(&self) -> Option<u32> {
        self.rungs.iter().filter(|rung| rung.over_budget).map(|rung| rung.batch_size).min()
    }

    /// The least batch size about as good as the best one inside the budget, and what it gains;
    /// `None` where that promises nothing.
    pub(crate) fn best_from(&self, from: u32, noise: f64) -> Option<(u32, Effect)> {
        let start = self.rungs.iter().find(|rung| rung.batch_size == from)?;
        let start_y = median(&start.values)?;
        let deviation = 1.2 * noise;
        let mut found: Option<(u32, Effect)> = None;
        for rung in self.rungs.iter().filter(|rung| !rung.over_budget && rung.meter.sum <= 0.0) {
            let Some(y) = median(&rung.values) else { continue };
            let n = 1.0 / rung.values.len() as f64 + 1.0 / start.values.len() as f64;
            let effect = Effect { gain: y - start_y, error: deviation * libm::sqrt(n) };
            let better = found.is_none_or(|(batch_size, best)| {
                let margin = if rung.batch_size > batch_size { 0.015 } else { -0.015 };
                effect.gain > best.gain + margin
            });
            if rung.batch_size != from && better && effect.gain - effect.error > 0.0 {
                found = Some((rung.batch_size, effect));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Settings;

    /// The batch sizes a survey with two windows a visit sets from 16 within 1 and 64, where
    /// throughput is `rate` of the batch size and from `limit` on all is over budget; and what
    /// it ends with.
    fn surveyed(rate: impl Fn(u32) -> f64, limit: u32) -> (Vec<u32>, Survey) {
        let settings = |batch_size| Settings { batch_size, hop_limit: 3 };
        let bounds = Bounds::new(settings(1), settings(64)).unwrap();
        let mut survey = Survey::new(16, 2);
        let mut set = vec![survey.current()];
        for window in 0..200 {
            let batch_size = survey.current();
            let reading = Reading {
                window,
                settings: settings(batch_size),
                spreads: 900,
                throughput_per_second: rate(batch_size),
                samples: 200,
                over_budget: if batch_size >= limit { 200 } else { 0 },
                app_limited: false,
                shadow: None,
            };
            match survey.step(&reading, &bounds, u32::MAX) {
                Step::Set(next) if next != batch_size => set.push(next),
                Step::Set(_) => {}
                Step::Done => return (set, survey),
                Step::GaveUp => panic!("there was throughput at {batch_size}"),
            }
        }
        panic!("no end after {set:?}");
    }

    #[test]
    fn where_nothing_differs_the_whole_range_is_seen_and_what_is_above_twice() {
        let (set, survey) = surveyed(|_| 1000.0, u32::MAX);
        assert_eq!(set, [16, 32, 64, 32, 16, 8, 4, 2, 1]);
        let windows: Vec<_> = survey.rungs.iter().map(|rung| rung.values.len()).collect();
        assert_eq!(windows, [4, 4, 2, 2, 2, 2, 2]);
        assert_eq!((survey.ceiling(), survey.best_from(16, 0.01)), (None, None));
    }

    #[test]
    fn what_is_far_below_the_best_is_not_looked_beyond() {
        // A third of the best is too little to halve once more, a fifth to double once more.
        let falls = |batch_size: u32| if batch_size >= 16 { 1000.0 } else { 333.0 };
        assert_eq!(surveyed(falls, u32::MAX).0, [16, 32, 64, 32, 16, 8]);
        let collapses = |batch_size: u32| if batch_size > 16 { 199.0 } else { 1000.0 };
        assert_eq!(surveyed(collapses, u32::MAX).0, [16, 32, 16, 8, 4, 2, 1]);
        let (set, survey) = surveyed(f64::from, u32::MAX);
        assert_eq!(set, [16, 32, 64], "what began far below the best is not halved");
        assert_eq!(survey.best_from(16, 0.01).map(|(best, _)| best), Some(64));
    }

    #[test]
    fn the_budget_ends_the_way_up_and_is_the_ceiling() {
        let (set, survey) = surveyed(|_| 1000.0, 32);
        assert_eq!(set, [16, 32, 16, 8, 4, 2, 1]);
        assert_eq!(survey.ceiling(), Some(32));
        let (set, survey) = surveyed(f64::from, 64);
        assert_eq!(set, [16, 32, 64, 32]);
        assert_eq!(survey.best_from(16, 0.01).map(|(best, _)| best), Some(32));
    }
    #[test]
    fn over_budget_without_throughput_the_way_down_is_still_looked_for() {
        let (set, survey) = surveyed(|_| 0.0, 1);
        assert_eq!(set, [16, 8, 4, 2, 1]);
        assert_eq!((survey.ceiling(), survey.best_from(16, 0.01)), (Some(1), None));
    }
}
