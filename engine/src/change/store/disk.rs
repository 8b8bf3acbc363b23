//! What the store asks of a disk, and the real one.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::{Path, PathBuf};

use crate::sync::Arc;

/// Name of the file that keeps a second process out.
const LOCK_NAME: &str = "lock";

/// One directory, flat, with files named by short words of ASCII.
///
/// What is written may be lost in a crash, in any order and in part, until it is synced: the
/// bytes of a file by [`DiskFile::sync`], that a name stands for a file (or for none) by
/// [`Disk::sync_directory`]. The store relies on nothing else, and on `rename` being seen whole or
/// not at all.
pub trait Disk: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// The directory, for messages.
    fn directory(&self) -> &Path;

    /// Takes the directory for this process, until the value is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] where another process or value has it; else what the operating
    /// system said.
    fn lock(&self) -> io::Result<Box<dyn Held>>;

    /// A new file, empty; one of this name is emptied.
    ///
    /// # Errors
    /// What the operating system said.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// A file that is there, to be read and written.
    ///
    /// # Errors
    /// What the operating system said.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// A file that is there, to be read only.
    ///
    /// # Errors
    /// What the operating system said.
    fn open_to_read(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name; a file that has it goes.
    ///
    /// # Errors
    /// What the operating system said.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a name. Whoever has the file open keeps it.
    ///
    /// # Errors
    /// What the operating system said.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names of all files, ascending.
    ///
    /// # Errors
    /// What the operating system said.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Returns once every name given, changed or removed before is on the disk.
    ///
    /// # Errors
    /// What the operating system said.
    fn sync_directory(&self) -> io::Result<()>;
}

/// A directory taken for this process; dropping it gives it back.
pub trait Held: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {}

/// An open file.
pub trait DiskFile: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Bytes it has.
    ///
    /// # Errors
    /// What the operating system said.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] where there are too few; else what the operating system said.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` from `offset` on, which is not beyond the end.
    ///
    /// # Errors
    /// What the operating system said; any part of the bytes may be written then.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file to `length` bytes.
    ///
    /// # Errors
    /// What the operating system said.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Returns once all that was written is on the disk, and the length with it.
    ///
    /// # Errors
    /// What the operating system said. Nothing is known then of what was written since the last
    /// success, and a later success says nothing about it either.
    fn sync(&self) -> io::Result<()>;
}

/// A directory of the file system.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The directory at `path`, which need not be there until it is used.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory at `path`, made with those above it where it is not there.
    ///
    /// # Errors
    /// What the operating system said.
    pub fn create(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        if let Some(parent) = path.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            sync_folder(parent)?;
        }
        Ok(Self(path))
    }

    fn open_with(&self, name: &str, options: &OpenOptions) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(options.open(self.0.join(name))?))
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Where a directory cannot be opened as a file, the system keeps its names without being asked.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// A lock that the operating system gives back when the process ends, however it ends.
#[derive(Debug)]
struct LockFile {
    /// Closing it unlocks it.
    _file: File,
}

impl Held for LockFile {}

impl Disk for Folder {
    fn directory(&self) -> &Path {
        &self.0
    }

    fn lock(&self) -> io::Result<Box<dyn Held>> {
        let path = self.0.join(LOCK_NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            // On a medium that cannot be written, a lock that is there can still be taken.
            .or_else(|error| File::open(&path).map_err(|_| error))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(LockFile { _file: file })),
            Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        self.open_with(name, options.read(true).write(true).create(true).truncate(true))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.open_with(name, OpenOptions::new().read(true).write(true))
    }

    fn open_to_read(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.open_with(name, OpenOptions::new().read(true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            // A name that is not UTF-8 is none of ours; it counts as something strange.
            let name = name.to_string_lossy().into_owned();
            if name != LOCK_NAME {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_directory(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }
}

impl DiskFile for File {
    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    #[cfg(unix)]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn read_exact_at(&self, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let read = std::os::windows::fs::FileExt::seek_read(self, bytes, offset)?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[read..];
            offset += read as u64;
        }
        Ok(())
    }

    #[cfg(unix)]
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = std::os::windows::fs::FileExt::seek_write(self, bytes, offset)?;
            if written == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        // Whether syncing the data alone keeps a smaller length is for each file system to say.
        // This is rare enough to be sure.
        self.sync_all()
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
