//! How hops are run, for who wants to choose.

use super::InstructionSet;

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
