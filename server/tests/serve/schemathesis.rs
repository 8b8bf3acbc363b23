//! The OpenAPI document against the running service, by a tool that makes up requests from it.

use std::process::Command;

use crate::support::{PETS, Service};

/// Requests made up for each operation in each phase.
const EXAMPLES: &str = "10";

#[test]
fn the_service_does_what_its_document_says() {
    if !Command::new("schemathesis").arg("--version").output().is_ok_and(|o| o.status.success()) {
        println!("skipped: schemathesis is not installed (pip install schemathesis)");
        return;
    }
    // A stream of events has no end, which the tool would wait for. A check that is made can take
    // the service out, as it should; what else is asked then is asked apart.
    run("schemathesis", &["--exclude-path-regex", "^/v1/(events|checks.*)$"]);
    run("schemathesis-checks", &["--include-path-regex", "^/v1/checks"]);
}

/// Asks for the paths that `paths` says. That a query fits the schema does not mean that it fits
/// the graph.
fn run(name: &str, paths: &[&str]) {
    let service = Service::start(name, PETS, &[]);
    let document = format!("http://{}/openapi.json", service.address);
    let output = Command::new("schemathesis")
        .args(["run", &document, "--seed", "1", "--no-color"])
        .args(paths)
        .args(["--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing"])
        .args(["--exclude-checks", "positive_data_acceptance"])
        .output()
        .expect("it was there a moment ago");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let cases = said.lines().skip_while(|line| *line != "Test cases:").nth(1);
    assert!(cases.is_some_and(|cases| cases.ends_with(" passed")), "{said}");
}
