//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::{Source, mark_test_modules};

/// Folders that hold Rust.
const RUST_FOLDERS: [&str; 7] =
    ["engine", "tuner", "server", "bench", "fuzz", "tests", "dashboards"];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    // Read when the test runs, so that a binary built in one checkout can look at another.
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let package = package.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().expect("the package of the tests is a folder of the repository").to_owned()
}

/// Every Rust file.
pub(crate) fn rust_sources() -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    for folder in RUST_FOLDERS {
        for path in files_under(&root, &root.join(folder)) {
            if path.ends_with(".rs") {
                let text = fs::read_to_string(root.join(&path)).expect("Rust is UTF-8");
                sources.push(Source::new(&path, &text));
            }
        }
    }
    mark_test_modules(&mut sources);
    assert!(sources.len() > 20, "only {} Rust files found; is this the repository?", sources.len());
    sources
}

/// Path and content of every text file that git tracks, or would if it were added; without git,
/// of every text file.
pub(crate) fn text_files() -> Vec<(String, String)> {
    let root = root();
    let paths = tracked(&root).unwrap_or_else(|| files_under(&root, &root));
    let mut texts = Vec::new();
    for path in paths {
        let Ok(bytes) = fs::read(root.join(&path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes)
            && !text.contains('\0')
        {
            texts.push((path, text));
        }
    }
    assert!(texts.len() > 20, "only {} text files found; is this the repository?", texts.len());
    texts
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(["ls-files", "-z", "-c", "-o", "--exclude-standard"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    let names = String::from_utf8(output.stdout).ok()?;
    let names: Vec<String> =
        names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// Files under `folder`, as paths from `root`, sorted; without hidden and built ones.
fn files_under(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.') && name != ".ci";
            if hidden || name == "target" {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    let path = entry.path();
                    let path = path.strip_prefix(root).expect("below the root");
                    found.push(path.to_string_lossy().replace('\\', "/"));
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}
