//! Distributions against `hdrhistogram`.

use std::time::Duration;

use proptest::prelude::*;

use super::durations;
use crate::observe::{Distribution, Histogram, NANOS_MAX};

fn distribution_of(durations: &[Duration]) -> Distribution {
    let histogram = Histogram::new(1);
    let mut writer = histogram.writer().unwrap();
    for duration in durations {
        writer.record(*duration);
    }
    histogram.distribution()
}

proptest! {
    /// The quantile is `hdrhistogram`'s to the nanosecond, and the true one to three digits.
    #[cfg_attr(miri, ignore = "there are fewer digits")]
    #[test]
    fn quantiles_are_right_to_three_digits(
        mut durations in prop::collection::vec(durations(), 1..60),
        quantile in 0.0_f64..=1.0,
    ) {
        let distribution = distribution_of(&durations);
        let mut reference =
            hdrhistogram::Histogram::<u64>::new_with_bounds(1, NANOS_MAX, 3).unwrap();
        for duration in &durations {
            let nanos = duration.as_nanos() as u64;
            reference.record(nanos.min(NANOS_MAX)).unwrap();
        }
        durations.sort_unstable();
        for quantile in [0.0, quantile, 0.5, 0.99, 1.0] {
            let found = distribution.quantile(quantile).unwrap().as_nanos() as u64;
            if quantile > 0.0 {
                // For 0, `hdrhistogram` gives the cell's lower end.
                prop_assert_eq!(found, reference.value_at_quantile(quantile));
            }
            let position = (quantile * durations.len() as f64).ceil().max(1.0) as usize;
            let exact = (durations[position - 1].as_nanos() as u64).min(NANOS_MAX);
            prop_assert!(found >= exact && found - exact <= exact / 1000, "{} {}", found, exact);
        }
        let mean = distribution.mean().unwrap().as_nanos() as f64;
        prop_assert!((mean - reference.mean()).abs() <= 1.0 + reference.mean() / 1000.0);
    }

    #[test]
    fn merging_is_counting_both(
        one in prop::collection::vec(durations(), 0..20),
        other in prop::collection::vec(durations(), 0..20),
    ) {
        let mut merged = distribution_of(&one);
        let before = merged.clone();
        merged.merge(&distribution_of(&other));
        prop_assert_eq!(&merged, &distribution_of(&[one, other.clone()].concat()));
        prop_assert_eq!(merged.since(&before), distribution_of(&other));
    }
}

#[test]
fn nothing_has_no_quantile() {
    let nothing = distribution_of(&[]);
    assert_eq!((nothing.quantile(0.5), nothing.mean(), nothing.count()), (None, None, 0));
    assert_eq!(nothing, Distribution::default());
}

#[test]
fn quantiles_out_of_range_are_the_nearer_end() {
    let distribution = distribution_of(&[1, 2, 3].map(Duration::from_nanos));
    let at = |quantile| distribution.quantile(quantile).unwrap().as_nanos();
    assert_eq!([at(-1.0), at(f64::NAN), at(0.5), at(7.0)], [1, 1, 2, 3]);
    assert_eq!(distribution.mean(), Some(Duration::from_nanos(2)));
}

#[test]
fn what_was_counted_before_is_not_less_than_nothing() {
    let one = distribution_of(&[Duration::from_nanos(1)]);
    assert_eq!(distribution_of(&[]).since(&one).count(), 0);
    assert_eq!(one.since(&distribution_of(&[Duration::from_nanos(2)])), one);
}
