//! What the tuner is told and what it may change.

/// What the tuner may change. Published whole; a spread uses one value from start to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    /// How many spreads run together; within [`Bounds`].
    pub batch_size: u32,
    /// Greatest hop of spreads that asked for `hops = auto`; within [`Bounds`].
    pub hop_limit: u32,
}

/// One of the settings, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingName {
    /// [`Settings::batch_size`].
    BatchSize,
    /// [`Settings::hop_limit`].
    HopLimit,
}

impl SettingName {
    /// Every name.
    pub const ALL: [Self; 2] = [Self::BatchSize, Self::HopLimit];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BatchSize => "batch_size",
            Self::HopLimit => "hop_limit",
        }
    }

    /// Its value.
    #[must_use]
    pub const fn of(self, settings: Settings) -> u32 {
        match self {
            Self::BatchSize => settings.batch_size,
            Self::HopLimit => settings.hop_limit,
        }
    }
}

/// What shadow spreads saw: sampled live spreads, run once more at full depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shadow {
    /// The hop limit whose outcomes were compared with those of full depth.
    pub hop_limit: u32,
    /// How many spreads were compared.
    pub spreads: u64,
    /// Mean share of the full-depth outcome's first k that the limited one has too, in `[0, 1]`.
    pub recall: f64,
}

/// What the engine measured in one window of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Number of the window, ascending. A number not above the last one marks a late reading.
    pub window: u64,
    /// The settings under which **all** of this was measured.
    pub settings: Settings,
    /// Spreads that ended in the window.
    pub spreads: u64,
    /// Spreads per second; finite and above 0, or the window says nothing about throughput.
    pub throughput_per_second: f64,
    /// Latencies measured.
    pub samples: u64,
    /// How many of them exceeded the budget, at most `samples`.
    pub over_budget: u64,
    /// Whether too little was asked for to fill batches. Such a window never justifies growth.
    pub app_limited: bool,
    /// What shadow spreads saw, if there were any.
    pub shadow: Option<Shadow>,
}

impl Reading {
    /// Logarithm of the throughput; `None` where the window says nothing about capacity: nothing
    /// ran, too little was asked for, or the figure is not a positive number.
    #[must_use]
    pub fn ln_throughput(&self) -> Option<f64> {
        let x = self.throughput_per_second;
        (self.spreads > 0 && !self.app_limited && x.is_finite() && x > 0.0).then(|| libm::log(x))
    }

    /// Latencies over budget and in all; `None` without samples or where the two contradict.
    #[must_use]
    pub fn exceedance(&self) -> Option<(f64, f64)> {
        (self.samples > 0 && self.over_budget <= self.samples)
            .then_some((self.over_budget as f64, self.samples as f64))
    }

    /// What shadow spreads saw, where it is a share of at least one spread.
    #[must_use]
    pub fn usable_shadow(&self) -> Option<Shadow> {
        self.shadow.filter(|shadow| shadow.spreads > 0 && (0.0..=1.0).contains(&shadow.recall))
    }
}

/// Least and greatest settings; nothing outside is ever proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    min: Settings,
    max: Settings,
}

/// Why there are no such bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundsError {
    /// A batch holds at least one spread.
    EmptyBatch,
    /// The least batch size is above the greatest.
    BatchReversed,
    /// The least hop limit is above the greatest.
    HopsReversed,
}

impl std::fmt::Display for BoundsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::EmptyBatch => "the least batch size is 0; a batch holds at least one spread",
            Self::BatchReversed => "the least batch size is above the greatest; swap them",
            Self::HopsReversed => "the least hop limit is above the greatest; swap them",
        })
    }
}

impl std::error::Error for BoundsError {}

impl Bounds {
    /// Bounds from `min` to `max`, both allowed.
    ///
    /// # Errors
    /// [`BoundsError`] where no settings lie between.
    pub const fn new(min: Settings, max: Settings) -> Result<Self, BoundsError> {
        if min.batch_size == 0 {
            return Err(BoundsError::EmptyBatch);
        }
        if min.batch_size > max.batch_size {
            return Err(BoundsError::BatchReversed);
        }
        if min.hop_limit > max.hop_limit {
            return Err(BoundsError::HopsReversed);
        }
        Ok(Self { min, max })
    }

    /// The least settings.
    #[must_use]
    pub const fn min(&self) -> Settings {
        self.min
    }

    /// The greatest settings; their hop limit is what is called full depth.
    #[must_use]
    pub const fn max(&self) -> Settings {
        self.max
    }

    /// The settings nearest to `settings` that are allowed.
    #[must_use]
    pub fn clamp(&self, settings: Settings) -> Settings {
        Settings {
            batch_size: settings.batch_size.clamp(self.min.batch_size, self.max.batch_size),
            hop_limit: settings.hop_limit.clamp(self.min.hop_limit, self.max.hop_limit),
        }
    }

    /// `batch_size * factor`, rounded, allowed, and different from `batch_size` where bounds allow.
    #[must_use]
    pub fn scaled(&self, batch_size: u32, factor: f64) -> u32 {
        let wanted = libm::round(f64::from(batch_size) * factor).clamp(0.0, f64::from(u32::MAX));
        let mut wanted = wanted as u32;
        if wanted == batch_size {
            wanted = match factor > 1.0 {
                true => batch_size.saturating_add(1),
                false => batch_size.saturating_sub(1),
            };
        }
        wanted.clamp(self.min.batch_size, self.max.batch_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        Reading {
            window: 1,
            settings: Settings { batch_size: 8, hop_limit: 2 },
            spreads: 100,
            throughput_per_second: std::f64::consts::E,
            samples: 20,
            over_budget: 3,
            app_limited: false,
            shadow: None,
        }
    }

    #[test]
    fn throughput_that_says_nothing_of_capacity_is_none() {
        assert_eq!(reading().ln_throughput(), Some(1.0));
        assert_eq!(Reading { spreads: 0, ..reading() }.ln_throughput(), None);
        assert_eq!(Reading { app_limited: true, ..reading() }.ln_throughput(), None);
        for throughput_per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let odd = Reading { throughput_per_second, ..reading() };
            assert_eq!(odd.ln_throughput(), None, "{throughput_per_second}");
        }
    }

    #[test]
    fn latencies_that_contradict_each_other_are_none() {
        assert_eq!(reading().exceedance(), Some((3.0, 20.0)));
        assert_eq!(Reading { over_budget: 20, ..reading() }.exceedance(), Some((20.0, 20.0)));
        assert_eq!(Reading { over_budget: 21, ..reading() }.exceedance(), None);
        assert_eq!(Reading { samples: 0, over_budget: 0, ..reading() }.exceedance(), None);
    }

    #[test]
    fn a_shadow_that_is_no_share_is_none() {
        let usable = |spreads, recall| {
            let shadow = Some(Shadow { hop_limit: 2, spreads, recall });
            Reading { shadow, ..reading() }.usable_shadow().is_some()
        };
        assert!(usable(1, 0.0) && usable(1, 1.0) && !usable(0, 1.0));
        assert!(!usable(1, -0.1) && !usable(1, 1.1) && !usable(1, f64::NAN));
    }

    #[test]
    fn a_batch_size_is_scaled_by_at_least_one_and_kept_within_bounds() {
        let settings = |batch_size| Settings { batch_size, hop_limit: 1 };
        let bounds = Bounds::new(settings(2), settings(100)).unwrap();
        let scaled = [(10, 1.5), (10, 0.5), (10, 1.01), (10, 0.99), (80, 1.5), (3, 0.1)]
            .map(|(batch_size, factor)| bounds.scaled(batch_size, factor));
        assert_eq!(scaled, [15, 5, 11, 9, 100, 2]);
        assert_eq!((bounds.scaled(100, 1.001), bounds.scaled(2, 0.999)), (100, 2));
        assert_eq!(bounds.scaled(10, f64::INFINITY), 100);
    }
}
