//! Help, completions and manual pages.

use crate::support::emanate;

/// Every flag of `spread` in the contract.
const SPREAD_FLAGS: &str = "\
    graph seed rule hops decay threshold report-threshold share combine firing ceiling \
    fan-out-limit inhibit squash retention retention-file time suppress stop-threshold damping \
    tolerance max-iterations epsilon source-strength source-activation latency-factor intercept \
    steps spread inhibition competitors gain center gate relation direction age-rate at precision \
    top exclude-seeds skip-unknown by-step explain timeout max-edges max-nodes max-memory threads \
    format";

#[test]
fn help_names_every_flag_with_its_default() {
    let help = emanate(["spread", "--help"]).quiet();
    for flag in SPREAD_FLAGS.split_whitespace() {
        assert!(help.contains(&format!("--{flag}")), "--{flag}");
    }
    for heading in [
        "Rule linear (the default):",
        "Rule retention:",
        "Rule pagerank:",
        "Rule act-r:",
        "Rule synapse:",
    ] {
        assert!(help.contains(heading), "{heading}");
    }
    let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for default in
        ["0.85", "3", "1e-4", "0.5", "10", "1e-9", "1000", "1.6", "0.845", "0.63", "0.12", "20"]
    {
        assert!(flat.contains(&format!("[default: {default}]")), "{default}");
    }
    let help = emanate(["import", "--help"]).quiet();
    for flag in ["--output", "--nodes", "--strict"] {
        assert!(help.contains(flag), "{flag}");
    }
    assert!(help.contains("The edge list: plain, gzip or zstd. ") && !help.contains("or a native"));
    let help = emanate(["replay", "--help"]).quiet();
    for flag in [
        "graph", "queries", "strict", "rate", "closed", "threads", "duration", "count", "warm-up",
        "hdr-log", "format",
    ] {
        assert!(help.contains(&format!("--{flag}")), "--{flag}");
    }
    for (command, words) in
        [("check", ["DIR", "--format"]), ("backup", ["DIR", "OUT"]), ("export", ["GRAPH", "-o"])]
    {
        let help = emanate([command, "--help"]).quiet();
        for word in words {
            assert!(help.contains(word), "{command}: {word}");
        }
    }
    let help = emanate(["info", "--help"]).quiet();
    for flag in ["--verify", "--format"] {
        assert!(help.contains(flag), "{flag}");
    }
}

/// What the help of each flag says about its values.
const RANGES: [(&str, &str); 15] = [
    ("fan-out-limit", "from 0"),
    ("max-iterations", "from 0 to 4294967295"),
    ("competitors", "from 0"),
    ("latency-factor", "any number of seconds"),
    ("intercept", "any number of seconds"),
    ("squash", "both may be any number"),
    ("inhibit", "BETA (at least 0)"),
    ("inhibit", "(M from 0)"),
    ("max-edges", "from 0"),
    ("max-nodes", "from the number of seeds"),
    ("max-memory", "from 0: a number of bytes, or one with KiB, MiB or GiB"),
    ("at", "any number of seconds"),
    ("relation", "the last entry of a name wins"),
    ("retention-file", "the last entry of a node wins"),
    ("epsilon", "at least 2.3e-308"),
];

#[test]
fn help_says_what_a_flag_takes() {
    let help = emanate(["spread", "--help"]).quiet();
    let blocks: Vec<String> = help
        .split("\n      --")
        .map(|block| block.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for (flag, range) in RANGES {
        let block = blocks.iter().find(|block| block.starts_with(&format!("{flag} <")));
        let block = block.expect("the flag has help and takes a value");
        assert!(block.contains(range), "{block}");
    }
}

#[test]
fn help_is_a_command_too() {
    for command in ["spread", "import", "info", "replay", "completions", "man"] {
        let help = emanate([command, "--help"]).quiet();
        assert_eq!(emanate(["help", command]).quiet(), help);
    }
    assert_eq!(emanate(["help"]).quiet(), emanate(["--help"]).quiet());
    let said = emanate(["help", "spred"]).refused();
    assert!(said.contains("spred") && said.ends_with("see `emanate --help`"), "{said}");
}

#[test]
fn help_and_version_are_no_failures() {
    let help = emanate(["--help"]).quiet();
    for command in ["spread", "import", "info", "replay", "Exit status"] {
        assert!(help.contains(command), "{command}");
    }
    assert_eq!(
        emanate(["--version"]).quiet(),
        concat!("emanate ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn shells_get_completions_and_man_gets_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = emanate(["completions", shell]).quiet();
        assert!(script.contains("report-threshold") && script.contains("hdr-log"), "{shell}");
    }
    let said = emanate(["completions", "dos"]).refused();
    assert!(said.contains("bash"), "{said}");
    for (command, title) in
        [(None, "emanate"), (Some("spread"), "emanate-spread"), (Some("replay"), "emanate-replay")]
    {
        let page = emanate(["man"].into_iter().chain(command)).quiet();
        let title =
            format!(".TH {title} 1 \"\" {:?}", concat!("emanate ", env!("CARGO_PKG_VERSION")));
        let titles: Vec<_> = page.lines().filter(|line| line.starts_with(".TH")).collect();
        assert_eq!(titles, [title]);
        assert_eq!(page.contains("fan\\-out\\-limit"), command == Some("spread"), "{page}");
        assert_eq!(page.contains("hdr\\-log"), command == Some("replay"), "{page}");
    }
    let said = emanate(["man", "nothing"]).refused();
    assert!(said.contains("no command \"nothing\""), "{said}");
}
