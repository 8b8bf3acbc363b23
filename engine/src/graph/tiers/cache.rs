//! The blocks of a graph with a memory budget: those in memory, and how the others get there.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::account::{Account, Room};
use super::block::{AnyBlock, ColumnKind, Kept, TierBlock};
use super::moves::Mover;
use super::options::TierOptions;
use super::spill::{Spill, WarmCopy};
use crate::graph::blocks::Blocks;
use crate::graph::edges::{Column, EdgeBlock, Edges};
use crate::graph::error::DamagedBlock;
use crate::graph::native::FileSection;
use crate::graph::reads::Reads;
use crate::sync::{Arc, AtomicBool, AtomicU64, FirstWins, Ordering, Published, Ring, Slot};
use crate::terms::Tier;

/// Bytes that a block in memory takes beside its arrays: counts, pointers, the allocator's own.
const KEPT_BYTES: usize = 192;
/// Bytes of tables for each block: its entry in the file, cell, slots, heat, pin, its places in
/// rings, and what a look at all blocks takes.
const TABLE_BYTES: usize = 360;
/// Looks at the whole cache in vain before a reader takes more than there is.
const EVICTION_ROUNDS: usize = 64;

/// One section of the graph's file.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) section: Arc<FileSection>,
    pub(super) kind: ColumnKind,
    /// The index of its first block.
    pub(super) first: usize,
}

/// Blocks of one section, as their graph refers to them.
#[derive(Clone, Debug)]
pub(crate) struct Shelved {
    pub(crate) tiers: Arc<Tiers>,
    pub(crate) shelf: usize,
}

impl Shelved {
    /// Bytes of those of the section's `count` blocks that are hot or in the cache.
    pub(crate) fn resident_bytes(&self, count: usize) -> usize {
        let Self { tiers, shelf } = self;
        let hot = tiers.hot.load();
        let is_there = |position: &usize| {
            let index = tiers.index(*shelf, *position);
            hot.blocks[index].is_some() || tiers.slots[index].is_full()
        };
        let there = (0..count).filter(is_there);
        there.map(|position| tiers.shelves[*shelf].section.raw_bytes(position)).sum()
    }

    /// Which of the section's `count` blocks are to be compressed where idle ones are.
    pub(crate) fn idle(&self, count: usize) -> Vec<bool> {
        let first = self.tiers.index(self.shelf, 0);
        self.tiers.idle()[first..first + count].to_vec()
    }
}

/// The blocks that are hot, by index, all at one moment.
#[derive(Debug)]
pub(super) struct HotSet {
    pub(super) blocks: Box<[Option<Arc<Kept>>]>,
}

/// What was asked of one tier.
#[derive(Debug, Default)]
pub(super) struct TierCounts {
    /// Blocks that were in memory.
    pub(super) hits: AtomicU64,
    /// Blocks that were read.
    pub(super) misses: AtomicU64,
    /// Attempts to read that failed.
    pub(super) failures: AtomicU64,
}

/// All tiers of one graph. Blocks have one index over all sections.
#[derive(Debug)]
pub(crate) struct Tiers {
    pub(super) account: Arc<Account>,
    /// What blocks that are hot, or were and are still held, take of it.
    pub(super) hot_account: Arc<Account>,
    pub(super) options: TierOptions,
    pub(super) shelves: Vec<Shelf>,
    /// Bytes that the tables and names take.
    pub(super) fixed: usize,
    /// Bytes that are never given to hot blocks.
    pub(super) set_aside: usize,
    pub(super) slots: Box<[Slot<Kept>]>,
    /// Whether a block in the cache was asked for since somebody wanted its room.
    asked: Box<[AtomicBool]>,
    /// Indices of blocks in the cache, those that came first to be evicted first.
    queue: Ring<u32>,
    pub(super) hot: Published<HotSet>,
    pub(super) heat: Box<[AtomicU64]>,
    /// 0 where the host wants nothing, else 1 and the position of the tier.
    pub(super) pins: Box<[AtomicU64]>,
    pub(super) copies: Box<[Slot<WarmCopy>]>,
    pub(super) counts: [TierCounts; Tier::ALL.len()],
    /// What only the thread that moves blocks looks at; gone from here while one does.
    pub(super) mover: Ring<Mover>,
}

/// Why a graph was not given tiers.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The budget is too small.
    TooSmall { bytes_needed: u64 },
    /// There is no file for copies of blocks.
    NoWarmSegment { directory: PathBuf, kind: ErrorKind },
}

fn shelve<T: TierBlock>(shelves: &mut Vec<Shelf>, blocks: &Blocks<T>) {
    let section = Arc::clone(blocks.shared_file().expect("the graph was opened from a file"));
    let first = shelves.last().map_or(0, |last: &Shelf| last.first + last.section.block_count());
    shelves.push(Shelf { section, kind: T::KIND, first });
}

fn many<T: Default>(count: usize) -> Box<[T]> {
    (0..count).map(|_| T::default()).collect()
}

impl Tiers {
    /// Puts the blocks of `edges`, all of them in a file, into tiers. `other` is what else the
    /// graph keeps for good.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn of(
        options: &TierOptions,
        mut edges: [&mut Edges; 2],
        other: u64,
    ) -> Result<Arc<Self>, Refused> {
        let mut shelves = Vec::new();
        for side in &edges {
            shelve(&mut shelves, &side.rows);
            side.relations.iter().for_each(|column| shelve(&mut shelves, column));
            side.times.iter().for_each(|column| shelve(&mut shelves, column));
        }
        let tiers = Self::new(options, shelves, other)
            .map_err(|bytes_needed| Refused::TooSmall { bytes_needed })?;
        if let Some(segment) = &options.warm {
            let mut mover = tiers.mover.pop().expect("nobody else has these tiers yet");
            let spill = Spill::create(segment, tiers.block_count());
            mover.spill = Some(spill.map_err(|error| Refused::NoWarmSegment {
                directory: segment.directory.clone(),
                kind: error.kind(),
            })?);
            assert!(tiers.mover.push(mover).is_ok(), "its place is empty");
        }
        let mut shelf = 0;
        let mut next = || {
            shelf += 1;
            Shelved { tiers: Arc::clone(&tiers), shelf: shelf - 1 }
        };
        for side in &mut edges {
            side.rows.shelve(next());
            side.relations.iter_mut().for_each(|column| column.shelve(next()));
            side.times.iter_mut().for_each(|column| column.shelve(next()));
        }
        Ok(tiers)
    }

    fn new(options: &TierOptions, shelves: Vec<Shelf>, other: u64) -> Result<Arc<Self>, u64> {
        let blocks = shelves.last().map_or(0, |last| last.first + last.section.block_count());
        let fixed = other + (blocks * TABLE_BYTES) as u64;
        let readers = options.readers.max(1) as u64;
        let moving = reading_bytes_max(&shelves) + KEPT_BYTES as u64;
        let set_aside = working_bytes(&shelves).saturating_mul(readers).saturating_add(moving);
        let needed = fixed.saturating_add(set_aside);
        let room = usize::try_from(options.memory_bytes).unwrap_or(usize::MAX);
        let (Ok(fixed), Ok(set_aside)) = (usize::try_from(fixed), usize::try_from(set_aside))
        else {
            return Err(needed);
        };
        if needed > room as u64 {
            return Err(needed);
        }
        let mover = Ring::new(1);
        assert!(mover.push(Mover::new(blocks)).is_ok(), "an empty place has room");
        Ok(Arc::new(Self {
            account: Account::new(room, fixed),
            hot_account: Account::new(room - fixed - set_aside, 0),
            options: options.clone(),
            shelves,
            fixed,
            set_aside,
            slots: many(blocks),
            asked: many(blocks),
            queue: Ring::new(blocks.max(1)),
            hot: Published::new(Arc::new(HotSet { blocks: many(blocks) })),
            heat: many(blocks),
            pins: many(blocks),
            copies: many(blocks),
            counts: Default::default(),
            mover,
        }))
    }

    /// Blocks of all sections.
    pub(super) const fn block_count(&self) -> usize {
        self.slots.len()
    }

    #[inline(always)]
    pub(super) fn index(&self, shelf: usize, position: usize) -> usize {
        self.shelves[shelf].first + position
    }

    /// The section of the block at `index`, and its position there.
    pub(super) fn place_of(&self, index: usize) -> (usize, usize) {
        let shelf = self.shelves.partition_point(|shelf| shelf.first <= index) - 1;
        (shelf, index - self.shelves[shelf].first)
    }

    /// Where the block lies, without looking whether it is in the cache.
    pub(super) fn placed(&self, hot: &HotSet, index: usize) -> Tier {
        if hot.blocks[index].is_some() {
            return Tier::Hot;
        }
        let (shelf, position) = self.place_of(index);
        match self.shelves[shelf].section.tier(position) {
            Tier::Cold if self.copies[index].is_full() => Tier::Warm,
            home => home,
        }
    }

    /// From where the block would be read now; hot where it is in memory.
    pub(crate) fn tier(&self, shelf: usize, position: usize) -> Tier {
        let index = self.index(shelf, position);
        if self.slots[index].is_full() {
            return Tier::Hot;
        }
        self.placed(&self.hot.load(), index)
    }

    /// The block, out of the cache or read into it.
    pub(super) fn get(&self, shelf: usize, position: usize) -> Result<Arc<Kept>, DamagedBlock> {
        let index = self.index(shelf, position);
        if let Some(kept) = self.slots[index].load() {
            // Relaxed: a hint for eviction.
            self.asked[index].store(true, Ordering::Relaxed);
            let tier = match self.shelves[shelf].section.tier(position) {
                Tier::Cold if self.copies[index].is_full() => Tier::Warm,
                home => home,
            };
            // Relaxed: a count that decides nothing.
            self.counts[tier.index()].hits.fetch_add(1, Ordering::Relaxed);
            return Ok(kept);
        }
        let need = self.reading_bytes(shelf, position);
        let room = self.room(need);
        let kept = self.read(shelf, position, room)?;
        self.keep(index, Arc::clone(&kept));
        Ok(kept)
    }

    /// Reads the block from where it lies, into `room`.
    pub(super) fn read(
        &self,
        shelf: usize,
        position: usize,
        mut room: Room,
    ) -> Result<Arc<Kept>, DamagedBlock> {
        let index = self.index(shelf, position);
        let block = match self.copies[index].load() {
            Some(copy) => {
                match self.read_from(Tier::Warm, || self.copied(shelf, position, &copy)) {
                    Ok(block) => block,
                    // The copy is not needed: the graph's own file has the block, too.
                    Err(_) => {
                        drop(self.copies[index].take());
                        self.read_home(shelf, position)?
                    }
                }
            }
            None => self.read_home(shelf, position)?,
        };
        room.shrink_to(self.kept_bytes(shelf, position));
        Ok(Arc::new(Kept { block, room, hot_room: FirstWins::default() }))
    }

    fn read_home(&self, shelf: usize, position: usize) -> Result<AnyBlock, DamagedBlock> {
        let Shelf { section, kind, .. } = &self.shelves[shelf];
        self.read_from(section.tier(position), || match kind {
            ColumnKind::Rows => section.read::<EdgeBlock>(position).map(AnyBlock::Rows),
            ColumnKind::Relations => section.read::<Column<u32>>(position).map(AnyBlock::Relations),
            ColumnKind::Times => section.read::<Column<f64>>(position).map(AnyBlock::Times),
        })
    }

    fn copied(
        &self,
        shelf: usize,
        position: usize,
        copy: &WarmCopy,
    ) -> Result<AnyBlock, DamagedBlock> {
        let Shelf { section, kind, .. } = &self.shelves[shelf];
        let bytes = copy.read();
        match kind {
            ColumnKind::Rows => section.decode::<EdgeBlock>(position, bytes).map(AnyBlock::Rows),
            ColumnKind::Relations => {
                section.decode::<Column<u32>>(position, bytes).map(AnyBlock::Relations)
            }
            ColumnKind::Times => {
                section.decode::<Column<f64>>(position, bytes).map(AnyBlock::Times)
            }
        }
    }

    fn read_from(
        &self,
        tier: Tier,
        read: impl FnOnce() -> Result<AnyBlock, DamagedBlock>,
    ) -> Result<AnyBlock, DamagedBlock> {
        let result = Reads::counted(tier, read);
        let counts = &self.counts[tier.index()];
        // Relaxed: counts that decide nothing.
        counts.misses.fetch_add(1, Ordering::Relaxed);
        counts.failures.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        result
    }

    /// Puts a block that was read into the cache.
    fn keep(&self, index: usize, kept: Arc<Kept>) {
        self.slots[index].put(kept);
        self.line_up(index);
    }

    /// Makes the block one that can be evicted. Where two readers have read one block, it stands in
    /// line twice; where the line is full, it leaves at once.
    fn line_up(&self, index: usize) {
        let index = u32::try_from(index).expect("fewer blocks than nodes");
        if self.queue.push(index).is_err() {
            drop(self.slots[index as usize].take());
        }
    }

    /// Room for `bytes`, for which blocks are evicted. Takes more than there is only where nothing
    /// can be evicted.
    pub(super) fn room(&self, bytes: usize) -> Room {
        self.room_within(bytes).unwrap_or_else(|| self.account.overdraw(bytes))
    }

    /// Room for `bytes`, for which blocks are evicted; `None` where that does not suffice.
    pub(super) fn room_within(&self, bytes: usize) -> Option<Room> {
        let mut rounds = 0;
        loop {
            if let Some(room) = self.account.take(bytes) {
                return Some(room);
            }
            // Others may have put blocks in line behind where this one looked.
            if !self.evict() {
                rounds += 1;
                if rounds == EVICTION_ROUNDS {
                    return None;
                }
            }
        }
    }

    /// Takes the block out of the cache that has waited longest of those that nobody has in hand
    /// and nobody asked for since the last look. `false` where there is none.
    fn evict(&self) -> bool {
        // Everyone is passed over once, because of what was asked for.
        for _ in 0..=2 * self.queue.len() {
            let Some(index) = self.queue.pop() else { return false };
            let index = index as usize;
            let Some(kept) = self.slots[index].load() else { continue };
            // The slot and this look have two.
            let in_hand = Arc::strong_count(&kept) > 2;
            // Relaxed: see `get`.
            if self.asked[index].swap(false, Ordering::Relaxed) || in_hand {
                self.line_up(index);
                continue;
            }
            drop(kept);
            drop(self.slots[index].take());
            return true;
        }
        false
    }

    /// Bytes of the block in memory.
    pub(super) fn kept_bytes(&self, shelf: usize, position: usize) -> usize {
        self.shelves[shelf].section.raw_bytes(position) + KEPT_BYTES
    }

    /// Most bytes while the block is read: what it is read from, and the block.
    pub(super) fn reading_bytes(&self, shelf: usize, position: usize) -> usize {
        self.shelves[shelf].reading_bytes(position)
    }

    /// Notes that a block stays in memory for good, since somebody asked for it without holding it.
    pub(crate) fn lend(&self, shelf: usize, position: usize) {
        let bytes = self.kept_bytes(shelf, position);
        self.room(bytes).keep();
    }

    /// Asks the system to read what the block lies in.
    pub(super) fn will_need(&self, shelf: usize, position: usize) -> u64 {
        match self.copies[self.index(shelf, position)].load() {
            Some(copy) => copy.will_need(),
            None => self.shelves[shelf].section.will_need(position),
        }
    }
}

impl Shelf {
    fn reading_bytes(&self, position: usize) -> usize {
        let raw = self.section.raw_bytes(position);
        let stored = usize::try_from(self.section.block_bytes(position)).unwrap_or(usize::MAX);
        // Compressed bytes and the raw ones, then these and the block.
        raw.max(stored).saturating_add(raw).saturating_add(KEPT_BYTES)
    }
}

/// Most bytes that one reader has in hand: a row with its columns of each direction, one more row,
/// and what the next block is read from.
fn working_bytes(shelves: &[Shelf]) -> u64 {
    let most = |shelf: &Shelf| {
        let sizes = (0..shelf.section.block_count()).map(|at| shelf.section.raw_bytes(at));
        (sizes.max().unwrap_or(0) + KEPT_BYTES) as u64
    };
    let in_hand: u64 = shelves.iter().map(most).sum();
    let rows = shelves.iter().filter(|shelf| shelf.kind == ColumnKind::Rows);
    let one_more = rows.map(most).max().unwrap_or(0);
    in_hand + one_more + reading_bytes_max(shelves)
}

/// Most bytes while any block is read.
fn reading_bytes_max(shelves: &[Shelf]) -> u64 {
    let reading = shelves.iter().flat_map(|shelf| {
        (0..shelf.section.block_count()).map(|position| shelf.reading_bytes(position) as u64)
    });
    reading.max().unwrap_or(0)
}
