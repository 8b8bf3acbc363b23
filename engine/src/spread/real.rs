//! The number a state is kept in: 8 bytes, or 4 where the caller chose that.

use std::fmt::Debug;
use std::ops::{Add, Mul, Sub};

/// A floating-point number of one width.
pub(crate) trait Real:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Send
    + Sync
{
    /// What a cell holds that nothing was written to: `-0`.
    ///
    /// `-0 + c` is `c` for every contribution `c` but `-0`, so a sum can start from it, and no sum
    /// of numbers at or above `+0` ever is `-0`. A cell therefore tells by itself whether it was
    /// touched, as long as no weight is negative.
    const UNTOUCHED: Self;
    /// `+0`.
    const ZERO: Self;
    /// `1`.
    const ONE: Self;
    /// The greatest finite number, as double precision.
    const LARGEST: f64;

    /// Whether the cell still holds [`Real::UNTOUCHED`].
    fn is_untouched(self) -> bool;
    /// The nearest number of this width.
    fn of(wide: f64) -> Self;
    /// The same number, exactly.
    fn of_single(single: f32) -> Self;
    /// The same number, exactly.
    fn wide(self) -> f64;
}

impl Real for f64 {
    const UNTOUCHED: Self = -0.0;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LARGEST: f64 = f64::MAX;

    #[inline(always)]
    fn is_untouched(self) -> bool {
        self.to_bits() == Self::UNTOUCHED.to_bits()
    }

    #[inline(always)]
    fn of(wide: f64) -> Self {
        wide
    }

    #[inline(always)]
    fn of_single(single: f32) -> Self {
        Self::from(single)
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

impl Real for f32 {
    const UNTOUCHED: Self = -0.0;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LARGEST: f64 = f32::MAX as f64;

    #[inline(always)]
    fn is_untouched(self) -> bool {
        self.to_bits() == Self::UNTOUCHED.to_bits()
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn of(wide: f64) -> Self {
        wide as Self
    }

    #[inline(always)]
    fn of_single(single: f32) -> Self {
        single
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}
