//! The channel `log`: a file of lines, put aside when it has become large.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How large a file may become, and how many are kept beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    pub(crate) size: u64,
    pub(crate) files: usize,
}

/// Appends `line`, and brings it to the disk. Where the file would become larger than allowed, it
/// is put aside as `NAME.1` first, that as `NAME.2`, and so on; the oldest goes.
///
/// # Errors
/// What the file system gives.
pub(crate) fn append(path: &Path, line: &str, rotation: Rotation) -> io::Result<()> {
    let size = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        facts => facts?.len(),
    };
    if size > 0 && size.saturating_add(line.len() as u64 + 1) > rotation.size {
        put_aside(path, rotation.files)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

fn put_aside(path: &Path, files: usize) -> io::Result<()> {
    let numbered = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    if files == 0 {
        return fs::remove_file(path);
    }
    for number in (1..files).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, numbered(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_grows_beyond_its_size_and_its_number() {
        let folder = std::env::temp_dir().join(format!("emanate-alerts-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("alerts.jsonl");
        let rotation = Rotation { size: 20, files: 2 };
        for number in 0..9 {
            append(&path, &format!("line {number}"), rotation).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read("alerts.jsonl"), "line 8\n");
        assert_eq!(read("alerts.jsonl.1"), "line 6\nline 7\n");
        assert_eq!(read("alerts.jsonl.2"), "line 4\nline 5\n");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        append(&path, &"x".repeat(100), Rotation { size: 20, files: 0 }).unwrap();
        assert_eq!(read("alerts.jsonl").len(), 101, "one line is never cut");
        assert!(append(&path.join("below"), "x", rotation).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
