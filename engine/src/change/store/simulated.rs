//! A disk in memory that does to a store what a machine that stops can do.
//!
//! What the program sees and what is on the disk are kept apart. A write changes the first; a sync
//! makes the second equal. When the machine stops, each piece written since the last sync is kept
//! or lost by chance, by sectors, in any combination, so that later ones can be there without
//! earlier ones; where a lost sector lies before a kept one, the file has zeros or rubbish there.
//! Names are the same: each creation, renaming or removal since the directory was synced is kept or
//! lost. All chance comes from a seed, so that each course of events can be had again.

mod file;
mod state;

use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk::{Disk, DiskFile, Held};
use crate::sync::{Arc, Exclusive, ExclusiveGuard};
use file::SimulatedFile;
use state::{Inode, NameChange, State};

/// What is to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The machine stops in the course of the operation with this number, counted from 1 at the
    /// last start. It may be done, done in part, or not at all; all that follow fail.
    StopAt(u64),
    /// There is room for this many bytes; a write beyond is done as far as there is room.
    Full(u64),
    /// Nothing may be changed.
    ReadOnly,
    /// One sync fails, after this many that do not, and what it was to bring to the disk stays as
    /// uncertain as it was.
    FailSyncAfter(u64),
    /// The next write to a file is done, and said to have failed.
    DenyWrite,
    /// Syncs of files whose names begin so do nothing, and say that they did; of the directory
    /// where it is empty. No disk should do so. It is there to show that a test which finds no
    /// loss would find one.
    SkipSyncsOf(&'static str),
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Exclusive<State>>);

impl SimulatedDisk {
    /// An empty disk whose chance comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Exclusive::new(State::new(seed))))
    }

    fn state(&self) -> ExclusiveGuard<'_, State> {
        self.0.take()
    }

    /// Makes `fault` happen from now on, beside those set before.
    pub fn set(&self, fault: Fault) {
        self.state().set(fault);
    }

    /// Takes back every fault.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// Whether the machine has stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Operations since the last start.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The machine loses power, if it has not stopped already, and starts again: what was not
    /// synced is kept or lost by chance. What was open before is useless.
    pub fn lose_power(&self) {
        self.state().lose_power();
    }

    /// The process is killed and started again: nothing that was written is lost. What was open
    /// before is useless.
    pub fn kill_process(&self) {
        self.state().restart();
    }

    /// The bytes of a file, as a program sees them.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.visible.get(name).map(|inode| state.inodes[*inode].visible.clone())
    }

    /// Puts a whole file there, synced: damage, for instance.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode::synced(bytes));
        state.visible.insert(name.to_owned(), inode);
        state.durable.insert(name.to_owned(), inode);
    }

    /// A disk that is the same in every way and goes its own from now on.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Exclusive::new(self.state().clone())))
    }

    fn opened(&self, name: &str, writable: bool) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.state();
        state.check_running()?;
        let inode = *state.visible.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(Arc::new(self.file(&state, inode, name, writable)))
    }

    fn file(&self, state: &State, inode: usize, name: &str, writable: bool) -> SimulatedFile {
        SimulatedFile {
            disk: self.clone(),
            inode,
            start: state.starts,
            name: name.to_owned(),
            writable,
        }
    }
}

/// The directory, taken.
#[derive(Debug)]
struct SimulatedLock {
    disk: SimulatedDisk,
    start: u64,
}

impl Held for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.starts == self.start {
            state.locked = false;
        }
    }
}

impl Disk for SimulatedDisk {
    fn directory(&self) -> &Path {
        Path::new("simulated")
    }

    fn lock(&self) -> io::Result<Box<dyn Held>> {
        let mut state = self.state();
        state.check_running()?;
        if std::mem::replace(&mut state.locked, true) {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimulatedLock { disk: self.clone(), start: state.starts }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        state.begin_change()?;
        let inode = match state.visible.get(name) {
            Some(&inode) => {
                state.inodes[inode].truncate(0);
                inode
            }
            None => {
                let inode = state.inodes.len();
                state.inodes.push(Inode::synced(&[]));
                state.change_names(NameChange::set(name, inode));
                inode
            }
        };
        state.end_operation()?;
        Ok(Arc::new(self.file(&state, inode, name, true)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.opened(name, true)
    }

    fn open_to_read(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.opened(name, false)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin_change()?;
        let inode = *state.visible.get(from).ok_or(ErrorKind::NotFound)?;
        state.change_names(NameChange {
            removed: Some(from.to_owned()),
            set: Some((to.to_owned(), inode)),
        });
        state.end_operation()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin_change()?;
        if !state.visible.contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        state.change_names(NameChange { removed: Some(name.to_owned()), set: None });
        state.end_operation()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.check_running()?;
        Ok(state.visible.keys().cloned().collect())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.begin_sync("")? {
            state.pending.clear();
            state.durable = state.visible.clone();
        }
        state.end_operation()
    }
}
