//! A disk that does something of the test's while it syncs a log.

use std::fmt;
use std::io;
use std::path::Path;

use crate::change::store::{Disk, DiskFile, Held, SimulatedDisk};
use crate::sync::{Arc, Exclusive};

type Hook = Box<dyn FnOnce() + Send>;

/// A simulated disk, with what is to happen during the next sync of a log.
pub(super) struct Hooked {
    pub(super) inner: SimulatedDisk,
    pub(super) hook: Exclusive<Option<Hook>>,
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooked").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct HookedFile {
    disk: Arc<Hooked>,
    inner: Arc<dyn DiskFile>,
}

impl DiskFile for HookedFile {
    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_exact_at(bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_all_at(bytes, offset)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.inner.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        let result = self.inner.sync();
        let hook = self.disk.hook.take().take();
        if let Some(hook) = hook {
            hook();
        }
        result
    }
}

impl Disk for Arc<Hooked> {
    fn directory(&self) -> &Path {
        self.inner.directory()
    }

    fn lock(&self) -> io::Result<Box<dyn Held>> {
        self.inner.lock()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let inner = self.inner.open(name)?;
        Ok(Arc::new(HookedFile { disk: Self::clone(self), inner }))
    }

    fn open_to_read(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.open_to_read(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }
}
