//! Lines that are right.

use super::{bad_lines, csv, failure, held, labels, load_bytes, sorted_edges, tsv};
use crate::graph::text::LoadErrorReason;
use crate::graph::{BuildError, Edge, from_edges};

#[test]
fn every_part_but_the_ends_may_be_left_out() {
    let load = tsv("a\tb\t2\tlikes\t10\na\tc\t\tlikes\na\td\t\t\t20\na\te\t0.5\na\tf\n");
    let found = sorted_edges(&load.graph);
    let weights: Vec<f64> = found.iter().map(|edge| f64::from_bits(edge.weight)).collect();
    assert_eq!(weights, [2.0, 1.0, 1.0, 0.5, 1.0]);
    let relations: Vec<Option<&str>> = found.iter().map(|e| e.relation.as_deref()).collect();
    assert_eq!(relations, [Some("likes"), Some("likes"), None, None, None]);
    let times: Vec<Option<f64>> = found.iter().map(|e| e.time.map(f64::from_bits)).collect();
    assert_eq!(times, [Some(10.0), None, Some(20.0), None, None]);
    assert_eq!((load.report.lines, load.report.edges_read), (5, 5));
    assert_eq!(bad_lines(&load), []);
}

#[test]
fn a_line_of_one_field_declares_a_node() {
    let load = tsv("alone\na\tb\nalone\n");
    assert_eq!(load.report.nodes_declared, 2);
    assert_eq!(labels(&load.graph), ["b", "a", "alone"]);
    assert_eq!(tsv("alone").graph.node_count(), 1);
}

#[test]
fn labels_mean_themselves() {
    let odd = [" a ", "\"b\"", "'c'", "#d", "nan", "null", "é", "1e5", "a,b", "x\ry", "\u{feff}"];
    for label in odd {
        let load = tsv(&format!("z\t{label}\n{label}\tz\n"));
        let mut expected = [held(label, "z", 1.0), held("z", label, 1.0)];
        expected.sort();
        assert_eq!(sorted_edges(&load.graph), expected, "{label:?}");
        assert_eq!(bad_lines(&load), [], "{label:?}");
    }
    let load = tsv("\"a\tb\"\n");
    assert_eq!(sorted_edges(&load.graph), [held("\"a", "b\"", 1.0)]);
}

#[test]
fn the_first_line_may_be_a_header() {
    for header in ["source\ttarget", "source\ttarget\tweight\trelation", "source\ttarget\tx\t\t\ty"]
    {
        let load = tsv(&format!("\u{feff}{header}\r\na\tb\r\n"));
        assert_eq!(sorted_edges(&load.graph), [held("a", "b", 1.0)], "{header}");
        assert_eq!((load.report.lines, load.report.edges_read), (2, 1), "{header}");
        assert_eq!(bad_lines(&load), [], "{header}");
        let load = csv(&format!("{}\na,b\n", header.replace('\t', ",")));
        assert_eq!(sorted_edges(&load.graph), [held("a", "b", 1.0)], "{header}");
    }
    // Only the first line, only these words, only both of them.
    assert_eq!(tsv("a\tb\nsource\ttarget\n").graph.edge_count(), 2);
    assert_eq!(tsv("Source\tTarget\n").graph.edge_count(), 1);
    assert_eq!(tsv("source\tsink\n").graph.edge_count(), 1);
    assert_eq!(tsv("source\n").graph.node_count(), 1);
    let only = LoadErrorReason::Empty { bad_line_count: 0, first_bad_line: None };
    assert_eq!(failure(b"source\ttarget\n", "x.tsv"), only);
}

#[test]
fn line_ends_and_marks_are_no_content() {
    let plain = tsv("a\tb\nb\tc\n");
    for text in ["a\tb\r\nb\tc\r\n", "a\tb\nb\tc", "a\tb\r\nb\tc\r", "\u{feff}a\tb\nb\tc\n"] {
        assert_eq!(sorted_edges(&tsv(text).graph), sorted_edges(&plain.graph), "{text:?}");
        assert_eq!(tsv(text).report.lines, 2, "{text:?}");
    }
    let load = tsv("\n\r\na\tb\n\n\nb\tc\t0.x\n");
    assert_eq!((load.report.lines, load.graph.edge_count()), (6, 1));
    assert_eq!(load.report.bad_lines[0].line, 6);
}

#[test]
fn csv_fields_may_be_quoted() {
    let load = csv("source,target,weight\r\n\
                    \"a, b\",\"say \"\"hi\"\"\",0.5\r\n\
                    \"two\nlines\",plain\r\n\
                    \n\
                    x\"y, z ,,\"is, a\",\"7\"\n\
                    \"alone\"\n\
                    p,q,oops\n");
    let found = sorted_edges(&load.graph);
    assert_eq!(found[0], held("a, b", "say \"hi\"", 0.5));
    assert_eq!(found[1], held("two\nlines", "plain", 1.0));
    assert_eq!((&*found[2].source, &*found[2].target), ("x\"y", " z "));
    assert_eq!(found[2].relation.as_deref(), Some("is, a"));
    assert_eq!(found[2].time, Some(7f64.to_bits()));
    assert_eq!(load.report.nodes_declared, 1);
    // The record of two lines counts as two, the empty line as one.
    assert_eq!((load.report.lines, load.report.bad_lines[0].line), (8, 8));
}

#[test]
fn the_name_tells_csv() {
    for (name, sources) in
        [("a.csv", "a"), ("A.CSV", "a"), ("a.csv.gz", "a"), ("a.tsv", "a,b"), ("csv", "a,b")]
    {
        let load = load_bytes(b"a,b\n", name);
        assert!(labels(&load.graph).iter().any(|label| label == sources), "{name}");
    }
}

#[test]
fn equal_edges_are_summed_in_ascending_order() {
    // In any other order the sum differs: 1 is lost beside 1e16, but 1 + 1 is not.
    let exact = 1e16 + 2.0;
    for text in ["a\tb\t1e16\na\tb\t1\na\tb\t1\n", "a\tb\t1\na\tb\t1e16\na\tb\t1\n"] {
        let load = tsv(text);
        assert_eq!(sorted_edges(&load.graph), [held("a", "b", exact)]);
        assert_eq!((load.report.edges_read, load.graph.edge_count()), (3, 1));
    }
    // Edges of another relation or time are other edges.
    let load = tsv("a\tb\t1\tr\na\tb\t1\ts\na\tb\t1\tr\t5\na\tb\t1\na\tb\t1\tr\n");
    assert_eq!((load.graph.edge_count(), load.graph.relation_names().count()), (4, 2));
}

#[test]
fn weights_are_kept_exactly_in_the_narrower_type() {
    let single = tsv("a\tb\t0.25\nb\tc\t3\nc\td\t-7e3\n");
    assert!(single.graph.facts().single_weights);
    for text in
        ["a\tb\t0.25\nb\tc\t0.1\n", "b\tc\t0.1\na\tb\t0.25\n", "a\tb\t0.25\nb\tc\t16777217\n"]
    {
        assert!(!tsv(text).graph.facts().single_weights, "{text:?}");
    }
    let load = tsv("a\tb\t0.1\nb\tc\t0.25\n");
    assert_eq!(sorted_edges(&load.graph), [held("a", "b", 0.1), held("b", "c", 0.25)]);
    // Doubles whose sum is a single, and singles whose sum is not.
    assert!(tsv("a\tb\t0.1\na\tb\t0.4\n").graph.facts().single_weights);
    let load = tsv("a\tb\t16777216\na\tb\t1\nc\td\t0.5\ne\tf\t0.25\n");
    assert!(!load.graph.facts().single_weights);
    let found = sorted_edges(&load.graph);
    let expected = [("a", "b", 16_777_217.0), ("c", "d", 0.5), ("e", "f", 0.25)];
    assert_eq!(found, expected.map(|(source, target, weight)| held(source, target, weight)));
}

#[test]
fn an_iterator_of_edges_is_named_as_its_first_edge() {
    fn edge<'a>(source: crate::terms::Label<'a>, target: crate::terms::Label<'a>) -> Edge<'a> {
        Edge { source, target, weight: 1.0, relation: None, time: None }
    }
    let wide = from_edges([edge([1; 16].into(), [2; 16].into())]).unwrap();
    assert!(!wide.has_labels() && wide.find([2; 16]).unwrap().is_some());
    let keys = from_edges([edge(1u64.into(), 2u64.into())]).unwrap();
    assert!(keys.find(2u64).unwrap().is_some());
    let mixed = from_edges([edge(1u64.into(), 2u64.into()), edge("a".into(), "b".into())]);
    assert_eq!(mixed.unwrap_err(), BuildError::WrongKeyKind);
    assert_eq!(from_edges([]).unwrap().node_count(), 0);
}
