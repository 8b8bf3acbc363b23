//! Time that may be spent, as a share of the time that passes.

/// Seconds of passing time for which unspent time is kept.
const KEPT_S: f64 = 1.0;

/// A bucket that fills with time as time passes:
///
/// ```text
/// left = min(left + rate * passed, rate * KEPT_S) - spent
/// ```
///
/// Nothing is begun while `left` is not above 0, so that over any time `t` from the start on all
/// that was spent is at most `rate * t` and the last thing begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Seconds a second; several processors may allow more than 1.
    rate: f64,
    left_s: f64,
    at_ns: u64,
    spent_ns: u64,
}

impl Allowance {
    pub(crate) const fn new(rate: f64, now_ns: u64) -> Self {
        Self { rate, left_s: 0.0, at_ns: now_ns, spent_ns: 0 }
    }

    /// Whether something may be begun now.
    pub(crate) fn allows(&mut self, now_ns: u64) -> bool {
        let passed_s = now_ns.saturating_sub(self.at_ns) as f64 * 1e-9;
        self.at_ns = self.at_ns.max(now_ns);
        self.left_s = (self.left_s + self.rate * passed_s).min(self.rate * KEPT_S);
        self.left_s > 0.0
    }

    /// Takes off what something took.
    pub(crate) fn spend(&mut self, ns: u64) {
        self.left_s -= ns as f64 * 1e-9;
        self.spent_ns = self.spent_ns.saturating_add(ns);
    }

    /// All that was spent.
    pub(crate) const fn spent_ns(&self) -> u64 {
        self.spent_ns
    }
}

#[cfg(test)]
mod tests {
    use super::Allowance;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn no_more_is_spent_than_the_share_and_the_last() {
        for cost in [1_000, 700_000, 250_000_000] {
            let mut allowance = Allowance::new(0.04, 0);
            let mut now = 0;
            while now < 100 * SECOND {
                while allowance.allows(now) {
                    allowance.spend(cost);
                }
                now += 7_000_000;
                let most = (0.04 * now as f64) as u64 + cost;
                assert!(allowance.spent_ns() <= most, "{cost}: {}", allowance.spent_ns());
            }
            assert!(allowance.spent_ns() > 3_900_000_000, "{cost}: {}", allowance.spent_ns());
        }
    }

    #[test]
    fn a_long_rest_does_not_save_up() {
        let mut allowance = Allowance::new(0.02, 0);
        let mut spent = 0;
        while allowance.allows(1000 * SECOND) {
            allowance.spend(1_000_000);
            spent += 1;
        }
        assert_eq!(spent, 20);
        assert!(!Allowance::new(0.0, 0).allows(u64::MAX));
        assert!(!allowance.allows(0), "a clock that goes back gives nothing");
    }
}
