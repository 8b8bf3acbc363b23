//! A graph that changes: the generation that readers see, and what only writers do.

use std::time::{Duration, Instant};

use super::error::ApplyError;
use super::journal::Journal;
use super::options::Queueing;
use super::turn::{Held, NoTurn, Turn};
use crate::graph::{Generation, Merge, MergeError, rebased};
use crate::sync::{Arc, AtomicBool, Ordering, Published, mutated};

/// Generations that may be retired before those nobody reads are looked for.
const RETIRED_MIN: usize = 8;
/// A graph is merged once one in so many of its rows stands over its blocks,
const MERGED_SHARE: usize = 8;
/// and no fewer than this.
const MERGED_ROWS_MIN: usize = 64;

/// What only the writer whose turn it is looks at.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// Generations that are no longer published, while somebody may still read them: their last
    /// reader gives back a count, and whoever has the turn later frees the memory.
    retired: Vec<Arc<Generation>>,
    /// How many there may be before the next look at them.
    retired_max: usize,
}

/// What maintenance did, and whether there is more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintained {
    /// Generations that were freed.
    pub freed: usize,
    /// Generations that nobody is served any more and somebody still reads.
    pub retired: usize,
    /// Merges that were finished and published.
    pub merged: usize,
    /// Merges that were begun and are not finished.
    pub merging: usize,
    /// Merges that failed; the graphs are as good as they were.
    pub failed: usize,
    /// Blocks of edges that came to another tier.
    pub moved: usize,
    /// Scratches that were freed, because so many had not been needed at once for a while.
    pub scratches: usize,
}

impl std::ops::AddAssign for Maintained {
    fn add_assign(&mut self, more: Self) {
        self.freed += more.freed;
        self.retired += more.retired;
        self.merged += more.merged;
        self.merging += more.merging;
        self.failed += more.failed;
        self.moved += more.moved;
        self.scratches += more.scratches;
    }
}

/// A graph that changes.
///
/// # Orderings
/// A generation is complete before it is published, and readers load it through
/// [`Published`], which is the pair. Writers are ordered by their turn.
///
/// # Progress
/// Readers never wait, for anybody. Of the writers one has the turn; the others wait for it. A
/// merge is made beside them and takes the turn only to be published.
#[derive(Debug)]
pub(crate) struct Live {
    published: Published<Generation>,
    turn: Turn<Writer>,
    merging: Turn<Option<Box<Merge>>>,
    journal: Option<Arc<dyn Journal>>,
    /// Whether an engine looks after it.
    kept: AtomicBool,
}

impl Live {
    pub(crate) fn new(generation: Generation, journal: Option<Arc<dyn Journal>>) -> Self {
        Self {
            published: Published::new(Arc::new(generation)),
            turn: Turn::new(Writer::default()),
            merging: Turn::new(None),
            journal,
            kept: AtomicBool::new(false),
        }
    }

    /// The generation published last.
    pub(crate) fn load(&self) -> Arc<Generation> {
        self.published.load()
    }

    pub(super) fn journal(&self) -> Option<&dyn Journal> {
        self.journal.as_deref()
    }

    /// Whether the caller is the first to ask, and is to look after it.
    pub(crate) fn keep(&self) -> bool {
        // Relaxed: it decides who notes the graph, and publishes nothing.
        !self.kept.load(Ordering::Relaxed) && !self.kept.swap(true, Ordering::Relaxed)
    }

    /// The turn to write.
    pub(super) fn write(
        &self,
        until: Option<Instant>,
        queueing: Queueing,
    ) -> Result<Held<'_, Writer>, NoTurn> {
        let waiting_max = match queueing {
            Queueing::Refuse => 0,
            Queueing::Wait { most } => most,
        };
        self.turn.wait(until, waiting_max)
    }

    /// The error for a turn that was refused.
    pub(super) fn busy(&self) -> ApplyError {
        ApplyError::Busy { waiting: self.turn.waiting() }
    }

    /// Publishes `next` in place of `current`, the generation it was made from.
    pub(super) fn publish(
        &self,
        writer: &mut Writer,
        current: Arc<Generation>,
        next: Generation,
    ) -> Arc<Generation> {
        let next = Arc::new(next);
        self.published.store(Arc::clone(&next));
        if mutated("generation_is_not_retired") {
            return next;
        }
        writer.retire(current, &next);
        next
    }

    /// Merges what changes have put over the blocks, all of it, now. What is applied meanwhile
    /// stands over the new blocks.
    ///
    /// # Errors
    /// [`MergeError`]; the graph is as good as it was.
    pub(crate) fn merge(&self) -> Result<(), MergeError> {
        let mut merging = self.merging.wait(None, usize::MAX).expect("without an end or a bound");
        let current = self.load();
        // One that was begun earlier would leave what came since over its blocks.
        *merging = None;
        if !current.is_overlaid() {
            return Ok(());
        }
        let mut merge = Merge::new(current);
        while !merge.step()? {}
        self.end_merge(merge)
    }

    /// Puts a finished merge, and over it what was changed meanwhile, in the place of the graph.
    fn end_merge(&self, merge: Merge) -> Result<(), MergeError> {
        let source = Arc::clone(merge.source());
        let merged = merge.finish()?;
        self.rebase(&source, merged)
    }

    /// Puts `merged`, which has the content of `source`, an earlier generation of this graph, and
    /// over it what was changed since, in the place of the graph. No outcome changes by it.
    ///
    /// # Errors
    /// [`MergeError`]; the graph is as good as it was.
    pub(crate) fn rebase(&self, source: &Generation, merged: Generation) -> Result<(), MergeError> {
        let early = mutated("merge_begins_before_its_turn").then(|| self.load());
        let mut writer = self.turn.wait(None, usize::MAX).expect("without an end or a bound");
        let current = early.unwrap_or_else(|| self.load());
        let next = rebased(&current, source, merged)?;
        self.publish(&mut writer, current, next);
        Ok(())
    }

    /// Frees what nobody reads any more, merges slice by slice where that is due, and moves edges
    /// between tiers, until `until`; `now_ns` is the time by the engine's clock.
    pub(crate) fn maintain(&self, until: Instant, now_ns: u64) -> Maintained {
        let mut done = Maintained::default();
        if let Some(mut writer) = self.turn.take() {
            done.freed = writer.free();
        }
        if let Some(mut merging) = self.merging.take() {
            self.go_on_merging(&mut merging, until, &mut done);
        }
        done.moved = self.load().maintain_tiers(now_ns, until);
        if let Some(mut writer) = self.turn.take() {
            done.freed += writer.free();
            done.retired = writer.retired.len();
        }
        done
    }

    fn go_on_merging(
        &self,
        merging: &mut Option<Box<Merge>>,
        until: Instant,
        done: &mut Maintained,
    ) {
        if merging.is_none() {
            let current = self.load();
            if is_merge_due(&current) {
                *merging = Some(Box::new(Merge::new(current)));
            }
        }
        while let Some(mut merge) = merging.take() {
            match merge.step() {
                Ok(true) => match self.end_merge(*merge) {
                    Ok(()) => done.merged += 1,
                    Err(_) => done.failed += 1,
                },
                Ok(false) => *merging = Some(merge),
                Err(_) => done.failed += 1,
            }
            if Instant::now() >= until {
                break;
            }
        }
        done.merging = usize::from(merging.is_some());
    }
}

/// Whether so many rows stand over the blocks of a graph in memory that new blocks pay. What a
/// file holds may not fit memory: who opened it decides.
fn is_merge_due(graph: &Generation) -> bool {
    let rows = graph.rows_over_blocks();
    rows >= MERGED_ROWS_MIN && rows * MERGED_SHARE >= graph.node_count() && !graph.has_file()
}

impl Writer {
    /// Takes over a generation that `next` has replaced.
    fn retire(&mut self, old: Arc<Generation>, next: &Generation) {
        self.retired.push(old);
        if self.retired.len() > self.retired_max.max(RETIRED_MIN) {
            // What shares its blocks with what is served is little. Blocks that are no longer
            // served are freed by maintenance, which nobody waits for.
            self.retired.retain(|old| Arc::strong_count(old) > 1 || !old.shares_blocks(next));
            self.retired_max = self.retired.len() * 2;
        }
    }

    /// Frees what nobody reads any more; returns how many generations that were.
    ///
    /// A count of 1 is this list's own: the generation is not published, so nobody can come to
    /// read it who does not do so already.
    fn free(&mut self) -> usize {
        let before = self.retired.len();
        let is_read = |old: &Arc<Generation>| Arc::strong_count(old) > 1;
        self.retired.retain(|old| is_read(old) && !mutated("generation_is_freed_while_it_is_read"));
        before - self.retired.len()
    }
}

/// How long writers wait before they try to store once more: from half of `delay` to all of it.
pub(super) fn jittered(delay: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};

    // The hasher's keys differ from call to call and from process to process; no result depends on
    // them.
    let chance = RandomState::new().hash_one(0u8) >> 32;
    delay.mul_f64(0.5 + chance as f64 / (1u64 << 33) as f64)
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::time::Duration;

    use super::jittered;

    #[test]
    fn a_pause_is_half_of_the_delay_to_all_of_it_and_not_always_the_same() {
        let delay = Duration::from_secs(8);
        let pauses: Vec<Duration> = (0..64).map(|_| jittered(delay)).collect();
        assert!(pauses.iter().all(|pause| (delay / 2..=delay).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        assert_eq!(jittered(Duration::ZERO), Duration::ZERO);
    }
}
