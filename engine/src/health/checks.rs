//! Checks that most hosts want. Each is a function that makes a closure for
//! [`Registry::register`](super::Registry::register).
//!
//! What they look at comes as a closure too, so that they know neither engine nor breaker;
//! `Engine` has methods that give them its own.

mod breakers;
mod canary;
mod disk;
mod memory;
mod pool;

pub use breakers::{DEFAULT_OPEN_MAX, breakers};
pub use canary::{
    CanaryOptions, DEFAULT_CANARY_BUDGET, DEFAULT_CANARY_EDGES_MAX, DEFAULT_CANARY_HOPS, canary,
};
pub use disk::{disk, disk_bytes_free};
pub use memory::{memory, resident_bytes};
pub use pool::pool;
