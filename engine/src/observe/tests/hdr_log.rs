//! Logs as the reader of crate `hdrhistogram` reads them.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use crate::observe::{Histogram, Interval, write_interval_log};

/// The bytes that `text` stands for.
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).unwrap() as u32;
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = four.iter().fold(0, |bits, byte| bits << 6 | digit(*byte));
        let bits = bits << (6 * (4 - four.len()));
        bytes.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}

#[test]
fn a_log_that_is_continued_is_read_back_as_it_was() {
    let histogram = Histogram::new(1);
    let mut writer = histogram.writer().unwrap();
    let begin = SystemTime::now();
    let mut earlier = histogram.distribution();
    let (mut out, mut written) = (Vec::new(), Vec::new());
    for second in 0..3 {
        for nanos in [0, 1, 200_000, 1_000_000 * second, u64::MAX] {
            writer.record(Duration::from_nanos(nanos));
        }
        let now = histogram.distribution();
        let distribution = now.since(&earlier);
        let (start, length) = (Duration::from_secs(second), Duration::from_secs(1));
        let interval = Interval { tag: "response", start, length, distribution: &distribution };
        let begins = (second == 0).then_some(begin);
        write_interval_log(&mut out, begins, [interval]).unwrap();
        written.push((start, length, distribution.to_hdr()));
        assert_eq!(distribution.count(), 5);
        assert_eq!(distribution.to_hdr().len(), 5);
        let quantile = |q| distribution.quantile(q).unwrap().as_nanos() as u64;
        for q in [0.3, 0.5, 0.9, 1.0] {
            assert_eq!(quantile(q), distribution.to_hdr().value_at_quantile(q));
        }
        earlier = now;
    }

    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.matches("#[Histogram log format version 1.3]\n").count(), 1);
    assert_eq!(text.matches("#[BaseTime: ").count(), 1);
    let mut read = Vec::new();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        assert_eq!(interval.tag().unwrap().as_str(), "response");
        let bytes = base64(interval.encoded_histogram());
        let histogram: hdrhistogram::Histogram<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
        read.push((interval.start_timestamp(), interval.duration(), histogram));
    }
    assert_eq!(read, written);
}

#[test]
fn a_tag_that_breaks_the_line_is_refused() {
    let distribution = Histogram::new(1).distribution();
    let (start, length) = (Duration::ZERO, Duration::from_secs(1));
    for tag in ["a,b", "a b", "a\nb"] {
        let interval = Interval { tag, start, length, distribution: &distribution };
        let refused = write_interval_log(&mut Vec::new(), None, [interval]).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    }
}
