//! What a simulated disk holds, and what happens to it when the machine stops.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::Fault;

/// Bytes that reach the disk together or not at all. Small, so that the sets of tests, which are
/// small, too, are torn at many places.
const SECTOR_BYTES: usize = 16;

/// A generator of chance: splitmix64.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `bound`, which is above 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A change of a file that is not synced.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// A file, whatever its name.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    /// As a program sees it.
    pub(super) visible: Vec<u8>,
    /// What is on the disk for certain.
    durable: Vec<u8>,
    pending: Vec<Change>,
}

impl Inode {
    pub(super) fn synced(bytes: &[u8]) -> Self {
        Self { visible: bytes.to_vec(), durable: bytes.to_vec(), pending: Vec::new() }
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        put(&mut self.visible, offset, bytes);
        self.pending.push(Change::Write { offset, bytes: bytes.to_vec() });
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.visible.truncate(length);
        self.pending.push(Change::Truncate(length));
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.visible);
        self.pending.clear();
    }

    /// Keeps or loses each sector of what is not synced. `keep_of_8` of 8 are kept, about.
    fn lose_power(&mut self, chance: &mut Chance, keep_of_8: u64) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Truncate(length) if chance.below(8) < keep_of_8 => {
                    self.durable.truncate(length);
                }
                Change::Truncate(_) => {}
                Change::Write { offset, bytes } => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let sector_end = ((offset + from) / SECTOR_BYTES + 1) * SECTOR_BYTES;
                        let to = (sector_end - offset).min(bytes.len());
                        if chance.below(8) < keep_of_8 {
                            fill(&mut self.durable, offset + from, chance);
                            put(&mut self.durable, offset + from, &bytes[from..to]);
                        }
                        from = to;
                    }
                }
            }
        }
        self.visible.clone_from(&self.durable);
    }
}

/// Puts `bytes` at `offset`, which is not beyond the end.
fn put(into: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[offset..end].copy_from_slice(bytes);
}

/// Makes the file `length` bytes long at least, with zeros or rubbish where nothing was kept.
fn fill(into: &mut Vec<u8>, length: usize, chance: &mut Chance) {
    let rubbish = chance.below(2) == 1;
    while into.len() < length {
        into.push(if rubbish { chance.next() as u8 } else { 0 });
    }
}

/// A change of names that is seen whole or not at all.
#[derive(Clone, Debug)]
pub(super) struct NameChange {
    pub(super) removed: Option<String>,
    pub(super) set: Option<(String, usize)>,
}

impl NameChange {
    pub(super) fn set(name: &str, inode: usize) -> Self {
        Self { removed: None, set: Some((name.to_owned(), inode)) }
    }

    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(name) = &self.removed {
            names.remove(name);
        }
        if let Some((name, inode)) = &self.set {
            names.insert(name.clone(), *inode);
        }
    }
}

/// All of a simulated disk.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) inodes: Vec<Inode>,
    /// Names as a program sees them.
    pub(super) visible: BTreeMap<String, usize>,
    /// Names on the disk for certain.
    pub(super) durable: BTreeMap<String, usize>,
    pub(super) pending: Vec<NameChange>,
    pub(super) faults: Vec<Fault>,
    pub(super) operations: u64,
    pub(super) stopped: bool,
    pub(super) locked: bool,
    /// How often the machine was started.
    pub(super) starts: u64,
    chance: Chance,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            inodes: Vec::new(),
            visible: BTreeMap::new(),
            durable: BTreeMap::new(),
            pending: Vec::new(),
            faults: Vec::new(),
            operations: 0,
            stopped: false,
            locked: false,
            starts: 0,
            chance: Chance(seed),
        }
    }

    pub(super) fn set(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether `fault` is to happen, which it does once.
    pub(super) fn take(&mut self, fault: Fault) -> bool {
        let at = self.faults.iter().position(|set| *set == fault);
        at.map(|at| self.faults.remove(at)).is_some()
    }

    pub(super) fn check_running(&self) -> io::Result<()> {
        if self.stopped { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    /// Counts an operation that changes something. In the last one before the machine stops,
    /// chance says whether it is done.
    pub(super) fn begin_change(&mut self) -> io::Result<()> {
        self.begin()?;
        if self.has(Fault::ReadOnly) {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        self.check_running()?;
        self.operations += 1;
        if self.has(Fault::StopAt(self.operations)) && self.chance.below(2) == 0 {
            self.stopped = true;
            return Err(ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    /// An operation is done; where the machine stops in it, nobody is told so.
    pub(super) fn end_operation(&mut self) -> io::Result<()> {
        if self.has(Fault::StopAt(self.operations)) {
            self.stopped = true;
        }
        self.check_running()
    }

    /// Whether a sync of the file called `name` is to do something.
    pub(super) fn begin_sync(&mut self, name: &str) -> io::Result<bool> {
        self.begin()?;
        let failing = |fault: &Fault| matches!(fault, Fault::FailSyncAfter(_));
        if let Some(at) = self.faults.iter().position(failing) {
            match &mut self.faults[at] {
                Fault::FailSyncAfter(0) => {
                    self.faults.remove(at);
                    return Err(ErrorKind::Other.into());
                }
                Fault::FailSyncAfter(left) => *left -= 1,
                _ => unreachable!("the fault was found by its kind"),
            }
        }
        let skipped = |fault: &Fault| match *fault {
            Fault::SkipSyncsOf("") => name.is_empty(),
            Fault::SkipSyncsOf(of) => name.starts_with(of),
            _ => false,
        };
        Ok(!self.faults.iter().any(skipped))
    }

    /// How many bytes may be written to `inode` from `offset` on.
    pub(super) fn room(&self, inode: usize, offset: usize) -> usize {
        let full = self.faults.iter().filter_map(|fault| match fault {
            Fault::Full(bytes) => usize::try_from(*bytes).ok(),
            _ => None,
        });
        let Some(room) = full.min() else { return usize::MAX };
        let used: usize =
            self.visible.values().map(|inode| self.inodes[*inode].visible.len()).sum();
        let within = self.inodes[inode].visible.len().saturating_sub(offset);
        within + room.saturating_sub(used)
    }

    pub(super) fn change_names(&mut self, change: NameChange) {
        change.apply(&mut self.visible);
        self.pending.push(change);
    }

    pub(super) fn lose_power(&mut self) {
        let mut keep_of_8 = self.chance.below(9);
        for change in std::mem::take(&mut self.pending) {
            if self.chance.below(8) < keep_of_8 {
                change.apply(&mut self.durable);
            }
        }
        self.visible = self.durable.clone();
        for inode in &mut self.inodes {
            keep_of_8 = self.chance.below(9);
            inode.lose_power(&mut self.chance, keep_of_8);
        }
        self.restart();
    }

    pub(super) fn restart(&mut self) {
        self.starts += 1;
        self.stopped = false;
        self.locked = false;
        self.operations = 0;
        self.faults.retain(|fault| matches!(fault, Fault::SkipSyncsOf(_)));
    }
}
