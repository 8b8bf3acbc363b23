//! Distributions for the tools of HdrHistogram.

use std::io;
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};

use super::cells::NANOS_MAX;
use super::distribution::Distribution;

/// Significant digits of durations.
const DIGITS: u8 = 3;

impl Distribution {
    /// The same counts as a histogram of crate `hdrhistogram`, of nanoseconds from 1 to an hour
    /// with three significant digits. Nothing is lost: it has the same cells.
    #[must_use]
    pub fn to_hdr(&self) -> hdrhistogram::Histogram<u64> {
        let mut histogram = hdrhistogram::Histogram::new_with_bounds(1, NANOS_MAX, DIGITS)
            .expect("three digits of an hour fit");
        for (nanos, count) in self.cells() {
            // The longest duration of the last cell is beyond the hour, but in the same cell.
            histogram.saturating_record_n(nanos.min(NANOS_MAX), count);
        }
        histogram
    }
}

/// One line of an interval log.
#[derive(Clone, Copy, Debug)]
pub struct Interval<'a> {
    /// What was measured, as a tag; without commas, spaces and line breaks.
    pub tag: &'a str,
    /// When the interval began, from the begin of the log.
    pub start: Duration,
    /// How long it was.
    pub length: Duration,
    /// What was measured in it.
    pub distribution: &'a Distribution,
}

/// Writes a log in HdrHistogram's V2 format, which its tools read: durations in nanoseconds, a line
/// for each interval. A log that is continued is written with `begins` once, and appended to with
/// [`None`] from then on.
///
/// # Errors
/// What writing to `out` gives; an invalid tag is one of them.
pub fn write_interval_log<'a>(
    out: &mut impl io::Write,
    begins: Option<SystemTime>,
    intervals: impl IntoIterator<Item = Interval<'a>>,
) -> io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    if let Some(begin) = begins {
        builder
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("[emanate: nanoseconds]")
            .with_start_time(begin)
            .with_base_time(begin);
    }
    let mut log = builder.begin_log_with(out, &mut serializer)?;
    for Interval { tag, start, length, distribution } in intervals {
        let tag = Tag::new(tag).ok_or(io::ErrorKind::InvalidInput)?;
        let histogram = distribution.to_hdr();
        log.write_histogram(&histogram, start, length, Some(tag)).map_err(|error| match error {
            IntervalLogWriterError::IoError(error) => error,
            IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
        })?;
    }
    Ok(())
}
