//! Comma-separated records with quotes, as RFC 4180 has them.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader};
use memchr::memchr_iter;

use super::error::LoadErrorReason;
use super::input::Text;
use super::intake::{FIELDS_MAX, Fields, Intake};
use super::report::BadLineReason;
use crate::graph::error::BuildError;

/// Splits text into records and records into fields.
struct Records<'i> {
    intake: &'i mut Intake,
    bytes_max: usize,
    reader: Reader,
    /// Content of the fields of this record, without quotes; never empty.
    content: Vec<u8>,
    content_len: usize,
    /// Where each field ends in `content`; the last place is for those too many.
    ends: [usize; FIELDS_MAX + 1],
    ends_len: usize,
    /// Fields whose ends were not kept, there being too many.
    passed_over: usize,
    is_too_long: bool,
    /// Line ends so far.
    line_ends: u64,
    /// The line on which this record begins; `None` between two records.
    line: Option<u64>,
}

/// Reads the whole of `text`, `chunk_bytes` at a time; returns the number of its lines.
pub(super) fn read<R: Read>(
    text: &mut Text<'_, R>,
    intake: &mut Intake,
    line_bytes_max: usize,
    chunk_bytes: usize,
) -> Result<u64, LoadErrorReason> {
    let mut records = Records {
        intake,
        bytes_max: line_bytes_max,
        reader: Reader::new(),
        content: vec![0; chunk_bytes],
        content_len: 0,
        ends: [0; FIELDS_MAX + 1],
        ends_len: 0,
        passed_over: 0,
        is_too_long: false,
        line_ends: 0,
        line: None,
    };
    let mut buffer = vec![0; chunk_bytes];
    let mut ends_in_line = false;
    loop {
        let read = text.fill(&mut buffer)?;
        if read == 0 {
            break;
        }
        ends_in_line = buffer[read - 1] != b'\n';
        records.take(&buffer[..read]).map_err(LoadErrorReason::Build)?;
        text.progress(records.intake.edges());
    }
    let lines = records.line_ends + u64::from(ends_in_line);
    records.finish().map_err(LoadErrorReason::Build)?;
    Ok(lines)
}

impl Records<'_> {
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), BuildError> {
        loop {
            if self.line.is_none() {
                bytes = self.skip_line_ends(bytes);
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let line = *self.line.get_or_insert(self.line_ends + 1);
            let (read, is_complete) = self.advance(bytes);
            self.line_ends += memchr_iter(b'\n', &bytes[..read]).count() as u64;
            bytes = &bytes[read..];
            if is_complete {
                self.end_of_record(line)?;
            }
        }
    }

    /// Between records, line ends stand for empty lines, or follow the one that ended a record.
    fn skip_line_ends<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let count = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (skipped, rest) = bytes.split_at(count);
        self.line_ends += memchr_iter(b'\n', skipped).count() as u64;
        rest
    }

    /// Reads on in the record: how many bytes were read, and whether the record is complete.
    fn advance(&mut self, bytes: &[u8]) -> (usize, bool) {
        let (result, read, written, ended) = self.reader.read_record(
            bytes,
            &mut self.content[self.content_len..],
            &mut self.ends[self.ends_len..],
        );
        self.content_len += written;
        self.ends_len += ended;
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            ReadRecordResult::Record => return (read, true),
            ReadRecordResult::OutputFull if self.content_len > self.bytes_max => {
                self.is_too_long = true;
                self.content_len = 0;
            }
            ReadRecordResult::OutputFull => self.content.resize(2 * self.content.len(), 0),
            ReadRecordResult::OutputEndsFull => {
                self.passed_over += 1;
                self.ends_len = FIELDS_MAX;
            }
        }
        (read, false)
    }

    fn end_of_record(&mut self, line: u64) -> Result<(), BuildError> {
        if self.is_too_long || self.content_len > self.bytes_max {
            self.intake.bad_line(line, BadLineReason::TooLong { bytes_max: self.bytes_max });
        } else {
            let kept = &self.ends[..self.ends_len.min(FIELDS_MAX)];
            let count = self.passed_over + self.ends_len;
            match fields_of(&self.content, kept, count) {
                Some(fields) => {
                    if let Some(edge) = self.intake.fields(line, &fields)? {
                        self.intake.add_one(&edge)?;
                    }
                }
                None => self.intake.bad_line(line, BadLineReason::NotUtf8),
            }
        }
        self.line = None;
        self.is_too_long = false;
        (self.content_len, self.ends_len, self.passed_over) = (0, 0, 0);
        Ok(())
    }

    /// Takes the last record where no line end closes it.
    fn finish(mut self) -> Result<(), BuildError> {
        let Some(line) = self.line else { return Ok(()) };
        loop {
            // Where there was no room, the line end has to be given again.
            match self.advance(b"\n") {
                (_, true) => return self.end_of_record(line),
                (0, false) => {}
                (_, false) => break,
            }
        }
        // The line end was taken as content: a quote is open.
        self.intake.bad_line(line, BadLineReason::UnclosedQuote);
        Ok(())
    }
}

/// `count` fields of a record, of which the first end at `ends`; `None` where one of these is not
/// UTF-8. Each is looked at alone: two that are not might make one that is.
fn fields_of<'a>(content: &'a [u8], ends: &[usize], count: usize) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    let mut begin = 0;
    for &end in ends {
        fields.push(str::from_utf8(&content[begin..end]).ok()?);
        begin = end;
    }
    for _ in ends.len()..count {
        fields.push("");
    }
    Some(fields)
}
