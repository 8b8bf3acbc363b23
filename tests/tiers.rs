//! Graphs with a memory budget: the same bits wherever edges lie, and a tier that fails is gone
//! without.

#[path = "tiers/bits.rs"]
mod bits;
#[path = "tiers/damaged.rs"]
mod damaged;
#[path = "tiers/files.rs"]
mod files;
#[path = "tiers/observed.rs"]
mod observed;
