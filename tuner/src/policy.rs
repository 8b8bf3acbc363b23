//! The policies by name, and the two that follow a formula instead of comparing.

use crate::decision::{Proposal, Reason, Verdict};
use crate::paired::Context;
use crate::reading::Settings;

/// How settings are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyName {
    /// Compares neighbours in pairs. The default.
    Paired,
    /// Follows the ratio of long-run to present time per batch, as Netflix's Gradient2 does.
    Gradient,
    /// Adds a little while inside the budget, takes a tenth away when over it.
    Aimd,
    /// Changes nothing.
    Off,
    /// Says what `paired` would do next, and changes nothing.
    Shadow,
}

impl PolicyName {
    /// Every name.
    pub const ALL: [Self; 5] = [Self::Paired, Self::Gradient, Self::Aimd, Self::Off, Self::Shadow];

    /// The name as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paired => "paired",
            Self::Gradient => "gradient",
            Self::Aimd => "aimd",
            Self::Off => "off",
            Self::Shadow => "shadow",
        }
    }
}

/// Weight of the newest window in the long-run time per batch.
const LONG_WEIGHT: f64 = 2.0 / 601.0;
/// Ratio of present to long-run time per batch that is still no queue.
const TOLERANCE: f64 = 1.5;
/// Weight of the new limit.
const SMOOTHING: f64 = 0.2;
/// Share of the range that additive increase adds.
const INCREASE: f64 = 1.0 / 128.0;
/// What multiplicative decrease leaves.
const DECREASE: f64 = 0.9;

/// A policy that moves at every window.
///
/// ```text
/// gradient:  w = batch / throughput;  long += (w - long) 2 / 601;  if long / w > 2: long *= 0.95
///            g = clamp(1.5 long / w, 0.5, 1)
///            new = 0.8 batch + 0.2 (g batch + sqrt(batch))
/// aimd:      new = batch + max(1, (max - min) / 128)
/// both:      new = 0.9 batch where more than 1 % of the window's latencies are over budget
/// ```
///
/// `w` is the time one batch takes where batches follow each other; windows carry no latency.
/// Source: Netflix `concurrency-limits`, `Gradient2Limit` and `AIMDLimit`. Departure: the budget
/// is absolute, since a ratio to one's own history grows without end where latency is constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Formula {
    long: Option<f64>,
    gradient: bool,
}

impl Formula {
    pub(crate) const fn gradient() -> Self {
        Self { long: None, gradient: true }
    }

    pub(crate) const fn aimd() -> Self {
        Self { long: None, gradient: false }
    }

    pub(crate) fn step(&mut self, context: Context<'_>) -> Proposal {
        let own = context.incumbent.settings;
        let batch = f64::from(own.batch_size);
        let over = context.reading.exceedance();
        let over = over.is_some_and(|(k, n)| k > crate::objective::OVER_BUDGET_MAX * n);
        let present = context
            .reading
            .ln_throughput()
            .map(|y| batch / libm::exp(y))
            // What is beyond numbers would make the long-run time none for ever.
            .filter(|present| present.is_finite());
        let factor = match present {
            _ if over => DECREASE,
            None => return Proposal::new(own, Verdict::Hold, Reason::AppLimited),
            Some(present) if self.gradient => self.gradient_factor(batch, present),
            Some(_) => {
                let range = context.bounds.max().batch_size - context.bounds.min().batch_size;
                1.0 + (INCREASE * f64::from(range)).max(1.0) / batch
            }
        };
        let batch_size = if factor == 1.0 {
            own.batch_size
        } else {
            context.bounds.scaled(own.batch_size, factor)
        };
        let verdict = match batch_size {
            same if same == own.batch_size => Verdict::Hold,
            lower if lower < own.batch_size && over => Verdict::BackOff,
            _ => Verdict::Accept,
        };
        let settings = Settings { batch_size, ..own };
        Proposal::new(settings, verdict, Reason::ByFormula { factor })
    }

    fn gradient_factor(&mut self, batch: f64, present: f64) -> f64 {
        let long = self.long.map_or(present, |long| long + (present - long) * LONG_WEIGHT);
        self.long = Some(if long / present > 2.0 { 0.95 * long } else { long });
        let gradient = (TOLERANCE * long / present).clamp(0.5, 1.0);
        (1.0 - SMOOTHING) + SMOOTHING * (gradient + libm::sqrt(batch) / batch)
    }
}
