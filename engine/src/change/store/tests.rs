//! The store on a simulated disk, with a model in the place of a graph.

mod crash;
mod damage;
mod faults;
mod files;
mod hooked;
mod missing;
mod model;
mod policies;

/// What the log of a new store is called.
const FIRST_LOG: &str = "log-00000000000000000000.emlog";
