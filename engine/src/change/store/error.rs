//! What can go wrong with a store, one type for each operation.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use super::disk::Disk;
use super::record::SET_BYTES_MAX;
use crate::sync::Arc;

/// The operating system refused something about one file or the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFailure {
    /// The file.
    pub file: Arc<Path>,
    /// What the operating system said.
    pub kind: ErrorKind,
}

impl DiskFailure {
    /// `error` about the file called `name`; about the directory itself where that is empty.
    pub(super) fn new(disk: &dyn Disk, name: &str, error: &io::Error) -> Self {
        Self { file: path(disk, name), kind: error.kind() }
    }

    /// Turns what the operating system said about the file called `name` into a failure.
    pub(super) fn at(disk: &dyn Disk, name: &str) -> impl Fn(io::Error) -> Self {
        move |error| Self::new(disk, name, &error)
    }
}

/// The path of the file called `name`; of the directory where that is empty.
pub(super) fn path(disk: &dyn Disk, name: &str) -> Arc<Path> {
    if name.is_empty() { disk.directory().into() } else { disk.directory().join(name).into() }
}

impl fmt::Display for DiskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = match self.kind {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk",
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                "make the directory and its files writable for this user"
            }
            ErrorKind::InvalidData => {
                "a part of the graph's own file cannot be read; check the store"
            }
            ErrorKind::NotADirectory => "a store is a directory; give its path",
            _ => "check the disk",
        };
        write!(f, "{}: the disk refused ({}); {advice}", self.file.display(), self.kind)
    }
}

impl std::error::Error for DiskFailure {}

/// What is wrong with a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreDamage {
    /// Its beginning is not what was written there.
    Header,
    /// A set that had reached the disk is not whole, or is missing.
    Set {
        /// The last generation before it.
        after: u64,
    },
    /// It does not continue the log before it.
    Sequence,
    /// It is not the segment that the manifest names, or its own checksums refuse it.
    Segment,
    /// A set is whole, but does not apply to the generation before it.
    Refused {
        /// The generation it leads to.
        generation: u64,
    },
    /// It is not there.
    Missing,
}

/// A file of a store that cannot be used. No number was read from what is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file.
    pub file: Arc<Path>,
    /// The byte from which on it is not whole.
    pub offset: u64,
    /// What is wrong.
    pub damage: StoreDamage,
}

impl fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, offset) = (self.file.display(), self.offset);
        match self.damage {
            StoreDamage::Header => write!(f, "{file}: the beginning is damaged")?,
            StoreDamage::Set { after } => write!(
                f,
                "{file}: damaged at byte {offset}, after generation {after}, where a change set \
                 had been stored"
            )?,
            StoreDamage::Sequence => {
                write!(f, "{file}: this log does not continue the one before it")?;
            }
            StoreDamage::Segment => {
                write!(f, "{file}: this is not the segment that was stored, or is damaged")?;
            }
            StoreDamage::Refused { generation } => write!(
                f,
                "{file}: the change set of generation {generation} at byte {offset} does not fit \
                 the graph before it"
            )?,
            StoreDamage::Missing => write!(f, "{file}: the file is missing")?,
        }
        f.write_str("; restore the directory from a backup")
    }
}

impl std::error::Error for DamagedFile {}

/// Why a store was not opened, checked or read. Nothing was changed then, but that a directory
/// without a store may have got files of an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// There is no such directory; check the path.
    NotFound {
        /// The directory.
        directory: Arc<Path>,
    },
    /// Another process, or another part of this one, has the store open; close that, or use
    /// another directory.
    InUse {
        /// The directory.
        directory: Arc<Path>,
    },
    /// The directory holds no store, and none was to be made there.
    NoStore {
        /// The directory.
        directory: Arc<Path>,
    },
    /// The directory holds other files; name one that is empty or not there.
    NotEmpty {
        /// The directory.
        directory: Arc<Path>,
    },
    /// A newer Emanate wrote it; use that one.
    NewerFormat {
        /// The file that says so.
        file: Arc<Path>,
        /// The format it says it has.
        format: u32,
    },
    /// A file is damaged; restore the directory from a backup.
    Damaged(DamagedFile),
    /// The operating system refused.
    Disk(DiskFailure),
}

impl fmt::Display for OpenStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { directory } => {
                write!(f, "{}: there is no such directory; check the path", directory.display())
            }
            Self::InUse { directory } => write!(
                f,
                "{}: another process has this store open; stop it, or use another directory",
                directory.display()
            ),
            Self::NoStore { directory } => {
                write!(f, "{}: there is no store in this directory; check the path", {
                    directory.display()
                })
            }
            Self::NotEmpty { directory } => write!(
                f,
                "{}: the directory holds other files; name one that is empty or not there",
                directory.display()
            ),
            Self::NewerFormat { file, format } => write!(
                f,
                "{}: the file has format {format}, which is newer than this program reads; use a \
                 newer emanate",
                file.display()
            ),
            Self::Damaged(file) => file.fmt(f),
            Self::Disk(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for OpenStoreError {}

impl From<DamagedFile> for OpenStoreError {
    fn from(file: DamagedFile) -> Self {
        Self::Damaged(file)
    }
}

impl From<DiskFailure> for OpenStoreError {
    fn from(failure: DiskFailure) -> Self {
        Self::Disk(failure)
    }
}

/// Why a change set was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendError {
    /// The operating system refused to write it. No trace of it is left, also after a crash, and
    /// the store goes on: try again when the disk lets it.
    Disk(DiskFailure),
    /// Writing or syncing failed so that nobody knows what is on the disk: this set and those not
    /// yet synced may be there after opening again, or not. The store takes no more sets; open
    /// it anew.
    Failed(DiskFailure),
    /// The set has more than [`SET_BYTES_MAX`] bytes; split it.
    TooLarge {
        /// Bytes it has.
        bytes: u64,
    },
    /// The set leads to a generation that is not above the last one.
    OutOfOrder {
        /// The generation it was to lead to.
        generation: u64,
        /// The last generation stored.
        last: u64,
    },
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(failure) => write!(f, "the change set was not stored: {failure}"),
            Self::Failed(failure) => write!(
                f,
                "the store takes no more change sets since a write or sync failed; open it again: \
                 {failure}"
            ),
            Self::TooLarge { bytes } => {
                write!(f, "the change set has {bytes} bytes, more than {SET_BYTES_MAX}; split it")
            }
            Self::OutOfOrder { generation, last } => write!(
                f,
                "the change set leads to generation {generation}, but {last} is stored already; \
                 apply it to the current generation"
            ),
        }
    }
}

impl std::error::Error for AppendError {}

/// Why no checkpoint was made. The store is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Another one is under way; wait for it.
    UnderWay,
    /// Checkpoints have failed lately, so none is tried for a while; ask again after `retry_in`.
    BreakerOpen {
        /// When it is worth asking again.
        retry_in: Duration,
    },
    /// The generation to be written is not in the log yet; store its set first.
    NotStored {
        /// The generation.
        generation: u64,
        /// The last one stored.
        last: u64,
    },
    /// The operating system refused.
    Disk(DiskFailure),
    /// The store takes no more, since a sync failed; open it again.
    Failed(DiskFailure),
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay => f.write_str("a checkpoint is under way already; wait for it"),
            Self::BreakerOpen { retry_in } => {
                write!(f, "the breaker of checkpoints is open; ask again in {retry_in:?}")
            }
            Self::NotStored { generation, last } => write!(
                f,
                "generation {generation} is not stored yet, the last one is {last}; store its \
                 change set first"
            ),
            Self::Disk(failure) => write!(f, "the checkpoint was not made: {failure}"),
            Self::Failed(failure) => {
                write!(f, "no checkpoint can be made until the store is opened again: {failure}")
            }
        }
    }
}

impl std::error::Error for CheckpointError {}

impl From<DiskFailure> for CheckpointError {
    fn from(failure: DiskFailure) -> Self {
        Self::Disk(failure)
    }
}

impl From<AppendError> for CheckpointError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Disk(failure) => Self::Disk(failure),
            AppendError::Failed(failure) => Self::Failed(failure),
            AppendError::TooLarge { .. } | AppendError::OutOfOrder { .. } => {
                unreachable!("cutting and syncing a log appends nothing")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::Path;
    use std::time::Duration;

    use super::{
        AppendError, CheckpointError, DamagedFile, DiskFailure, OpenStoreError, SET_BYTES_MAX,
        StoreDamage,
    };
    use crate::sync::Arc;

    fn file() -> Arc<Path> {
        Path::new("kept/file").into()
    }

    fn failure(kind: ErrorKind) -> DiskFailure {
        DiskFailure { file: file(), kind }
    }

    #[test]
    fn a_disk_that_refuses_is_named_with_what_to_do_about_it() {
        let writable = "make the directory and its files writable for this user";
        let expected = [
            (ErrorKind::StorageFull, "make room on the disk"),
            (ErrorKind::QuotaExceeded, "make room on the disk"),
            (ErrorKind::ReadOnlyFilesystem, writable),
            (ErrorKind::PermissionDenied, writable),
            (
                ErrorKind::InvalidData,
                "a part of the graph's own file cannot be read; check the store",
            ),
            (ErrorKind::NotADirectory, "a store is a directory; give its path"),
            (ErrorKind::TimedOut, "check the disk"),
        ];
        for (kind, advice) in expected {
            let said = failure(kind).to_string();
            assert_eq!(said, format!("kept/file: the disk refused ({kind}); {advice}"));
        }
    }

    #[test]
    fn a_damaged_file_is_named_with_its_damage_and_the_way_out() {
        let expected = [
            (StoreDamage::Header, "the beginning is damaged"),
            (
                StoreDamage::Set { after: 6 },
                "damaged at byte 108, after generation 6, where a change set had been stored",
            ),
            (StoreDamage::Sequence, "this log does not continue the one before it"),
            (StoreDamage::Segment, "this is not the segment that was stored, or is damaged"),
            (
                StoreDamage::Refused { generation: 9 },
                "the change set of generation 9 at byte 108 does not fit the graph before it",
            ),
            (StoreDamage::Missing, "the file is missing"),
        ];
        for (damage, wrong) in expected {
            let damaged = DamagedFile { file: file(), offset: 108, damage };
            let sentence = format!("kept/file: {wrong}; restore the directory from a backup");
            assert_eq!(damaged.to_string(), sentence);
            assert_eq!(OpenStoreError::from(damaged).to_string(), sentence);
        }
    }

    #[test]
    fn a_store_that_is_not_opened_says_why_and_what_to_do() {
        let directory = file;
        let expected = [
            (
                OpenStoreError::NotFound { directory: directory() },
                "kept/file: there is no such directory; check the path",
            ),
            (
                OpenStoreError::InUse { directory: directory() },
                "kept/file: another process has this store open; stop it, or use another directory",
            ),
            (
                OpenStoreError::NoStore { directory: directory() },
                "kept/file: there is no store in this directory; check the path",
            ),
            (
                OpenStoreError::NotEmpty { directory: directory() },
                "kept/file: the directory holds other files; name one that is empty or not there",
            ),
            (
                OpenStoreError::NewerFormat { file: file(), format: 7 },
                "kept/file: the file has format 7, which is newer than this program reads; use a \
                 newer emanate",
            ),
            (
                OpenStoreError::from(failure(ErrorKind::StorageFull)),
                "kept/file: the disk refused (no storage space); make room on the disk",
            ),
        ];
        for (error, sentence) in expected {
            assert_eq!(error.to_string(), sentence);
        }
    }

    #[test]
    fn a_set_that_is_not_stored_says_whether_the_store_goes_on() {
        let full = failure(ErrorKind::StorageFull);
        let too_large = AppendError::TooLarge { bytes: SET_BYTES_MAX + 1 }.to_string();
        assert!(too_large.contains(&format!("has {} bytes", SET_BYTES_MAX + 1)), "{too_large}");
        assert!(too_large.ends_with(&format!("more than {SET_BYTES_MAX}; split it")));
        assert_eq!(
            AppendError::OutOfOrder { generation: 4, last: 5 }.to_string(),
            "the change set leads to generation 4, but 5 is stored already; apply it to the \
             current generation"
        );
        let refused = AppendError::Disk(full.clone()).to_string();
        assert_eq!(refused, format!("the change set was not stored: {full}"));
        let failed = AppendError::Failed(full.clone()).to_string();
        assert!(failed.contains("takes no more change sets"), "{failed}");
        assert!(failed.ends_with(&format!("open it again: {full}")), "{failed}");
    }

    #[test]
    fn a_checkpoint_that_is_not_made_says_when_to_ask_again() {
        let full = failure(ErrorKind::StorageFull);
        let under_way = CheckpointError::UnderWay.to_string();
        assert_eq!(under_way, "a checkpoint is under way already; wait for it");
        let retry_in = Duration::from_secs(2);
        assert_eq!(
            CheckpointError::BreakerOpen { retry_in }.to_string(),
            "the breaker of checkpoints is open; ask again in 2s"
        );
        assert_eq!(
            CheckpointError::NotStored { generation: 6, last: 5 }.to_string(),
            "generation 6 is not stored yet, the last one is 5; store its change set first"
        );
        let refused = CheckpointError::from(AppendError::Disk(full.clone()));
        assert_eq!(refused, CheckpointError::Disk(full.clone()));
        assert_eq!(refused.to_string(), format!("the checkpoint was not made: {full}"));
        let failed = CheckpointError::from(AppendError::Failed(full.clone()));
        assert_eq!(failed, CheckpointError::Failed(full.clone()));
        let said = failed.to_string();
        assert!(said.ends_with(&format!("until the store is opened again: {full}")), "{said}");
    }
}
