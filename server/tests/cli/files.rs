//! Files that are not there, not graphs, or not whole.

use std::fs;
use std::path::Path;

use crate::support::{PETS, emanate, file, file_text, path_text, spread};

#[test]
fn what_is_no_graph_is_refused_with_its_name() {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let wordnet = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/data/wordnet.tsv.gz");
    let wordnet = fs::read(wordnet).expect("WordNet is in the repository");
    let cases = [
        (path_text("no-such-file.tsv"), "no such file"),
        (directory.to_owned(), "directory"),
        (file_text("empty.tsv", ""), "holds no edges"),
        (file_text("header.tsv", "source\ttarget\n"), "holds no edges"),
        (file_text("bad.tsv", "a\tb\tx\n"), "line 1: the weight is not a number"),
        (file_text("latin1.tsv", b"caf\xe9\tbar\n"), "line 1: the line is not UTF-8"),
        (file_text("cut.tsv.gz", &wordnet[..wordnet.len() / 2]), "cut short"),
    ];
    for (path, expected) in cases {
        for command in [&["spread", "--seed", "a", "--graph"][..], &["info"]] {
            let said = emanate(command.iter().chain([&&*path])).refused();
            assert!(said.starts_with(&path), "{path}: {said}");
            assert!(said.contains(expected), "{path}: {said}");
        }
    }
}

#[test]
fn bad_lines_are_left_out_and_named() {
    let graph = file_text("some-bad.tsv", "dog\tcat\t0.5\ndog\t\nx\ty\tz\ncat\tmouse\t0.5\n");
    let run = emanate(["spread", "--graph", &graph, "--seed", "dog", "--format", "json"]);
    assert_eq!(run.status, 0);
    assert_eq!(
        run.err,
        format!(
            "emanate: warning: {graph}:2: the target is empty; give the node a label\n\
             emanate: warning: {graph}:3: the weight is not a number; write it as 0.5 or 1e-3, or \
             leave it out\n"
        )
    );
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["activations"].as_array().unwrap().len(), 3);
}

#[test]
fn only_the_first_ten_bad_lines_are_named() {
    let mut edges = "a\tb\n".to_owned();
    edges.push_str(&"a\tb\tbad\n".repeat(150));
    let run = spread("many-bad.tsv", &edges, "--seed a");
    assert_eq!(run.status, 0);
    assert_eq!(run.err.lines().count(), 11, "{}", run.err);
    let last = run.err.lines().last().unwrap();
    assert!(last.ends_with("many-bad.tsv: 140 more lines were not used"), "{last}");
}

#[test]
fn a_native_file_is_known_by_its_content() {
    let edges = file_text("plain.tsv", PETS);
    // A misleading name on purpose.
    let native = path_text("plain.native.csv");
    emanate(["import", &edges, "-o", &native]).quiet();
    let flags = ["--seed", "dog", "--format", "json", "--explain", "--top", "0", "--by-step"];
    let answer = |graph: &str| {
        let mut answer = emanate(["spread", "--graph", graph].iter().chain(&flags)).json();
        answer["stats"]["elapsed_us"] = 0.into();
        answer
    };
    assert_eq!(answer(&edges), answer(&native));
}

#[test]
fn a_damaged_native_file_is_an_error_and_never_a_wrong_number() {
    let edges = file_text("whole.tsv", PETS);
    let native = path_text("whole.emg");
    emanate(["import", &edges, "-o", &native]).quiet();
    let whole = fs::read(&native).unwrap();
    let all = ["--seed", "dog", "--format", "json", "--top", "0", "--graph"];
    let expected = emanate(["spread"].iter().chain(&all).chain([&&*native])).json();
    // The library tests every byte; here a few of each part, through the command.
    for position in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        let damaged = file("damaged.emg", bytes);
        let damaged = damaged.to_str().unwrap();
        emanate(["info", "--verify", damaged]).refused();
        let run = emanate(["spread"].iter().chain(&all).chain([&damaged]));
        match run.status {
            0 => {
                let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
                if answer["degraded"].as_array().unwrap().is_empty() {
                    assert_eq!(answer["activations"], expected["activations"], "byte {position}");
                }
            }
            _ => drop(run.refused()),
        }
    }
    for length in [100, whole.len() - 1] {
        let cut = file_text("cut.emg", &whole[..length]);
        let said = emanate(["info", "--verify", &cut]).refused();
        assert!(said.starts_with(&cut), "{said}");
    }
}

#[test]
fn a_name_that_says_native_is_never_an_edge_list() {
    let edges = file_text("named.tsv", PETS);
    let native = path_text("named.emg");
    emanate(["import", &edges, "-o", &native]).quiet();
    let whole = fs::read(&native).unwrap();
    // The first 7 bytes alone would be the edge list of one node.
    let mut contents: Vec<&[u8]> = (0..8).map(|length| &whole[..length]).collect();
    contents.extend([b"dog\tcat\n", &b"\x1f\x8b\x08"[..], &b"\0\0\0\0"[..]]);
    for name in ["named-cut.emg", "named-cut.EmG"] {
        for content in &contents {
            let cut = file_text(name, content);
            let expected =
                format!("{cut} is not a native file, or was cut short; import the graph again");
            let output = path_text("named-again.emg");
            for command in [
                &["spread", "--seed", "EMANATE", "--graph"][..],
                &["info"],
                &["import", "--output", &output],
            ] {
                let said = emanate(command.iter().chain([&&*cut])).refused();
                assert_eq!(said, expected, "{command:?} {content:?}");
            }
        }
    }
    // Only the end of the name counts.
    let text = file_text("named.emg.tsv", "dog\tcat\n");
    emanate(["info", &text]).quiet();
}
