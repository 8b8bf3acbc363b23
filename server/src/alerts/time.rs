//! When something is: an argument of everything here, since nothing here has a clock.

use std::time::Duration;

/// Milliseconds since 1970. Whoever hands times in sees to it that they do not go back; where they
/// do all the same, no time has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Time(u64);

impl Time {
    /// So many milliseconds after the beginning of 1970.
    pub(crate) const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub(crate) const fn ms(self) -> u64 {
        self.0
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// What has passed since `earlier`; 0 where that is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// `span` later.
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(ms(span)))
    }

    /// `span` earlier, at most the beginning of 1970.
    pub(crate) fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(ms(span)))
    }
}

/// Whole milliseconds of `span`.
pub(crate) fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// `span` as a rule or a silence writes it: `90s`, `2m`, `250ms`.
pub(crate) fn written(span: Duration) -> String {
    match ms(span) {
        0 => "0s".to_owned(),
        ms if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        ms if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    #[test]
    fn no_time_passes_backwards() {
        let (early, late) = (Time::from_ms(1000), Time::from_ms(3500));
        assert_eq!(late.since(early), Duration::from_millis(2500));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early.before(Duration::MAX), Time::default());
        assert_eq!(early.after(Duration::from_secs(2)).ms(), 3000);
    }

    #[test]
    fn what_is_written_can_be_read() {
        for ms in [0, 1, 999, 1000, 1001, 60_000, 61_000, 7_200_000] {
            let span = Duration::from_millis(ms);
            assert_eq!(values::duration(&written(span)), Ok(span), "{}", written(span));
        }
    }
}
