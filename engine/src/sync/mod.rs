//! The only door to atomics, published pointers, lock-free cells and threads.
//!
//! Every other module takes them from here, so that one place decides between the standard
//! library and a model checker's stand-ins (`--cfg emanate_loom` or `--cfg emanate_shuttle`).
//!
//! # Orderings
//! - [`Published`]: `store` releases what was written before it; `load` acquires it. The pair is
//!   inside `arc-swap`, whose contract this module relies on.
//! - [`Slot`]: as [`Published`], for a value that may be absent.
//! - [`FirstWins`]: the winning `set` releases the value; `get` acquires it. The pair is inside
//!   `once_cell::race::OnceBox`.
//! - [`AtomicWaker`]: of a `register` and a `wake` at the same time, either `wake` finds the waker
//!   or the code after `register` sees what was written before `wake`. The pair is inside
//!   `atomic-waker`.
//!
//! # Progress
//! Every operation is lock-free: two threads that fill one [`FirstWins`] both do the work, one
//! value is kept, the other dropped, and neither waits for the other. What [`Workers`] does to a
//! thread without work stands there. [`Exclusive`] blocks, and is for work on a disk alone.
//!
//! # Models
//! A model stands beside what it checks, in a module called `models`, and runs under one checker or
//! both. It has a negative control: the same model must fail once the code is mutated. `mutated`
//! is how code is mutated without building it again; `.ci/controls.txt` lists who must notice.

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
pub(crate) mod checker;
mod clock;
mod exclusive;
#[cfg(feature = "failpoints")]
pub mod fault;
#[cfg(not(feature = "failpoints"))]
mod fault;
mod first_wins;
#[cfg(any(emanate_loom, emanate_shuttle))]
mod modelled;
mod mutant;
mod number_set;
mod place;
#[cfg(any(test, not(any(emanate_loom, emanate_shuttle))))]
#[cfg_attr(
    any(emanate_loom, emanate_shuttle),
    expect(unreachable_pub, dead_code, reason = "only its own models use it there")
)]
mod ring;
mod shelf;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod slot;
mod stripe;
mod team;
mod thread;
mod waiters;

#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod published;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod workers;

#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use atomic::Atomic;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use atomic_waker::AtomicWaker;
pub use clock::{Clock, ManualClock, MonotonicClock};
pub use exclusive::{Exclusive, ExclusiveGuard};
pub(crate) use fault::failpoint;
pub use first_wins::FirstWins;
#[cfg(emanate_loom)]
pub use loom::hint::spin_loop;
#[cfg(emanate_loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(emanate_loom)]
pub use loom::thread::yield_now;
#[cfg(any(emanate_loom, emanate_shuttle))]
pub use modelled::{
    Atomic, AtomicWaker, Published, Ring, Slot, Thread, Workers, current_thread, park_timeout,
};
pub(crate) use mutant::mutated;
pub(crate) use number_set::NumberSet;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use published::Published;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use ring::Ring;
#[cfg(emanate_shuttle)]
pub use shuttle::hint::spin_loop;
#[cfg(emanate_shuttle)]
pub use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(emanate_shuttle)]
pub use shuttle::thread::yield_now;
#[cfg(emanate_shuttle)]
pub(crate) use shuttle::thread_local;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use slot::Slot;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use std::hint::spin_loop;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub use std::sync::{Arc, Weak};
pub use std::thread::panicking;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use std::thread::{Thread, current as current_thread, park_timeout, yield_now};
// No model that is small enough for loom comes to a cell of this kind.
pub(crate) use shelf::Shelf;
#[cfg(not(emanate_shuttle))]
pub(crate) use std::thread_local;
pub use stripe::{stripe, stripes};
pub(crate) use team::Team;
pub use thread::start_thread;
pub use waiters::Waiters;
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub use workers::Workers;
