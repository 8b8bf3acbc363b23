//! What a client counts, and how it tells it a line at a time, so that little is lost when it is
//! killed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Parts that a doubling of time is cut into: quantiles are right to 2 ^ (1 / 16), 4.4 %.
const PARTS: f64 = 16.0;
/// The last bin holds what took longer than an hour.
const BINS: usize = 512;

/// Answers, and how long after they were due they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Status 200.
    pub(crate) ok: u64,
    /// Status 429 or 503.
    pub(crate) shed: u64,
    /// Every other status, a body that is not what was asked for, and no answer at all.
    pub(crate) other: u64,
    bins: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { ok: 0, shed: 0, other: 0, bins: vec![0; BINS] }
    }
}

impl Tally {
    /// Notes that an answer came so long after it was due.
    pub(crate) fn took(&mut self, time: Duration) {
        let micros = time.as_secs_f64().mul_add(1e6, 1.0);
        self.bins[((micros.log2() * PARTS) as usize).min(BINS - 1)] += 1;
    }

    /// The time within which the share `quantile` of all answers came, to 4.4 %.
    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        let wanted = (quantile * self.answers() as f64).ceil() as u64;
        let mut so_far = 0;
        let bin = self.bins.iter().position(|count| {
            so_far += count;
            so_far >= wanted
        });
        let upper = ((bin.unwrap_or(BINS - 1) + 1) as f64 / PARTS).exp2() - 1.0;
        Duration::from_secs_f64(upper / 1e6)
    }

    /// Answers of every kind.
    pub(crate) const fn answers(&self) -> u64 {
        self.ok + self.shed + self.other
    }
}

impl std::ops::AddAssign<&Self> for Tally {
    fn add_assign(&mut self, more: &Self) {
        self.ok += more.ok;
        self.shed += more.shed;
        self.other += more.other;
        self.bins.iter_mut().zip(&more.bins).for_each(|(bin, more)| *bin += more);
    }
}

/// `tally OK SHED OTHER BIN=COUNT ..`
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tally {} {} {}", self.ok, self.shed, self.other)?;
        let filled = self.bins.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.into_iter().try_for_each(|(bin, count)| write!(f, " {bin}={count}"))
    }
}

impl FromStr for Tally {
    type Err = NoTally;

    fn from_str(line: &str) -> Result<Self, NoTally> {
        let mut words = line.strip_prefix("tally ").ok_or(NoTally)?.split(' ');
        let mut count = || words.next()?.parse().ok();
        let (ok, shed, other) = (count(), count(), count());
        let (Some(ok), Some(shed), Some(other)) = (ok, shed, other) else { return Err(NoTally) };
        let mut tally = Self { ok, shed, other, ..Self::default() };
        for word in words {
            let (bin, count) = word.split_once('=').ok_or(NoTally)?;
            let bin: usize = bin.parse().map_err(|_| NoTally)?;
            let count: u64 = count.parse().map_err(|_| NoTally)?;
            *tally.bins.get_mut(bin).ok_or(NoTally)? += count;
        }
        Ok(tally)
    }
}

/// A line is no tally: its writer was killed in the middle of it, or said something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTally;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_read_as_it_was_told() {
        let mut tally = Tally { ok: 3, shed: 1, ..Tally::default() };
        for micros in [0, 80, 80, 5_000_000_000] {
            tally.took(Duration::from_micros(micros));
        }
        let mut twice = tally.to_string().parse::<Tally>().unwrap();
        assert_eq!(twice, tally);
        twice += &tally;
        assert_eq!((twice.answers(), twice.quantile(0.5)), (8, tally.quantile(0.5)));
        for cut in ["", "tally", "tally 1 2", "tally 1 2 x", "tally 1 2 3 4=", "tally 1 2 3 999=1"]
        {
            assert_eq!(cut.parse::<Tally>(), Err(NoTally), "{cut}");
        }
    }

    #[test]
    fn quantiles_are_right_to_their_bins() {
        let mut tally = Tally { ok: 1000, ..Tally::default() };
        for micros in 1..=1000 {
            tally.took(Duration::from_micros(micros));
        }
        for (quantile, expected) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = tally.quantile(quantile).as_secs_f64() * 1e6;
            assert!(found >= expected && found <= expected * 1.05 + 1.0, "{quantile}: {found}");
        }
    }
}
