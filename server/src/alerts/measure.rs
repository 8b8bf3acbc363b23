//! Which number a rule looks at: made from the points of one group of series.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ring::Ring;
use super::sample::{Buckets, MetricKind, Raw};
use super::time::Time;

/// The number that is looked at. In the formulas, sums go over neighbouring points of the window,
/// `increase` is what a counter rose by between two, where one that fell began anew at 0, and `t`
/// is the time in seconds from the oldest to the newest point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// What a counter or a gauge shows now.
    Value,
    /// Per second: `sum of increase / t` of a counter, or of a histogram's count;
    /// `(newest - oldest) / t` of a gauge.
    Rate,
    /// `increase of the sum / increase of the count` of a histogram; the mean of a gauge's points.
    Mean,
    /// The quantile in `[0, 1]` of what a histogram observed in the window, with observations
    /// spread evenly inside their bucket, as Prometheus's `histogram_quantile` does: the lowest
    /// bucket begins at 0, and from the infinite one its lower bound is taken.
    Quantile(f64),
}

impl Measure {
    /// Whether the number can be made of a metric of this kind.
    pub(crate) const fn fits(self, kind: MetricKind) -> bool {
        match (self, kind) {
            (Self::Rate, _) => true,
            (Self::Value, kind) => !matches!(kind, MetricKind::Histogram),
            (Self::Mean, kind) => !matches!(kind, MetricKind::Counter),
            (Self::Quantile(_), kind) => matches!(kind, MetricKind::Histogram),
        }
    }

    /// `value`, `rate`, `mean` or `quantile(0.95)`; `None` for anything else.
    pub(crate) fn named(text: &str) -> Option<Self> {
        match text {
            "value" => Some(Self::Value),
            "rate" => Some(Self::Rate),
            "mean" => Some(Self::Mean),
            _ => {
                let inside = text.strip_prefix("quantile(")?.strip_suffix(')')?;
                let quantile: f64 = inside.trim().parse().ok()?;
                (0.0..=1.0).contains(&quantile).then_some(Self::Quantile(quantile))
            }
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("value"),
            Self::Rate => f.write_str("rate"),
            Self::Mean => f.write_str("mean"),
            Self::Quantile(quantile) => write!(f, "quantile({quantile})"),
        }
    }
}

/// What the points say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measured {
    /// This number.
    Number(f64),
    /// Nothing was observed in the window, so there is no number to be high or low.
    Nothing,
    /// Too few points yet.
    TooSoon,
}

/// The number that `measure` makes of `points`, of a metric of this kind. Costs a pass over them.
pub(crate) fn measured(kind: MetricKind, measure: Measure, points: &Ring<Raw>) -> Measured {
    let Some((_, newest)) = points.points().next_back() else { return Measured::TooSoon };
    let number = match (measure, newest) {
        (Measure::Value, Raw::Number(number)) => Some(*number),
        (Measure::Mean, Raw::Number(_)) => mean(points),
        _ if points.covered() == Duration::ZERO => return Measured::TooSoon,
        (Measure::Rate, _) => Some(rise(kind, points) / points.covered().as_secs_f64()),
        (Measure::Mean, Raw::Buckets(_)) => {
            let window = window(points);
            window.map(|buckets| buckets.sum / buckets.total())
        }
        (Measure::Quantile(quantile), Raw::Buckets(_)) => {
            window(points).map(|buckets| quantile_of(&buckets, quantile))
        }
        _ => None,
    };
    // A host's gauge may hold what is no number.
    number.filter(|number| number.is_finite()).map_or(Measured::Nothing, Measured::Number)
}

fn mean(points: &Ring<Raw>) -> Option<f64> {
    let numbers = points.points().filter_map(|(_, raw)| match raw {
        Raw::Number(number) => Some(*number),
        Raw::Buckets(_) => None,
    });
    let (count, sum) = numbers.fold((0.0, 0.0), |(count, sum), number| (count + 1.0, sum + number));
    (count > 0.0).then_some(sum / count)
}

type Pair<'a> = (&'a (Time, Raw), &'a (Time, Raw));

fn pairs(points: &Ring<Raw>) -> impl Iterator<Item = Pair<'_>> {
    points.points().zip(points.points().skip(1))
}

/// What a counter rose by from one point to the next.
fn increase(before: f64, after: f64) -> f64 {
    if after < before { after } else { after - before }
}

/// What a counter or a histogram's count rose by, or how far a gauge went.
fn rise(kind: MetricKind, points: &Ring<Raw>) -> f64 {
    let step = |((_, before), (_, after)): Pair<'_>| match (before, after) {
        (Raw::Number(before), Raw::Number(after)) if kind == MetricKind::Gauge => after - before,
        (Raw::Number(before), Raw::Number(after)) => increase(*before, *after),
        (Raw::Buckets(before), Raw::Buckets(after)) => increase(before.total(), after.total()),
        _ => 0.0,
    };
    pairs(points).map(step).sum()
}

/// What a histogram observed from the oldest to the newest point; `None` where that is nothing.
fn window(points: &Ring<Raw>) -> Option<Buckets> {
    let mut window: Option<Buckets> = None;
    for ((_, before), (_, after)) in pairs(points) {
        let (Raw::Buckets(before), Raw::Buckets(after)) = (before, after) else { continue };
        if before.bounds != after.bounds {
            window = None;
            continue;
        }
        let anew = after.total() < before.total();
        let step = |before: f64, after: f64| if anew { after } else { after - before };
        let counts = before.counts.iter().zip(&after.counts);
        let counts: Vec<f64> = counts.map(|(before, after)| step(*before, *after)).collect();
        let sum = step(before.sum, after.sum);
        let step = Raw::Buckets(Buckets { bounds: Arc::clone(&after.bounds), counts, sum });
        window = Some(match window {
            None => into_buckets(step)?,
            Some(so_far) => {
                let mut both = Raw::Buckets(so_far);
                both.add(&step);
                into_buckets(both)?
            }
        });
    }
    window.filter(|buckets| buckets.total() > 0.0)
}

fn into_buckets(raw: Raw) -> Option<Buckets> {
    match raw {
        Raw::Buckets(buckets) => Some(buckets),
        Raw::Number(_) => None,
    }
}

fn quantile_of(buckets: &Buckets, quantile: f64) -> f64 {
    let rank = quantile * buckets.total();
    let last = buckets.counts.len().saturating_sub(1);
    let at = buckets.counts.iter().position(|count| *count >= rank).unwrap_or(last);
    let lower = |at: usize| if at == 0 { 0.0 } else { buckets.bounds[at - 1] };
    let upper = buckets.bounds[at];
    if upper.is_infinite() || (at == 0 && upper <= 0.0) {
        return if at == 0 { upper } else { lower(at) };
    }
    let below = if at == 0 { 0.0 } else { buckets.counts[at - 1] };
    let inside = buckets.counts[at] - below;
    let share = if inside > 0.0 { (rank - below) / inside } else { 0.0 };
    lower(at) + (upper - lower(at)) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1000;

    fn numbers(kind: MetricKind, measure: Measure, points: &[(u64, f64)]) -> Measured {
        let mut ring = Ring::new(Duration::from_secs(60));
        for (at, number) in points {
            ring.push(Time::from_ms(at * SECOND), Raw::Number(*number));
        }
        measured(kind, measure, &ring)
    }

    fn buckets(counts: [f64; 4], sum: f64) -> Raw {
        let bounds = Arc::from([0.01, 0.1, 1.0, f64::INFINITY]);
        Raw::Buckets(Buckets { bounds, counts: counts.to_vec(), sum })
    }

    fn histogram(measure: Measure, points: &[Raw]) -> Measured {
        let mut ring = Ring::new(Duration::from_secs(60));
        for (at, raw) in points.iter().enumerate() {
            ring.push(Time::from_ms(at as u64 * 10 * SECOND), raw.clone());
        }
        measured(MetricKind::Histogram, measure, &ring)
    }

    #[test]
    fn a_counter_that_falls_began_anew() {
        let rate = |points: &[(u64, f64)]| numbers(MetricKind::Counter, Measure::Rate, points);
        assert_eq!(rate(&[(0, 100.0)]), Measured::TooSoon);
        assert_eq!(rate(&[(0, 100.0), (10, 120.0)]), Measured::Number(2.0));
        assert_eq!(rate(&[(0, 100.0), (10, 110.0), (20, 30.0)]), Measured::Number(2.0));
        assert_eq!(rate(&[(5, 100.0), (5, 110.0)]), Measured::TooSoon);
    }

    #[test]
    fn a_gauge_goes_both_ways() {
        let gauge = |measure| numbers(MetricKind::Gauge, measure, &[(0, 9.0), (10, 4.0)]);
        assert_eq!(gauge(Measure::Rate), Measured::Number(-0.5));
        assert_eq!(gauge(Measure::Mean), Measured::Number(6.5));
        assert_eq!(gauge(Measure::Value), Measured::Number(4.0));
        let none = numbers(MetricKind::Gauge, Measure::Value, &[(0, f64::NAN)]);
        assert_eq!(none, Measured::Nothing);
    }

    #[test]
    fn only_the_points_of_the_window_count() {
        let points = [(0, 0.0), (10, 600.0), (70, 600.0), (130, 660.0)];
        let rate = numbers(MetricKind::Counter, Measure::Rate, &points);
        assert_eq!(rate, Measured::Number(1.0));
    }

    #[test]
    fn a_quantile_is_that_of_the_window_and_not_of_all_time() {
        let slow_past = buckets([0.0, 0.0, 1000.0, 1000.0], 900.0);
        let then = buckets([10.0, 10.0, 1010.0, 1010.0], 900.05);
        let Measured::Number(median) =
            histogram(Measure::Quantile(0.5), &[slow_past.clone(), then.clone()])
        else {
            panic!("there are observations");
        };
        assert!((median - 0.005).abs() < 1e-12, "{median}");
        let quiet = histogram(Measure::Quantile(0.5), &[slow_past.clone(), slow_past.clone()]);
        assert_eq!(quiet, Measured::Nothing);
        let Measured::Number(mean) = histogram(Measure::Mean, &[slow_past, then]) else {
            panic!("there are observations");
        };
        assert!((mean - 0.005).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let zero = buckets([0.0; 4], 0.0);
        let now = buckets([50.0, 90.0, 99.0, 100.0], 1.0);
        let quantile =
            |quantile| match histogram(Measure::Quantile(quantile), &[zero.clone(), now.clone()]) {
                Measured::Number(number) => number,
                other => panic!("{other:?}"),
            };
        assert!((quantile(0.25) - 0.005).abs() < 1e-12);
        assert!((quantile(0.7) - 0.055).abs() < 1e-12);
        assert!((quantile(0.95) - 0.6).abs() < 1e-12);
        // The infinite bucket has no inside.
        assert_eq!(quantile(1.0).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn a_histogram_that_began_anew_counts_from_there() {
        let before = buckets([100.0, 100.0, 100.0, 100.0], 1.0);
        let after = buckets([0.0, 0.0, 5.0, 5.0], 2.0);
        let Measured::Number(median) = histogram(Measure::Quantile(0.5), &[before, after]) else {
            panic!("there are observations");
        };
        assert!(median > 0.1, "{median}");
    }

    #[test]
    fn a_measure_is_written_as_it_is_read() {
        for text in ["value", "rate", "mean", "quantile(0.95)", "quantile(1)"] {
            assert_eq!(Measure::named(text).unwrap().to_string(), text);
        }
        for bad in ["", "p95", "quantile()", "quantile(95)", "quantile(NaN)", "quantile(-0.1)"] {
            assert_eq!(Measure::named(bad), None, "{bad}");
        }
    }
}
