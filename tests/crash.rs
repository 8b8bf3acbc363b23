//! A graph in a store, through machines that stop and processes that are killed.
//!
//! The store's own tests stop the machine thousands of times with a model in the graph's place.
//! Here are the graph itself, its change sets and its spreads, on the same simulated disk; and a
//! process that the operating system kills.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![forbid(unsafe_code)]

#[path = "crash/killed.rs"]
mod killed;
#[path = "crash/stopped.rs"]
mod stopped;
