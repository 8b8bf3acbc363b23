//! What a load read, and which lines it could not use.

use std::fmt;

/// Why a line was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadLineReason {
    /// The line is not valid UTF-8.
    NotUtf8,
    /// The line is longer than [`LoadOptions::line_bytes_max`](super::LoadOptions).
    TooLong {
        /// The bound, in bytes.
        bytes_max: usize,
    },
    /// The line has more fields than an edge has parts.
    TooManyFields {
        /// How many it has.
        fields: usize,
    },
    /// The first field is empty.
    EmptySource,
    /// The second field is empty.
    EmptyTarget,
    /// The weight is not a decimal number.
    WeightNotANumber,
    /// The weight is larger than a number can be.
    WeightNotFinite,
    /// The time is not a decimal number.
    TimeNotANumber,
    /// The time is larger than a number can be.
    TimeNotFinite,
    /// A quote is opened and not closed before the text ends; the record begins on this line.
    UnclosedQuote,
}

impl fmt::Display for BadLineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("the line is not UTF-8; convert the file"),
            Self::TooLong { bytes_max } => {
                write!(f, "the line is longer than {bytes_max} bytes; shorten its labels")
            }
            Self::TooManyFields { fields } => write!(
                f,
                "the line has {fields} fields; an edge has at most 5: source, target, weight, \
                 relation, time"
            ),
            Self::EmptySource => f.write_str("the source is empty; give the node a label"),
            Self::EmptyTarget => f.write_str("the target is empty; give the node a label"),
            Self::WeightNotANumber => {
                f.write_str("the weight is not a number; write it as 0.5 or 1e-3, or leave it out")
            }
            Self::WeightNotFinite => {
                f.write_str("the weight is too large for a number; scale the weights down")
            }
            Self::TimeNotANumber => {
                f.write_str("the time is not a number; write it in seconds, or leave it out")
            }
            Self::TimeNotFinite => {
                f.write_str("the time is too large for a number; write it in seconds")
            }
            Self::UnclosedQuote => {
                f.write_str("a quote is opened and never closed; close it or double it")
            }
        }
    }
}

/// A line that was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1; where a CSV record has several lines, the first.
    pub line: u64,
    /// What is wrong with it.
    pub reason: BadLineReason,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// What a load read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Lines of the text, header, empty and bad ones included.
    pub lines: u64,
    /// Lines that held an edge; equal edges, which the graph sums, are counted apart.
    pub edges_read: u64,
    /// Lines of one field, which declare a node.
    pub nodes_declared: u64,
    /// The first bad lines, at most [`LoadOptions::bad_lines_kept`](super::LoadOptions) of them.
    pub bad_lines: Vec<BadLine>,
    /// All bad lines.
    pub bad_line_count: u64,
    /// Bytes of the file, compressed where it is.
    pub file_bytes: u64,
    /// Bytes of its text, a byte order mark not counted.
    pub text_bytes: u64,
    /// Whether the file was compressed.
    pub compressed: bool,
}
