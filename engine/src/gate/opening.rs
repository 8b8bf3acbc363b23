//! How a breaker opens and closes, and for how long it is open.

use super::breaker::{Breaker, nanos};
use super::control::{Control, STRAIN_MAX};
use super::settings::BreakerSettings;
use super::state::{BreakerState, TransitionReason};

impl Breaker {
    /// Opens; whether this thread did.
    pub(super) fn open(
        &self,
        from: Control,
        settings: &BreakerSettings,
        reason: TransitionReason,
        now_ns: u64,
    ) -> bool {
        let strain = from.strain().saturating_sub(self.forgotten(from, settings, now_ns));
        let next = from.next(BreakerState::Open).with_strain(strain + 1);
        let seed = seed(self.name(), settings.jitter_seed, next.generation());
        let until = now_ns.saturating_add(open_wait_ns(settings, strain, seed));
        self.shift(from, next, reason, until, now_ns)
    }

    /// Closes, with an empty window; whether this thread did.
    pub(super) fn close(&self, from: Control, reason: TransitionReason, now_ns: u64) -> bool {
        let shape = super::shape::Shape::of(self.settings().window);
        let next = from.next(BreakerState::Closed).with_shape(shape);
        self.shift(from, next, reason, now_ns, now_ns)
    }

    /// How many doublings of the open wait a healthy time has undone.
    fn forgotten(&self, from: Control, settings: &BreakerSettings, now_ns: u64) -> u32 {
        if from.state() != BreakerState::Closed {
            return 0;
        }
        // Where the generation is past, the exchange will fail and nothing depends on this.
        let since = self.timers().get(from.state(), from.generation()).unwrap_or(now_ns);
        let healthy = now_ns.saturating_sub(since);
        let spans = healthy / nanos(settings.stable).max(1);
        u32::try_from(spans).unwrap_or(u32::MAX)
    }
}

/// `min(open_wait * 2^strain, open_wait_max) * (1 - jitter * u)` in nanoseconds, `u` in
/// [0, 1) drawn from `seed`.
fn open_wait_ns(settings: &BreakerSettings, strain: u32, seed: u64) -> u64 {
    let first = nanos(settings.open_wait);
    let longest = nanos(settings.open_wait_max).max(first);
    let doubled = u128::from(first) << strain.min(STRAIN_MAX);
    let wait = u64::try_from(doubled).unwrap_or(u64::MAX).min(longest);
    // 53 bits are what a double holds.
    let drawn = (mixed(seed) >> 11) as f64 / (1_u64 << 53) as f64;
    let off = wait as f64 * settings.jitter.get() * drawn;
    wait.saturating_sub(off as u64)
}

/// Differs from breaker to breaker, from process to process if their seeds do, and from one
/// opening to the next.
fn seed(name: &str, jitter_seed: u64, generation: u32) -> u64 {
    // FNV-1a, which is enough to tell names apart.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed(hash ^ mixed(jitter_seed)) ^ u64::from(generation)
}

/// SplitMix64's output function (Steele, Lea, Flood 2014).
const fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;
    use std::time::Duration;

    use super::{mixed, open_wait_ns, seed};
    use crate::gate::settings::{BreakerSettings, Jitter};

    fn settings(jitter: f64) -> BreakerSettings {
        let one = NonZeroU8::MIN;
        BreakerSettings {
            open_wait_max: Duration::from_nanos(5000),
            jitter: Jitter::new(jitter).unwrap(),
            ..BreakerSettings::new(one, Duration::from_nanos(1000), one)
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = [0, 1, 2, 3, 15, 99].map(|strain| open_wait_ns(&settings(0.0), strain, 7));
        assert_eq!(waits, [1000, 2000, 4000, 5000, 5000, 5000]);
        let longer = BreakerSettings { open_wait: Duration::MAX, ..settings(0.0) };
        assert_eq!(open_wait_ns(&longer, 15, 7), u64::MAX);
    }

    #[test]
    fn chance_takes_off_at_most_its_part_and_differs() {
        let waits: Vec<u64> = (0..1000).map(|g| seed("hot", 1, g)).collect();
        let waits = waits.iter().map(|&seed| open_wait_ns(&settings(0.5), 0, seed));
        let waits: std::collections::BTreeSet<u64> = waits.collect();
        assert!(*waits.first().unwrap() < 505 && *waits.first().unwrap() >= 500);
        assert!(*waits.last().unwrap() > 995 && *waits.last().unwrap() <= 1000);
        assert!(waits.len() > 300, "{} different waits", waits.len());
        assert_ne!(seed("hot", 1, 0), seed("warm", 1, 0));
        assert_ne!(seed("hot", 1, 0), seed("hot", 2, 0));
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // The first outputs for seed 1234567, as the authors' code gives them.
        let gamma = 0x9e37_79b9_7f4a_7c15_u64;
        assert_eq!(mixed(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(mixed(1_234_567_u64.wrapping_add(gamma)), 3_203_168_211_198_807_973);
    }
}
