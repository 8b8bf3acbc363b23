//! The rules of `STYLE.md` that a program can check, checked over the whole repository.
//!
//! Each rule is a function from a file to findings, in a module of its own with tests that show
//! it can fail. Here they meet the repository. A finding names file, line, rule and what to do.
#![forbid(unsafe_code)]

#[path = "tidy/bans.rs"]
mod bans;
#[path = "tidy/floors.rs"]
mod floors;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/limits.rs"]
mod limits;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/repository.rs"]
mod repository;
#[path = "tidy/source.rs"]
mod source;

use source::{Finding, Source};

/// Fails with every finding, one a line.
#[track_caller]
fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} findings\n{}", lines.len(), lines.join("\n"));
}

#[track_caller]
fn check_rust(rule: impl Fn(&Source) -> Vec<Finding>) {
    let found: Vec<Finding> = repository::rust_sources().iter().flat_map(rule).collect();
    assert_none(&found);
}

#[test]
fn modules_import_from_lower_floors_only() {
    check_rust(floors::climbs);
}

#[test]
fn atomics_and_threads_come_through_the_door() {
    check_rust(floors::past_the_door);
}

#[test]
fn libraries_do_not_name_the_servers_crates() {
    check_rust(floors::servers_own);
    let found: Vec<Finding> = ["engine/Cargo.toml", "tuner/Cargo.toml"]
        .into_iter()
        .filter_map(|path| {
            let manifest = std::fs::read_to_string(repository::root().join(path)).ok()?;
            Some(floors::servers_own_in_manifest(path, &manifest))
        })
        .flatten()
        .collect();
    assert_none(&found);
}

#[test]
fn files_are_short() {
    check_rust(limits::long_files);
}

#[test]
fn functions_are_short() {
    check_rust(limits::long_functions);
}

#[test]
fn lines_are_short() {
    check_rust(limits::long_lines);
}

#[test]
fn entrances_hold_no_types() {
    check_rust(limits::types_at_the_entrance);
}

#[test]
fn nothing_unwraps_outside_tests() {
    check_rust(bans::unwraps);
}

#[test]
fn nothing_is_left_unfinished() {
    check_rust(bans::unfinished);
    let scripts = repository::text_files().into_iter().filter(|(path, text)| {
        let named = [".sh", ".py", ".toml", ".yml", ".yaml"].iter().any(|end| path.ends_with(end));
        named || text.starts_with("#!")
    });
    let mut found = Vec::new();
    for (path, text) in scripts.filter(|(path, _)| !path.ends_with(".rs")) {
        let lines = text.lines().enumerate();
        found.extend(lines.filter_map(|(at, l)| bans::unfinished_in_line(&path, at + 1, l)));
    }
    assert_none(&found);
}

#[test]
fn no_lint_is_silenced_and_no_test_ignored() {
    check_rust(bans::silenced);
}

#[test]
fn unsafe_code_says_why_it_is_sound() {
    check_rust(bans::unexplained_unsafe);
}

#[test]
fn identifiers_use_the_glossarys_words() {
    check_rust(names::banned);
}

#[test]
fn no_exception_to_the_glossary_is_idle() {
    assert_none(&names::idle_exceptions(&repository::rust_sources()));
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    let texts = repository::text_files();
    let found: Vec<Finding> =
        texts.iter().flat_map(|(path, text)| places::machine_places(path, text)).collect();
    assert_none(&found);
}

/// The package of the tests finds none by itself, so a file that is not listed would never run.
#[test]
fn every_test_is_listed() {
    let folder = repository::root().join("tests");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder of the tests").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rs") && !manifest.contains(&format!("path = \"{name}\"")) {
            let rule = "no [[test]] of tests/Cargo.toml runs this file".to_owned();
            found.push(Finding { file: format!("tests/{name}"), line: 0, rule });
        }
    }
    assert_none(&found);
}
