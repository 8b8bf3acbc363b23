//! The log that is written: sets appended, and made to reach the disk by a policy.
//!
//! # Orderings
//! All of the log's state is in one [`Exclusive`]. A sync runs outside it: one writer that needs a
//! sync and finds none under way makes it, for itself and for all who have appended before; the
//! others wait, and look again when it ends. That is the group commit.
//!
//! # Progress
//! Blocking, for writers among themselves. No reader of a graph comes here.

use std::io;
use std::time::Duration;

use super::disk::{Disk, DiskFile};
use super::error::{AppendError, DiskFailure};
use super::names;
use super::options::FlushPolicy;
use super::record::{
    LOG_HEADER_BYTES, LogHeader, RecordHeader, RecordKind, SET_BYTES_MAX, set_checksum,
};
use super::scan::Scan;
use crate::sync::{Arc, Clock, Exclusive};

/// Sets up to this size are written together with their record's header, in one call.
const WRITE_WHOLE_MAX: usize = 256 << 10;

/// A set that was written, to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "a set counts as stored only once it was waited for"]
pub struct Ticket(u64);

/// The log that sets are appended to.
#[derive(Debug)]
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    policy: FlushPolicy,
    /// Whoever waits for it waits for a sync to end.
    state: Exclusive<State>,
}

#[derive(Debug)]
struct State {
    file: Arc<dyn DiskFile>,
    header: LogHeader,
    /// Where the next record goes.
    end: u64,
    /// Bytes known to be on the disk.
    synced: u64,
    generation: u64,
    checksum: u64,
    /// Whether the last record is a set.
    ends_with_set: bool,
    /// Whether this file has any set.
    has_sets: bool,
    /// Sets appended since the store was opened, by which tickets are numbered.
    appended: u64,
    /// How many of those are known to be on the disk.
    durable: u64,
    /// When the oldest set that may not be on the disk was appended.
    oldest_ns: Option<u64>,
    /// The same of those appended since the sync under way began.
    oldest_since_sync_ns: Option<u64>,
    sync_under_way: bool,
    failed: Option<DiskFailure>,
    buffer: Vec<u8>,
}

/// Where a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogPlace {
    pub(super) base: u64,
    pub(super) synced: u64,
    pub(super) end: u64,
    pub(super) generation: u64,
}

/// Makes a log that follows generation `base`; it is on the disk once this returns.
pub(super) fn create(
    disk: &dyn Disk,
    base: u64,
    previous: u64,
) -> io::Result<(Arc<dyn DiskFile>, LogHeader)> {
    let header = LogHeader::new(base, previous);
    let file = disk.create(&names::log(base))?;
    file.write_all_at(&header.encode(), 0)?;
    file.sync()?;
    disk.sync_directory()?;
    Ok((file, header))
}

impl Log {
    /// Goes on with a log that was read as `scan`, cut to its whole records, and synced.
    pub(super) fn resume(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        policy: FlushPolicy,
        file: Arc<dyn DiskFile>,
        scan: &Scan,
    ) -> Self {
        let policy = match policy {
            FlushPolicy::Every(time) if time.is_zero() => FlushPolicy::Always,
            policy => policy,
        };
        let state = State {
            file,
            header: scan.header,
            end: scan.end,
            synced: scan.end,
            generation: scan.generation,
            checksum: scan.checksum,
            ends_with_set: scan.ends_with_set,
            has_sets: scan.sets > 0,
            appended: 0,
            durable: 0,
            oldest_ns: None,
            oldest_since_sync_ns: None,
            sync_under_way: false,
            failed: None,
            buffer: Vec::new(),
        };
        Self { disk, clock, policy, state: Exclusive::new(state) }
    }

    pub(super) fn place(&self) -> LogPlace {
        let state = self.state.take();
        LogPlace {
            base: state.header.base,
            synced: state.synced,
            end: state.end,
            generation: state.generation,
        }
    }

    /// Writes a set that leads to `generation`, after all others. It is stored once
    /// [`Log::wait`] returns.
    pub(super) fn append(&self, generation: u64, set: &[u8]) -> Result<Ticket, AppendError> {
        let bytes = set.len() as u64;
        if bytes > SET_BYTES_MAX {
            return Err(AppendError::TooLarge { bytes });
        }
        let now = self.clock.now_ns();
        let mut state = self.state.take();
        let state = &mut *state;
        state.check()?;
        if generation <= state.generation {
            return Err(AppendError::OutOfOrder { generation, last: state.generation });
        }
        self.write(state, RecordKind::Set, generation, set)?;
        state.has_sets = true;
        state.appended += 1;
        let oldest = if state.sync_under_way {
            &mut state.oldest_since_sync_ns
        } else {
            &mut state.oldest_ns
        };
        oldest.get_or_insert(now);
        Ok(Ticket(state.appended))
    }

    /// Writes one record. Where that fails, takes back what came of it.
    fn write(
        &self,
        state: &mut State,
        kind: RecordKind,
        generation: u64,
        set: &[u8],
    ) -> Result<(), AppendError> {
        let record = RecordHeader {
            kind,
            generation,
            synced: state.synced,
            previous: state.checksum,
            set_bytes: set.len() as u64,
            set_checksum: set_checksum(set),
        };
        let (file, end) = (Arc::clone(&state.file), state.end);
        let buffer = &mut state.buffer;
        buffer.clear();
        let checksum = record.encode(state.header.identity, end, buffer);
        let header_bytes = buffer.len() as u64;
        let written = if set.len() <= WRITE_WHOLE_MAX {
            buffer.extend_from_slice(set);
            file.write_all_at(buffer, end)
        } else {
            file.write_all_at(buffer, end).and_then(|()| file.write_all_at(set, end + header_bytes))
        };
        if let Err(error) = written {
            let failure = self.failure(state, &error);
            // A set that was refused must not come back after a crash, so its bytes are taken
            // off the disk before the refusal is told.
            return match file.truncate(end).and_then(|()| file.sync()) {
                Ok(()) => Err(AppendError::Disk(failure)),
                Err(_) => {
                    state.failed = Some(failure.clone());
                    Err(AppendError::Failed(failure))
                }
            };
        }
        state.end = end + header_bytes + record.set_bytes;
        state.generation = generation;
        state.checksum = checksum;
        state.ends_with_set = kind == RecordKind::Set;
        Ok(())
    }

    fn failure(&self, state: &State, error: &io::Error) -> DiskFailure {
        DiskFailure::new(&*self.disk, &names::log(state.header.base), error)
    }

    /// Returns once the set is as safe as the policy promises.
    pub(super) fn wait(&self, ticket: Ticket) -> Result<(), AppendError> {
        match self.policy {
            FlushPolicy::Always => self.sync_to(ticket),
            FlushPolicy::Never => Ok(()),
            FlushPolicy::Every(time) => {
                let oldest = self.state.take().oldest_ns;
                if self.is_due(oldest, time) { self.sync_to(ticket) } else { Ok(()) }
            }
        }
    }

    /// Whether a set appended at `oldest` has waited half of `time`; the other half is left for
    /// the sync.
    fn is_due(&self, oldest: Option<u64>, time: Duration) -> bool {
        oldest.is_some_and(|oldest| self.age(oldest) >= time / 2)
    }

    fn age(&self, since_ns: u64) -> Duration {
        Duration::from_nanos(self.clock.now_ns().saturating_sub(since_ns))
    }

    /// Syncs where the policy says it is time; returns how long until it may be again, `None`
    /// where nothing waits for a sync.
    pub(super) fn flush_if_due(&self) -> Result<Option<Duration>, AppendError> {
        let FlushPolicy::Every(time) = self.policy else { return Ok(None) };
        let (oldest, last) = {
            let state = self.state.take();
            state.check()?;
            (state.oldest_ns, Ticket(state.appended))
        };
        let Some(oldest_ns) = oldest else { return Ok(None) };
        if self.is_due(oldest, time) {
            self.sync_to(last)?;
            return Ok(None);
        }
        Ok(Some((time / 2).saturating_sub(self.age(oldest_ns))))
    }

    /// Returns once all that was appended is on the disk.
    pub(super) fn sync(&self) -> Result<(), AppendError> {
        let last = Ticket(self.state.take().appended);
        self.sync_to(last)
    }

    fn sync_to(&self, ticket: Ticket) -> Result<(), AppendError> {
        let mut state = self.state.take();
        loop {
            if state.durable >= ticket.0 {
                return Ok(());
            }
            state.check()?;
            if state.sync_under_way {
                state = self.state.wait(state);
                continue;
            }
            state.sync_under_way = true;
            let (file, end, appended) = (Arc::clone(&state.file), state.end, state.appended);
            drop(state);
            let turn = SyncTurn { log: self };
            let result = file.sync();
            std::mem::forget(turn);
            state = self.state.take();
            self.end_sync(&mut state, &result, end, appended);
        }
    }

    fn end_sync(&self, state: &mut State, result: &io::Result<()>, end: u64, appended: u64) {
        state.sync_under_way = false;
        match result {
            Ok(()) => {
                state.synced = end;
                state.durable = appended;
                state.oldest_ns = state.oldest_since_sync_ns.take();
            }
            Err(error) => state.failed = Some(self.failure(state, error)),
        }
        self.state.tell();
    }

    /// Ends this file, whole and synced, and begins another, so that the sets before and after
    /// now lie apart. Returns the generation between them. Writers wait meanwhile.
    ///
    /// Where the new file cannot be made, the old one goes on.
    pub(super) fn cut(&self) -> Result<u64, AppendError> {
        let mut state = self.state.take();
        while state.sync_under_way {
            state = self.state.wait(state);
        }
        let state = &mut *state;
        state.check()?;
        let result = state.file.sync();
        let (end, appended) = (state.end, state.appended);
        self.end_sync(state, &result, end, appended);
        state.check()?;
        if !state.has_sets {
            return Ok(state.header.base);
        }
        let (base, previous) = (state.generation, state.checksum);
        let (file, header) = create(&*self.disk, base, previous).map_err(|error| {
            let name = names::log(base);
            // What is left of it has no set, and is passed over where this fails, too.
            let _ = self.disk.remove(&name);
            AppendError::Disk(DiskFailure::new(&*self.disk, &name, &error))
        })?;
        state.file = file;
        state.header = header;
        state.end = LOG_HEADER_BYTES;
        state.synced = LOG_HEADER_BYTES;
        state.checksum = header.checksum();
        state.ends_with_set = false;
        state.has_sets = false;
        Ok(base)
    }

    /// Notes in the log that all of it is on the disk, where that is so and not noted. Not
    /// synced itself: it is there to tell damage from a torn end, and loses nothing when lost.
    pub(super) fn note_synced(&self) -> Result<(), AppendError> {
        let mut state = self.state.take();
        let state = &mut *state;
        state.check()?;
        if state.sync_under_way || state.synced != state.end || !state.ends_with_set {
            return Ok(());
        }
        self.write(state, RecordKind::Witness, state.generation, &[])
    }
}

impl State {
    fn check(&self) -> Result<(), AppendError> {
        self.failed.clone().map_or(Ok(()), |failure| Err(AppendError::Failed(failure)))
    }
}

/// Whoever syncs for all; a panic inside the disk must not leave the others waiting.
struct SyncTurn<'a> {
    log: &'a Log,
}

impl Drop for SyncTurn<'_> {
    fn drop(&mut self) {
        let (end, appended) = (0, 0);
        let panicked = Err(io::ErrorKind::Other.into());
        self.log.end_sync(&mut self.log.state.take(), &panicked, end, appended);
    }
}
