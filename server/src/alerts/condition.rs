//! When a rule holds, given the number it looks at and that number's own past.
//!
//! # Deviation from its own history
//! With `m` the median of the past numbers and `d` the median of their distances from `m`, a number
//! `x` deviates by `z = (x - m) / s`, where `s = max(1.4826 d, 0.01 |m|)`. 1.4826 makes `s` the
//! standard deviation where the numbers are normally distributed \[1\]; unlike that, it is not
//! moved by a few outliers, even where a third of the past was one. The second part keeps a series
//! that hardly moves from alerting at its first tremor. Where the past was 0 throughout, anything
//! but 0 deviates without bound. What deviates belongs to the past from then on, so a lasting
//! change is the new normal after half of the history.
//!
//! # Prediction by trend
//! The line `a + b t` with the least sum of squares through the past numbers and the present one,
//! `t` in seconds from now: `b = sum (t - t') (x - x') / sum (t - t')^2`, `a = x' - b t'`, where
//! `'` marks the mean. What is compared is `a + b * ahead`.
//!
//! \[1\] Iglewicz, Hoaglin. How to Detect and Handle Outliers. ASQC 1993.

use std::time::Duration;

use super::ring::Ring;
use super::time::Time;

/// Makes the median distance the standard deviation of normally distributed numbers.
const NORMAL: f64 = 1.4826;
/// Least scale, as a share of the median.
const SCALE_SHARE: f64 = 0.01;
/// Least points of a history that is judged by.
pub(crate) const HISTORY_POINTS_MIN: usize = 12;
/// Share of the history that must have been seen before it is judged by.
const HISTORY_SHARE: f64 = 0.5;
/// An alert by deviation ends below this share of what it began at.
const CLEAR_SHARE: f64 = 0.75;

/// Which side of a limit is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// A limit, and where an alert that fires ends again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) side: Side,
    pub(crate) limit: f64,
    /// On the good side of the limit, or the limit itself.
    pub(crate) clear: f64,
}

impl Bound {
    /// Whether `number` is on the wrong side: of the limit or, for an alert that fires, of where
    /// it ends.
    fn holds(self, number: f64, fires: bool) -> bool {
        let limit = if fires { self.clear } else { self.limit };
        match self.side {
            Side::Above => number > limit,
            Side::Below => number < limit,
        }
    }
}

/// Which deviations count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Upwards only.
    Above,
    /// Downwards only.
    Below,
    /// Either way.
    Both,
}

/// When a rule holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Condition {
    /// The number is on the wrong side of a limit.
    Threshold(Bound),
    /// There is no such series.
    Absence,
    /// The number deviates from its history.
    Anomaly {
        /// How far back the history reaches.
        history: Duration,
        /// Least `|z|`; see the [module](self).
        deviations: f64,
        /// Least distance from the median, in the number's own unit.
        change_min: f64,
        /// Which way.
        direction: Direction,
    },
    /// The number will be on the wrong side of a limit.
    Trend {
        /// How far back the line is laid.
        history: Duration,
        /// How far ahead it is followed.
        ahead: Duration,
        /// The limit.
        bound: Bound,
    },
}

impl Condition {
    /// How far back the number's own past is asked for.
    pub(crate) const fn history(self) -> Duration {
        match self {
            Self::Anomaly { history, .. } | Self::Trend { history, .. } => history,
            Self::Threshold(_) | Self::Absence => Duration::ZERO,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Threshold(_) => "threshold",
            Self::Absence => "absence",
            Self::Anomaly { .. } => "anomaly",
            Self::Trend { .. } => "trend",
        }
    }
}

/// What a look at a rule found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Judged {
    /// The rule holds, by this number.
    Holds(f64),
    /// It does not hold; the number, where there is one.
    Clear(Option<f64>),
    /// It is not known: too little has been seen.
    Unknown,
}

/// Judges `number`, of an alert that fires or does not. `past` holds the earlier numbers. Costs a
/// sort of the past for a deviation, a pass over it for a trend.
pub(crate) fn judge(
    condition: Condition,
    number: f64,
    past: &Ring<f64>,
    now: Time,
    fires: bool,
) -> Judged {
    let verdict = |holds: bool, number: f64| {
        if holds { Judged::Holds(number) } else { Judged::Clear(Some(number)) }
    };
    match condition {
        Condition::Threshold(bound) => verdict(bound.holds(number, fires), number),
        Condition::Absence => Judged::Clear(Some(number)),
        Condition::Anomaly { deviations, change_min, direction, .. } => {
            if !is_known(past, now) {
                return Judged::Unknown;
            }
            let (median, scale) = center(past);
            let distance = number - median;
            let far = |distance: f64| {
                let least = if fires { deviations * CLEAR_SHARE } else { deviations };
                distance > 0.0 && distance >= change_min && distance / scale > least
            };
            let holds = match direction {
                Direction::Above => far(distance),
                Direction::Below => far(-distance),
                Direction::Both => far(distance.abs()),
            };
            verdict(holds, number)
        }
        Condition::Trend { ahead, bound, .. } => {
            if !is_known(past, now) {
                return Judged::Unknown;
            }
            let predicted = predict(past, now, number, ahead);
            verdict(bound.holds(predicted, fires), predicted)
        }
    }
}

/// Whether enough of the past has been seen.
fn is_known(past: &Ring<f64>, now: Time) -> bool {
    let oldest = past.points().next().map_or(Duration::ZERO, |(at, _)| now.since(*at));
    past.len() >= HISTORY_POINTS_MIN && oldest >= past.span().mul_f64(HISTORY_SHARE)
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) {
        f64::midpoint(numbers[middle - 1], numbers[middle])
    } else {
        numbers[middle]
    }
}

/// The median and the scale of numbers that are not none.
fn center(past: &Ring<f64>) -> (f64, f64) {
    let mut numbers: Vec<f64> = past.points().map(|(_, number)| *number).collect();
    let middle = median(&mut numbers);
    numbers.iter_mut().for_each(|number| *number = (*number - middle).abs());
    let scale = (NORMAL * median(&mut numbers)).max(SCALE_SHARE * middle.abs());
    (middle, scale)
}

fn predict(past: &Ring<f64>, now: Time, number: f64, ahead: Duration) -> f64 {
    let points = || {
        let past = past.points().map(|(at, number)| (-now.since(*at).as_secs_f64(), *number));
        past.chain([(0.0, number)])
    };
    let count = past.len() as f64 + 1.0;
    let (mut time, mut mean) = (0.0, 0.0);
    for (at, number) in points() {
        time += at / count;
        mean += number / count;
    }
    let (mut together, mut spread) = (0.0, 0.0);
    for (at, number) in points() {
        together += (at - time) * (number - mean);
        spread += (at - time) * (at - time);
    }
    let slope = if spread > 0.0 { together / spread } else { 0.0 };
    mean + slope * (ahead.as_secs_f64() - time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A past of one number a second for a minute, and the time after it.
    fn past(number: impl Fn(u64) -> f64) -> (Ring<f64>, Time) {
        let mut ring = Ring::new(MINUTE);
        for second in 0..60 {
            ring.push(Time::from_ms(second * 1000), number(second));
        }
        (ring, Time::from_ms(60_000))
    }

    fn holds(condition: Condition, number: f64, past: &(Ring<f64>, Time), fires: bool) -> bool {
        matches!(judge(condition, number, &past.0, past.1, fires), Judged::Holds(_))
    }

    #[test]
    fn an_alert_ends_where_it_is_told_to() {
        let none = past(|_| 0.0);
        let above = Bound { side: Side::Above, limit: 10.0, clear: 8.0 };
        let above = Condition::Threshold(above);
        assert!(!holds(above, 10.0, &none, false) && holds(above, 10.1, &none, false));
        assert!(holds(above, 9.0, &none, true) && !holds(above, 8.0, &none, true));
        let below = Condition::Threshold(Bound { side: Side::Below, limit: 1.0, clear: 2.0 });
        assert!(holds(below, 0.9, &none, false) && !holds(below, 1.0, &none, false));
        assert!(holds(below, 1.9, &none, true) && !holds(below, 2.0, &none, true));
    }

    fn anomaly(direction: Direction) -> Condition {
        Condition::Anomaly { history: MINUTE, deviations: 4.0, change_min: 0.0, direction }
    }

    #[test]
    fn what_is_far_from_its_history_deviates() {
        // Median 100, median distance 2: the scale is about 3.
        let calm = past(|second| 96.0 + (second % 5) as f64 * 2.0);
        let both = anomaly(Direction::Both);
        assert!(!holds(both, 111.0, &calm, false) && holds(both, 112.0, &calm, false));
        assert!(!holds(both, 89.0, &calm, false) && holds(both, 88.0, &calm, false));
        assert!(!holds(anomaly(Direction::Above), 50.0, &calm, false));
        assert!(!holds(anomaly(Direction::Below), 150.0, &calm, false));
        // One that fires ends at three quarters of that.
        assert!(holds(both, 110.0, &calm, true) && !holds(both, 108.0, &calm, true));
    }

    #[test]
    fn outliers_in_the_past_hide_nothing() {
        let third = past(|second| if second % 3 == 0 { 1e6 } else { (second % 5) as f64 });
        assert!(holds(anomaly(Direction::Above), 100.0, &third, false));
    }

    #[test]
    fn a_still_series_bears_a_tremor() {
        let still = past(|_| 100.0);
        assert!(!holds(anomaly(Direction::Both), 103.9, &still, false));
        assert!(holds(anomaly(Direction::Both), 104.1, &still, false));
        let zero = past(|_| 0.0);
        assert!(!holds(anomaly(Direction::Both), 0.0, &zero, false));
        assert!(holds(anomaly(Direction::Both), 0.001, &zero, false));
        let least = Condition::Anomaly {
            history: MINUTE,
            deviations: 4.0,
            change_min: 0.1,
            direction: Direction::Both,
        };
        assert!(!holds(least, 0.001, &zero, false) && holds(least, 0.2, &zero, false));
    }

    #[test]
    fn a_line_is_followed_ahead() {
        let falling = past(|second| 1000.0 - 10.0 * second as f64);
        let trend = |ahead| Condition::Trend {
            history: MINUTE,
            ahead: Duration::from_secs(ahead),
            bound: Bound { side: Side::Below, limit: 0.0, clear: 0.0 },
        };
        // At 60 s it is 400; it reaches 0 after 40 s more.
        assert!(!holds(trend(39), 400.0, &falling, false));
        assert!(holds(trend(41), 400.0, &falling, false));
        let (ring, now) = &falling;
        let predicted = predict(ring, *now, 400.0, Duration::from_secs(10));
        assert!((predicted - 300.0).abs() < 1e-6, "{predicted}");
        assert!(!holds(trend(3600), 5.0, &past(|_| 5.0), false));
    }

    #[test]
    fn too_short_a_past_says_nothing() {
        let mut short = Ring::new(MINUTE);
        for second in 0..HISTORY_POINTS_MIN as u64 {
            short.push(Time::from_ms(second * 1000), 0.0);
        }
        let now = Time::from_ms(12_000);
        let judged = judge(anomaly(Direction::Both), 1e9, &short, now, false);
        assert_eq!(judged, Judged::Unknown, "it covers too little of the history");
        let later = Time::from_ms(40_000);
        assert!(matches!(
            judge(anomaly(Direction::Both), 1e9, &short, later, false),
            Judged::Holds(_)
        ));
    }
}
