//! A file that keeps a few things through the end of the process: replaced whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::locked::Locked;

/// Largest file that is read.
const BYTES_MAX: u64 = 256 << 20;

/// Where something is kept; nowhere, where no directory is configured.
#[derive(Debug, Default)]
pub(crate) struct StateFile {
    path: Option<PathBuf>,
    /// One writes at a time, so that the last to write has the latest to say.
    turn: Locked<()>,
}

impl StateFile {
    /// The file called `name` in `directory`, and what `restore` makes of what is in it; `None`
    /// where there is nothing. What is damaged is put aside, and what cannot be read or made is not
    /// kept from then on: neither must keep the service from starting, so both are logged.
    pub(crate) fn open<T>(
        directory: Option<&Path>,
        name: &str,
        restore: impl FnOnce(Value) -> Result<T, String>,
    ) -> (Self, Option<T>) {
        let read = Self::new(directory, name).map(|file| {
            let value = file.read();
            (file, value)
        });
        let (file, damage) = match read {
            Ok((file, Ok(None))) => return (file, None),
            Ok((file, Ok(Some(value)))) => match restore(value) {
                Ok(restored) => return (file, Some(restored)),
                Err(damage) => (file, damage),
            },
            Ok((file, Err(error))) if is_damage(error.kind()) => (file, error.to_string()),
            Ok((_, Err(error))) | Err(error) => {
                tracing::error!(name, %error, "the file cannot be used, so nothing is kept in it");
                return (Self::default(), None);
            }
        };
        match file.put_aside() {
            Ok(aside) => {
                tracing::error!(name, ?aside, damage, "the file is damaged; it begins anew");
                (file, None)
            }
            Err(error) => {
                tracing::error!(name, %error, damage, "the file is damaged, and nothing is kept");
                (Self::default(), None)
            }
        }
    }

    /// The file called `name` in `directory`, which is made where it is not there.
    ///
    /// # Errors
    /// What making the directory gives.
    fn new(directory: Option<&Path>, name: &str) -> io::Result<Self> {
        if let Some(directory) = directory {
            fs::create_dir_all(directory)?;
        }
        let path = directory.map(|directory| directory.join(name));
        Ok(Self { path, turn: Locked::default() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What was kept; `None` where nothing was.
    ///
    /// # Errors
    /// What reading gives; [`io::ErrorKind::InvalidData`] where it is no JSON.
    fn read(&self) -> io::Result<Option<Value>> {
        let Some(path) = &self.path else { return Ok(None) };
        let size = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            facts => facts?.len(),
        };
        if size > BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let text = fs::read(path)?;
        serde_json::from_slice(&text).map(Some).map_err(io::Error::from)
    }

    /// Keeps what `make` makes when it is this writer's turn: written beside, brought to the disk,
    /// then put in the old one's place.
    ///
    /// # Errors
    /// What the file system gives; the old file is as it was then.
    pub(crate) fn write(&self, make: impl FnOnce() -> Value) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        self.turn.with(|()| {
            let beside = path.with_extension("json.partial");
            let mut file = File::create(&beside)?;
            file.write_all(format!("{}\n", make()).as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, path)?;
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            File::open(folder)?.sync_all()
        })
    }

    /// Puts a file that cannot be read out of the way, so that it is not written over; gives its
    /// new name.
    ///
    /// # Errors
    /// What the file system gives.
    fn put_aside(&self) -> io::Result<Option<PathBuf>> {
        let Some(path) = &self.path else { return Ok(None) };
        let names = (1..1000).map(|number| path.with_extension(format!("json.damaged-{number}")));
        let free = names.into_iter().find(|name| !name.exists());
        let free = free.ok_or(io::ErrorKind::AlreadyExists)?;
        fs::rename(path, &free)?;
        Ok(Some(free))
    }
}

/// Whether what was read is no JSON, rather than not to be read.
const fn is_damage(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::FileTooLarge
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kept_is_read_and_damage_is_put_aside() {
        let folder = std::env::temp_dir().join(format!("emanate-state-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let file = StateFile::new(Some(&folder.join("below")), "x.json").unwrap();
        assert_eq!(file.read().unwrap(), None);
        file.write(|| json!({"a": 1})).unwrap();
        file.write(|| json!({"a": [2]})).unwrap();
        assert_eq!(file.read().unwrap(), Some(json!({"a": [2]})));
        let left: Vec<_> = fs::read_dir(folder.join("below")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "nothing is left beside it");
        fs::write(file.path().unwrap(), "{\"a\"").unwrap();
        assert!(file.read().is_err());
        let aside = file.put_aside().unwrap().unwrap();
        assert_eq!(fs::read_to_string(aside).unwrap(), "{\"a\"");
        assert_eq!(file.read().unwrap(), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_directory_nothing_is_kept() {
        let file = StateFile::new(None, "x.json").unwrap();
        file.write(|| panic!("nobody asks")).unwrap();
        assert_eq!(file.read().unwrap(), None);
        assert_eq!(file.put_aside().unwrap(), None);
    }
}
