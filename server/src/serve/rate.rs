//! How many requests one address may make: a bucket of tokens each, in a table of bounded size.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::locked::Locked;

/// Buckets looked at to find one to forget, where the table is full.
const LOOKED_AT: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Requests it still holds, at `at`.
    left: f64,
    at: Instant,
}

/// The buckets of all addresses that were heard lately.
#[derive(Debug)]
pub(crate) struct Rates {
    buckets: Locked<HashMap<IpAddr, Bucket>>,
    /// Most addresses remembered.
    most: usize,
}

impl Rates {
    /// An empty table for `most` addresses.
    pub(crate) fn new(most: usize) -> Self {
        Self { buckets: Locked::new(HashMap::new()), most }
    }

    /// Takes one request out of the bucket of `address`, which holds at most `burst` and gains
    /// `per_second`.
    ///
    /// # Errors
    /// How long until there is one again.
    pub(crate) fn take(
        &self,
        address: IpAddr,
        now: Instant,
        per_second: u32,
        burst: u32,
    ) -> Result<(), Duration> {
        let (per_second, burst) = (f64::from(per_second), f64::from(burst));
        self.buckets.with(|buckets| {
            if buckets.len() >= self.most && !buckets.contains_key(&address) {
                forget_one(buckets);
            }
            let bucket = buckets.entry(address).or_insert(Bucket { left: burst, at: now });
            let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * per_second;
            bucket.left = (bucket.left + gained).min(burst);
            bucket.at = now;
            if bucket.left >= 1.0 {
                bucket.left -= 1.0;
                return Ok(());
            }
            Err(Duration::from_secs_f64((1.0 - bucket.left) / per_second))
        })
    }
}

/// Forgets the longest silent of a few addresses. Iteration begins where hashing put it, which
/// nobody outside can choose.
fn forget_one(buckets: &mut HashMap<IpAddr, Bucket>) {
    let silent = buckets.iter().take(LOOKED_AT).min_by_key(|(_, bucket)| bucket.at);
    if let Some(address) = silent.map(|(address, _)| *address) {
        buckets.remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let (rates, start) = (Rates::new(10), Instant::now());
        let take = |after_ms: u64| {
            let now = start + Duration::from_millis(after_ms);
            rates.take(Ipv4Addr::LOCALHOST.into(), now, 10, 3)
        };
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(Duration::from_millis(100)));
        assert_eq!((take(100), take(100).is_err()), (Ok(()), true));
        // A long silence fills the bucket, but no further.
        assert_eq!([take(9000), take(9000), take(9000)], [Ok(()); 3]);
        assert!(take(9000).is_err());
    }

    #[test]
    fn the_table_has_an_end() {
        let (rates, now) = (Rates::new(100), Instant::now());
        for number in 0..10_000u32 {
            let address = Ipv4Addr::from(number).into();
            assert_eq!(
                rates.take(address, now + Duration::from_millis(number.into()), 1, 1),
                Ok(())
            );
        }
        assert_eq!(rates.buckets.with(|buckets| buckets.len()), 100);
    }
}
