//! Tiers: where the edges of a graph with a memory budget live.
//!
//! A graph that was opened within a budget keeps of its edges what the budget has room for. Each
//! block of edges has a place:
//!
//! - **Hot**: in memory, until its place changes. A spread takes the set of hot blocks once and
//!   borrows rows from it, so a hot row costs two loads and no write.
//! - **Warm**: uncompressed in a file: the graph's own, or a copy in a warm segment.
//! - **Cold**: compressed in the graph's own file.
//!
//! What is warm or cold is read when a spread needs it, through one cache that all share. A spread
//! holds the block whose row it looks at by a count of its own, so that a block can be evicted at
//! any moment: its memory is freed when the last holder lets go, and nobody waits for anybody.
//!
//! # Budget
//! Everything the graph keeps is counted before it is allocated ([`Account`]): tables, names, hot
//! blocks, the cache, blocks in the hands of spreads, and the bytes a block is decoded from. Room
//! for as many readers as the options say is never given to hot blocks, so that each of them can
//! always read. More readers than that at once take more than the budget, and this is counted.
//!
//! # Placement
//! Rows that are looked at warm their block up, and heat halves with time. [`place`] says, as a
//! pure function of heat, sizes, rooms and what the host has pinned, where each block should be;
//! maintenance moves blocks there, no more bytes a second than the options allow. No outcome
//! depends on it: a block is the same numbers wherever it was read from.
//!
//! # Progress
//! Reading a row takes no lock. Moves are made by one thread at a time, which nobody waits for.

mod account;
mod ahead;
mod block;
mod cache;
mod hold;
mod moves;
mod options;
mod placement;
mod report;
mod spill;

#[cfg(test)]
mod tests;

use account::Room;
pub(crate) use cache::Tiers;
pub(super) use cache::{Refused, Shelved};
pub(crate) use hold::Columns;
pub use hold::EdgeHold;
pub(super) use hold::HeldBlocks;
pub use options::{
    DEFAULT_HEAT_HALF_LIFE, DEFAULT_MOVED_BYTES_PER_SECOND, DEFAULT_READERS, TierOptions,
    WarmSegment,
};
pub use report::{TierReport, TierUse};
