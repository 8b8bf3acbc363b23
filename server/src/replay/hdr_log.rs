//! Histograms of every second, in HdrHistogram's V2 log format.
//!
//! The log is what HistogramLogAnalyzer, HistogramLogProcessor and the `hdrhistogram` crate read:
//! one line a second and tag, with time stamps counted from the base time in its header. Values are
//! nanoseconds.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriter, IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};

use super::recording::Recording;

/// Why there is no log, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogError {
    /// The file cannot be made.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why not.
        kind: ErrorKind,
    },
    /// It is a file that the replay reads.
    SameFile {
        /// The file.
        file: PathBuf,
    },
    /// It could not be written to the end.
    Unfinished {
        /// The file.
        file: PathBuf,
        /// Why not.
        kind: ErrorKind,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable { file, kind } => {
                let file = file.display();
                write!(f, "--hdr-log {file} cannot be written ({kind}); name a file that can be")
            }
            Self::SameFile { file } => write!(
                f,
                "--hdr-log {} is a file that is read; name another file to write",
                file.display()
            ),
            Self::Unfinished { file, kind } => write!(
                f,
                "--hdr-log {} could not be written to the end ({kind}); what was printed is \
                 complete",
                file.display()
            ),
        }
    }
}

impl std::error::Error for LogError {}

/// The file of a log.
pub(super) struct LogFile {
    file: PathBuf,
    out: BufWriter<File>,
    serializer: V2DeflateSerializer,
    /// What went wrong first.
    failed: Option<ErrorKind>,
}

impl fmt::Debug for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFile").field("file", &self.file).finish_non_exhaustive()
    }
}

impl LogFile {
    /// Makes the file.
    ///
    /// # Errors
    /// [`LogError::Unwritable`].
    pub(super) fn create(file: &Path) -> Result<Self, LogError> {
        match File::create(file) {
            Ok(out) => Ok(Self {
                file: file.to_path_buf(),
                out: BufWriter::new(out),
                serializer: V2DeflateSerializer::new(),
                failed: None,
            }),
            Err(error) => {
                Err(LogError::Unwritable { file: file.to_path_buf(), kind: error.kind() })
            }
        }
    }

    /// Hands `write` a function that writes seconds to a log which begins at `begin`.
    pub(super) fn with_log<T>(
        &mut self,
        begin: SystemTime,
        write: impl FnOnce(&mut dyn FnMut(u64, &Recording)) -> T,
    ) -> T {
        let Self { out, serializer, failed, .. } = self;
        let mut note = |error: io::Error| {
            failed.get_or_insert(error.kind());
        };
        let mut log = HdrLog::begin(out, serializer, begin).map_err(&mut note).ok();
        write(&mut |second, recording| {
            // A log with a hole is none, so it ends where it first fails.
            if let Some(Err(error)) = log.as_mut().map(|log| log.second(second, recording)) {
                note(error);
                log = None;
            }
        })
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// [`LogError::Unfinished`] where that fails, or something failed before.
    pub(super) fn finish(mut self) -> Result<(), LogError> {
        let flushed = self.out.flush().err().map(|error| error.kind());
        match self.failed.or(flushed) {
            None => Ok(()),
            Some(kind) => Err(LogError::Unfinished { file: self.file, kind }),
        }
    }
}

/// A log that is being written.
struct HdrLog<'a, W: Write> {
    lines: IntervalLogWriter<'a, 'a, W, V2DeflateSerializer>,
}

impl<'a, W: Write> HdrLog<'a, W> {
    /// A log whose first second begins at `begin`.
    ///
    /// # Errors
    /// What writing to `out` gives.
    fn begin(
        out: &'a mut W,
        serializer: &'a mut V2DeflateSerializer,
        begin: SystemTime,
    ) -> io::Result<Self> {
        let lines = IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment("[emanate replay: nanoseconds]")
            .with_start_time(begin)
            .with_base_time(begin)
            .begin_log_with(out, serializer)?;
        Ok(Self { lines })
    }

    /// Writes what was recorded in the second number `second`.
    ///
    /// # Errors
    /// What writing gives.
    fn second(&mut self, second: u64, recording: &Recording) -> io::Result<()> {
        let start = Duration::from_secs(second);
        let length = Duration::from_secs(1);
        for (tag, histogram) in [("service", &recording.service), ("response", &recording.response)]
        {
            let written = self.lines.write_histogram(histogram, start, length, Tag::new(tag));
            written.map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use emanate::terms::StopReason;
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::super::recording::{Ended, Times};
    use super::*;

    #[test]
    fn a_log_is_read_back_as_it_was() {
        let mut recordings = [Recording::new(), Recording::new(), Recording::new()];
        for micros in 1..1000 {
            let times = Times {
                intended: Duration::ZERO,
                begin: Duration::from_micros(micros),
                end: Duration::from_micros(3 * micros),
            };
            let ended = Some(Ended { reason: StopReason::HopLimit, edges: 0 });
            recordings[2 * (micros as usize % 2)].add(times, ended);
        }
        let (mut out, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
        let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut log = HdrLog::begin(&mut out, &mut serializer, begin).unwrap();
        for (second, recording) in recordings.iter().enumerate() {
            log.second(second as u64, recording).unwrap();
        }

        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("#[Histogram log format version 1.3]\n"), "{text}");
        assert!(text.contains("#[BaseTime: 1700000000.000 (seconds since epoch)]\n"), "{text}");
        let mut read = Vec::new();
        for entry in IntervalLogIterator::new(text.as_bytes()) {
            let LogEntry::Interval(interval) = entry.unwrap() else { continue };
            let bytes = base64(interval.encoded_histogram());
            let histogram: Histogram<u64> =
                Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
            let tag = interval.tag().unwrap().as_str().to_owned();
            read.push((interval.start_timestamp().as_secs(), tag, histogram));
        }
        let written = recordings.iter().zip(0..).flat_map(|(recording, second)| {
            let Recording { service, response, .. } = recording.clone();
            [(second, "service".to_owned(), service), (second, "response".to_owned(), response)]
        });
        assert_eq!(read, written.collect::<Vec<_>>());
    }

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
}
