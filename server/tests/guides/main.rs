//! Every command of the guides is run: what they say is what happens.
//!
//! The fenced blocks `sh` of a guide are one session of a shell, in a folder of its own with the
//! graphs of `bench`. Where the next fenced block is `text`, it is what the commands print: a line
//! `...` stands for any lines, and a time for any time. A comment `<!-- not run: WHY -->` before a
//! block leaves it out; how many there are of them is part of this test.
#![forbid(unsafe_code)]

mod guide;
mod session;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use guide::Guide;

/// Guides with how many of their blocks are not run.
const GUIDES: [(&str, usize); 5] = [
    ("README.md", 1),
    ("docs/host.md", 1),
    ("docs/operator.md", 1),
    ("docs/page.md", 1),
    ("docs/researcher.md", 0),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("it is in a repository")
}

/// Runs all commands of a guide and compares what they print.
fn follow(name: &str) {
    let guide = Guide::read(&root().join(name));
    let skipped = GUIDES.iter().find(|(known, _)| *known == name).expect("it is listed").1;
    for (line, why) in guide.skipped() {
        println!("skipped: {name}:{line}: {why}");
    }
    assert_eq!(guide.skipped().count(), skipped, "{name}: blocks that are not run");
    let printed = session::run(name, &guide, &root());
    for (block, printed) in guide.run().zip(printed) {
        let Some(expected) = &block.expected else { continue };
        if let Err(why) = guide::compare(expected, &printed) {
            panic!("{name}:{}: {why}\nexpected:\n{expected}\nprinted:\n{printed}", block.line);
        }
    }
}

#[test]
fn the_readme() {
    follow("README.md");
}

#[test]
fn for_the_host() {
    follow("docs/host.md");
}

#[test]
fn for_the_operator() {
    follow("docs/operator.md");
}

#[test]
fn for_who_looks_at_the_page() {
    follow("docs/page.md");
}

#[test]
fn for_the_researcher() {
    follow("docs/researcher.md");
}

#[test]
fn there_is_no_other_guide_with_commands() {
    let root = root();
    let folder = |path: &Path| {
        let entries = fs::read_dir(path).expect("it can be listed");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let all = [folder(&root), folder(&root.join("docs")), folder(&root.join("docs/runbook"))];
    let guides =
        all.into_iter().flatten().filter(|path| path.extension().is_some_and(|e| e == "md"));
    let with_commands = guides.filter(|path| Guide::read(path).has_commands());
    let names = with_commands.map(|path| {
        let name = path.strip_prefix(&root).expect("it is in there");
        name.to_str().expect("UTF-8").to_owned()
    });
    let known: BTreeSet<String> = GUIDES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), known);
}
