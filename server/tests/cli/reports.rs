//! What a spread prints, in each format.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{PETS, command, file_text, spread, spread_with};

/// `dog` spreads 0.5 to `cat`, which spreads 0.5 to `mouse`.
const CHAIN: &str = "dog\tcat\t0.5\ncat\tmouse\t0.5\n";

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_keys_of_the_contract_in_their_order() {
    let answer = spread("shape.tsv", CHAIN, "--seed dog --format json").json();
    let top = ["rule", "seeds", "activations", "stop_reason", "degraded", "stats"];
    assert_eq!(keys(&answer), top);
    let stats =
        ["hops", "nodes_reached", "edges_traversed", "revisits", "elapsed_us", "generation"];
    assert_eq!(keys(&answer["stats"]), stats);
    assert_eq!(answer["rule"], "linear");
    assert_eq!(answer["seeds"], json!([["dog", 1.0]]));
    assert_eq!(answer["degraded"], json!([]));
    assert_eq!(answer["stop_reason"], "hop_limit");
    assert_eq!(answer["stats"]["hops"], 3);
    assert_eq!(answer["stats"]["generation"], 1);
    assert_eq!(answer["stats"]["nodes_reached"], 3);
    assert_eq!(answer["stats"]["edges_traversed"], 2);
    let cat = json!({"node": "cat", "activation": 0.425, "hop": 1});
    assert_eq!(answer["activations"][1], cat);
}

#[test]
fn one_is_not_many() {
    let one = spread("one.tsv", CHAIN, "--seed dog --rule synapse --steps 1 --top 1").quiet();
    assert!(one.contains(" in 1 step and "), "{one}");
    assert!(one.contains("(all steps allowed were run)"), "{one}");
    assert!(one.trim_end().ends_with("; shown: the strongest"), "{one}");
    let two = spread("one.tsv", CHAIN, "--seed dog --top 2").quiet();
    assert!(two.contains(" in 3 hops and "), "{two}");
    assert!(two.trim_end().ends_with("; shown: the 2 strongest"), "{two}");
}

#[test]
fn numbers_read_back_as_the_same_bits() {
    let expected: f64 = 1.0 * 0.85 * 0.5 * 0.85 * 0.5;
    // Compared as text: the reader of this test may round, and the writer must not.
    let json = spread("bits.tsv", CHAIN, "--seed dog --format json").quiet();
    let node = format!("{{\"node\":\"mouse\",\"activation\":{expected:?},\"hop\":2}}");
    assert!(json.contains(&node), "{json}");
    let csv = spread("bits.tsv", CHAIN, "--seed dog --format csv").quiet();
    assert!(csv.contains(&format!("mouse,{expected:?},2\n")), "{csv}");
}

#[test]
fn json_adds_keys_only_where_they_mean_something() {
    let auto = spread("auto.tsv", CHAIN, "--seed dog --hops auto --format json").json();
    assert_eq!(keys(&auto["stats"]).last(), Some(&"hop_limit"));
    assert!(auto["stats"]["hop_limit"].is_u64());

    let flags = "--seed dog --explain --by-step --format json";
    let explained = spread("explained.tsv", CHAIN, flags).json();
    assert_eq!(keys(&explained["activations"][2]), ["node", "activation", "hop", "path"]);
    assert_eq!(explained["activations"][2]["path"], json!(["dog", "cat", "mouse"]));
    assert_eq!(explained["steps"][0], json!({"t": 0, "total": 1.0, "active": 1}));
    assert_eq!(keys(&explained).last(), Some(&"steps"));

    let push = "--seed dog --rule pagerank --epsilon 1e-6 --format json";
    assert!(spread("push.tsv", CHAIN, push).json()["residual"].is_f64());

    let answer = spread("act-r.tsv", CHAIN, "--seed dog --rule act-r --format json").json();
    assert_eq!(keys(&answer["activations"][0]), ["node", "activation", "hop", "latency_s"]);
}

#[test]
fn the_same_request_gives_the_same_object() {
    let answers: Vec<Value> = (0..2)
        .map(|_| {
            let mut answer = spread("same.tsv", PETS, "--seed dog --top 0 --format json").json();
            answer["stats"]["elapsed_us"] = json!(0);
            answer
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn csv_is_quoted_where_it_must_be() {
    let edges = "dog\tsay \"hi\"\t0.5\ndog\ta,b\t0.25\n";
    let out = spread("quotes.tsv", edges, "--seed dog --format csv --decay 1").quiet();
    assert_eq!(out, "node,activation,hop\ndog,1.0,0\n\"say \"\"hi\"\"\",0.5,1\n\"a,b\",0.25,1\n");
    let out = spread("path.tsv", CHAIN, "--seed dog --format csv --decay 1 --explain").quiet();
    assert!(out.starts_with("node,activation,hop,path\n"), "{out}");
    assert!(out.ends_with("mouse,0.25,2,\"[\"\"dog\"\",\"\"cat\"\",\"\"mouse\"\"]\"\n"), "{out}");
    let out = spread("latency.tsv", CHAIN, "--seed dog --format csv --rule act-r").quiet();
    assert!(out.starts_with("node,activation,hop,latency_s\ncat,"), "{out}");
    let out = spread("steps.tsv", CHAIN, "--seed dog --format csv --decay 1 --by-step").quiet();
    assert_eq!(out, "t,total,active\n0,1.0,1\n1,1.5,2\n2,1.75,3\n3,1.75,3\n");
}

#[test]
fn dot_draws_the_paths_and_escapes_labels() {
    let edges = "dog\tsay \"hi\\\"\t0.5\nsay \"hi\\\"\tmouse\t0.5\n";
    let out = spread("dot.tsv", edges, "--seed dog --format dot --decay 1").quiet();
    assert_eq!(
        out,
        r#"digraph emanate {
  rankdir=LR;
  node [shape=box, style=rounded];
  n0 [label="dog\n1.000000", penwidth=5.00];
  n1 [label="say \"hi\\\"\n0.500000", penwidth=3.00];
  n2 [label="mouse\n0.250000", penwidth=2.00];
  n0 -> n1;
  n1 -> n2;
}
"#
    );
    // A node that only a path passes is drawn too.
    let flags = "--seed dog --format dot --decay 1 --exclude-seeds";
    let out = spread("dot-passed.tsv", CHAIN, flags).quiet();
    assert!(out.contains("n2 [label=\"dog\", style=\"rounded,dashed\"];"), "{out}");
    assert!(out.contains("n2 -> n0;"), "{out}");
}

#[test]
fn a_table_is_aligned_and_plain_in_a_pipe() {
    let edges = "dog\t犬の名前\t0.5\ndog\tcafe\u{301}\t0.25\ndog\t\u{1b}[31mred\t0.125\n";
    let out = spread("table.tsv", edges, "--seed dog --decay 1 --hops 1").quiet();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "rank  node           activation  hop",
            "   1  dog              1.000000    0",
            // Wide letters take two columns, the accent none.
            "   2  犬の名前         0.500000    1",
            "   3  cafe\u{301}             0.250000    1",
            "   4  \\u{1b}[31mred    0.125000    1",
        ]
    );
    assert_eq!(lines[5], "");
    let summary = "rule linear: reached 4 nodes along 3 edges in 1 hop and ";
    assert!(lines[6].starts_with(summary), "{}", lines[6]);
    assert!(lines[6].contains("; stopped: hop_limit"), "{}", lines[6]);
    assert!(!out.contains('\u{1b}'), "a label must not control the terminal");
}

#[test]
fn a_table_explains_and_steps() {
    let out = spread("table-all.tsv", CHAIN, "--seed dog --decay 1 --explain --by-step").quiet();
    assert!(out.contains("   3  mouse    0.250000    2  dog → cat → mouse\n"), "{out}");
    assert!(out.contains("\n   t     total      active\n   0  1.000000           1\n"), "{out}");
}

#[test]
fn top_and_seeds_shorten_the_report() {
    let count = |flags: &str| {
        let flags = format!("--seed dog --format json {flags}");
        spread("top.tsv", PETS, &flags).json()["activations"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 6);
    assert_eq!(count("--top 2"), 2);
    assert_eq!(count("--top 0"), 6);
    assert_eq!(count("--exclude-seeds"), 5);
    let many: String = (0..50).map(|n| format!("hub\tn{n}\n")).collect();
    let answer = spread("many.tsv", &many, "--seed hub --format json").json();
    assert_eq!(answer["activations"].as_array().unwrap().len(), 20);
}

#[test]
fn a_bound_ends_a_spread_and_is_no_failure() {
    let cases = [
        ("--hops 1", "hop_limit"),
        ("--max-edges 1", "edge_budget"),
        ("--max-nodes 2", "node_budget"),
        ("--timeout 0ms", "deadline"),
        ("--max-memory 0", "memory_budget"),
    ];
    for (flags, reason) in cases {
        let flags = format!("--seed dog --format json {flags}");
        assert_eq!(spread("bounds.tsv", CHAIN, &flags).json()["stop_reason"], reason, "{flags}");
    }
}

#[test]
fn every_rule_answers() {
    for rule in ["linear", "retention", "pagerank", "act-r", "synapse"] {
        let flags = format!("--seed dog --seed cat --rule {rule} --threads 2 --format json");
        let answer = spread("rules.tsv", CHAIN, &flags).json();
        assert_eq!(answer["rule"], rule);
        assert!(!answer["activations"].as_array().unwrap().is_empty(), "{answer}");
        for format in ["table", "csv", "dot"] {
            let flags = format!("--seed dog --rule {rule} --explain --format {format}");
            assert!(!spread("rules-format.tsv", CHAIN, &flags).quiet().is_empty());
        }
    }
    let answer = spread_with(
        "ages.tsv",
        "a\tb\t1\t\t0\n",
        &["--seed", "a", "--decay", "1", "--age-rate", "0.5", "--at", "2", "--format", "json"],
    );
    let b = answer.json()["activations"][1]["activation"].as_f64().unwrap();
    assert!((b - (-1.0f64).exp()).abs() < 1e-12, "{b}");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let many: String = (0..50_000).map(|n| format!("hub\tnode number {n}\n")).collect();
    let graph = file_text("star.tsv", many);
    for format in ["table", "json", "csv", "dot"] {
        let flags =
            ["spread", "--graph", &graph, "--seed", "hub", "--top", "0", "--format", format];
        let mut child = command(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut out = BufReader::with_capacity(64, child.stdout.take().unwrap());
        let mut some = Vec::new();
        out.read_until(b'u', &mut some).unwrap();
        assert!(!some.is_empty());
        drop(out);
        let end = child.wait_with_output().unwrap();
        assert_eq!(end.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8(end.stderr).unwrap(), "", "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let graph = file_text("full.tsv", CHAIN);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(["spread", "--graph", &graph, "--seed", "dog"])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("emanate: standard output cannot be written"), "{said}");
}
