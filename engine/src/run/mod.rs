//! One spread or many: scratch from the pool, the algorithm, scratch back.
//!
//! A caller runs one spread on its own thread (`once`), waits for many (`many`), or submits one and
//! is told when it is done (`submit`). All draw scratch from one pool, bounded in number and bytes.
//! Submitted spreads stand in two lines, small and large by their estimate; a worker takes small
//! ones first and runs a large one in slices, between which it runs the small ones that came
//! meanwhile, one inside the other on its own stack.
//!
//! Workers never wait. One that finds no scratch leaves the spread in its line; whoever gives a
//! scratch back calls a worker where somebody stands in line. So a worker that has taken up other
//! work while it waits for its own (as rayon's do) cannot wait for what lies below on its stack.

mod demand;
mod estimate;
mod future;
mod guard;
mod live;
mod many;
mod meter;
pub mod monitor;
mod once;
mod pool;
mod queue;
mod reading;
mod reply;
mod room;
mod samples;
mod sampling;
mod scheduler;
mod settings;
mod submit;
mod ticket;

pub use estimate::SpreadEstimate;
pub(crate) use estimate::estimate;
pub use future::SpreadFuture;
pub(crate) use guard::Guard;
pub use live::LIVE_REQUESTS_MAX;
pub(crate) use many::many;
pub(crate) use once::{Entrance, once};
pub use pool::ScratchUse;
pub(crate) use pool::scratch_bytes_max;
pub(crate) use room::{Amount, BYTES_MAX, SLOTS_MAX};
pub use samples::{SAMPLES_MAX, Sample};
pub(crate) use scheduler::{Capacity, Scheduler, Threads};
pub use settings::{DEFAULT_BATCH_SIZE, DEFAULT_LARGE_EDGES, DEFAULT_PAUSE_MAX, Settings};
pub(crate) use submit::submit;
