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
    let help = emanate(["info", "--help"]).quiet();
    for flag in ["--verify", "--format"] {
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    let help = emanate(["--help"]).quiet();
    for command in ["spread", "import", "info", "Exit status"] {
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
        assert!(script.contains("report-threshold"), "{shell}");
    }
    let said = emanate(["completions", "dos"]).refused();
    assert!(said.contains("bash"), "{said}");
    assert!(emanate(["man"]).quiet().contains(".TH emanate 1"));
    let page = emanate(["man", "spread"]).quiet();
    assert!(page.contains(".TH emanate-spread 1") && page.contains("fan\\-out\\-limit"), "{page}");
    let said = emanate(["man", "nothing"]).refused();
    assert!(said.contains("no command \"nothing\""), "{said}");
}
