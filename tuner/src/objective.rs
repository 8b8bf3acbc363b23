//! What is wanted (most throughput inside a latency budget and a quality floor), and how evidence
//! for or against it is weighed.
//!
//! **Latency.** The budget is kept when at most [`OVER_BUDGET_MAX`] of the latencies exceed it.
//! A window of `n` latencies, `k` of them over, is evidence by its log-likelihood ratio between
//! an exceedance of [`P_BAD`] and one of [`P_GOOD`]:
//!
//! ```text
//! e(k, n) = clip(k ln(bad / good) + (n - k) ln((1 - bad) / (1 - good)), -CLIP, CLIP)
//! ```
//!
//! which is 0 where k / n is 0.73 %. The clip keeps one noisy window from deciding. Sums of `e`
//! decide a probe (Wald's sequential test), and `S = max(0, S + e)` watches the settings in force
//! (Page's cumulative sum). A window is *severe* where Chernoff's bound makes it next to
//! impossible at twice the allowed exceedance: `n KL(k / n, 2 %) > 6`.
//!
//! **Quality.** Recall over `n` shadow spreads has Wilson's interval, or the one that windows
//! spread over if that is known and narrower.
//!
//! \[1\] A. Wald. *Sequential tests of statistical hypotheses*. Ann. Math. Stat. 16 (1945).
//! \[2\] E. S. Page. *Continuous inspection schemes*. Biometrika 41 (1954).
//! \[3\] E. B. Wilson. *Probable inference*. JASA 22 (1927).

/// Share of latencies that may exceed the budget: the budget bounds the 0.99 quantile.
pub const OVER_BUDGET_MAX: f64 = 0.01;
/// Exceedance that settings must not have.
pub const P_BAD: f64 = 0.012;
/// Exceedance that settings may have.
pub const P_GOOD: f64 = 0.004;
/// Most that one window says.
const CLIP: f64 = 2.2;
/// Evidence from which a window is severe.
const SEVERE: f64 = 6.0;
/// Evidence against settings in force from which they are left.
pub const ALARM: f64 = 7.5;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// The latency budget in microseconds. The windows already say how many exceeded it; it is
    /// kept for those who read the audit.
    pub budget_us: f64,
    /// Least recall of a limited spread against the full-depth one, in `[0, 1]`.
    pub quality_floor: f64,
}

/// Evidence of a window with `over` of `samples` latencies over budget; > 0 speaks against.
#[must_use]
pub fn evidence(over: f64, samples: f64) -> f64 {
    let against = libm::log(P_BAD / P_GOOD);
    let for_it = libm::log((1.0 - P_BAD) / (1.0 - P_GOOD));
    (over * against + (samples - over) * for_it).clamp(-CLIP, CLIP)
}

/// Whether so many over budget cannot be chance.
#[must_use]
pub fn severe(over: f64, samples: f64) -> bool {
    let (p, q) = (over / samples, 2.0 * OVER_BUDGET_MAX);
    if p <= q {
        return false;
    }
    let miss = if p < 1.0 { (1.0 - p) * libm::log((1.0 - p) / (1.0 - q)) } else { 0.0 };
    samples * (p * libm::log(p / q) + miss) > SEVERE
}

/// Wilson's interval for a share of which `share` of `n` was seen, at `z` standard errors.
/// `n` above 0.
#[must_use]
pub fn wilson(share: f64, n: f64, z: f64) -> (f64, f64) {
    let square = z * z / n;
    let center = share + square / 2.0;
    let half = z * libm::sqrt(share * (1.0 - share) / n + square / (4.0 * n));
    ((center - half) / (1.0 + square), (center + half) / (1.0 + square))
}

/// Probability that a standard normal is below `z`.
#[must_use]
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The `z` below which a standard normal falls with probability `p`, by bisection to 1e-9;
/// within -8 to 8.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    while high - low > 1e-9 {
        let middle = 0.5 * (low + high);
        match normal_below(middle) < p {
            true => low = middle,
            false => high = middle,
        }
    }
    0.5 * (low + high)
}

/// The middle value, or the mean of the two; `None` of nothing. NaN must not occur.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(0.5 * (sorted[middle - 1] + sorted[middle])),
    }
}

/// Standard deviation estimated by the median distance from the median (times 1.4826), which a
/// minority of outliers cannot move far; `None` of fewer than two values.
#[must_use]
pub fn robust_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let center = median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| libm::fabs(value - center)).collect();
    Some(1.4826 * median(&distances)?)
}

/// Latencies over budget at one pair of settings, with evidence against them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meter {
    /// Windows seen.
    pub windows: u32,
    /// Latencies of windows that were not severe. A lone severe window is a neighbour's doing and
    /// says nothing; several in a row are for the alarm.
    pub samples: f64,
    /// Those over budget.
    pub over: f64,
    /// Sum of the evidence; > 0 speaks against the settings.
    pub sum: f64,
    /// Page's cumulative sum; at least 0.
    pub alarm: f64,
    /// Severe windows in a row.
    pub severe: u32,
}

impl Meter {
    /// Adds a window's latencies.
    pub fn add(&mut self, over: f64, samples: f64) {
        let evidence = evidence(over, samples);
        self.windows = self.windows.saturating_add(1);
        if !severe(over, samples) {
            self.samples += samples;
            self.over += over;
        }
        self.sum += evidence;
        self.alarm = (self.alarm + evidence).max(0.0);
        self.severe = if severe(over, samples) { self.severe.saturating_add(1) } else { 0 };
    }

    /// Upper end of the exceedance at `z` standard errors; 1 without samples.
    #[must_use]
    pub fn upper(&self, z: f64) -> f64 {
        if self.samples <= 0.0 {
            return 1.0;
        }
        wilson((self.over / self.samples).min(1.0), self.samples, z).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_turns_between_good_and_bad() {
        assert!(evidence(7.0, 1000.0) < 0.0 && evidence(8.0, 1000.0) > 0.0);
        assert_eq!(evidence(500.0, 1000.0), CLIP);
        assert_eq!(evidence(0.0, 100_000.0), -CLIP);
        assert!((evidence(1.0, 1.0) - libm::log(3.0)).abs() < 1e-12);
    }

    #[test]
    fn severe_is_beyond_chance() {
        assert!(!severe(4.0, 200.0) && !severe(10.0, 200.0) && severe(20.0, 200.0));
        assert!(!severe(1.0, 1.0) && severe(2.0, 2.0) && !severe(0.0, 50.0));
    }

    #[test]
    fn wilson_as_tabled() {
        let (low, high) = wilson(0.5, 10.0, 1.96);
        assert!((low - 0.236_6).abs() < 1e-3 && (high - 0.763_4).abs() < 1e-3, "{low} {high}");
        let (low, high) = wilson(0.0, 100.0, 1.96);
        assert!(low.abs() < 1e-12 && (high - 0.037).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn normal_as_tabled() {
        assert!((normal_below(1.644_854) - 0.95).abs() < 1e-6);
        assert!((normal_quantile(0.99) - 2.326_348).abs() < 1e-5);
        assert!(normal_quantile(0.0) < -7.9 && normal_quantile(1.0) > 7.9);
    }

    #[test]
    fn the_middle_holds_against_outliers() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(robust_deviation(&[1.0]), None);
        assert_eq!(robust_deviation(&[1.0, 2.0, 3.0, 4.0, 1e9]), Some(1.4826));
    }

    #[test]
    fn one_noisy_window_does_not_decide() {
        let mut meter = Meter::default();
        assert_eq!(meter.upper(1.0), 1.0);
        meter.add(150.0, 200.0);
        assert_eq!((meter.alarm, meter.severe), (CLIP, 1));
        assert!(meter.over == 0.0 && meter.samples == 0.0 && meter.windows == 1, "{meter:?}");
        meter.add(0.0, 200.0);
        assert_eq!(meter.severe, 0);
        assert!(meter.alarm < 1.0 && meter.sum < 1.0 && meter.windows == 2);
        let (before, ()) = (meter.upper(1.28), meter.add(0.0, 2000.0));
        assert!(meter.upper(1.28) < before);
    }
}
