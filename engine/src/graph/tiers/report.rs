//! What the tiers of a graph hold and do.

use super::cache::Tiers;
use crate::sync::Ordering;
use crate::terms::Tier;

/// What one tier holds and what was asked of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TierUse {
    /// Blocks of edges whose place it is.
    pub blocks: u64,
    /// Their bytes there: in memory, uncompressed, or compressed.
    pub bytes: u64,
    /// Blocks of this tier that were asked for and found in the cache.
    pub hits: u64,
    /// Blocks that were read from it.
    pub reads: u64,
    /// Attempts to read that failed.
    pub failures: u64,
}

/// What a graph with a memory budget keeps, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierReport {
    /// The budget, bytes.
    pub memory_bytes: u64,
    /// Bytes that are taken now: tables, names, hot blocks, the cache, blocks in hand.
    pub used_bytes: u64,
    /// Most bytes that were taken at once.
    pub peak_bytes: u64,
    /// Bytes of tables and names, which are always there.
    pub fixed_bytes: u64,
    /// Bytes that are never given to hot blocks, so that readers have room.
    pub set_aside_bytes: u64,
    /// How often more than the budget was taken, since more read at once than the options said.
    pub overdrawn: u64,
    /// The tiers, by [`Tier::index`].
    pub tiers: [TierUse; Tier::ALL.len()],
}

impl Tiers {
    /// What there is now. Costs a look at each block.
    pub(crate) fn report(&self) -> TierReport {
        let mut tiers = [TierUse::default(); Tier::ALL.len()];
        let hot = self.hot.load();
        for index in 0..self.block_count() {
            let tier = self.placed(&hot, index);
            let (shelf, position) = self.place_of(index);
            let section = &self.shelves[shelf].section;
            let used = &mut tiers[tier.index()];
            used.blocks += 1;
            used.bytes += match (&hot.blocks[index], self.copies[index].load()) {
                (Some(kept), _) => kept.room.bytes() as u64,
                (None, Some(copy)) => copy.bytes(),
                (None, None) => section.block_bytes(position),
            };
        }
        for (used, counts) in tiers.iter_mut().zip(&self.counts) {
            // Relaxed: figures for people.
            used.hits = counts.hits.load(Ordering::Relaxed);
            used.reads = counts.misses.load(Ordering::Relaxed);
            used.failures = counts.failures.load(Ordering::Relaxed);
        }
        TierReport {
            memory_bytes: self.account.bytes_max() as u64,
            used_bytes: self.account.used() as u64,
            peak_bytes: self.account.peak() as u64,
            fixed_bytes: self.fixed as u64,
            set_aside_bytes: self.set_aside as u64,
            overdrawn: self.account.overdrawn(),
            tiers,
        }
    }

    /// Says where the host wants the block; `None` where heat decides.
    pub(crate) fn pin(&self, shelf: usize, position: usize, tier: Option<Tier>) {
        let wish = tier.map_or(0, |tier| tier.index() as u64 + 1);
        // Relaxed: a wish, which maintenance looks at.
        self.pins[self.index(shelf, position)].store(wish, Ordering::Relaxed);
    }
}
