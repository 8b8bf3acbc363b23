//! The shape of a window, small enough to be a part of the control word.

use super::settings::{SLICES_MAX, Window};

const SPAN_BITS: u32 = 13;
const MANTISSA_BITS: u32 = 8;
const SLICES_BITS: u32 = 4;

/// How a window is cut into slices: by calls or by time, how many, and how large one is.
///
/// A permit carries the shape of its generation, so that whoever records needs no settings, and
/// a change of shape is one exchange of one word. A slice's size is kept in 8 binary digits,
/// rounded up: it grows by less than 1 part in 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape(u32);

impl Shape {
    pub(super) const BITS: u32 = 1 + SLICES_BITS + SPAN_BITS;

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(super) fn of(window: Window) -> Self {
        let (timed, slices, whole) = match window {
            Window::Calls { calls, slices } => {
                let most = u8::try_from(calls.get()).unwrap_or(u8::MAX);
                (0, slices.get().min(SLICES_MAX).min(most), calls.get())
            }
            Window::Time { span, slices } => {
                let millis = span.as_nanos().div_ceil(1_000_000);
                let millis = u32::try_from(millis).unwrap_or(u32::MAX);
                (1, slices.get().min(SLICES_MAX), millis)
            }
        };
        let span = packed(whole.div_ceil(u32::from(slices)).max(1));
        // Rounding may have made slices so large that fewer will do.
        let slices = whole.div_ceil(unpacked(span)).max(1);
        Self(timed | slices << 1 | span << (1 + SLICES_BITS))
    }

    /// Whether slices are spans of time.
    #[inline]
    pub(super) const fn is_timed(self) -> bool {
        self.0 & 1 == 1
    }

    /// How many slices besides the newest the window reaches back.
    pub(super) const fn slices(self) -> u32 {
        self.0 >> 1 & ((1 << SLICES_BITS) - 1)
    }

    /// Calls, or milliseconds, of a slice; at least 1.
    #[inline]
    pub(super) const fn span(self) -> u32 {
        unpacked(self.0 >> (1 + SLICES_BITS))
    }

    /// Whether a slice is of so few calls that each looks whether it is full: at most 16.
    #[inline]
    pub(super) const fn is_fine(self) -> bool {
        // Sizes below 256 are kept as they are.
        self.0 >> (1 + SLICES_BITS) <= 16
    }

    /// The number of the slice that `now_ns` lies in, where slices are spans of time.
    pub(super) fn slice_at(self, now_ns: u64) -> u64 {
        now_ns / (u64::from(self.span()) * 1_000_000)
    }

    /// Calls, or milliseconds, of the whole window.
    #[cfg(test)]
    pub(super) fn whole(self) -> u64 {
        u64::from(self.span()) * u64::from(self.slices())
    }
}

/// `value` in as few bits, rounded up.
const fn packed(value: u32) -> u32 {
    let digits = u32::BITS - value.leading_zeros();
    let mut shift = digits.saturating_sub(MANTISSA_BITS);
    let mut mantissa = (value as u64).div_ceil(1 << shift) as u32;
    if mantissa == 1 << MANTISSA_BITS {
        mantissa >>= 1;
        shift += 1;
    }
    shift << MANTISSA_BITS | mantissa
}

#[inline]
const fn unpacked(bits: u32) -> u32 {
    let (shift, mantissa) = (bits >> MANTISSA_BITS, bits & ((1 << MANTISSA_BITS) - 1));
    let value = (mantissa as u64) << shift;
    // The largest value rounds up to one more than the type holds.
    if value > u32::MAX as u64 { u32::MAX } else { value as u32 }
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU8, NonZeroU32};
    use std::time::Duration;

    use super::{Shape, packed, unpacked};
    use crate::gate::settings::Window;

    fn calls(calls: u32, slices: u8) -> Shape {
        let calls = NonZeroU32::new(calls).unwrap();
        Shape::of(Window::Calls { calls, slices: NonZeroU8::new(slices).unwrap() })
    }

    fn time(span: Duration, slices: u8) -> Shape {
        Shape::of(Window::Time { span, slices: NonZeroU8::new(slices).unwrap() })
    }

    #[test]
    fn sizes_are_exact_or_a_little_larger() {
        for value in (1..2000).chain([u32::MAX - 1, u32::MAX, 1 << 31, (1 << 31) + 1]) {
            let kept = unpacked(packed(value));
            assert!(packed(value) < 1 << super::SPAN_BITS);
            assert!(kept >= value && u64::from(kept - value) * 128 <= u64::from(value), "{value}");
            assert!(value >= 256 || kept == value);
        }
    }

    #[test]
    fn windows_are_cut_into_slices() {
        let shape = calls(100, 10);
        assert_eq!((shape.is_timed(), shape.slices(), shape.span()), (false, 10, 10));
        let shape = calls(3, 10);
        assert_eq!((shape.slices(), shape.span(), shape.whole()), (3, 1, 3));
        let shape = calls(16, 15);
        assert_eq!((shape.slices(), shape.span()), (8, 2));
        let shape = calls(101, 200);
        assert_eq!((shape.slices(), shape.span()), (15, 7));
        let shape = time(Duration::from_secs(10), 10);
        assert_eq!((shape.is_timed(), shape.slices(), shape.span()), (true, 10, 1000));
        assert_eq!(shape.whole(), 10_000);
        assert_eq!(shape.slice_at(2_999_999_999), 2);
        assert_eq!(shape.slice_at(3_000_000_000), 3);
        let shape = time(Duration::ZERO, 1);
        assert_eq!((shape.slices(), shape.span()), (1, 1));
        assert_eq!(time(Duration::MAX, 1).span(), u32::MAX);
    }

    #[test]
    fn fine_slices_are_of_at_most_sixteen() {
        assert!(calls(16, 1).is_fine() && calls(1, 1).is_fine() && calls(64, 4).is_fine());
        assert!(!calls(17, 1).is_fine() && !calls(1 << 20, 1).is_fine());
    }

    #[test]
    fn a_shape_is_found_again_from_its_bits() {
        for shape in [calls(100, 10), calls(1, 1), time(Duration::from_hours(1), 15)] {
            assert!(shape.bits() < 1 << Shape::BITS);
            assert_eq!(Shape::from_bits(shape.bits()), shape);
        }
    }
}
