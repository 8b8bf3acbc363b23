//! Moving blocks to where they should be.

use std::time::Instant;

use super::account::Room;
use super::block::AnyBlock;
use super::cache::{HotSet, Tiers};
use super::placement::{Item, Rooms, place};
use super::spill::Spill;
use crate::graph::error::DamagedBlock;
use crate::graph::native::Stored;
use crate::sync::{Arc, Ordering};
use crate::terms::Tier;

/// Below this a block counts as one that nobody asks for.
const HEAT_MIN: f32 = 1.0 / 64.0;

/// What the thread that moves blocks knows.
#[derive(Debug)]
pub(super) struct Mover {
    /// How often each block is asked for, halved with time.
    heat: Box<[f32]>,
    /// When this was last brought up to date, nanoseconds of the caller's clock.
    at_ns: Option<u64>,
    /// Bytes that may be moved now.
    allowance: f64,
    pub(super) spill: Option<Spill>,
}

impl Mover {
    pub(super) fn new(blocks: usize) -> Self {
        Self { heat: vec![0.0; blocks].into(), at_ns: None, allowance: 0.0, spill: None }
    }
}

/// What one look at the tiers of a graph moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Blocks that came to a faster tier.
    pub(crate) up: usize,
    /// Blocks that left one.
    pub(crate) down: usize,
    /// Blocks that should have come and could not be read or written.
    pub(crate) failed: usize,
}

/// Gives the mover back, also where a panic ends its work.
struct Moving<'t> {
    tiers: &'t Tiers,
    mover: Option<Mover>,
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        if let Some(mover) = self.mover.take() {
            let given_back = self.tiers.mover.push(mover);
            debug_assert!(given_back.is_ok(), "one is taken out at a time");
        }
    }
}

/// Where each block is, and where it should be.
struct Plan {
    items: Vec<Item>,
    places: Vec<Tier>,
}

impl Plan {
    /// Blocks that should come to `tier`, the hottest for their size first.
    fn coming_to(&self, tier: Tier) -> Vec<usize> {
        let rank = |index: &usize| {
            let Item { heat, bytes, pin, .. } = self.items[*index];
            if pin == Some(tier) { f64::INFINITY } else { heat / bytes.max(1) as f64 }
        };
        let comes = |index: &usize| self.places[*index] == tier && self.items[*index].now > tier;
        let mut coming: Vec<usize> = (0..self.places.len()).filter(comes).collect();
        coming.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        coming
    }
}

impl Tiers {
    /// Looks at what was asked for and moves blocks to where they should be, until `until` and for
    /// no more bytes than the rate allows; `now_ns` is the time by a clock of the caller's. Does
    /// nothing where another thread does so.
    pub(crate) fn maintain(&self, now_ns: u64, until: Instant) -> Moved {
        let Some(mover) = self.mover.pop() else { return Moved::default() };
        let mut moving = Moving { tiers: self, mover: Some(mover) };
        let mover = moving.mover.as_mut().expect("taken out above");
        self.advance(mover, now_ns);
        let plan = self.plan(mover);
        let mut moved = Moved::default();
        self.cool(&plan, &mut moved);
        self.heat_up(mover, &plan, until, &mut moved);
        self.warm_up(mover, &plan, until, &mut moved);
        moved
    }

    /// Which blocks nobody has asked for of late, or are to be cold; by index. None of them while
    /// another thread moves blocks.
    pub(crate) fn idle(&self) -> Vec<bool> {
        let mover = self.mover.pop();
        let moving = Moving { tiers: self, mover };
        let Some(mover) = &moving.mover else { return vec![false; self.block_count()] };
        let hot = self.hot.load();
        let is_idle = |index: usize| {
            // Relaxed: see `plan`.
            let asked = self.heat[index].load(Ordering::Relaxed) > 0 || mover.heat[index] > 0.0;
            match self.pin_of(index) {
                Some(pin) => pin == Tier::Cold,
                None => !asked && hot.blocks[index].is_none(),
            }
        };
        (0..self.block_count()).map(is_idle).collect()
    }

    /// Where the host wants a block.
    fn pin_of(&self, index: usize) -> Option<Tier> {
        // Relaxed: a wish of the host's, which is looked at again.
        let wish = self.pins[index].load(Ordering::Relaxed).checked_sub(1)?;
        usize::try_from(wish).ok().and_then(|position| Tier::ALL.get(position)).copied()
    }

    /// Brings heat and allowance up to now.
    fn advance(&self, mover: &mut Mover, now_ns: u64) {
        let rate = self.options.moved_bytes_per_second as f64;
        // A second's worth may be saved up, and the largest block, which could never move else.
        let largest = (0..self.block_count()).map(|index| self.bytes_of(index)).max();
        let most = rate.max(largest.unwrap_or(0) as f64);
        let seconds = match mover.at_ns {
            Some(before) => now_ns.saturating_sub(before) as f64 / 1e9,
            None => f64::INFINITY,
        };
        mover.allowance =
            if rate > 0.0 { (mover.allowance + seconds * rate).min(most) } else { 0.0 };
        let half_life = self.options.heat_half_life.as_secs_f64().max(1e-9);
        let kept = if mover.at_ns.is_some() { libm::exp2(-seconds / half_life) } else { 1.0 };
        for (held, fresh) in mover.heat.iter_mut().zip(&self.heat) {
            // Relaxed: what is counted between two looks is counted by one of them.
            let fresh = fresh.swap(0, Ordering::Relaxed) as f32;
            *held = *held * kept as f32 + fresh;
            if *held < HEAT_MIN {
                *held = 0.0;
            }
        }
        mover.at_ns = Some(now_ns);
    }

    /// Bytes of a block, uncompressed.
    fn bytes_of(&self, index: usize) -> u64 {
        let (shelf, position) = self.place_of(index);
        self.shelves[shelf].section.raw_bytes(position) as u64
    }

    fn plan(&self, mover: &Mover) -> Plan {
        let hot = self.hot.load();
        let items: Vec<Item> = (0..self.block_count())
            .map(|index| {
                let (shelf, position) = self.place_of(index);
                Item {
                    bytes: self.kept_bytes(shelf, position) as u64,
                    heat: f64::from(mover.heat[index]),
                    now: self.placed(&hot, index),
                    home: self.shelves[shelf].section.tier(position),
                    pin: self.pin_of(index),
                }
            })
            .collect();
        let places = place(&items, self.rooms(mover));
        Plan { items, places }
    }

    /// What there is to be given away.
    fn rooms(&self, mover: &Mover) -> Rooms {
        let hot = self.hot_account.bytes_max();
        let warm = match (&self.options.warm, &mover.spill) {
            (Some(segment), Some(_)) => segment.bytes,
            _ => 0,
        };
        Rooms { hot: hot as u64, warm }
    }

    /// Takes blocks out of tiers that they should not be in. What was hot is freed when the spreads
    /// that hold it end.
    fn cool(&self, plan: &Plan, moved: &mut Moved) {
        let hot = self.hot.load();
        let leaves = |index: usize| hot.blocks[index].is_some() && plan.places[index] != Tier::Hot;
        let leaving: Vec<usize> = (0..plan.places.len()).filter(|index| leaves(*index)).collect();
        if !leaving.is_empty() {
            let mut blocks = hot.blocks.clone();
            leaving.iter().for_each(|index| drop(blocks[*index].take()));
            self.hot.store(Arc::new(HotSet { blocks }));
        }
        moved.down += leaving.len();
        for (index, copy) in self.copies.iter().enumerate() {
            if plan.places[index] == Tier::Cold && copy.take().is_some() {
                moved.down += 1;
            }
        }
    }

    /// Brings blocks into memory.
    fn heat_up(&self, mover: &mut Mover, plan: &Plan, until: Instant, moved: &mut Moved) {
        let mut fresh = Vec::new();
        for index in plan.coming_to(Tier::Hot) {
            let bytes = plan.items[index].bytes as f64;
            if mover.allowance < bytes || (!fresh.is_empty() && Instant::now() >= until) {
                break;
            }
            match self.bring(index) {
                // Spreads still hold what has left; it is free when they end.
                None => break,
                Some(Err(_)) => moved.failed += 1,
                Some(Ok(kept)) => {
                    let room = || self.hot_account.take(kept.room.bytes()).ok_or(());
                    if kept.hot_room.get_or_try(room).is_err() {
                        break;
                    }
                    mover.allowance -= bytes;
                    fresh.push((index, kept));
                }
            }
        }
        if fresh.is_empty() {
            return;
        }
        moved.up += fresh.len();
        let mut blocks = self.hot.load().blocks.clone();
        let indices: Vec<usize> = fresh.iter().map(|(index, _)| *index).collect();
        for (index, kept) in fresh {
            blocks[index] = Some(kept);
        }
        self.hot.store(Arc::new(HotSet { blocks }));
        // From here on nobody looks for them in the cache.
        for index in indices {
            drop(self.slots[index].take());
        }
    }

    /// The block in memory; `None` where there is no room for it yet.
    fn bring(&self, index: usize) -> Option<Result<Arc<super::block::Kept>, DamagedBlock>> {
        if let Some(kept) = self.slots[index].load() {
            return Some(Ok(kept));
        }
        let (shelf, position) = self.place_of(index);
        let room: Room = self.room_within(self.reading_bytes(shelf, position))?;
        Some(self.read(shelf, position, room))
    }

    /// Copies blocks that are compressed at home to the warm segment.
    fn warm_up(&self, mover: &mut Mover, plan: &Plan, until: Instant, moved: &mut Moved) {
        for index in plan.coming_to(Tier::Warm) {
            let bytes = plan.items[index].bytes as f64;
            let Some(spill) = &mut mover.spill else { return };
            if mover.allowance < bytes || Instant::now() >= until {
                return;
            }
            let kept = match self.bring(index) {
                None => return,
                Some(Err(_)) => {
                    moved.failed += 1;
                    continue;
                }
                Some(Ok(kept)) => kept,
            };
            let (shelf, position) = self.place_of(index);
            let Some(_room) = self.room_within(self.kept_bytes(shelf, position)) else { return };
            mover.allowance -= bytes;
            match spill.write(&encoded(&kept.block)) {
                Ok(Some(copy)) => {
                    self.copies[index].put(Arc::new(copy));
                    moved.up += 1;
                }
                Ok(None) => {}
                Err(_) => moved.failed += 1,
            }
        }
    }
}

fn encoded(block: &AnyBlock) -> Vec<u8> {
    let mut bytes = Vec::new();
    match block {
        AnyBlock::Rows(rows) => rows.encode(&mut bytes),
        AnyBlock::Relations(column) => column.encode(&mut bytes),
        AnyBlock::Times(column) => column.encode(&mut bytes),
    }
    bytes
}
