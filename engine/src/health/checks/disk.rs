//! How much room a file system has left.

use std::io;
use std::path::{Path, PathBuf};

use crate::health::{CheckContext, Verdict};

/// How many times the bound must be free for [`disk`] not to warn.
const WARN_TIMES: u64 = 2;

/// Bytes that this process may still write to the file system of `path`.
///
/// # Errors
/// Where there is no such path, or the system does not tell: [`io::ErrorKind::Unsupported`] where
/// it never does, which is everywhere but on Unix.
pub fn disk_bytes_free(path: &Path) -> io::Result<u64> {
    #[cfg(unix)]
    {
        let facts = rustix::fs::statvfs(path)?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Fails where the file system of `path` has less than `bytes_min` free or cannot be asked, warns
/// below twice that, and where no system call would tell.
///
/// Asking a network's file system may hang; then the check does, which harms no other.
pub fn disk(
    path: impl Into<PathBuf>,
    bytes_min: u64,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    let path = path.into();
    move |_| match disk_bytes_free(&path) {
        Ok(free) if free < bytes_min => Verdict::fail(format!(
            "{} has {free} bytes left, fewer than {bytes_min}; free some",
            path.display()
        )),
        Ok(free) if free / WARN_TIMES < bytes_min => Verdict::warn(format!(
            "{} has {free} bytes left; below {bytes_min} is a failure",
            path.display()
        )),
        Ok(_) => Verdict::Pass,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            Verdict::warn("the system does not tell how much room there is")
        }
        Err(error) => Verdict::fail(format!("{} cannot be asked: {error}", path.display())),
    }
}
