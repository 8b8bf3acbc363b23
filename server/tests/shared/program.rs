//! What all tests of the program from outside share: a graph, files, the command.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small graph: labels that look like other things, a cycle, a relation, a self-loop.
pub(crate) const PETS: &str = "\
source\ttarget\tweight\trelation
dog\tcat\t0.5\tchases
cat\tmouse\t0.5\tchases
cat\tdog\t0.25\tfears
dog\thot dog\t0.1\tsounds like
dog\ta=1\t0.2\t
a=1\t@home\t1\t
dog\tdog\t0.125\t
and/or\tdog\t2\t
lonely
";

/// The command, with an environment that configures nothing.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emanate"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EMANATE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env_remove("NO_COLOR").env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Where the file called `name` is kept. Tests run at once, so each has its own names.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The same, without what an earlier run left there, be it a file or a directory.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let path = path(name);
    let _ = fs::remove_dir_all(&path);
    let _ = fs::remove_file(&path);
    path
}

/// Writes a file and gives its path.
#[track_caller]
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = path(name);
    fs::write(&path, content).expect("the directory for tests can be written");
    path
}
