//! The only door to atomics, published pointers and lock-free cells.
//!
//! Every other module takes them from here, so that one place decides between the standard
//! library and a model checker's stand-ins.
//!
//! # Orderings
//! - [`Published`]: `store` releases what was written before it; `load` acquires it. The pair is
//!   inside `arc-swap`, whose contract this module relies on.
//! - [`FirstWins`]: the winning `set` releases the value; `get` acquires it. The pair is inside
//!   `once_cell::race::OnceBox`.
//!
//! # Progress
//! Every operation is lock-free: two threads that fill one [`FirstWins`] both do the work, one
//! value is kept, the other dropped, and neither waits for the other.

mod first_wins;
mod published;
mod workers;

pub use crossbeam_queue::ArrayQueue;
pub use first_wins::FirstWins;
pub use published::Published;
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub use std::thread::panicking;
pub use workers::Workers;
