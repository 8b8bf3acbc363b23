//! `tune`: windows in, settings out.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{PETS, Run, command, emanate, file_text, path_text};

const FLAGS: &str = "tune tick --policy paired --strategy adaptive --seed 7 --budget-us 4000 \
    --floor 0.95 --min-batch 4 --max-batch 256 --min-hops 1 --max-hops 3";

fn window(window: u64, batch_size: u64, hop_limit: u64) -> String {
    let window = json!({
        "window": window, "batch_size": batch_size, "hop_limit": hop_limit, "spreads": 900,
        "throughput_per_second": 100.0 * batch_size as f64, "samples": 200, "over_budget": 0,
        "app_limited": false, "shadow_spreads": 20, "recall": 1.0,
    });
    format!("{window}\n")
}

/// Runs `flags` with `input` on standard input.
fn fed(flags: &str, input: &[u8]) -> Run {
    let mut command = command(flags.split_whitespace());
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the command starts");
    // A run that ends early does not read all of it.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("the command ends");
    Run {
        status: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).expect("output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
    }
}

#[test]
fn each_line_is_answered_before_the_next_is_read() {
    let mut command = command(FLAGS.split_whitespace());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command starts");
    let mut input = child.stdin.take().expect("piped");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let (mut batch_size, mut hop_limit, mut largest) = (16, 3, 0);
    for at in 0..120 {
        input.write_all(window(at, batch_size, hop_limit).as_bytes()).expect("it reads");
        let mut line = String::new();
        output.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("one JSON object");
        let keys: Vec<_> = answer.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["batch_size", "hop_limit", "verdict", "reason"]);
        assert!(!answer["reason"].as_str().expect("a sentence").is_empty());
        batch_size = answer["batch_size"].as_u64().expect("a number");
        hop_limit = answer["hop_limit"].as_u64().expect("a number");
        assert!((4..=256).contains(&batch_size) && (1..=3).contains(&hop_limit), "{line}");
        largest = largest.max(batch_size);
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
    // Throughput in proportion to the batch, nothing over budget: the greatest batch is best.
    assert_eq!(largest, 256);
    assert!(batch_size > 128, "{batch_size}");
}

#[test]
fn the_same_lines_give_the_same_bytes() {
    let lines: String = (0..200).map(|at| window(at, 4 << (at % 3), 3)).collect();
    let first = fed(FLAGS, lines.as_bytes()).quiet();
    assert_eq!(first.lines().count(), 200);
    assert_eq!(fed(FLAGS, lines.as_bytes()).quiet(), first);
    let spaced = lines.replace('\n', "\r\n\n");
    assert_eq!(fed(FLAGS, spaced.as_bytes()).quiet(), first);
}

#[test]
fn hostile_figures_change_nothing() {
    let line = window(1, 64, 3).replace("6400.0", "NaN").replace("1.0}", "Infinity}");
    let out = fed(FLAGS, line.as_bytes()).quiet();
    assert!(out.starts_with("{\"batch_size\":64,\"hop_limit\":3,\"verdict\":\"hold\","), "{out}");
    assert_eq!(fed(FLAGS, b"").quiet(), "");
}

#[test]
fn a_bad_line_is_named_after_the_good_ones_are_answered() {
    let run = fed(FLAGS, format!("{}\n{{\"window\":2}}\n", window(1, 64, 3)).as_bytes());
    assert_eq!((run.status, run.out.lines().count()), (2, 1));
    assert!(run.err.starts_with("emanate: standard input:3: "), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1);
}

#[test]
fn a_policy_that_is_off_or_only_advises_moves_nothing() {
    for policy in ["off", "shadow"] {
        let flags = FLAGS.replace("paired", policy);
        let lines: String = (0..60).map(|at| window(at, 16, 3)).collect();
        let out = fed(&flags, lines.as_bytes()).quiet();
        assert!(out.lines().all(|l| l.starts_with("{\"batch_size\":16,\"hop_limit\":3,")), "{out}");
        assert_eq!(out.contains("advice only"), policy == "shadow");
    }
}

#[test]
fn wrong_flags_are_refused() {
    for (from, to, said) in [
        ("--budget-us 4000", "--budget-us 0", "--budget-us is 0"),
        ("--floor 0.95", "--floor 1.5", "--floor is 1.5"),
        ("--min-batch 4", "--min-batch 0", "--min-batch is 0"),
        ("--max-batch 256", "--max-batch 3", "swap them"),
        ("--max-hops 3", "--max-hops 0", "swap them"),
        ("--policy paired", "--policy luck", "aimd"),
    ] {
        let refused = fed(&FLAGS.replace(from, to), b"").refused();
        assert!(refused.contains(said), "{refused}");
    }
    assert!(emanate(["tune"]).refused().contains("tick, simulate or run"));
}

#[test]
fn simulations_tell_how_it_went() {
    let flags = "tune simulate --plant cost-step --noise 0.05 --seed 3 --windows 600";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let json = emanate(flags.iter().chain(&["--format", "json"])).json();
    assert!(json["efficiency"]["median"].as_f64().expect("a number") > 0.8, "{json}");
    assert_eq!(json["trace"]["batch_size"].as_array().expect("a list").len(), 600);
    let table = emanate(&flags).quiet();
    assert!(table.contains("settling after the step") && table.contains("back_off"), "{table}");
    let many = flags.iter().chain(&["--seeds", "3", "--format", "json", "--policy", "naive"]);
    let many = emanate(many).json();
    assert!(many.get("trace").is_none() && many["seeds"] == 3);
    let refused = emanate(["tune", "simulate", "--plant", "flat", "--noise", "-1"]).refused();
    assert!(refused.contains("--noise"), "{refused}");
}

const QUERIES: &str = "{\"seeds\":[[\"dog\",1.0]],\"hops\":\"auto\",\"top\":5}\n\
    {\"seeds\":[[\"cat\",1.0]],\"hops\":2}\n{\"seeds\":[[\"unknown\",1.0]]}\n";

fn tune_run(name: &str, flags: &str) -> Run {
    let graph = file_text(&format!("{name}.tsv"), PETS);
    let queries = file_text(&format!("{name}.jsonl"), QUERIES);
    let flags = format!("tune run --graph {graph} --queries {queries} {flags}");
    emanate(flags.split_whitespace())
}

#[test]
fn the_engine_is_tuned_on_queries() {
    let svg = path_text("tuned.svg");
    let flags = format!(
        "--budget-p99 1s --duration 400ms --window 4ms --min-batch 2 --max-batch 32 --batch 8 \
         --max-hops 3 --callers 2 --together 128 --format json --svg {svg}"
    );
    let tuned = tune_run("tuned", &flags).json();
    let number = |value: &Value| value.as_f64().expect("a number");
    assert_eq!((&tuned["queries"], &tuned["asked_together"]), (&json!(2), &json!(128)));
    assert_eq!(
        (&tuned["before"]["batch_size"], &tuned["before"]["hop_limit"]),
        (&json!(8), &json!(3))
    );
    assert_eq!(tuned["before"]["recall"], 1.0);
    for phase in ["before", "after"] {
        assert!(number(&tuned[phase]["throughput_per_second"]) > 0.0, "{tuned}");
        assert!(number(&tuned[phase]["latency_us"]["p99"]) > 0.0, "{tuned}");
    }
    let trace = &tuned["trace"];
    let column = |name: &str| trace[name].as_array().expect("a column").clone();
    let windows = column("batch_size").len();
    assert!(windows >= 10 && tuned["windows"] == json!(windows), "{windows}");
    assert!(column("batch_size").iter().all(|size| (2.0..=32.0).contains(&number(size))));
    assert!(column("hop_limit").iter().all(|hops| (1.0..=3.0).contains(&number(hops))));
    assert_eq!(column("verdict").len(), windows);
    assert!(column("verdict").contains(&json!("probe")), "nothing was tried");
    let drawn = std::fs::read_to_string(&svg).expect("the drawing is there");
    assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"), "{drawn}");
    assert_eq!(drawn.matches("<polyline").count(), drawn.matches("stroke-width").count());
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
}

#[test]
fn a_tuned_engine_is_described_to_people() {
    let flags = "--budget-p99 1s --duration 200ms --window 4ms --policy off --together 64";
    let told = tune_run("told", flags).quiet();
    let part = |name: &str| assert!(told.contains(name), "{name}: {told}");
    part("before");
    part("batch size                          32            32");
    part("recall of all queries           1.0000        1.0000");
    part("batch size, by doublings");
    part("└──");
}

#[test]
fn what_cannot_be_tuned_is_refused() {
    let refused = |flags: &str| tune_run("refused-run", flags).refused();
    assert!(refused("--budget-p99 1s --floor 2").contains("--floor is 2"));
    assert!(refused("--budget-p99 1s --min-batch 9 --max-batch 3").contains("swap them"));
    assert!(refused("--duration 1s").contains("--budget-p99"));
    let graph = path_text("refused-run.tsv");
    let svg = refused(&format!("--budget-p99 1s --svg {graph}"));
    assert!(svg.contains("--svg would replace"), "{svg}");
    let queries = file_text("no-fit.jsonl", "{\"seeds\":[[\"nobody\",1.0]]}\n");
    let flags = format!("tune run --graph {graph} --queries {queries} --budget-p99 1s");
    let unfit = emanate(flags.split_whitespace()).refused();
    assert!(unfit.contains("no query fits the graph") && unfit.contains("nobody"), "{unfit}");
}
