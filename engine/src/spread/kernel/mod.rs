//! How contributions are added: the loops a spread spends its time in.
//!
//! Three kernels run a hop, to the same bits. *List* follows the rows of the frontier and lists
//! the cells it touches; *scan* does not list them and looks at every cell afterwards; *dense*
//! goes through all edges by blocks of targets, whoever fires. A hop takes the one that costs
//! least by costs measured on its graph.

mod cost;
mod dense;
mod instructions;
mod join;

pub(crate) use cost::{Work, measured_dense_cost, measured_push_costs};
pub(crate) use dense::add_dense;
pub use instructions::InstructionSet;
pub(crate) use join::{Join, Largest, NoisyOr, Sum};

/// Which kernel runs a hop. No result depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// The one that costs least, hop by hop.
    #[default]
    Auto,
    /// Rows of the frontier, a list of touched cells.
    List,
    /// Rows of the frontier, then a look at every cell. List where that cannot be used.
    Scan,
    /// All edges by blocks of targets. List where that cannot be used.
    Dense,
}

/// How hops are run. The bits of every outcome are the same for all values: this is for proving
/// that, for measuring, and for hosts that keep wide registers for something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// Which kernel runs a hop.
    pub kernel: Kernel,
    /// The instructions that kernels use.
    pub instructions: InstructionSet,
}
