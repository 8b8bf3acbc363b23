//! Reference results and graphs that lie beside the repository, where somebody put them there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use emanate::Generation;
use emanate::graph::{LoadOptions, load};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::Tally;

/// The folder beside the repository.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared")
}

/// The file at `path` in that folder; counted as skipped where there is none.
pub fn find(path: &str, tally: &mut Tally) -> Option<PathBuf> {
    let file = folder().join(path);
    if file.is_file() {
        return Some(file);
    }
    tally.skip(path, "the folder `shared` beside the repository does not have it");
    None
}

/// The files in folder `path` there, ascending by name; counted as one skipped where there is no
/// such folder.
///
/// # Panics
/// Where the folder cannot be listed.
pub fn list(path: &str, tally: &mut Tally) -> Vec<PathBuf> {
    let folder = folder().join(path);
    if !folder.is_dir() {
        tally.skip(path, "the folder `shared` beside the repository does not have it");
        return Vec::new();
    }
    let entries = folder.read_dir().expect("the folder can be listed");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    files.sort();
    files
}

/// The JSON in `file`.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn json(file: &Path) -> Value {
    serde_json::from_str(&text(file)).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The text in `file`, decompressed where its name ends in `.gz`.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn text(file: &Path) -> String {
    let mut text = String::new();
    let mut open = File::open(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if file.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(open).read_to_string(&mut text)
    } else {
        open.read_to_string(&mut text)
    }
    .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text
}

/// The rows of a tab-separated file after its header, with spaces around fields cut off.
#[must_use]
pub fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split('\t').map(str::trim).collect()).collect()
}

/// The graph in `data/<name>.tsv.gz` there.
///
/// # Panics
/// Where the file is there and not every line of it is an edge.
pub fn graph(name: &str, tally: &mut Tally) -> Option<Generation> {
    let file = find(&format!("data/{name}.tsv.gz"), tally)?;
    let load = load(&file, &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    assert!(load.report.bad_lines.is_empty(), "{name}: {:?}", load.report.bad_lines.first());
    Some(load.graph)
}

/// The number that `text` spells.
///
/// # Panics
/// Where it spells none.
#[must_use]
pub fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}
