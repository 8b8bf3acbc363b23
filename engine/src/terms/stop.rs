//! Why a spread ended.

use std::fmt;

/// Why a spread ended. Each is a success: the outcome holds what was reached until then.
///
/// Source: Crestani 1997 calls this the termination condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// No node was left that fires.
    Exhausted,
    /// The request's number of hops, steps or iterations was run.
    HopLimit,
    /// The state changed less than the tolerance, or fell below the stop threshold.
    Converged,
    /// The deadline passed; the hop it fell in was discarded.
    Deadline,
    /// The host cancelled; the hop it fell in was discarded.
    Cancelled,
    /// The next hop would have followed more edges than allowed.
    EdgeBudget,
    /// The last hop reached more nodes than allowed; the strongest were kept.
    NodeBudget,
    /// The next hop would have needed more scratch memory than allowed.
    MemoryBudget,
    /// The next hop would have produced a number too large for the state; it was discarded.
    Overflow,
}

impl StopReason {
    /// Every reason, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::Exhausted,
        Self::HopLimit,
        Self::Converged,
        Self::Deadline,
        Self::Cancelled,
        Self::EdgeBudget,
        Self::NodeBudget,
        Self::MemoryBudget,
        Self::Overflow,
    ];

    /// The reason's name on the command line, in JSON and as a metric label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::HopLimit => "hop_limit",
            Self::Converged => "converged",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::EdgeBudget => "edge_budget",
            Self::NodeBudget => "node_budget",
            Self::MemoryBudget => "memory_budget",
            Self::Overflow => "overflow",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
