//! An open file of a simulated disk.

use std::io::{self, ErrorKind};

use super::state::State;
use super::{Fault, SimulatedDisk};
use crate::change::store::disk::DiskFile;
use crate::sync::ExclusiveGuard;

/// An open file.
#[derive(Debug)]
pub(super) struct SimulatedFile {
    pub(super) disk: SimulatedDisk,
    pub(super) inode: usize,
    /// The start of the machine in which it was opened; it is of no use in another.
    pub(super) start: u64,
    pub(super) name: String,
    pub(super) writable: bool,
}

impl SimulatedFile {
    fn state(&self) -> io::Result<ExclusiveGuard<'_, State>> {
        let state = self.disk.state();
        state.check_running()?;
        if state.starts == self.start { Ok(state) } else { Err(ErrorKind::NotConnected.into()) }
    }

    fn changed(&self) -> io::Result<ExclusiveGuard<'_, State>> {
        let mut state = self.state()?;
        if !self.writable {
            return Err(ErrorKind::PermissionDenied.into());
        }
        state.begin_change()?;
        Ok(state)
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.state()?.inodes[self.inode].visible.len() as u64)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.state()?;
        let from = usize::try_from(offset).map_err(|_| ErrorKind::UnexpectedEof)?;
        let there = state.inodes[self.inode].visible.get(from..);
        let there = there.and_then(|there| there.get(..bytes.len()));
        bytes.copy_from_slice(there.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.changed()?;
        let offset = usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge)?;
        assert!(
            offset <= state.inodes[self.inode].visible.len(),
            "the store never leaves a gap in a file"
        );
        let room = state.room(self.inode, offset).min(bytes.len());
        state.inodes[self.inode].write(offset, &bytes[..room]);
        if room < bytes.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        if state.take(Fault::DenyWrite) {
            return Err(ErrorKind::Other.into());
        }
        state.end_operation()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.changed()?;
        let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
        state.inodes[self.inode].truncate(length);
        state.end_operation()
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state()?;
        if state.begin_sync(&self.name)? {
            state.inodes[self.inode].sync();
        }
        state.end_operation()
    }
}
