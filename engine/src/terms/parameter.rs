//! A number a caller gives, and what is allowed for it.

use std::fmt;

/// An interval of finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
}

impl Range {
    /// Every finite number.
    pub const FINITE: Self = Self::new(f64::MIN, false, f64::MAX, false);
    /// `0 <= x`.
    pub const NON_NEGATIVE: Self = Self::new(0.0, false, f64::MAX, false);
    /// `0 < x`.
    pub const POSITIVE: Self = Self::new(0.0, true, f64::MAX, false);
    /// `0 < x`, and not so small that a number loses digits.
    pub const NORMAL: Self = Self::new(f64::MIN_POSITIVE, false, f64::MAX, false);
    /// `0 <= x <= 1`.
    pub const UNIT: Self = Self::new(0.0, false, 1.0, false);
    /// `0 < x <= 1`.
    pub const UNIT_ABOVE_ZERO: Self = Self::new(0.0, true, 1.0, false);
    /// `0 <= x < 1`.
    pub const UNIT_BELOW_ONE: Self = Self::new(0.0, false, 1.0, true);

    const fn new(low: f64, low_open: bool, high: f64, high_open: bool) -> Self {
        Self { low, low_open, high, high_open }
    }

    /// `value` where it lies in the interval.
    ///
    /// # Errors
    /// [`ParameterError`] naming `name` where it does not, or is not a number.
    pub fn check(self, name: &'static str, value: f64) -> Result<f64, ParameterError> {
        let above = if self.low_open { value > self.low } else { value >= self.low };
        let below = if self.high_open { value < self.high } else { value <= self.high };
        // A NaN fails both comparisons.
        if above && below { Ok(value) } else { Err(ParameterError { name, value, range: self }) }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.low_open { "above" } else { "at least" };
        let less = if self.high_open { "below" } else { "at most" };
        match (self.low == f64::MIN, self.high == f64::MAX) {
            (true, _) => f.write_str("a finite number"),
            (false, true) => write!(f, "a finite number {more} {:?}", self.low),
            (false, false) => write!(f, "{more} {} and {less} {}", self.low, self.high),
        }
    }
}

/// A parameter outside its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterError {
    /// The parameter's name, as the command line and JSON spell it.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// What is allowed.
    pub range: Range,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, but must be {}", self.name, self.value, self.range)
    }
}

impl std::error::Error for ParameterError {}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn ends_are_in_or_out_as_named() {
        assert!(Range::UNIT.check("x", 0.0).is_ok());
        assert!(Range::UNIT.check("x", 1.0).is_ok());
        assert!(Range::UNIT_ABOVE_ZERO.check("x", 0.0).is_err());
        assert!(Range::UNIT_ABOVE_ZERO.check("x", 1.0).is_ok());
        assert!(Range::UNIT_BELOW_ONE.check("x", 1.0).is_err());
        assert!(Range::POSITIVE.check("x", 0.0).is_err());
        assert!(Range::FINITE.check("x", -1e308).is_ok());
    }

    #[test]
    fn no_range_holds_what_is_not_finite() {
        for range in [Range::FINITE, Range::NON_NEGATIVE, Range::POSITIVE, Range::UNIT] {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(range.check("x", value).is_err(), "{range} holds {value}");
            }
        }
    }

    #[test]
    fn an_error_says_what_is_allowed() {
        let error = Range::UNIT_ABOVE_ZERO.check("decay", 2.0).unwrap_err();
        assert_eq!(error.to_string(), "decay is 2, but must be above 0 and at most 1");
    }
}
