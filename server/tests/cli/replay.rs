//! `emanate replay`: what is counted, what is timed, what is refused.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use crate::support::{PETS, Run, command, emanate, file_text, path, path_text};

/// Every kind of query that does something on [`PETS`].
const QUERIES: &str = r#"{"seeds": [["dog", 1.0]], "hops": 2}
{"seeds": ["a=1"], "rule": "retention", "time": 3}
{"seeds": [["cat", 0.5]], "rule": "pagerank", "top": 3}
{"seeds": ["dog", "cat"], "rule": "act-r"}
{"seeds": ["dog"], "rule": "synapse", "relation": "chases"}
"#;

/// Runs `emanate replay` on [`PETS`] with the queries in `queries`, kept under `name`.
#[track_caller]
fn replay(name: &str, queries: &str, flags: &str) -> Run {
    let graph = file_text(&format!("{name}.tsv"), PETS);
    let queries = file_text(&format!("{name}.jsonl"), queries);
    let fixed = ["replay", "--graph", &graph, "--queries", &queries];
    emanate(fixed.into_iter().chain(flags.split_whitespace()))
}

/// The answer of a run that ended well, whatever it said on standard error.
#[track_caller]
fn answer(run: &Run) -> Value {
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(run.out.matches('\n').count(), 1, "{}", run.out);
    serde_json::from_str(&run.out).expect("one JSON object")
}

#[track_caller]
fn count(answer: &Value, key: &str) -> u64 {
    answer[key].as_u64().expect("a whole number")
}

#[track_caller]
fn number(answer: &Value, key: &str) -> f64 {
    answer[key].as_f64().expect("a number")
}

#[track_caller]
fn assert_responses_hold_services(answer: &Value) {
    let mut last = 0.0;
    for quantile in ["p50", "p90", "p99", "p999", "max"] {
        let service = number(&answer["service_us"], quantile);
        assert!(service >= last && service > 0.0, "{quantile}: {answer}");
        assert!(number(&answer["response_us"], quantile) >= service, "{quantile}: {answer}");
        last = service;
    }
}

#[test]
fn a_closed_loop_runs_exactly_what_is_counted() {
    for (flags, threads, callers) in
        [("--threads 1", 1, 1), ("--threads 2 --closed 5", 2, 5), ("--threads 2 --closed 1", 2, 1)]
    {
        let run = replay("closed", QUERIES, &format!("--count 103 --format json {flags}"));
        let answer = answer(&run);
        assert_eq!((count(&answer, "spreads"), count(&answer, "errors")), (103, 0));
        assert_eq!((count(&answer, "threads"), count(&answer, "callers")), (threads, callers));
        assert_eq!(answer["loop"], "closed");
        assert_eq!(count(&answer, "queries"), 5);
        // Turns 0, 5, .. 100 are the linear query's, 3, 8, .. 98 act-r's, and so on.
        let reasons = &answer["stop_reasons"];
        assert_eq!(count(reasons, "converged"), 21, "{answer}");
        let reasons = reasons.as_object().expect("counts by reason");
        assert_eq!(reasons.values().filter_map(Value::as_u64).sum::<u64>(), 103);
        assert!(number(&answer, "throughput_per_second") > 0.0);
        assert!(number(&answer, "edges_per_second") > 0.0);
        assert_responses_hold_services(&answer);
    }
}

#[test]
fn an_open_loop_keeps_its_rate() {
    let run = replay("open", QUERIES, "--rate 100 --duration 1s --threads 2 --format json");
    let answer = answer(&run);
    let counted = ["spreads", "errors", "not_begun"].map(|key| count(&answer, key));
    assert_eq!(counted, [100, 0, 0], "{answer}");
    assert_eq!((&answer["loop"], number(&answer, "rate_asked")), (&"open".into(), 100.0));
    let achieved = number(&answer, "rate_achieved");
    assert!(achieved > 50.0 && achieved <= 100.0, "{achieved}");
    assert!(number(&answer, "elapsed_s") >= 1.0, "{answer}");
    assert_responses_hold_services(&answer);
}

#[test]
fn a_rate_that_cannot_be_kept_is_told() {
    let run = replay("late", QUERIES, "--rate 1e9 --duration 20ms --threads 1 --format json");
    let answer = answer(&run);
    let counted = ["spreads", "errors", "not_begun"].map(|key| count(&answer, key));
    assert_eq!(counted.iter().sum::<u64>(), 20_000_000, "{answer}");
    assert!(counted[0] > 0 && counted[2] > 0, "{answer}");
    let warning = format!("{} of 20,000,000 scheduled spreads had not begun", grouped(counted[2]));
    assert!(run.err.contains(&warning), "{}", run.err);
    assert!(number(&answer["response_us"], "max") > 1e4, "the last ones waited long: {answer}");
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn a_line_that_is_no_query_is_reported_and_skipped() {
    let queries = b"\xef\xbb\xbf{\"seeds\": [\"dog\"]}\r\n\nnot json\n{\"seeds\": [\"dog\"], \
        \"hopps\": 1}\n\xff\n{\"seeds\": [\"cat\"], \"gate\": 1}\n";
    let path = file_text("broken.jsonl", queries);
    let graph = file_text("broken.tsv", PETS);
    let fixed = ["replay", "--graph", &graph, "--queries", &path, "--count", "3"];
    let run = emanate(fixed.into_iter().chain(["--format", "json", "--threads", "1"]));
    let answer = answer(&run);
    assert_eq!((count(&answer, "spreads"), count(&answer, "lines_rejected")), (3, 4));
    let said: Vec<&str> = run.err.lines().collect();
    let expected = [
        (3, "the query is not JSON (expected ident at column 2)"),
        (4, "a query has no key \"hopps\"; did you mean \"hops\"?"),
        (5, "the line is not UTF-8"),
        (6, "rule linear has no \"gate\", which belongs to rule synapse"),
    ];
    assert_eq!(said.len(), expected.len(), "{}", run.err);
    for (said, (line, why)) in said.iter().zip(expected) {
        let begin = format!("emanate: warning: {path}:{line}: {why}");
        assert!(said.starts_with(&begin), "{said}");
    }

    let run = emanate(fixed.into_iter().chain(["--strict"]));
    assert_eq!((run.status, &*run.out), (2, ""));
    let last = run.err.lines().last().expect("it says why");
    let expected = format!("emanate: {path}: 4 lines are no query and --strict was given, so");
    assert!(last.starts_with(&expected), "{last}");
}

#[test]
fn many_broken_lines_are_counted() {
    let queries = format!("{QUERIES}{}", "x\n".repeat(15));
    let run = replay("many", &queries, "--count 1");
    assert_eq!((run.status, run.err.lines().count()), (0, 11), "{}", run.err);
    assert!(run.err.ends_with("many.jsonl: 5 more lines are no queries\n"), "{}", run.err);
}

#[test]
fn refused_spreads_are_errors_and_no_spreads() {
    let queries = "{\"seeds\": [\"dog\"]}\n{\"seeds\": [\"dgo\"]}\n{\"seeds\": [\"dog\", \"cat\"], \
        \"max_nodes\": 1}\n{\"seeds\": [\"dog\"], \"relation\": \"likes\"}\n";
    let run = replay("refused", queries, "--count 10 --threads 1 --format json");
    let answer = answer(&run);
    assert_eq!((count(&answer, "spreads"), count(&answer, "errors")), (3, 7), "{answer}");
    let said: Vec<&str> = run.err.lines().collect();
    let expected = [
        "2: refused 3 times: the graph has no node \"dgo\"; did you mean \"dog\"?",
        "3: refused 2 times: \"max_nodes\" is 1, but there are 2 seeds; allow at least as many",
        "4: refused 2 times: the graph has no relation \"likes\"; see its relations with",
    ];
    assert_eq!(said.len(), expected.len(), "{}", run.err);
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(&format!("refused.jsonl:{expected}")), "{said}");
    }

    let run = replay("refused-all", "{\"seeds\": [\"dgo\"]}\n", "--count 4 --format json");
    let answer = self::answer(&run);
    assert_eq!((count(&answer, "spreads"), count(&answer, "errors")), (0, 4));
    assert!(answer["service_us"]["p50"].is_null() && answer["response_us"]["max"].is_null());
    assert!(run.err.contains("no spread was measured"), "{}", run.err);
}

#[test]
fn what_is_no_load_is_refused() {
    let cases = [
        ("--rate 0", "--rate"),
        ("--rate -5", "give a finite number above 0"),
        ("--rate nan", "give a finite number above 0"),
        ("--rate inf", "give a finite number above 0"),
        ("--closed 0", "give a whole number from 1 on"),
        ("--threads 0", "give a whole number from 1 to 1024"),
        ("--threads 1000000", "give a whole number from 1 to 1024"),
        ("--duration 0s", "give a number above 0 with a unit"),
        ("--duration 5", "with a unit"),
        ("--count 0", "give a whole number from 1 on"),
        ("--warm-up -1s", "with a unit"),
        ("--rate 5 --closed 2", "--closed"),
        ("--duration 1s --count 5", "--count"),
        ("--format csv", "json"),
    ];
    for (flags, expected) in cases {
        let said = replay("no-load", QUERIES, flags).refused();
        assert!(said.contains(expected), "{flags}: {said}");
        assert!(said.ends_with("see `emanate replay --help`"), "{flags}: {said}");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_refused() {
    for (name, queries) in [("empty", ""), ("blank", "\n\r\n")] {
        let said = replay(name, queries, "--count 1").refused();
        assert!(said.contains(&format!("{name}.jsonl: no line is a query")), "{said}");
    }
    let run = replay("nothing", "x\n", "--count 1");
    assert_eq!((run.status, run.err.lines().count()), (2, 2), "{}", run.err);
    let graph = file_text("unread.tsv", PETS);
    let no_file = path_text("no-such-file.jsonl");
    let said = emanate(["replay", "--graph", &graph, "--queries", &no_file]).refused();
    assert!(said.starts_with("--queries: ") && said.contains("no-such-file.jsonl"), "{said}");
    let queries = path_text("log-over.jsonl");
    let said = replay("log-over", QUERIES, &format!("--hdr-log {queries}")).refused();
    assert!(said.contains("log-over.jsonl is a file that is read"), "{said}");
    let nowhere = path_text("no-such-folder");
    let said = replay("log-nowhere", QUERIES, &format!("--hdr-log {nowhere}/x.hlog")).refused();
    assert!(said.starts_with("--hdr-log ") && said.contains("cannot be written"), "{said}");
}

#[test]
fn a_log_holds_every_spread_in_order() {
    let log = path_text("seconds.hlog");
    let flags = format!("--duration 1200ms --rate 50 --threads 2 --hdr-log {log} --format json");
    let run = replay("logged", QUERIES, &flags);
    let spreads = count(&answer(&run), "spreads");
    assert_eq!(spreads, 60);
    let text = std::fs::read(path("seconds.hlog")).expect("the log is there");
    let mut lines = Vec::new();
    let mut has_base_time = false;
    for entry in IntervalLogIterator::new(&text) {
        match entry.expect("every line is understood") {
            LogEntry::Interval(interval) => {
                let tag = interval.tag().expect("every line has a tag").as_str();
                lines.push((interval.start_timestamp().as_secs(), tag.to_owned()));
                assert_eq!(interval.duration().as_secs(), 1);
            }
            LogEntry::BaseTime(_) => has_base_time = true,
            LogEntry::StartTime(_) => {}
        }
    }
    assert!(has_base_time);
    let tags = |second| [(second, "service".to_owned()), (second, "response".to_owned())];
    assert_eq!(lines[..4], [tags(0), tags(1)].concat());
}

#[test]
fn people_get_a_table() {
    let run = replay("table", QUERIES, "--count 20 --threads 1 --warm-up 10ms");
    let out = run.quiet();
    let lines: Vec<&str> = out.lines().collect();
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(header, ["p50", "p90", "p99", "p999", "max"]);
    assert!(lines[1].starts_with("service ") && lines[2].starts_with("response "), "{out}");
    assert!(out.contains("\n20 spreads and 0 errors in "), "{out}");
    assert!(out.contains("closed loop of 1 caller; threads: 1; queries: 5 (0 lines rejected)"));
}

#[test]
fn more_threads_than_cores_are_allowed_and_told() {
    let run = replay("threads", QUERIES, "--count 300 --threads 999 --format json");
    assert_eq!(count(&answer(&run), "spreads"), 300);
    assert!(run.err.starts_with("emanate: note: 999 threads share "), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_early_with_what_was_measured() {
    let graph = file_text("interrupted.tsv", PETS);
    let queries = file_text("interrupted.jsonl", QUERIES);
    for load in ["--closed=1100", "--rate=0.001", "--rate=1e6"] {
        let fixed = ["replay", "--graph", &graph, "--queries", &queries, "--duration", "60m"];
        let mut child = command(fixed.into_iter().chain(["--threads=999", "--format=json", load]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        // The note about threads comes when interrupts are looked for.
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut note = String::new();
        said.read_line(&mut note).expect("it says something");
        assert!(note.contains("note: 999 threads"), "{note}");
        let process = child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &process]).status();
        assert!(sent.expect("`kill` is there").success());
        let mut warning = String::new();
        said.read_to_string(&mut warning).expect("errors are UTF-8");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{warning}");
        assert!(warning.contains("the replay was interrupted"), "{warning}");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(answer["interrupted"], true, "{answer}");
        assert!(number(&answer, "elapsed_s") < 3000.0, "{answer}");
    }
}
