//! What a host says about memory and tiers when it opens a graph.

use std::path::PathBuf;
use std::time::Duration;

/// Default of [`TierOptions::readers`].
pub const DEFAULT_READERS: usize = 2;
/// Default of [`TierOptions::moved_bytes_per_second`]: 64 MiB.
pub const DEFAULT_MOVED_BYTES_PER_SECOND: u64 = 64 << 20;
/// Default of [`TierOptions::heat_half_life`].
pub const DEFAULT_HEAT_HALF_LIFE: Duration = Duration::from_mins(1);

/// How much of a graph may be in memory, and how what is in memory follows what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierOptions {
    /// Most bytes that the graph keeps in memory: tables and names, which are always there, hot
    /// blocks, the cache, and blocks that spreads have in hand. Changes that are not in the graph's
    /// file come on top, and so does the scratch of spreads.
    pub memory_bytes: u64,
    /// How many spreads read at once, at least 1. Room for them, and for maintenance, is set aside;
    /// where more read at once, the budget may be overdrawn by what they have in hand, which the
    /// report counts.
    pub readers: usize,
    /// Most bytes that maintenance moves to a faster tier in a second.
    pub moved_bytes_per_second: u64,
    /// After how long a block that is no longer asked for is half as hot.
    pub heat_half_life: Duration,
    /// Where blocks that are compressed in the graph's file may lie uncompressed; nowhere by
    /// default.
    pub warm: Option<WarmSegment>,
}

/// A file without a name that holds uncompressed copies of blocks, for as long as the graph is
/// open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmSegment {
    /// The directory whose disk it is on.
    pub directory: PathBuf,
    /// Most bytes of it.
    pub bytes: u64,
}

impl TierOptions {
    /// At most `memory_bytes` in memory, and the defaults.
    #[must_use]
    pub const fn within(memory_bytes: u64) -> Self {
        Self {
            memory_bytes,
            readers: DEFAULT_READERS,
            moved_bytes_per_second: DEFAULT_MOVED_BYTES_PER_SECOND,
            heat_half_life: DEFAULT_HEAT_HALF_LIFE,
            warm: None,
        }
    }

    /// Sets [`TierOptions::readers`].
    #[must_use]
    pub const fn readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// Sets [`TierOptions::moved_bytes_per_second`].
    #[must_use]
    pub const fn moved_bytes_per_second(mut self, bytes: u64) -> Self {
        self.moved_bytes_per_second = bytes;
        self
    }

    /// Sets [`TierOptions::heat_half_life`].
    #[must_use]
    pub const fn heat_half_life(mut self, half_life: Duration) -> Self {
        self.heat_half_life = half_life;
        self
    }

    /// Sets [`TierOptions::warm`].
    #[must_use]
    pub fn warm(mut self, directory: impl Into<PathBuf>, bytes: u64) -> Self {
        self.warm = Some(WarmSegment { directory: directory.into(), bytes });
        self
    }
}
