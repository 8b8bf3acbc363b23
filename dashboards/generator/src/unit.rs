//! Units of panels.

/// A unit, as Grafana names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds of time.
    Seconds,
    /// Bytes, in powers of 1024.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
    /// Whatever is counted, in a second.
    PerSecond,
    /// A share, from 0 to 1, shown in per cent.
    Ratio,
    /// A number without unit.
    Count,
    /// An instant, seconds since the epoch multiplied by 1000.
    Instant,
}

impl Unit {
    /// Its name in Grafana.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::PerSecond => "ops",
            Self::Ratio => "percentunit",
            Self::Count => "short",
            Self::Instant => "dateTimeFromNow",
        }
    }
}
