//! A breaker once more, sequential and obvious, and histories that compare the two.
//!
//! The model keeps every outcome in a list and every permit in another, and computes everything
//! anew from them. Tests and fuzzing run the same histories through it and through the breaker.

mod bytes;
mod history;
mod model;

pub use history::{Command, History, compare};
pub use model::Model;
