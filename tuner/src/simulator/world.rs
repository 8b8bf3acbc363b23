//! A plant with noise: what windows would be measured.

use std::collections::VecDeque;

use crate::objective::normal_below;
use crate::random::SplitMix64;
use crate::reading::{Reading, Settings, Shadow};
use crate::simulator::plant::{BUDGET_US, Plant};

/// Latencies measured in a window.
pub const SAMPLES: u64 = 200;
/// Shadow spreads in a window.
pub const SHADOWS: u64 = 20;
/// Share of windows disturbed by a neighbour.
const DISTURBED: f64 = 0.02;

/// A plant under way.
///
/// Noise `n` is the deviation of the logarithm of one window's throughput. In 2 % of the windows
/// a neighbour takes the machine: everything takes 1.5 to 3 times as long. Latencies over budget
/// are binomial with the plant's own probability in that window.
#[derive(Clone, Debug)]
pub struct World {
    plant: Plant,
    noise: f64,
    windows: u64,
    window: u64,
    random: SplitMix64,
    /// Settings asked for and not yet in force.
    pending: VecDeque<Settings>,
    in_force: Settings,
}

impl World {
    /// A plant of `windows` windows with the plant's first settings in force.
    #[must_use]
    pub fn new(plant: Plant, noise: f64, windows: u64, seed: u64) -> Self {
        let in_force = plant.first();
        let pending = VecDeque::from(vec![in_force; plant.dead_time()]);
        let random = SplitMix64::new(seed ^ 0x51D0_7EAC_4E55_0001);
        Self { plant, noise, windows, window: 0, random, pending, in_force }
    }

    /// The window that the next reading is about.
    #[must_use]
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// The settings in force in that window.
    #[must_use]
    pub const fn in_force(&self) -> Settings {
        self.in_force
    }

    /// Measures a window, and the batch's time as a latency-based tuner would see it.
    pub fn measure(&mut self) -> (Reading, f64) {
        let (plant, settings, at) = (self.plant, self.in_force, self.window);
        let disturbed = self.random.uniform() < DISTURBED;
        let slow = if disturbed { 1.5 + 1.5 * self.random.uniform() } else { 1.0 };
        let z = match plant {
            Plant::HeavyTail => self.student(),
            _ => self.random.normal(),
        };
        let factor = libm::exp(self.noise * z) / slow;
        let throughput = plant.throughput(settings, at, self.windows) * factor;
        let batch_us = plant.batch_us(settings, at, self.windows) * slow;
        let share = {
            let deviation = plant.latency_deviation();
            normal_below(libm::log(batch_us / BUDGET_US) / deviation)
        };
        let recall = plant.recall(settings.hop_limit, at, self.windows);
        let kept = SHADOWS - self.binomial(SHADOWS, 1.0 - recall);
        let reading = Reading {
            window: at,
            settings,
            spreads: libm::round(throughput / 4.0) as u64,
            throughput_per_second: throughput,
            samples: SAMPLES,
            over_budget: self.binomial(SAMPLES, share),
            app_limited: false,
            shadow: Some(Shadow {
                hop_limit: settings.hop_limit,
                spreads: SHADOWS,
                recall: kept as f64 / SHADOWS as f64,
            }),
        };
        self.window += 1;
        (reading, batch_us / factor.clamp(0.2, 1.0))
    }

    /// Asks for settings; they take force after the plant's dead time.
    pub fn ask(&mut self, settings: Settings) {
        self.pending.push_back(settings);
        if self.pending.len() > self.plant.dead_time()
            && let Some(next) = self.pending.pop_front()
        {
            self.in_force = next;
        }
    }

    /// Student's t with 3 degrees of freedom, scaled to deviation 1.
    fn student(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.random.normal()).map(|x| x * x).sum();
        self.random.normal() / libm::sqrt(squares)
    }

    /// How many of `n` happen, each with probability `p`; jumps from one to the next, so that it
    /// costs as many draws as there are.
    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if p <= 0.0 {
            return 0;
        }
        if p > 0.5 {
            return if p >= 1.0 { n } else { n - self.binomial(n, 1.0 - p) };
        }
        let (mut at, mut count) = (0.0, 0);
        loop {
            at += libm::floor(libm::log(self.random.uniform()) / libm::log1p(-p)) + 1.0;
            if at > n as f64 {
                return count;
            }
            count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean share of what was counted in windows of `plant` under `settings`, without noise.
    fn mean(plant: Plant, settings: Settings, share: impl Fn(&Reading) -> f64) -> f64 {
        let windows = 40_000;
        let mut world = World::new(plant, 0.0, 2 * windows, 3);
        world.ask(settings);
        let shares = (0..windows).map(|_| share(&world.measure().0));
        shares.sum::<f64>() / windows as f64
    }

    #[test]
    fn shadows_miss_as_often_as_the_plant_does() {
        let missed = |reading: &Reading| reading.shadow.map_or(0.0, |shadow| 1.0 - shadow.recall);
        for (hop_limit, expected) in [(4, 0.0), (3, 0.02), (2, 0.1), (1, 0.3)] {
            let found = mean(Plant::Hops, Settings { batch_size: 16, hop_limit }, missed);
            assert!((found - expected).abs() <= 0.03 * expected, "{hop_limit}: {found}");
        }
    }

    #[test]
    fn latencies_are_over_budget_as_often_as_the_plant_says() {
        let over = |reading: &Reading| reading.over_budget as f64 / reading.samples as f64;
        // Budget and batch are as long at 900, where half of the latencies are over. A neighbour
        // takes the machine in a few windows, which puts some more over.
        let half = mean(Plant::Monotone, Settings { batch_size: 900, hop_limit: 3 }, over);
        assert!((0.50..0.52).contains(&half), "{half}");
        let none = mean(Plant::Monotone, Settings { batch_size: 1, hop_limit: 3 }, over);
        assert!(none < 1e-4, "{none}");
        let all = mean(Plant::Monotone, Settings { batch_size: 4096, hop_limit: 3 }, over);
        assert!(all > 0.999, "{all}");
    }
}
