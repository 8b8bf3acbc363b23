//! What cannot be done is refused with status 2 and one sentence.

use crate::support::{PETS, emanate, file_text, spread, spread_with};

#[test]
fn parameters_out_of_range_are_named_as_flags() {
    let cases = [
        ("--decay 0", "--decay is 0, but must be above 0 and at most 1"),
        ("--decay 1.5", "--decay is 1.5"),
        ("--decay -1", "--decay is -1"),
        ("--threshold -1e-9", "--threshold is -1e-9"),
        ("--report-threshold -1", "--report-threshold is -1"),
        ("--ceiling 0", "--ceiling is 0"),
        ("--inhibit -1,3", "--inhibit is -1"),
        ("--age-rate -1 --at 0", "--age-rate is -1"),
        ("--rule retention --retention 2", "--retention is 2"),
        ("--rule retention --decay -0.5", "--decay is -0.5"),
        ("--rule retention --suppress -1", "--suppress is -1"),
        ("--rule retention --stop-threshold 0", "--stop-threshold is 0"),
        ("--rule retention --time none", "--time none never ends without --stop-threshold"),
        ("--rule pagerank --damping 1", "--damping is 1"),
        ("--rule pagerank --tolerance 0", "--tolerance is 0"),
        ("--rule pagerank --epsilon 0", "--epsilon is 0"),
        ("--rule pagerank --epsilon 1e-320", "--epsilon is 1e-320, but must be"),
        ("--rule synapse --decay 2", "--decay is 2"),
        ("--rule synapse --spread -1", "--spread is -1"),
        ("--rule synapse --inhibition -1", "--inhibition is -1"),
        ("--rule synapse --gate -1", "--gate is -1"),
        ("--age-rate 1", "--age-rate needs the instant"),
    ];
    for (flags, expected) in cases {
        let said = spread("range.tsv", PETS, &format!("--seed dog {flags}")).refused();
        assert!(said.starts_with(expected), "{flags}: {said}");
    }
}

#[test]
fn what_is_no_number_is_refused_by_every_flag() {
    let numbers = [
        ("linear", "decay threshold report-threshold ceiling age-rate at"),
        ("retention", "retention decay suppress stop-threshold"),
        ("pagerank", "damping tolerance epsilon"),
        ("act-r", "source-strength source-activation base-level latency-factor intercept"),
        ("synapse", "decay spread inhibition gain center gate"),
    ];
    let graph = file_text("numbers.tsv", PETS);
    for (rule, flags) in numbers {
        for flag in flags.split_whitespace().map(|flag| format!("--{flag}")) {
            for value in ["nan", "inf", "-inf", "1e999", "x", ""] {
                let fixed = ["spread", "--graph", &graph, "--seed", "dog", "--rule", rule];
                let said = emanate(fixed.into_iter().chain([&*flag, value])).refused();
                assert!(said.contains(&flag) && said.contains("finite number"), "{value}: {said}");
            }
        }
    }
}

#[test]
fn counts_units_and_words_are_checked() {
    let cases = [
        ("--hops -1", "--hops"),
        ("--hops many", "or auto"),
        ("--fan-out-limit 1.5", "--fan-out-limit"),
        ("--inhibit 0.1", "BETA,M"),
        ("--squash 5", "GAIN,CENTER"),
        ("--rule retention --time -1", "or none"),
        ("--rule pagerank --max-iterations x", "--max-iterations"),
        ("--rule pagerank --max-iterations 4294967296", "from 0 to 4294967295"),
        ("--rule synapse --steps 1.5", "--steps"),
        ("--timeout 50", "such as 50ms"),
        ("--timeout -1s", "--timeout"),
        ("--max-edges -1", "--max-edges"),
        ("--max-memory 1MB", "KiB, MiB or GiB"),
        ("--threads 0", "from 1 on"),
        ("--top -1", "--top"),
        ("--rule pagrank", "pagerank"),
        ("--share half", "weight"),
        ("--direction up", "both"),
        ("--format xml", "json"),
        ("--hopps 3", "--hops"),
        ("extra", "extra"),
        ("--top 1 --top 2", "--top"),
    ];
    for (flags, expected) in cases {
        let said = spread("counts.tsv", PETS, &format!("--seed dog {flags}")).refused();
        assert!(said.contains(expected), "{flags}: {said}");
        assert!(said.ends_with("see `emanate spread --help`"), "{flags}: {said}");
    }
}

#[test]
fn a_flag_of_another_rule_is_refused() {
    let cases = [
        ("--gate 0.1", "rule linear has no --gate, which belongs to rule synapse"),
        ("--rule pagerank --hops 2", "rule pagerank has no --hops, which belongs to rule linear"),
        (
            "--rule act-r --decay 0.5",
            "rule act-r has no --decay, which belongs to rules linear, retention and synapse",
        ),
        (
            "--rule synapse --report-threshold 1",
            "rule synapse has no --report-threshold, which belongs to rules linear and act-r",
        ),
        (
            "--rule retention --precision single",
            "rule retention has no --precision single, which belongs to rule linear; leave",
        ),
        ("--rule pagerank --epsilon 1e-4 --tolerance 1e-9", "--epsilon computes pagerank by push"),
    ];
    for (flags, expected) in cases {
        // The graph does not exist: a wrong flag is refused before anything is read.
        let fixed = ["spread", "--graph", "no-such-graph", "--seed", "dog"];
        let said = emanate(fixed.into_iter().chain(flags.split_whitespace())).refused();
        assert!(said.starts_with(expected), "{flags}: {said}");
    }
}

#[test]
fn missing_arguments_are_named() {
    let said = emanate(["spread", "--seed", "dog"]).refused();
    assert!(said.contains("--graph"), "{said}");
    let said = emanate(["spread", "--graph", "g"]).refused();
    assert!(said.contains("--seed"), "{said}");
    let said = emanate(["import", "edges.tsv"]).refused();
    assert!(said.contains("--output"), "{said}");
    let said = emanate([] as [&str; 0]).refused();
    assert!(said.contains("spread, import, info or replay"), "{said}");
    let said = emanate(["spred"]).refused();
    assert!(said.contains("'spread'"), "{said}");
}

#[test]
fn seeds_must_fit_the_rule_and_the_bounds() {
    let cases = [
        ("--seed dog=0", "the activation of seed \"dog\" is 0"),
        ("--seed dog=-1", "the activation of seed \"dog\" is -1"),
        ("--seed dog=nan", "the activation of seed \"dog\" is NaN"),
        ("--seed dog=inf", "the activation of seed \"dog\" is inf"),
        ("--seed dog=-1e-300", "the activation of seed \"dog\" is -1e-300"),
        ("--seed dog=1e-300 --precision single", "the activation 1e-300 of seed \"dog\""),
        ("--seed dog=1@2", "seed \"dog\" has a time"),
        ("--rule retention --seed dog=1@1.5", "the time of seed \"dog\" is 1.5"),
        (
            "--combine noisy-or --seed dog=0.75 --seed dog=0.5",
            "the seeds at \"dog\" add up to 1.25",
        ),
        ("--max-nodes 1 --seed dog --seed cat", "--max-nodes is 1, but there are 2 seeds"),
    ];
    for (flags, expected) in cases {
        let said = spread("seed-values.tsv", PETS, flags).refused();
        assert!(said.starts_with(expected), "{flags}: {said}");
    }
    let empty = file_text("no-seeds.txt", "\n\r\n");
    let said = spread("no-seeds.tsv", PETS, &format!("--seed @{empty}")).refused();
    assert!(said.contains("no seed was given"), "{said}");
    let said = spread("no-known-seeds.tsv", PETS, "--seed x --skip-unknown").refused();
    let expected = "no seed names a node of the graph, the first is \"x\"; name at least one node \
                    that it has";
    assert_eq!(said, expected);
    let said = spread("no-known-seeds.tsv", PETS, "--seed dgo=2 --seed x --skip-unknown").refused();
    assert!(said.ends_with("the first is \"dgo\"; did you mean \"dog\"?"), "{said}");
}

#[test]
fn double_precision_is_every_rules() {
    for rule in ["linear", "retention", "pagerank", "act-r", "synapse"] {
        let flags = format!("--seed dog --direction both --rule {rule} --precision double");
        spread("double.tsv", "dog\tcat\n", &flags).quiet();
    }
}

#[test]
fn what_is_repeated_in_a_sentence_is_cut() {
    let long = "é".repeat(200);
    let short = format!("{}…", "é".repeat(80));
    let graph = file_text("long.tsv", format!("{long}\tb\t1\t{long}\n"));
    let list = file_text("long.txt", format!("{long}=0\n"));
    let cases: [&[&str]; 12] = [
        &["--seed", &format!("{long}=0")],
        &["--seed", &format!("{long}=1@2")],
        &["--seed", &format!("{long}x")],
        &["--seed", &format!("{long}xyz")],
        &["--seed", &format!("{long}xyz"), "--skip-unknown"],
        &["--seed", &format!("{long}=2"), "--combine", "noisy-or"],
        &["--seed", &format!("@{list}")],
        &["--seed", "b", "--relation", &format!("{long}x")],
        &["--seed", "b", "--relation", &format!("{long}=nan")],
        &["--seed", "b", "--hops", &long],
        &["--seed", "b", "--rule", &long],
        &["--seed", "b", &format!("--{long}")],
    ];
    for flags in cases {
        let said = emanate(["spread", "--graph", &graph].iter().chain(flags)).refused();
        let whole = said.contains(&long) || !said.contains(&short[2 * 5..]);
        assert!(!whole, "{flags:?}: {said}");
    }
    let said = emanate(["man", &long]).refused();
    assert!(said.contains(&short) && !said.contains(&long), "{said}");
    let flags = ["--seed", "b", "--seed", &long[2..], "--skip-unknown", "--graph", &graph];
    let run = emanate(["spread"].iter().chain(&flags));
    assert!(run.status == 0 && run.err.contains(&format!("is \"{short}\"")), "{}", run.err);
}

#[test]
fn an_unknown_name_brings_suggestions() {
    let cases = [
        ("Dog", "did you mean \"dog\"?"),
        ("dgo=2", "did you mean \"dog\"?"),
        ("hot_dog", "did you mean \"hot dog\"?"),
        ("hot", "did you mean \"hot dog\"?"),
        ("xylophone", "--skip-unknown"),
        ("", "--skip-unknown"),
        ("@no/such/file", "no/such/file cannot be read"),
        ("@", "--seed @ names no file; write --seed @FILE, or the label of a node"),
    ];
    for (seed, expected) in cases {
        let said = spread_with("unknown.tsv", PETS, &["--seed", seed]).refused();
        assert!(said.contains(expected), "{seed:?}: {said}");
    }
    let cases = [
        ("Chases", "no relation \"Chases\"; did you mean \"chases\"?"),
        ("sounds_like=2", "did you mean \"sounds like\"?"),
        ("eats", "see its relations with `emanate info`"),
        ("chases=nan", "the weight of --relation \"chases\" is NaN"),
    ];
    for (relation, expected) in cases {
        let flags = ["--seed", "dog", "--relation", relation];
        let said = spread_with("unknown-relation.tsv", PETS, &flags).refused();
        assert!(said.contains(expected), "{relation}: {said}");
    }
}

#[test]
fn inhibitory_edges_are_for_linear_sums_only() {
    let edges = "a\tb\t-1\na\tc\t1\n";
    spread("negative.tsv", edges, "--seed a").quiet();
    for flags in ["--combine max", "--rule pagerank", "--rule retention", "--rule synapse"] {
        let said = spread("negative.tsv", edges, &format!("--seed a {flags}")).refused();
        assert!(said.contains("negative weight"), "{flags}: {said}");
    }
}
