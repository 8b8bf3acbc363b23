//! What the whole-system tests share.
//!
//! Everything here goes through the library's public face, as a host would.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod breaker;
pub mod compare;
pub mod plans;
pub mod published;
pub mod shared;
mod tally;
pub mod waiting;

pub use tally::Tally;
