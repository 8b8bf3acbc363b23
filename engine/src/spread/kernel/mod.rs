//! How contributions are added: the loops a spread spends its time in.
//!
//! Three kernels run a hop, to the same bits. *List* follows the rows of the frontier and lists
//! the cells it touches; *scan* does not list them and looks at every cell afterwards; *dense*
//! goes through all edges by blocks of targets, whoever fires. A hop takes the one that costs
//! least by costs measured on its graph.

mod cost;
mod dense;
mod execution;
mod instructions;
mod join;
mod owned;

pub(crate) use cost::{SHARED_EDGES, Work, measured_dense_cost, measured_push_costs};
pub(crate) use dense::add_dense;
pub use execution::{Execution, Kernel};
pub(crate) use instructions::Compiled;
pub use instructions::InstructionSet;
pub(crate) use join::{Join, Largest, NoisyOr, Sum};
pub(crate) use owned::{OwnedRows, add_each};
