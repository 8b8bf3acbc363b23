//! From the fields of a line to a node or an edge.

use super::report::{BadLine, BadLineReason, LoadReport};
use crate::graph::builder::{Edge, GraphBuilder};
use crate::graph::error::BuildError;
use crate::terms::Label;

/// Parts of an edge: source, target, weight, relation, time.
pub(super) const FIELDS_MAX: usize = 5;

/// Weight of an edge whose line gives none.
const DEFAULT_WEIGHT: f64 = 1.0;

/// The first fields of a line, and how many it has in all.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    first: [&'a str; FIELDS_MAX],
    count: usize,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(super) fn push(&mut self, field: &'a str) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = field;
        }
        self.count += 1;
    }
}

/// Takes lines and keeps what they hold.
pub(super) struct Intake {
    builder: GraphBuilder,
    report: LoadReport,
    bad_lines_kept: usize,
    header_possible: bool,
}

impl Intake {
    pub(super) fn new(bad_lines_kept: usize) -> Self {
        Self {
            builder: GraphBuilder::new(),
            report: LoadReport::default(),
            bad_lines_kept,
            header_possible: true,
        }
    }

    /// Takes nodes that need not be in the text.
    pub(super) fn nodes(&mut self, labels: &[String]) -> Result<(), BuildError> {
        for label in labels {
            self.builder.node(label)?;
        }
        Ok(())
    }

    /// Takes the fields of line `line`, which is not empty. An edge is returned, so that it may be
    /// added with others.
    #[inline]
    pub(super) fn fields<'t>(
        &mut self,
        line: u64,
        fields: &Fields<'t>,
    ) -> Result<Option<Edge<'t>>, BuildError> {
        let [source, target, ..] = fields.first;
        if self.header_possible {
            self.header_possible = false;
            if source == "source" && target == "target" {
                return Ok(None);
            }
        }
        match edge(fields) {
            Err(reason) => self.bad_line(line, reason),
            Ok(None) => {
                self.builder.node(source)?;
                self.report.nodes_declared += 1;
            }
            Ok(edge) => return Ok(edge),
        }
        Ok(None)
    }

    /// Adds edges; best [`NAMES_TOGETHER`](crate::graph::interner::NAMES_TOGETHER) at a time.
    pub(super) fn add(&mut self, edges: &[Edge<'_>]) -> Result<(), BuildError> {
        self.report.edges_read += edges.len() as u64;
        self.builder.add_all(edges)
    }

    /// Adds one edge.
    pub(super) fn add_one(&mut self, edge: &Edge<'_>) -> Result<(), BuildError> {
        self.report.edges_read += 1;
        self.builder.add(edge)?;
        Ok(())
    }

    /// Notes that line `line` is not used.
    #[cold]
    pub(super) fn bad_line(&mut self, line: u64, reason: BadLineReason) {
        self.header_possible = false;
        self.report.bad_line_count += 1;
        if self.report.bad_lines.len() < self.bad_lines_kept {
            self.report.bad_lines.push(BadLine { line, reason });
        }
    }

    pub(super) const fn edges(&self) -> u64 {
        self.report.edges_read
    }

    /// What was taken: the nodes and edges, and the report on them.
    pub(super) fn finish(self) -> (GraphBuilder, LoadReport) {
        (self.builder, self.report)
    }
}

/// The edge these fields give; `None` where they declare a node.
#[inline]
fn edge<'a>(fields: &Fields<'a>) -> Result<Option<Edge<'a>>, BadLineReason> {
    let [source, target, weight, relation, time] = fields.first;
    if fields.count > FIELDS_MAX {
        return Err(BadLineReason::TooManyFields { fields: fields.count });
    }
    if source.is_empty() {
        return Err(BadLineReason::EmptySource);
    }
    if fields.count == 1 {
        return Ok(None);
    }
    if target.is_empty() {
        return Err(BadLineReason::EmptyTarget);
    }
    let weight = match number(weight) {
        Ok(weight) => weight.unwrap_or(DEFAULT_WEIGHT),
        Err(NumberError::NotANumber) => return Err(BadLineReason::WeightNotANumber),
        Err(NumberError::NotFinite) => return Err(BadLineReason::WeightNotFinite),
    };
    let time = match number(time) {
        Ok(time) => time,
        Err(NumberError::NotANumber) => return Err(BadLineReason::TimeNotANumber),
        Err(NumberError::NotFinite) => return Err(BadLineReason::TimeNotFinite),
    };
    let (source, target) = (Label::Text(source), Label::Text(target));
    let relation = (!relation.is_empty()).then_some(relation);
    Ok(Some(Edge { source, target, weight, relation, time }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberError {
    NotANumber,
    NotFinite,
}

/// The nearest number to a decimal one, with or without spaces around it; `None` for a blank field.
/// Words that the standard library reads as numbers (`inf`, `nan`) are none here.
#[inline]
fn number(text: &str) -> Result<Option<f64>, NumberError> {
    let text = text.trim_matches(' ');
    match text.as_bytes() {
        [] => return Ok(None),
        [digit @ b'0'..=b'9'] => return Ok(Some(f64::from(digit - b'0'))),
        _ => {}
    }
    let is_decimal = |byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E');
    if !text.bytes().all(is_decimal) {
        return Err(NumberError::NotANumber);
    }
    match text.parse::<f64>() {
        Err(_) => Err(NumberError::NotANumber),
        Ok(number) if number.is_finite() => Ok(Some(number)),
        Ok(_) => Err(NumberError::NotFinite),
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberError, number};

    #[test]
    fn numbers_are_decimal_and_exact() {
        for (text, value) in [
            ("1", 1.0),
            ("0.1", 0.1),
            ("-2.5e-3", -0.0025),
            ("+.5", 0.5),
            ("7.", 7.0),
            ("1E3", 1000.0),
            ("0.30000000000000004", 0.1 + 0.2),
            ("1.7976931348623157e308", f64::MAX),
            ("5e-324", 5e-324),
            ("   0.25", 0.25),
            ("1 ", 1.0),
        ] {
            assert_eq!(number(text), Ok(Some(value)), "{text}");
        }
        assert_eq!(number(""), Ok(None));
        assert_eq!(number("  "), Ok(None));
    }

    #[test]
    fn words_and_infinities_are_refused() {
        for text in [
            "nan", "NaN", "inf", "-inf", "infinity", "1,5", "1 2", "\t1", "0x10", "e", "-", ".",
            "1e", "1_000", "\u{661}", "one", "+-1",
        ] {
            assert_eq!(number(text), Err(NumberError::NotANumber), "{text:?}");
        }
        assert_eq!(number("1e999"), Err(NumberError::NotFinite));
        assert_eq!(number("-1e999"), Err(NumberError::NotFinite));
    }
}
