//! The bounds of the buckets that are exported.

use super::cells::{OCTAVES, octave};

/// How many buckets durations are sorted into: one for each bound and one for what is longer.
pub(crate) const DURATION_BUCKETS: usize = DURATION_LIMITS.len() + 1;
/// How many buckets numbers of hops are sorted into.
pub(crate) const HOP_BUCKETS: usize = HOP_LIMITS.len() + 1;
/// How many buckets confidences are sorted into.
pub(crate) const CONFIDENCE_BUCKETS: usize = CONFIDENCE_LIMITS.len() + 1;

/// A confidence is counted in parts of this size, so that sums are exact.
pub(crate) const CONFIDENCE_PARTS: f64 = 1e9;

const US: u64 = 1_000;
const MS: u64 = 1_000 * US;

/// Nanoseconds, ascending. Every duration that a service level or an alert is stated in must be
/// one: a share of spreads within a bound is exact only there.
const DURATION_LIMITS: [u64; 15] = [
    10 * US,
    20 * US,
    50 * US,
    100 * US,
    200 * US,
    500 * US,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    1_000 * MS,
    10_000 * MS,
];
const HOP_LIMITS: [u64; 11] = [0, 1, 2, 3, 4, 5, 6, 8, 10, 20, 100];
const CONFIDENCE_LIMITS: [u64; 10] = [
    50_000_000,
    100_000_000,
    200_000_000,
    300_000_000,
    400_000_000,
    500_000_000,
    600_000_000,
    700_000_000,
    800_000_000,
    900_000_000,
];

/// The bounds of a histogram's buckets. A bucket holds what is at most its bound and above the one
/// before; a last one, without bound, holds the rest.
#[derive(Debug, PartialEq)]
pub struct Bounds {
    limits: &'static [u64],
    /// How many of what `limits` counts make one of the unit that is exported.
    parts: f64,
}

/// Of durations; exported in seconds, counted in nanoseconds.
pub static DURATIONS: Bounds = Bounds { limits: &DURATION_LIMITS, parts: 1e9 };
/// Of numbers of hops.
pub static HOPS: Bounds = Bounds { limits: &HOP_LIMITS, parts: 1.0 };
/// Of confidences, from 0 to 1.
pub static CONFIDENCES: Bounds = Bounds { limits: &CONFIDENCE_LIMITS, parts: CONFIDENCE_PARTS };

impl Bounds {
    /// The bounds as they are exported, ascending, without the infinite one.
    pub fn exported(&self) -> impl Iterator<Item = f64> {
        self.limits.iter().map(|limit| *limit as f64 / self.parts)
    }

    /// How many buckets there are: one more than bounds.
    #[must_use]
    pub const fn buckets(&self) -> usize {
        self.limits.len() + 1
    }

    /// The bounds as they are counted.
    pub(crate) const fn limits(&self) -> &'static [u64] {
        self.limits
    }

    /// `sum` of what was counted, as it is exported.
    pub(crate) fn export(&self, sum: u64) -> f64 {
        sum as f64 / self.parts
    }

    /// The bucket of `amount`. Costs a look at each bound, so it suits what happens once a spread.
    pub(crate) fn bucket_of(&self, amount: u64) -> usize {
        self.limits.iter().take_while(|limit| amount > **limit).count()
    }
}

/// The only bound that the durations of an octave may be on both sides of, and the bucket it ends.
#[derive(Clone, Copy)]
struct Near {
    limit: u64,
    bucket: usize,
}

const NEAR: [Near; OCTAVES] = {
    let mut near = [Near { limit: u64::MAX, bucket: 0 }; OCTAVES];
    let mut at = 0;
    while at < OCTAVES {
        let (begin, end) = octave(at);
        let mut bucket = 0;
        while bucket < DURATION_LIMITS.len() && DURATION_LIMITS[bucket] < begin {
            bucket += 1;
        }
        near[at].bucket = bucket;
        if bucket < DURATION_LIMITS.len() {
            near[at].limit = DURATION_LIMITS[bucket];
        }
        let alone = bucket + 1 >= DURATION_LIMITS.len() || DURATION_LIMITS[bucket + 1] >= end;
        assert!(alone, "two bounds within one octave");
        at += 1;
    }
    near
};

/// The bucket of a duration of `nanos` in its octave; one look into a table and no branch, since no
/// octave has two bounds.
#[inline]
pub(crate) const fn duration_bucket(octave: usize, nanos: u64) -> usize {
    let Near { limit, bucket } = NEAR[octave];
    bucket + (nanos > limit) as usize
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{CONFIDENCES, DURATIONS, HOPS, duration_bucket};
    use crate::observe::cells::{NANOS_MAX, octave_of};

    #[test]
    fn both_ways_find_the_same_bucket() {
        let limits = DURATIONS.limits().iter().copied();
        let powers = (0..42).map(|bits| 1_u64 << bits);
        for near in limits.chain(powers).chain([0, NANOS_MAX]) {
            for nanos in [near.saturating_sub(1), near, near + 1].map(|nanos| nanos.min(NANOS_MAX))
            {
                let found = duration_bucket(octave_of(nanos), nanos);
                assert_eq!(found, DURATIONS.bucket_of(nanos), "{nanos} ns");
            }
        }
    }

    #[test]
    fn a_bound_is_in_the_bucket_it_closes() {
        for bounds in [&DURATIONS, &HOPS, &CONFIDENCES] {
            for (bucket, limit) in bounds.limits().iter().enumerate() {
                assert_eq!(bounds.bucket_of(*limit), bucket);
                assert_eq!(bounds.bucket_of(*limit + 1), bucket + 1);
            }
        }
    }

    #[test]
    fn what_is_promised_is_a_bound() {
        let exported: Vec<f64> = DURATIONS.exported().collect();
        for seconds in [0.0002, 0.001, 0.002, 0.01, 0.02, 0.05, 0.1] {
            assert!(exported.contains(&seconds), "{seconds} s is no bound: {exported:?}");
        }
        assert!(exported.is_sorted() && exported.len() + 1 == DURATIONS.buckets());
    }
}
