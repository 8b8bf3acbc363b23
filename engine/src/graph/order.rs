//! Numbers in an order that integers have too.

/// A number whose unsigned order is the order of `x`; 0, below every other, for NaN.
pub(super) fn ascending(x: f64) -> u64 {
    if x.is_nan() {
        return 0;
    }
    let bits = x.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The inverse of [`ascending`].
pub(super) fn descended(order: u64) -> f64 {
    match order {
        0 => f64::NAN,
        order if order >> 63 == 1 => f64::from_bits(order & !(1 << 63)),
        order => f64::from_bits(!order),
    }
}

#[cfg(test)]
mod tests {
    use super::{ascending, descended};

    #[test]
    fn the_order_of_bits_is_the_order_of_numbers() {
        let numbers = [f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 1.0, 2.5, f64::MAX];
        for pair in numbers.windows(2) {
            assert!(ascending(pair[0]) < ascending(pair[1]), "{pair:?}");
        }
        for number in numbers {
            assert_eq!(descended(ascending(number)).to_bits(), number.to_bits());
        }
        assert!(descended(ascending(f64::NAN)).is_nan());
        assert!(ascending(f64::NAN) < ascending(f64::MIN));
    }
}
