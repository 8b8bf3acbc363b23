//! Lines and files that are wrong.

use std::io::{self, ErrorKind, Read};

use super::{bad_lines, csv, failure, held, labels, load_bytes, sorted_edges, tsv};
use crate::graph::BuildError;
use crate::graph::text::BadLineReason::{self, *};
use crate::graph::text::{BadLine, LoadError, LoadErrorReason, LoadOptions, load, load_from};

#[test]
fn a_bad_line_is_reported_and_the_rest_is_used() {
    for (line, reason) in [
        ("a\tb\t1\tr\t2\tx", TooManyFields { fields: 6 }),
        ("a\tb\t1\tr\t2\t\t", TooManyFields { fields: 7 }),
        ("\tb", EmptySource),
        ("\t", EmptySource),
        ("\t\t1", EmptySource),
        ("a\t", EmptyTarget),
        ("a\t\t1", EmptyTarget),
        ("a\tb\tx", WeightNotANumber),
        ("a\tb\tnan", WeightNotANumber),
        ("a\tb\tinf", WeightNotANumber),
        ("a\tb\t1 2", WeightNotANumber),
        ("a\tb\t1e999", WeightNotFinite),
        ("a\tb\t1\tr\tnoon", TimeNotANumber),
        ("a\tb\t1\tr\t-1e999", TimeNotFinite),
    ] {
        let text = format!("p\tq\n{line}\nq\tr\n");
        for load in [tsv(&text), csv(&text.replace('\t', ","))] {
            assert_eq!(bad_lines(&load), [(2, reason)], "{line:?}");
            assert_eq!(load.report.lines, 3);
            // Nothing of a bad line is used, not even a node.
            assert_eq!(
                sorted_edges(&load.graph),
                [held("p", "q", 1.0), held("q", "r", 1.0)],
                "{line:?}"
            );
            assert_eq!(load.graph.node_count(), 3, "{line:?}");
        }
        let only = LoadErrorReason::Empty {
            bad_line_count: 1,
            first_bad_line: Some(BadLine { line: 1, reason }),
        };
        assert_eq!(failure(line.as_bytes(), "x"), only);
    }
}

#[test]
fn a_line_that_is_not_utf8_is_bad_alone() {
    let load = load_bytes(b"a\tb\n\xe9t\xe9\tc\nd\te\n\xc3\nf\tg\xff", "x.tsv");
    assert_eq!(bad_lines(&load), [(2, NotUtf8), (4, NotUtf8), (5, NotUtf8)]);
    assert_eq!(labels(&load.graph).len(), 4);
    // Two fields that are not UTF-8 would be, one after the other.
    let load = load_bytes(b"a,b\n\xc3,\xa9\nc,d\n", "x.csv");
    assert_eq!(bad_lines(&load), [(2, NotUtf8)]);
    assert_eq!(load.report.edges_read, 2);
}

#[test]
fn a_line_of_ten_megabytes_does_not_break_the_rest() {
    let long = "x".repeat(10_000_000);
    let reason = TooLong { bytes_max: 1 << 20 };
    for text in [
        format!("a\tb\n{long}\nc\td\n"),
        format!("a\tb\n{long}\t{long}\r\nc\td\n"),
        format!("a\tb\n\"{long}\"\nc\td\n"),
    ] {
        for (name, text) in [("x.tsv", text.clone()), ("x.csv", text.replace('\t', ","))] {
            let load = load_from(text.as_bytes(), name, &LoadOptions::default()).unwrap();
            assert_eq!(bad_lines(&load), [(2, reason)], "{name}");
            assert_eq!(
                sorted_edges(&load.graph),
                [held("a", "b", 1.0), held("c", "d", 1.0)],
                "{name}"
            );
            assert_eq!(load.report.lines, 3, "{name}");
        }
    }
    for text in [format!("a\tb\n{long}"), format!("{long}\na\tb")] {
        let load = load_from(text.as_bytes(), "x", &LoadOptions::default()).unwrap();
        assert_eq!((load.report.lines, load.report.bad_line_count), (2, 1));
        assert_eq!(load.graph.edge_count(), 1);
    }
}

#[test]
fn the_bound_of_a_line_counts_its_bytes_without_its_end() {
    let options = LoadOptions { line_bytes_max: 6, ..LoadOptions::default() };
    for chunk_bytes in [4, 8, 64] {
        for (line, is_bad) in [("abc\txy", false), ("abc\txyz", true), ("abc\txé", true)] {
            for end in ["\n", "\r\n", ""] {
                let text = format!("p\tq\n{line}{end}");
                let load = super::read(text.as_bytes(), "x", None, &options, chunk_bytes).unwrap();
                let count = load.report.bad_line_count;
                assert_eq!(count == 1, is_bad, "{text:?} in chunks of {chunk_bytes}");
                assert_eq!(load.report.lines, 2);
            }
        }
        // Of a record, what counts is the content of its fields.
        for (line, is_bad) in [("\"abc\",xyz", false), ("abcd,xyz", true), ("a,,,,,", true)] {
            let text = format!("p,q\n{line}\nr,s\n");
            let load = super::read(text.as_bytes(), ".csv", None, &options, chunk_bytes).unwrap();
            assert_eq!(load.report.bad_line_count == 1, is_bad, "{text:?}");
            assert_eq!(load.report.edges_read, if is_bad { 2 } else { 3 }, "{text:?}");
        }
    }
}

#[test]
fn a_quote_that_is_never_closed_is_reported_where_it_opens() {
    let load = csv("a,b\nc,\"d\ne,f\n");
    assert_eq!(bad_lines(&load), [(2, UnclosedQuote)]);
    assert_eq!(sorted_edges(&load.graph), [held("a", "b", 1.0)]);
    let load = csv("a,b\nc,d,1,r,2,\"");
    assert_eq!(bad_lines(&load), [(2, UnclosedQuote)]);
    assert_eq!(csv("a,\"b\"").report.edges_read, 1);
}

#[test]
fn the_report_is_bounded() {
    let text = "a\tb\n".to_owned() + &"\tx\n".repeat(500);
    let options = LoadOptions { bad_lines_kept: 3, ..LoadOptions::default() };
    let load = load_from(text.as_bytes(), "x", &options).unwrap();
    assert_eq!((load.report.bad_lines.len(), load.report.bad_line_count), (3, 500));
    assert_eq!(load.report.bad_lines[2], BadLine { line: 4, reason: EmptySource });
    let load = load_from(text.as_bytes(), "x", &LoadOptions::default()).unwrap();
    assert_eq!(load.report.bad_lines.len(), crate::graph::DEFAULT_BAD_LINES_KEPT);
}

#[test]
fn a_file_without_edges_is_refused() {
    let empty = LoadErrorReason::Empty { bad_line_count: 0, first_bad_line: None };
    for text in ["", "\n", "\r\n\r\n", "\u{feff}", "\u{feff}\n", "source\ttarget\n"] {
        assert_eq!(failure(text.as_bytes(), "x.tsv"), empty, "{text:?}");
    }
    assert_eq!(failure(b"source,target\n\n", "x.csv"), empty);
    assert_eq!(failure(b"", "x.gz"), empty);
}

#[test]
fn what_is_no_file_is_refused() {
    let error = load(env!("CARGO_MANIFEST_DIR"), &LoadOptions::default()).unwrap_err();
    assert_eq!(error.reason, LoadErrorReason::IsDirectory);
    let error = load("no/such/file.tsv", &LoadOptions::default()).unwrap_err();
    assert_eq!(error.reason, LoadErrorReason::NotFound);
    assert_eq!(error.to_string(), "no/such/file.tsv: there is no such file; check the path");
}

struct Failing(ErrorKind);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
}

#[test]
fn a_reader_that_fails_is_refused_with_its_reason() {
    let reader = b"a\tb\nc\td\n".chain(Failing(ErrorKind::ConnectionReset));
    let error = load_from(reader, "pipe", &LoadOptions::default()).unwrap_err();
    assert_eq!(error.reason, LoadErrorReason::Unreadable(ErrorKind::ConnectionReset));
}

#[test]
fn edges_that_make_no_graph_are_refused() {
    let reason = failure(b"a\tb\t1.7e308\na\tb\t1.7e308\n", "x");
    assert_eq!(reason, LoadErrorReason::Build(BuildError::WeightOverflow));
}

#[test]
fn every_error_names_the_file_and_says_what_to_do() {
    let bad = BadLine { line: 7, reason: BadLineReason::NotUtf8 };
    for reason in [
        LoadErrorReason::NotFound,
        LoadErrorReason::IsDirectory,
        LoadErrorReason::Unreadable(ErrorKind::PermissionDenied),
        LoadErrorReason::Truncated,
        LoadErrorReason::Corrupt,
        LoadErrorReason::ExpandedTooLarge { file_bytes: 1, text_bytes: 2 },
        LoadErrorReason::Empty { bad_line_count: 0, first_bad_line: None },
        LoadErrorReason::Empty { bad_line_count: 9, first_bad_line: Some(bad) },
        LoadErrorReason::Build(BuildError::WeightOverflow),
    ] {
        let error = LoadError { file: std::path::Path::new("f.tsv").into(), reason };
        let text = error.to_string();
        assert!(text.starts_with("f.tsv: ") && text.contains("; "), "{text}");
        assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    }
    assert_eq!(bad.to_string(), "line 7: the line is not UTF-8; convert the file");
}
