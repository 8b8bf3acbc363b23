//! Running the command and looking at what it said.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

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
lonely
";

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Standard output of a run that must have succeeded without a word on standard error.
    #[track_caller]
    pub(crate) fn quiet(self) -> String {
        assert_eq!((self.status, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// The one sentence of a run that must have been refused.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.status, &*self.out), (2, ""), "{}", self.err);
        let sentence = self.err.strip_suffix('\n').expect("a line ends");
        assert!(!sentence.contains('\n'), "more than one line: {sentence}");
        assert!(!sentence.contains("panicked"), "{sentence}");
        sentence.strip_prefix("emanate: ").expect("it says who speaks").to_owned()
    }

    /// Standard output of a quiet run, as one JSON object.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.quiet();
        assert_eq!(out.matches('\n').count(), 1, "{out}");
        serde_json::from_str(&out).expect("one JSON object")
    }
}

/// The command, with an environment that changes nothing.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emanate"));
    command.args(arguments).env_remove("NO_COLOR").env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// Runs the command to its end.
#[track_caller]
pub(crate) fn emanate<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let output = command(arguments).output().expect("the command starts");
    Run {
        status: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).expect("output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("errors are UTF-8"),
    }
}

/// Runs `emanate spread` on the edge list `edges`, kept under `name`, with `flags` split at spaces.
#[track_caller]
pub(crate) fn spread(name: &str, edges: &str, flags: &str) -> Run {
    spread_with(name, edges, &flags.split_whitespace().collect::<Vec<_>>())
}

/// The same, with flags that hold spaces.
#[track_caller]
pub(crate) fn spread_with(name: &str, edges: &str, flags: &[&str]) -> Run {
    let graph = file(name, edges);
    let graph = graph.to_str().expect("a UTF-8 path");
    emanate(["spread", "--graph", graph].iter().chain(flags))
}

/// Where the file called `name` is kept. Tests run at once, so each has its own names.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Writes a file and gives its path.
#[track_caller]
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = path(name);
    fs::write(&path, content).expect("the directory for tests can be written");
    path
}

/// The same as text.
#[track_caller]
pub(crate) fn file_text(name: &str, content: impl AsRef<[u8]>) -> String {
    file(name, content).into_os_string().into_string().expect("a UTF-8 path")
}

/// The path as text.
pub(crate) fn path_text(name: &str) -> String {
    path(name).into_os_string().into_string().expect("a UTF-8 path")
}
