//! One spread: scratch from the pool, the algorithm, scratch back.
