//! Tuners that ours is compared with on the same plants.

use crate::reading::{Bounds, Reading, Settings};

/// A threshold rule of the kind many systems have: over 10 % of a window over budget, halve;
/// else go on by a quarter in the last direction while throughput rose, and turn where it fell.
#[derive(Clone, Debug)]
pub struct Naive {
    last: f64,
    up: bool,
}

impl Naive {
    /// At first it goes up.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0.0, up: true }
    }

    /// The next settings.
    pub fn tick(&mut self, reading: &Reading, bounds: &Bounds) -> Settings {
        let own = reading.settings;
        let factor = if reading.over_budget * 10 > reading.samples {
            self.up = false;
            0.5
        } else {
            if reading.throughput_per_second < self.last {
                self.up = !self.up;
            }
            if self.up { 1.25 } else { 0.8 }
        };
        self.last = reading.throughput_per_second;
        Settings { batch_size: bounds.scaled(own.batch_size, factor), ..own }
    }
}

impl Default for Naive {
    fn default() -> Self {
        Self::new()
    }
}

/// Netflix's Gradient2 on the batch size, fed with the window's true batch time:
///
/// ```text
/// long += (rtt - long) 2 / 601;   if long / rtt > 2: long *= 0.95
/// g = clamp(1.5 long / rtt, 0.5, 1);   new = 0.8 limit + 0.2 (limit g + 4)
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gradient2 {
    long: f64,
    limit: f64,
}

impl Gradient2 {
    /// Begins at the first reading's batch size.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next settings after a window whose batches took `batch_us`.
    pub fn tick(&mut self, reading: &Reading, batch_us: f64, bounds: &Bounds) -> Settings {
        let own = reading.settings;
        if self.limit == 0.0 {
            (self.long, self.limit) = (batch_us, f64::from(own.batch_size));
        }
        self.long += (batch_us - self.long) * 2.0 / 601.0;
        if self.long / batch_us > 2.0 {
            self.long *= 0.95;
        }
        let gradient = (1.5 * self.long / batch_us).clamp(0.5, 1.0);
        let (least, most) = (bounds.min().batch_size, bounds.max().batch_size);
        self.limit = (0.8 * self.limit + 0.2 * (self.limit * gradient + 4.0))
            .clamp(f64::from(least), f64::from(most));
        Settings { batch_size: libm::round(self.limit) as u32, ..own }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn settings(batch_size: u32) -> Settings {
        Settings { batch_size, hop_limit: 3 }
    }

    fn reading(batch_size: u32, throughput_per_second: f64, over_budget: u64) -> Reading {
        Reading {
            window: 0,
            settings: settings(batch_size),
            spreads: 900,
            throughput_per_second,
            samples: 200,
            over_budget,
            app_limited: false,
            shadow: None,
        }
    }

    #[test]
    fn the_threshold_rule_turns_where_throughput_fell_and_halves_over_budget() {
        let bounds = Bounds::new(settings(1), settings(1000)).unwrap();
        let mut naive = Naive::new();
        // Throughput and latencies over budget, and what 100 becomes.
        let course = [
            (500.0, 0, 125),
            (600.0, 0, 125),
            (600.0, 20, 125),
            (599.0, 0, 80),
            (600.0, 0, 80),
            (500.0, 0, 125),
            (600.0, 21, 50),
            (700.0, 0, 80),
        ];
        for (throughput, over_budget, expected) in course {
            let next = naive.tick(&reading(100, throughput, over_budget), &bounds);
            assert_eq!(next, settings(expected), "{throughput} {over_budget}");
        }
    }

    #[test]
    fn gradient2_forgets_a_slow_past_soon() {
        let bounds = Bounds::new(settings(1), settings(100_000)).unwrap();
        let mut gradient = Gradient2::new();
        let mut limit = 64;
        let mut tick = |batch_us: f64| {
            let before = limit;
            limit = gradient.tick(&reading(limit, 1e3, 0), batch_us, &bounds).batch_size;
            limit >= before
        };
        assert!(tick(10_000.0));
        assert!((0..100).all(|_| tick(1_000.0)), "nothing queues");
        // Four times as slow as lately, though faster than at first.
        assert!(!tick(4_000.0) && !tick(4_000.0));
    }
}
