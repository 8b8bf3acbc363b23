//! Tab-separated lines. Quotes are literal, and nothing is trimmed.

use std::io::Read;

use memchr::{memchr, memchr2_iter, memrchr};

use super::error::LoadErrorReason;
use super::input::Text;
use super::intake::{Fields, Intake};
use super::report::BadLineReason;
use crate::graph::builder::Edge;
use crate::graph::error::BuildError;
use crate::graph::interner::NAMES_TOGETHER;

/// Splits text into lines and lines into fields.
struct Lines<'i> {
    intake: &'i mut Intake,
    bytes_max: usize,
    /// Lines so far.
    count: u64,
}

/// Reads the whole of `text`, `chunk_bytes` at a time; returns the number of its lines.
pub(super) fn read<R: Read>(
    text: &mut Text<'_, R>,
    intake: &mut Intake,
    line_bytes_max: usize,
    chunk_bytes: usize,
) -> Result<u64, LoadErrorReason> {
    let mut lines = Lines { intake, bytes_max: line_bytes_max, count: 0 };
    let mut buffer = vec![0; chunk_bytes];
    // Bytes of a line that is not complete, at the buffer's start.
    let mut held = 0;
    // Whether the buffer's start belongs to a line that is already known to be too long.
    let mut skipping = false;
    loop {
        let read = text.fill(&mut buffer[held..])?;
        if read == 0 {
            break;
        }
        let chunk = &buffer[..held + read];
        let begin = match memchr(b'\n', chunk) {
            Some(end) if skipping => end + 1,
            None if skipping => continue,
            _ => 0,
        };
        skipping = false;
        let end = memrchr(b'\n', &chunk[begin..]).map_or(begin, |end| begin + end + 1);
        lines.take(&chunk[begin..end]).map_err(LoadErrorReason::Build)?;
        let rest = end..chunk.len();
        held = rest.len();
        buffer.copy_within(rest, 0);
        // The line's end may have a carriage return that does not count.
        if held > line_bytes_max.saturating_add(1) {
            lines.too_long();
            skipping = true;
            held = 0;
        } else if held == buffer.len() {
            buffer.resize(2 * held, 0);
        }
        text.progress(lines.intake.edges());
    }
    lines.take(&buffer[..held]).map_err(LoadErrorReason::Build)?;
    Ok(lines.count)
}

impl Lines<'_> {
    /// Takes lines that are complete, but for the end of the last one.
    fn take(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        // One test for many lines; only where it fails, one for each.
        if let Ok(text) = str::from_utf8(bytes) {
            return self.take_valid(text);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let (line, after) = rest.split_at(end);
            match str::from_utf8(line) {
                Ok(line) => self.take_valid(line)?,
                Err(_) if without_end(line).len() > self.bytes_max => self.too_long(),
                Err(_) => {
                    self.count += 1;
                    self.intake.bad_line(self.count, BadLineReason::NotUtf8);
                }
            }
            rest = after;
        }
        Ok(())
    }

    fn take_valid(&mut self, text: &str) -> Result<(), BuildError> {
        let mut fields = Fields::default();
        // Edges are added many at a time, which is faster.
        let mut waiting = Vec::with_capacity(NAMES_TOGETHER);
        let (mut line_begin, mut field_begin) = (0, 0);
        for end in memchr2_iter(b'\t', b'\n', text.as_bytes()) {
            let field = &text[field_begin..end];
            field_begin = end + 1;
            if text.as_bytes()[end] == b'\t' {
                fields.push(field);
            } else {
                self.take_line(fields, field, end - line_begin, &mut waiting)?;
                fields = Fields::default();
                line_begin = field_begin;
            }
        }
        if line_begin < text.len() {
            let (last, bytes) = (&text[field_begin..], text.len() - line_begin);
            self.take_line(fields, last, bytes, &mut waiting)?;
        }
        self.intake.add(&waiting)
    }

    #[inline]
    fn take_line<'t>(
        &mut self,
        mut fields: Fields<'t>,
        last: &'t str,
        bytes: usize,
        waiting: &mut Vec<Edge<'t>>,
    ) -> Result<(), BuildError> {
        let trimmed = last.strip_suffix('\r').unwrap_or(last);
        let bytes = bytes - (last.len() - trimmed.len());
        if bytes > self.bytes_max {
            self.too_long();
            return Ok(());
        }
        self.count += 1;
        if bytes == 0 {
            return Ok(());
        }
        fields.push(trimmed);
        if let Some(edge) = self.intake.fields(self.count, &fields)? {
            waiting.push(edge);
            if waiting.len() == NAMES_TOGETHER {
                self.intake.add(waiting)?;
                waiting.clear();
            }
        }
        Ok(())
    }

    fn too_long(&mut self) {
        self.count += 1;
        let reason = BadLineReason::TooLong { bytes_max: self.bytes_max };
        self.intake.bad_line(self.count, reason);
    }
}

/// A line without its LF or CRLF.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
