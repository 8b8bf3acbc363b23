//! How a change set is applied.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Default of [`ApplyOptions::chunk`]: edits of the first chunk.
pub const DEFAULT_CHUNK: NonZeroUsize = NonZeroUsize::new(50).expect("not 0");
/// Default of [`ApplyOptions::chunk`]: edits of a chunk at most.
pub const DEFAULT_CHUNK_MAX: NonZeroUsize = NonZeroUsize::new(200).expect("not 0");
/// Default of [`ApplyOptions::direct_below`].
pub const DEFAULT_DIRECT_BELOW: usize = 10;
/// Default of [`ApplyOptions::failures_max`].
pub const DEFAULT_FAILURES_MAX: usize = 5;
/// Default of [`ApplyOptions::retries`].
pub const DEFAULT_RETRIES: u32 = 2;
/// Default of [`ApplyOptions::retry_delay`].
pub const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(1);
/// Default of [`ApplyOptions::budget`].
pub const DEFAULT_APPLY_BUDGET: Duration = Duration::from_secs(30);
/// Default of [`ApplyOptions::queueing`]: change sets that wait for their turn at most.
pub const DEFAULT_WAITING_MAX: usize = 1024;

/// What happens to the good edits of a set that has bad ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// Nothing is applied: all edits or none.
    #[default]
    Atomic,
    /// They are applied, chunk by chunk, each chunk as a generation.
    BestEffort,
}

/// How many edits are checked, and in best effort committed, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// One at a time: as if there were no change sets, with the same result.
    One,
    /// Always as many.
    Fixed(NonZeroUsize),
    /// From `first` on, twice as many after a chunk without a failure, half as many after one with
    /// a failure; at most `most`.
    BySuccess {
        /// Edits of the first chunk.
        first: NonZeroUsize,
        /// Edits of a chunk at most.
        most: NonZeroUsize,
    },
}

/// Who checks the edits of a chunk, as far as they can be checked without the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// The thread that applies the set.
    #[default]
    Sequential,
    /// All threads of the engine together. Pays for long labels and rows.
    Parallel,
}

/// What a set does while another one is applied to the same graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queueing {
    /// It is refused.
    Refuse,
    /// It waits until its budget, unless `most` others wait already.
    Wait {
        /// Sets that wait at most.
        most: usize,
    },
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// The set is applied.
    #[default]
    Commit,
    /// All is done but storing and publishing: the report says what would happen.
    Dry,
}

/// How a change set is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// All or nothing, or what can be.
    pub commit: Commit,
    /// Whether the first failure ends the set.
    pub stop_on_first_error: bool,
    /// Failures that are taken; one more ends the set. Storage errors always do. By default
    /// [`DEFAULT_FAILURES_MAX`].
    pub failures_max: usize,
    /// Edits checked and committed together. By default [`DEFAULT_CHUNK`], growing to
    /// [`DEFAULT_CHUNK_MAX`].
    pub chunk: Chunk,
    /// Sets with fewer edits are one chunk, checked by the thread that applies them. By default
    /// [`DEFAULT_DIRECT_BELOW`].
    pub direct_below: usize,
    /// Who checks edits.
    pub validation: Validation,
    /// Time from the call on, waiting included, after which nothing more is committed. By default
    /// [`DEFAULT_APPLY_BUDGET`].
    pub budget: Duration,
    /// What it does while another set is applied. By default it waits, with at most
    /// [`DEFAULT_WAITING_MAX`] others.
    pub queueing: Queueing,
    /// How often storing is tried again after transient errors, over the whole set. By default
    /// [`DEFAULT_RETRIES`].
    pub retries: u32,
    /// The wait before trying again: from half of it to all of it, by chance, so that sets which
    /// failed together do not come back together. By default [`DEFAULT_RETRY_DELAY`].
    pub retry_delay: Duration,
    /// Apply only if this is still the number of the graph's generation.
    pub only_if: Option<u64>,
    /// Whether anything is changed.
    pub run: Run,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            commit: Commit::default(),
            stop_on_first_error: false,
            failures_max: DEFAULT_FAILURES_MAX,
            chunk: Chunk::BySuccess { first: DEFAULT_CHUNK, most: DEFAULT_CHUNK_MAX },
            direct_below: DEFAULT_DIRECT_BELOW,
            validation: Validation::default(),
            budget: DEFAULT_APPLY_BUDGET,
            queueing: Queueing::Wait { most: DEFAULT_WAITING_MAX },
            retries: DEFAULT_RETRIES,
            retry_delay: DEFAULT_RETRY_DELAY,
            only_if: None,
            run: Run::default(),
        }
    }
}

impl ApplyOptions {
    /// The defaults, with what can be applied of a set applied.
    #[must_use]
    pub fn best_effort() -> Self {
        Self { commit: Commit::BestEffort, ..Self::default() }
    }

    /// The defaults, with nothing changed.
    #[must_use]
    pub fn dry_run() -> Self {
        Self { run: Run::Dry, ..Self::default() }
    }
}

/// Sizes of one set's chunks.
#[derive(Debug)]
pub(super) struct Chunks {
    chunk: Chunk,
    next: usize,
}

impl Chunks {
    /// The chunks of a set of `len` edits.
    pub(super) fn of(options: &ApplyOptions, len: usize) -> Self {
        let next = match options.chunk {
            Chunk::One => 1,
            _ if len < options.direct_below => len,
            Chunk::Fixed(size) => size.get(),
            Chunk::BySuccess { first, most } => first.min(most).get(),
        };
        Self { chunk: options.chunk, next }
    }

    /// Edits of the next chunk.
    pub(super) const fn size(&self) -> usize {
        self.next
    }

    /// Takes into account how a chunk ended.
    pub(super) fn ended(&mut self, any_failed: bool) {
        if let Chunk::BySuccess { most, .. } = self.chunk {
            let next = if any_failed { self.next / 2 } else { self.next.saturating_mul(2) };
            self.next = next.clamp(1, most.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::{ApplyOptions, Chunk, Chunks};

    #[test]
    fn chunks_grow_with_success_and_shrink_with_failure() {
        let options = ApplyOptions::default();
        let mut chunks = Chunks::of(&options, 1000);
        let mut sizes = Vec::new();
        for failed in [false, false, false, true, true, false] {
            sizes.push(chunks.size());
            chunks.ended(failed);
        }
        assert_eq!(sizes, [50, 100, 200, 200, 100, 50]);
        for _ in 0..10 {
            chunks.ended(true);
        }
        assert_eq!(chunks.size(), 1);
    }

    #[test]
    fn small_sets_are_one_chunk_and_none_is_one_by_one() {
        let mut options = ApplyOptions::default();
        assert_eq!(Chunks::of(&options, 9).size(), 9);
        assert_eq!(Chunks::of(&options, 10).size(), 50);
        options.chunk = Chunk::Fixed(NonZeroUsize::new(3).unwrap());
        let mut chunks = Chunks::of(&options, 10);
        chunks.ended(false);
        assert_eq!(chunks.size(), 3);
        options.chunk = Chunk::One;
        assert_eq!(Chunks::of(&options, 5).size(), 1);
    }
}
