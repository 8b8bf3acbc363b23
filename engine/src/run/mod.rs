//! One spread: scratch from the pool, the algorithm, scratch back.

mod pool;

pub(crate) use pool::ScratchPool;
