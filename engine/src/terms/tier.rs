//! Where a node's edges are stored.

use std::fmt;

/// Where a node's edges are stored. A fact about storage, never about how far a node is from a
/// seed; no result depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// In memory.
    Hot,
    /// Uncompressed in a file, read on demand: and then kept, or, in a graph with a memory budget,
    /// kept in a bounded cache.
    Warm,
    /// Compressed in a file, read on demand in the same way.
    Cold,
}

impl Tier {
    /// All tiers, fastest first.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Warm, Self::Cold];

    /// Its position in [`Tier::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name, as metrics and breakers give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
