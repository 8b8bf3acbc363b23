//! What the files of a store are called.

/// The manifest.
pub(super) const MANIFEST: &str = "manifest";
/// How the name of a file under way ends.
pub(super) const PARTIAL: &str = ".partial";

/// What a file of a store is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Manifest,
    /// The native file of a generation.
    Segment(u64),
    /// The log that follows a generation.
    Log(u64),
    /// Left behind by whoever was stopped while writing it.
    Partial,
    /// Not ours.
    Strange,
}

/// The name of the segment of `generation`.
pub(super) fn segment(generation: u64) -> String {
    format!("segment-{generation:020}.emg")
}

/// The name of the log that follows generation `base`.
pub(super) fn log(base: u64) -> String {
    format!("log-{base:020}.emlog")
}

/// The name of a file that is to be called `name` when it is whole.
pub(super) fn partial(name: &str) -> String {
    format!("{name}{PARTIAL}")
}

/// What the file called `name` is.
pub(super) fn kind(name: &str) -> FileKind {
    let number = |rest: &str, end: &str| rest.strip_suffix(end)?.parse::<u64>().ok();
    let kind = if name == MANIFEST {
        FileKind::Manifest
    } else if let Some(whole) = name.strip_suffix(PARTIAL) {
        match kind(whole) {
            FileKind::Manifest | FileKind::Segment(_) => FileKind::Partial,
            _ => FileKind::Strange,
        }
    } else if let Some(rest) = name.strip_prefix("segment-") {
        number(rest, ".emg").map_or(FileKind::Strange, FileKind::Segment)
    } else if let Some(rest) = name.strip_prefix("log-") {
        number(rest, ".emlog").map_or(FileKind::Strange, FileKind::Log)
    } else {
        FileKind::Strange
    };
    match kind {
        // One number, one name: `+1` and `01` are numbers, too.
        FileKind::Segment(generation) if name != segment(generation) => FileKind::Strange,
        FileKind::Log(base) if name != log(base) => FileKind::Strange,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::{FileKind, kind, log, partial, segment};

    #[test]
    fn names_are_read_as_they_are_written() {
        for number in [0, 1, 12, u64::MAX] {
            assert_eq!(kind(&segment(number)), FileKind::Segment(number));
            assert_eq!(kind(&log(number)), FileKind::Log(number));
            assert_eq!(kind(&partial(&segment(number))), FileKind::Partial);
        }
        assert_eq!(kind("manifest"), FileKind::Manifest);
        assert_eq!(kind(&partial("manifest")), FileKind::Partial);
    }

    #[test]
    fn other_names_are_strange() {
        let number = "log-0000000000000000001";
        for name in ["", "log-1.emlog", "log-.emlog", "segment-x.emg", "notes.txt", ".partial"] {
            assert_eq!(kind(name), FileKind::Strange, "{name}");
        }
        assert_eq!(kind(&format!("{number}x.emlog")), FileKind::Strange);
        assert_eq!(kind(&partial(&log(1))), FileKind::Strange);
    }
}
