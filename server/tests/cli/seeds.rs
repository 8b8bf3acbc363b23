//! Seeds, relations and retentions whose names look like other things.

use serde_json::json;

use crate::support::{PETS, file_text, spread, spread_with};

#[test]
fn a_label_wins_over_a_number_and_over_a_file() {
    let cases = [
        ("dog", json!([["dog", 1.0]])),
        ("dog=0.5", json!([["dog", 0.5]])),
        ("a=1", json!([["a=1", 1.0]])),
        ("a=1=0.25", json!([["a=1", 0.25]])),
        ("@home", json!([["@home", 1.0]])),
        ("@home=2", json!([["@home", 2.0]])),
        ("hot dog=1e-3", json!([["hot dog", 1e-3]])),
    ];
    for (seed, expected) in cases {
        let flags = ["--seed", seed, "--format", "json"];
        assert_eq!(spread_with("labels.tsv", PETS, &flags).json()["seeds"], expected, "{seed}");
    }
}

#[test]
fn a_label_may_look_like_a_flag_or_a_number() {
    let edges = "-x\tnan\n--graph\tnull\n7\t-x\n";
    for seed in ["-x", "nan", "--graph", "null", "7"] {
        let run = spread_with("odd.tsv", edges, &["--format", "json", "--seed", seed]);
        assert_eq!(run.json()["seeds"], json!([[seed, 1.0]]));
    }
}

#[test]
fn a_file_of_seeds_has_one_a_line() {
    let seeds = file_text("seeds.txt", "\u{feff}dog=0.5\r\n\na=1\nhot dog=2\n");
    let flags = format!("--seed @{seeds} --seed cat --format json");
    let answer = spread("seed-file.tsv", PETS, &flags).json();
    assert_eq!(
        answer["seeds"],
        json!([["dog", 0.5], ["a=1", 1.0], ["hot dog", 2.0], ["cat", 1.0]])
    );

    let seeds = file_text("wrong-seeds.txt", "dog\n\ndgo=2\n");
    let said = spread("seed-file.tsv", PETS, &format!("--seed @{seeds}")).refused();
    let expected = format!("{seeds}:3: the graph has no node \"dgo\"; did you mean \"dog\"?");
    assert_eq!(said, expected);
    let seeds = file_text("binary-seeds.txt", b"dog\n\xff\n");
    let said = spread("seed-file.tsv", PETS, &format!("--seed @{seeds}")).refused();
    assert!(said.contains(&format!("{seeds}:2: the line is not UTF-8")), "{said}");
}

#[test]
fn unknown_seeds_are_left_out_where_asked() {
    let flags = "--seed dog --seed dgo --seed nobody=2 --skip-unknown --format json";
    let run = spread("skipped.tsv", PETS, flags);
    assert_eq!(run.status, 0);
    assert_eq!(
        run.err,
        "emanate: warning: 2 seeds name no node and were left out, the first is \"dgo\"\n"
    );
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["seeds"], json!([["dog", 1.0]]));
}

#[test]
fn a_seed_may_come_later_in_rule_retention() {
    let flags = "--rule retention --time 3 --seed dog=2@1 --seed cat=1 --format json --by-step";
    let answer = spread("timed.tsv", PETS, flags).json();
    assert_eq!(answer["seeds"], json!([["dog", 2.0, 1], ["cat", 1.0]]));
    let totals: Vec<f64> =
        answer["steps"].as_array().unwrap().iter().map(|s| s["total"].as_f64().unwrap()).collect();
    assert!((totals[0] - 1.0).abs() < 1e-12 && (totals[1] - 3.0).abs() < 1e-12, "{totals:?}");
}

#[test]
fn retention_may_differ_per_node() {
    let edges = "a\tb\nb\ta\n";
    let all = file_text("retention.tsv", "a\t1\nb\t0.25\n");
    let flags = format!("--rule retention --time 1 --seed a --retention-file {all} --format json");
    let answer = spread("kept.tsv", edges, &flags).json();
    assert_eq!(answer["activations"].as_array().unwrap().len(), 1);
    assert_eq!(answer["activations"][0]["activation"], 1.0);

    let twice = file_text("twice-retention.tsv", "a\t0.25\nb\t0.5\na\t1\n");
    let flags = format!("--rule retention --time 1 --seed a --retention-file {twice} --format csv");
    let last = spread("kept.tsv", edges, &flags).quiet();
    assert!(last.contains("a,1,") || last.contains("a,1.0,"), "{last}");

    let cases = [
        ("a\t1.5\n", ":1: the line is not a label, a tab and a number from 0 to 1"),
        ("a 1\n", ":1: the line is not a label"),
        ("a\t1\n\nA\t0.5\n", ":3: the graph has no node \"A\"; did you mean \"a\"?"),
    ];
    for (content, expected) in cases {
        let wrong = file_text("wrong-retention.tsv", content);
        let flags = format!("--rule retention --seed a --retention-file {wrong}");
        let said = spread("kept.tsv", edges, &flags).refused();
        assert!(said.contains(expected), "{content:?}: {said}");
    }
    let said = spread("kept.tsv", edges, "--rule retention --seed a --retention-file no-file");
    assert!(said.refused().contains("no-file cannot be read"));
}

#[test]
fn relations_choose_edges_and_weigh_them() {
    let cases: [(&[&str], f64); 5] = [
        (&["--relation", "chases"], 0.5),
        (&["--relation", "chases=2"], 1.0),
        (&["--relation", "fears", "--relation", "chases=0.5"], 0.25),
        (&["--relation", "sounds like"], 0.1),
        (&["--relation", "chases=3", "--relation", "chases=0.5"], 0.25),
    ];
    for (flags, weight) in cases {
        let fixed = ["--seed", "dog", "--hops", "1", "--decay", "1", "--format", "json"];
        let answer = spread_with("relations.tsv", PETS, &[&fixed, flags].concat()).json();
        let reached = answer["activations"].as_array().unwrap();
        assert_eq!(reached.len(), 2, "{flags:?}");
        assert_eq!(reached[1]["activation"], weight, "{flags:?}");
    }
}
