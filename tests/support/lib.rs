//! What the whole-system tests share.
//!
//! Everything here goes through the library's public face, as a host would.
#![forbid(unsafe_code)]

/// The pieces of Rust in the guide for hosts, each of which is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/host.md")]
pub mod host_guide {}

pub mod agreement;
pub mod breaker;
pub mod compare;
pub mod plans;
pub mod published;
pub mod shared;
mod tally;
pub mod waiting;

pub use tally::Tally;
