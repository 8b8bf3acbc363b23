//! The settings in force, what was measured under them, and how much windows differ by chance.

use std::collections::VecDeque;

use crate::objective::{Meter, median, robust_deviation};
use crate::reading::{Reading, Settings};

/// Windows whose throughput is remembered.
const WINDOWS_MAX: usize = 64;

/// The settings that stand until something better is shown, and the evidence about them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incumbent {
    pub(crate) settings: Settings,
    pub(crate) meter: Meter,
    /// Logarithms of throughput, the newest last.
    throughput: VecDeque<f64>,
    /// Shares over budget of the newest windows, the newest last.
    shares: VecDeque<f64>,
}

/// Windows over which the share over budget is averaged when a step down is sized.
const SHARES_MAX: usize = 4;

impl Incumbent {
    pub(crate) fn new(settings: Settings) -> Self {
        let (throughput, shares) = (VecDeque::new(), VecDeque::new());
        Self { settings, meter: Meter::default(), throughput, shares }
    }

    /// Takes in a reading, if it was made under these settings.
    pub(crate) fn observe(&mut self, reading: &Reading) {
        if reading.settings != self.settings {
            return;
        }
        if let Some((over, samples)) = reading.exceedance() {
            self.meter.add(over, samples);
            push(&mut self.shares, over / samples, SHARES_MAX);
        }
        if let Some(y) = reading.ln_throughput() {
            push(&mut self.throughput, y, WINDOWS_MAX);
        }
    }

    /// Median logarithm of throughput of the newest `count` windows and how many there were.
    pub(crate) fn recent(&self, count: usize) -> Option<(f64, usize)> {
        let newest: Vec<f64> = self.throughput.iter().rev().take(count).copied().collect();
        median(&newest).map(|middle| (middle, newest.len()))
    }

    /// The throughput's logarithms before the newest `skip`, the newest last.
    pub(crate) fn before(&self, skip: usize) -> Vec<f64> {
        let kept = self.throughput.len().saturating_sub(skip);
        self.throughput.iter().take(kept).copied().collect()
    }

    /// The newest `count` logarithms of throughput, the newest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<f64> {
        self.throughput.iter().rev().take(count).copied().collect()
    }

    /// Forgets all throughput but the newest `count` windows, which another workload gave.
    pub(crate) fn forget(&mut self, count: usize) {
        let gone = self.throughput.len().saturating_sub(count);
        self.throughput.drain(..gone);
    }

    /// Mean share over budget of the newest windows while they were bad; 0 without any.
    pub(crate) fn recent_share(&self) -> f64 {
        let windows = (self.meter.severe as usize).clamp(1, SHARES_MAX);
        let windows = if self.meter.severe == 0 { SHARES_MAX } else { windows };
        let newest = self.shares.iter().rev().take(windows);
        let count = self.shares.len().min(windows).max(1);
        newest.sum::<f64>() / count as f64
    }
}

fn push(ring: &mut VecDeque<f64>, value: f64, length_max: usize) {
    if ring.len() == length_max {
        ring.pop_front();
    }
    ring.push_back(value);
}

/// How much the throughput of two windows under the same settings differs by chance.
///
/// The deviation of one window is that of neighbours' differences divided by the root of two, so
/// that a slow drift does not count as noise; robust, so that a few bad windows do not either.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Noise {
    last: Option<(Settings, f64)>,
    differences: VecDeque<f64>,
}

/// Differences from which the estimate is believed.
const DIFFERENCES_MIN: usize = 8;
/// Deviation assumed before that.
const DEVIATION_UNKNOWN: f64 = 0.1;
/// Least deviation assumed: no engine is quieter.
const DEVIATION_MIN: f64 = 0.005;

impl Noise {
    pub(crate) fn observe(&mut self, reading: &Reading) {
        let Some(y) = reading.ln_throughput() else { return };
        if let Some((settings, before)) = self.last
            && settings == reading.settings
        {
            push(&mut self.differences, y - before, WINDOWS_MAX);
        }
        self.last = Some((reading.settings, y));
    }

    /// Standard deviation of the logarithm of one window's throughput.
    pub(crate) fn deviation(&self) -> f64 {
        let differences: Vec<f64> = self.differences.iter().copied().collect();
        let found = robust_deviation(&differences).map(|d| d * std::f64::consts::FRAC_1_SQRT_2);
        match found {
            Some(found) if differences.len() >= DIFFERENCES_MIN => found.max(DEVIATION_MIN),
            Some(found) => found.max(DEVIATION_UNKNOWN),
            None => DEVIATION_UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { batch_size: 8, hop_limit: 2 };

    fn reading(settings: Settings, throughput_per_second: f64, over_budget: u64) -> Reading {
        Reading {
            window: 1,
            settings,
            spreads: 100,
            throughput_per_second,
            samples: 100,
            over_budget,
            app_limited: false,
            shadow: None,
        }
    }

    #[test]
    fn quiet_is_believed_after_eight_differences_and_noise_at_once() {
        let mut noise = Noise::default();
        for _ in 0..8 {
            noise.observe(&reading(SETTINGS, 1000.0, 0));
            assert_eq!(noise.deviation(), 0.1);
        }
        noise.observe(&reading(SETTINGS, 1000.0, 0));
        assert_eq!(noise.deviation(), 0.005);
        let mut loud = Noise::default();
        for at in 0..5 {
            loud.observe(&reading(SETTINGS, if at % 2 == 0 { 500.0 } else { 2000.0 }, 0));
        }
        assert!(loud.deviation() > 1.0, "{}", loud.deviation());
    }

    #[test]
    fn what_differs_between_settings_is_no_noise() {
        let mut noise = Noise::default();
        for at in 0..40 {
            let batch_size = 8 + at / 2 % 2;
            let settings = Settings { batch_size, ..SETTINGS };
            noise.observe(&reading(settings, f64::from(batch_size - 7) * 1000.0, 0));
        }
        assert_eq!(noise.deviation(), 0.005);
    }

    #[test]
    fn the_share_over_budget_is_that_of_the_bad_windows_or_of_the_last_four() {
        let mut incumbent = Incumbent::new(SETTINGS);
        assert_eq!(incumbent.recent_share(), 0.0);
        for over_budget in [9, 1, 2, 3, 2] {
            incumbent.observe(&reading(SETTINGS, 1000.0, over_budget));
        }
        assert!((incumbent.recent_share() - 0.02).abs() < 1e-12);
        incumbent.observe(&reading(SETTINGS, 1000.0, 50));
        assert!((incumbent.recent_share() - 0.5).abs() < 1e-12);
        incumbent.observe(&reading(SETTINGS, 1000.0, 70));
        assert!((incumbent.recent_share() - 0.6).abs() < 1e-12);
        let other = Settings { batch_size: 9, ..SETTINGS };
        incumbent.observe(&reading(other, 1.0, 100));
        assert!((incumbent.recent_share() - 0.6).abs() < 1e-12, "made elsewhere");
    }

    #[test]
    fn the_newest_and_what_was_before_them_are_told_apart() {
        let mut incumbent = Incumbent::new(SETTINGS);
        for at in 0..70 {
            incumbent.observe(&reading(SETTINGS, libm::exp(f64::from(at)), 0));
        }
        let near = |found: &[f64], expected: &[f64]| {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9)
        };
        assert!(near(&incumbent.newest(3), &[69.0, 68.0, 67.0]));
        assert!(near(&incumbent.before(62), &[6.0, 7.0]), "64 are remembered");
        assert_eq!(incumbent.recent(5).map(|(y, n)| (y.round(), n)), Some((67.0, 5)));
        incumbent.forget(2);
        assert!(near(&incumbent.newest(9), &[69.0, 68.0]) && incumbent.before(2).is_empty());
    }
}
