//! Running the command and looking at what it said.

use std::ffi::OsStr;

use serde_json::Value;

pub(crate) use crate::program::{PETS, command, file, fresh, path};

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

/// Writes a file and gives its path as text.
#[track_caller]
pub(crate) fn file_text(name: &str, content: impl AsRef<[u8]>) -> String {
    file(name, content).into_os_string().into_string().expect("a UTF-8 path")
}

/// The path of the file called `name` as text.
pub(crate) fn path_text(name: &str) -> String {
    path(name).into_os_string().into_string().expect("a UTF-8 path")
}
