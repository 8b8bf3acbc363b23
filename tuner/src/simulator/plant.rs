//! The plants: what throughput, latency and recall would be, without noise.

use crate::reading::{Bounds, Settings};

/// A workload on a machine, made up.
///
/// A batch of `b` spreads takes `t` microseconds; throughput is `10^6 b / t` a second; a latency
/// is lognormal around `t` with deviation `s`, so that its 0.99 quantile is `t exp(2.326 s)`.
/// `s` = 0.25 unless said otherwise. `w` is the window, `f(w)` a factor on `t` that is 1 unless
/// said otherwise.
///
/// | plant | `t` in microseconds |
/// |---|---|
/// | monotone | `400 + 4 b`: larger batches always carry more |
/// | unimodal | `300 + 3 b + 0.012 b^2`: most throughput at 158, well inside the budget |
/// | plateau | `max(600, 9 b)`: nothing gained beyond 67 |
/// | two-optima | `b / (0.25 g(b / 20) + 0.3 g(b / 400) + 0.02)`, `g(x) = exp(-ln(x)^2 / 0.9)` |
/// | cliff | as monotone; times 1.9 above 256, the size of the pool |
/// | drift | as monotone, `f = exp(0.5 sin(2 pi w / 1500))` |
/// | periodic | as monotone; throughput times `1 - 0.3 sin(pi w / 9)^2`, latency untouched |
/// | heavy-tail | as monotone with `s` = 0.5; noise of throughput by Student's t, 3 degrees |
/// | dead-time | as monotone; settings take force 3 windows after they were asked for |
/// | cost-step | as monotone, `f` = 2.2 in the second half |
/// | cost-drop | as monotone, `f` = 2.2 in the first half |
/// | flat | `1000 b / b0`, so that throughput is the same everywhere; latency around 1000 |
/// | hops | as monotone, times `(0.2, 0.45, 0.7, 1)` at hop limits 1 to 4; recall
///   `(0.7, 0.9, 0.98, 1)`; in the second half `(0.6, 0.8, 0.9, 1)` |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// See the table.
    Monotone,
    /// See the table.
    Unimodal,
    /// See the table.
    Plateau,
    /// See the table.
    TwoOptima,
    /// See the table.
    Cliff,
    /// See the table.
    Drift,
    /// See the table.
    Periodic,
    /// See the table.
    HeavyTail,
    /// See the table.
    DeadTime,
    /// See the table.
    CostStep,
    /// See the table.
    CostDrop,
    /// See the table.
    Flat,
    /// See the table.
    Hops,
}

/// The latency budget of every plant, in microseconds.
pub const BUDGET_US: f64 = 4000.0;
/// The quality floor of every plant.
pub const QUALITY_FLOOR: f64 = 0.95;
/// Factor of a step of cost.
pub const COST_STEP: f64 = 2.2;
/// Batch sizes above this do not fit the pool of the plant `cliff`.
const POOL: f64 = 256.0;
/// Standard normal's 0.99 quantile.
const Z99: f64 = 2.326_347_874_040_841;

impl Plant {
    /// Every plant.
    pub const ALL: [Self; 13] = [
        Self::Monotone,
        Self::Unimodal,
        Self::Plateau,
        Self::TwoOptima,
        Self::Cliff,
        Self::Drift,
        Self::Periodic,
        Self::HeavyTail,
        Self::DeadTime,
        Self::CostStep,
        Self::CostDrop,
        Self::Flat,
        Self::Hops,
    ];

    /// The name as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monotone => "monotone",
            Self::Unimodal => "unimodal",
            Self::Plateau => "plateau",
            Self::TwoOptima => "two-optima",
            Self::Cliff => "cliff",
            Self::Drift => "drift",
            Self::Periodic => "periodic",
            Self::HeavyTail => "heavy-tail",
            Self::DeadTime => "dead-time",
            Self::CostStep => "cost-step",
            Self::CostDrop => "cost-drop",
            Self::Flat => "flat",
            Self::Hops => "hops",
        }
    }

    /// Whether the best settings are the same in every window.
    #[must_use]
    pub const fn is_steady(self) -> bool {
        !matches!(self, Self::Drift | Self::CostStep | Self::CostDrop | Self::Hops)
    }

    /// Windows by which settings take force late.
    #[must_use]
    pub const fn dead_time(self) -> usize {
        if matches!(self, Self::DeadTime) { 3 } else { 0 }
    }

    /// The window from which the workload is another, of `windows` in all.
    #[must_use]
    pub const fn step_at(self, windows: u64) -> Option<u64> {
        match self {
            Self::CostStep | Self::CostDrop | Self::Hops => Some(windows / 2),
            _ => None,
        }
    }

    /// The settings allowed.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let hops = if matches!(self, Self::Hops) { (1, 4) } else { (3, 3) };
        let min = Settings { batch_size: 1, hop_limit: hops.0 };
        let max = Settings { batch_size: 4096, hop_limit: hops.1 };
        Bounds::new(min, max).expect("written in order")
    }

    /// The settings in force in the first window.
    #[must_use]
    pub const fn first(self) -> Settings {
        let hop_limit = if matches!(self, Self::Hops) { 4 } else { 3 };
        Settings { batch_size: 16, hop_limit }
    }

    /// Deviation of the logarithm of one latency.
    #[must_use]
    pub const fn latency_deviation(self) -> f64 {
        if matches!(self, Self::HeavyTail) { 0.5 } else { 0.25 }
    }

    fn cost(self, settings: Settings, window: u64, windows: u64) -> f64 {
        let late = 2 * window >= windows;
        match self {
            Self::Drift => {
                let phase = std::f64::consts::TAU * window as f64 / 1500.0;
                libm::exp(0.5 * libm::sin(phase))
            }
            Self::CostStep if late => COST_STEP,
            Self::CostDrop if !late => COST_STEP,
            Self::Hops => hop_cost(settings.hop_limit),
            _ => 1.0,
        }
    }

    /// Microseconds that a batch takes, around which latencies lie.
    #[must_use]
    pub fn batch_us(self, settings: Settings, window: u64, windows: u64) -> f64 {
        let b = f64::from(settings.batch_size);
        let line = 400.0 + 4.0 * b;
        let t = match self {
            Self::Unimodal => 300.0 + 3.0 * b + 0.012 * b * b,
            Self::Plateau => (9.0 * b).max(600.0),
            Self::TwoOptima => {
                let hill = |x: f64| libm::exp(-libm::log(x) * libm::log(x) / 0.9);
                b / (0.25 * hill(b / 20.0) + 0.3 * hill(b / 400.0) + 0.02)
            }
            Self::Cliff if b > POOL => 1.9 * line,
            Self::Flat => 1000.0,
            _ => line,
        };
        t * self.cost(settings, window, windows)
    }

    /// Spreads a second.
    #[must_use]
    pub fn throughput(self, settings: Settings, window: u64, windows: u64) -> f64 {
        if matches!(self, Self::Flat) {
            return 50_000.0;
        }
        let load = match self {
            Self::Periodic => {
                let swing = libm::sin(std::f64::consts::PI * window as f64 / 9.0);
                1.0 - 0.3 * swing * swing
            }
            _ => 1.0,
        };
        load * 1e6 * f64::from(settings.batch_size) / self.batch_us(settings, window, windows)
    }

    /// The true 0.99 quantile of latency, in microseconds.
    #[must_use]
    pub fn p99_us(self, settings: Settings, window: u64, windows: u64) -> f64 {
        self.batch_us(settings, window, windows) * libm::exp(Z99 * self.latency_deviation())
    }

    /// The true recall against full depth.
    #[must_use]
    pub const fn recall(self, hop_limit: u32, window: u64, windows: u64) -> f64 {
        if !matches!(self, Self::Hops) {
            return 1.0;
        }
        let late = 2 * window >= windows;
        match (hop_limit, late) {
            (0 | 1, false) => 0.7,
            (2, false) => 0.9,
            (3, false) => 0.98,
            (0 | 1, true) => 0.6,
            (2, true) => 0.8,
            (3, true) => 0.9,
            _ => 1.0,
        }
    }

    /// The best fixed settings of a window: most throughput with the true 0.99 quantile inside
    /// the budget and the recall not below the floor. Tries them all.
    #[must_use]
    pub fn best(self, window: u64, windows: u64) -> Settings {
        let bounds = self.bounds();
        let (mut best, mut most) = (bounds.min(), 0.0);
        for hop_limit in bounds.min().hop_limit..=bounds.max().hop_limit {
            if self.recall(hop_limit, window, windows) < QUALITY_FLOOR {
                continue;
            }
            for batch_size in bounds.min().batch_size..=bounds.max().batch_size {
                let settings = Settings { batch_size, hop_limit };
                let throughput = self.throughput(settings, window, windows);
                let inside = self.p99_us(settings, window, windows) <= BUDGET_US;
                if inside && throughput > most {
                    (best, most) = (settings, throughput);
                }
            }
        }
        best
    }
}

const fn hop_cost(hop_limit: u32) -> f64 {
    match hop_limit {
        0 | 1 => 0.2,
        2 => 0.45,
        3 => 0.7,
        _ => 1.0,
    }
}
