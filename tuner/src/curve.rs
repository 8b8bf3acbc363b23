//! What is known of throughput over batch size, from which the effect of a step is predicted.

use crate::objective::normal_below;

/// A gain of throughput as a logarithm, and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The likeliest gain; 0.1 is about 10 %.
    pub gain: f64,
    /// Its standard error, above 0.
    pub error: f64,
}

impl Effect {
    /// Nothing is known: a step may do anything.
    pub const UNKNOWN: Self = Self { gain: 0.0, error: 0.5 };

    /// Probability that the gain exceeds `least`.
    #[must_use]
    pub fn probability_above(&self, least: f64) -> f64 {
        normal_below((self.gain - least) / self.error)
    }

    /// A prediction and a measurement as one, weighted by their precision; the measurement alone
    /// where the two contradict each other by more than two standard errors.
    #[must_use]
    pub fn combined(&self, measured: Self) -> Self {
        let (own, other) = (self.error * self.error, measured.error * measured.error);
        if libm::fabs(self.gain - measured.gain) > 2.0 * libm::sqrt(own + other) {
            return measured;
        }
        let gain = (self.gain * other + measured.gain * own) / (own + other);
        Self { gain, error: libm::sqrt(own * other / (own + other)) }
    }
}

/// One measured point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    /// Logarithm of the batch size.
    x: f64,
    /// Logarithm of the throughput.
    y: f64,
    /// Variance of `y`.
    variance: f64,
    /// Tick of the measurement.
    tick: u64,
}

/// Measured points, the oldest forgotten.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curve {
    points: Vec<Point>,
}

/// Points remembered.
const POINTS_MAX: usize = 64;
/// Distance in the logarithm of the batch size at which a point has no weight: two doublings.
const REACH: f64 = 1.4;
/// A point's variance doubles in so many ticks.
const AGE: f64 = 512.0;
/// Share of a predicted gain by which the curve may bend within a step.
const BEND: f64 = 0.35;

/// A line through points near a place: value and slope there, and the slope's variance.
struct Line {
    value: f64,
    slope: f64,
    slope_variance: f64,
}

fn ln(batch_size: u32) -> f64 {
    libm::log(f64::from(batch_size.max(1)))
}

impl Curve {
    /// Adds a point.
    pub(crate) fn add(&mut self, batch_size: u32, y: f64, variance: f64, tick: u64) {
        if self.points.len() == POINTS_MAX {
            self.points.remove(0);
        }
        self.points.push(Point { x: ln(batch_size), y, variance: variance.max(1e-8), tick });
    }

    /// Adds what a probe found at `to`, relative to what is known at `from`.
    pub(crate) fn add_step(&mut self, from: u32, to: u32, effect: Effect, tick: u64) {
        if let Some(line) = self.line(from, tick) {
            self.add(to, line.value + effect.gain, effect.error * effect.error, tick);
        }
    }

    /// Makes all that is known less certain.
    pub(crate) fn blur(&mut self, factor: f64) {
        for point in &mut self.points {
            point.variance *= factor;
        }
    }

    /// What going from one batch size to another would gain, by the slope where it starts.
    pub(crate) fn predict(&self, from: u32, to: u32, tick: u64) -> Effect {
        let Some(line) = self.line(from, tick) else { return Effect::UNKNOWN };
        let distance = ln(to) - ln(from);
        let gain = line.slope * distance;
        let bend = BEND * gain;
        let variance = line.slope_variance * distance * distance + bend * bend;
        Effect { gain, error: libm::sqrt(variance).max(0.002) }
    }

    /// Weighted least squares with Epanechnikov's kernel around `batch_size`.
    fn line(&self, batch_size: u32, tick: u64) -> Option<Line> {
        let center = ln(batch_size);
        let (mut s, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        // Variances of the sums, since a weight is not an inverse variance alone.
        let (mut v, mut vx, mut vxx) = (0.0, 0.0, 0.0);
        for point in &self.points {
            let x = point.x - center;
            let near = 1.0 - x * x / (REACH * REACH);
            if near <= 0.0 {
                continue;
            }
            let age = tick.saturating_sub(point.tick) as f64 / AGE;
            let variance = point.variance * (1.0 + age);
            let w = near / variance;
            (s, sx, sy, sxx, sxy) =
                (s + w, sx + w * x, sy + w * point.y, sxx + w * x * x, sxy + w * x * point.y);
            let ww = w * w * variance;
            (v, vx, vxx) = (v + ww, vx + ww * x, vxx + ww * x * x);
        }
        let determinant = s * sxx - sx * sx;
        if s <= 0.0 || determinant <= 1e-6 * s * s {
            return None;
        }
        let d2 = determinant * determinant;
        Some(Line {
            value: (sxx * sy - sx * sxy) / determinant,
            slope: (s * sxy - sx * sy) / determinant,
            slope_variance: (s * s * vxx - 2.0 * s * sx * vx + sx * sx * v) / d2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throughput that doubles with every four doublings, at 1, 2, 4 ..
    fn straight(count: u32) -> Curve {
        let mut curve = Curve::default();
        for rung in 0..count {
            curve.add(1 << rung, 3.0 + 0.25 * ln(1 << rung), 0.01, 0);
        }
        curve
    }

    #[test]
    fn a_line_is_found_again() {
        let curve = straight(6);
        let effect = curve.predict(8, 16, 0);
        assert!((effect.gain - 0.25 * std::f64::consts::LN_2).abs() < 1e-9, "{effect:?}");
        assert!(effect.error > 0.01 && effect.error < 0.2, "{effect:?}");
        let value = curve.line(8, 0).unwrap().value;
        assert!((value - 3.0 - 0.25 * ln(8)).abs() < 1e-9, "{value}");
        let older = curve.predict(8, 16, 5_000);
        assert!(older.error > effect.error);
    }

    #[test]
    fn nothing_is_predicted_from_nothing() {
        let mut curve = straight(1);
        assert_eq!(curve.predict(1, 2, 0), Effect::UNKNOWN);
        curve.add(1 << 20, 3.0, 0.01, 0);
        assert_eq!(curve.predict(1, 2, 0), Effect::UNKNOWN);
        curve = straight(6);
        assert!(curve.predict(1 << 20, 1 << 21, 0) == Effect::UNKNOWN);
        let sharp = curve.predict(4, 8, 0);
        curve.blur(4.0);
        assert!(curve.predict(4, 8, 0).error > sharp.error);
    }

    #[test]
    fn a_step_is_added_to_what_is_known() {
        let mut curve = straight(3);
        let before = curve.predict(4, 8, 0).gain;
        curve.add_step(4, 8, Effect { gain: -0.5, error: 0.02 }, 0);
        assert!(curve.predict(4, 8, 0).gain < before);
        let mut empty = Curve::default();
        empty.add_step(4, 8, Effect { gain: -0.5, error: 0.02 }, 0);
        assert_eq!(empty, Curve::default());
    }

    #[test]
    fn old_points_make_room() {
        let mut curve = Curve::default();
        for at in 0..POINTS_MAX as u32 + 5 {
            curve.add(at + 1, 0.0, 0.01, 0);
        }
        assert_eq!(curve.points.len(), POINTS_MAX);
        assert_eq!(curve.points[0].x, ln(6));
    }

    #[test]
    fn prediction_and_measurement_are_weighed() {
        let predicted = Effect { gain: 0.05, error: 0.02 };
        let both = predicted.combined(Effect { gain: 0.01, error: 0.02 });
        assert!((both.gain - 0.03).abs() < 1e-12 && both.error < 0.02);
        let against = Effect { gain: -0.3, error: 0.07 };
        assert_eq!(predicted.combined(against), against);
        assert!(predicted.probability_above(0.05) > 0.499);
        assert!(predicted.probability_above(0.0) > 0.99);
    }
    #[test]
    fn the_error_of_a_prediction_is_how_far_it_is_off() {
        let mut random = crate::random::SplitMix64::new(5);
        let places = [(2, 0.01), (3, 0.04), (5, 0.01), (9, 0.02)];
        let (mut squares, mut claimed) = (0.0, 0.0);
        let draws = 4_000;
        for _ in 0..draws {
            let mut curve = Curve::default();
            for (batch_size, variance) in places {
                let noise = libm::sqrt(variance) * random.normal();
                curve.add(batch_size, 7.0 + noise, variance, 0);
            }
            let effect = curve.predict(4, 8, 0);
            // Nothing is gained in truth, so what is predicted is all error, and so is its bend.
            squares += effect.gain * effect.gain * (1.0 + BEND * BEND) / f64::from(draws);
            claimed += effect.error * effect.error / f64::from(draws);
        }
        assert!((squares / claimed - 1.0).abs() < 0.05, "{squares} {claimed}");
    }

    #[test]
    fn a_point_is_half_as_sure_after_its_age() {
        let (aged, mut blurred) = (straight(6), straight(6));
        blurred.blur(2.0);
        assert_eq!(aged.predict(4, 8, AGE as u64), blurred.predict(4, 8, 0));
    }
}
