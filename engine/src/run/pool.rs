//! Scratches, as many and as large as the engine allows.

use super::demand::Demand;
use super::room::{Amount, Room};
use crate::graph::Generation;
use crate::observe::{Metrics, Recorder};
use crate::spread::{
    ActR, HopTime, Lanes, Linear, PageRank, Precision, Retention, Rule, Scratch, SpreadError,
    SpreadRequest, Synapse,
};
use crate::sync::{Shelf, Waiters, failpoint, mutated};
use crate::terms::Deadline;

/// Threads listed at once as waiting for a scratch.
const LISTED_MAX: usize = 256;
/// Idle scratches looked at for one that is large enough, before the largest seen is made to grow.
const LOOKS: usize = 4;

/// What one spread needs of a scratch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) bytes: u64,
    part: Part,
}

/// Parts of a scratch that grow by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Double,
    Single,
    DoubleLanes,
    SingleLanes,
}

/// How many [`Part`]s there are.
const PARTS: usize = 4;

impl Need {
    /// What a spread by `rule` needs on `graph`.
    pub(crate) fn of(graph: &Generation, rule: &Rule) -> Self {
        let part = if is_single(rule) { Part::Single } else { Part::Double };
        Self { bytes: Scratch::bytes(graph.node_count(), rule) as u64, part }
    }

    /// What a group of spreads by `rule` needs that share their edges.
    pub(crate) fn of_lanes(graph: &Generation, rule: &Rule) -> Self {
        let part = if is_single(rule) { Part::SingleLanes } else { Part::DoubleLanes };
        Self { bytes: Lanes::bytes(graph.node_count(), rule) as u64, part }
    }
}

const fn is_single(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(Linear { precision: Precision::Single, .. }))
}

/// Most bytes that a spread by any rule takes on `graph`.
pub(crate) fn scratch_bytes_max(graph: &Generation) -> u64 {
    let single = Linear { precision: Precision::Single, ..Linear::default() };
    let rules = [
        Rule::Linear(Linear::default()),
        Rule::Linear(single),
        Rule::Retention(Retention::default()),
        Rule::PageRank(PageRank::default()),
        Rule::ActR(ActR::default()),
        Rule::Synapse(Synapse::default()),
    ];
    rules.iter().map(|rule| Need::of(graph, rule).bytes).fold(0, u64::max)
}

/// A scratch and what it has grown to.
#[derive(Debug)]
struct Sized {
    /// What is measured goes with the scratch: who works in one is the only writer of the other.
    // Dropped first: freeing the scratch takes long, and its recorder is for whoever comes next.
    recorder: Recorder,
    scratch: Scratch,
    bytes: [u64; PARTS],
}

impl Sized {
    fn new(metrics: &Metrics) -> Box<Self> {
        // There are as many as scratches, twice over. Where threads that stand still while they
        // free scratches hold those too, spreads go on, and what this one runs is not measured.
        let recorder = metrics.recorder().unwrap_or_else(Recorder::off);
        Box::new(Self { scratch: Scratch::default(), bytes: [0; PARTS], recorder })
    }

    fn bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// How much larger it becomes where it serves `need`.
    fn growth(&self, need: Need) -> u64 {
        need.bytes.saturating_sub(self.bytes[need.part as usize])
    }

    fn grow(&mut self, need: Need) {
        let has = &mut self.bytes[need.part as usize];
        *has = need.bytes.max(*has);
    }
}

/// How much scratch an engine has and uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScratchUse {
    /// Scratches that spreads work in now.
    pub leased: u64,
    /// Most scratches at once.
    pub slots: u64,
    /// Bytes of all scratches, those that lie idle among them.
    pub bytes: u64,
    /// Most bytes at once.
    pub bytes_max: u64,
}

/// A bounded number of scratches of a bounded size together.
///
/// A lease takes a slot. It then takes an idle scratch, which keeps its bytes from use to use; what
/// it must grow by, or all of a new one, is taken from the bytes that are left, and where too few
/// are, idle scratches are freed for it. A scratch is idle before its slot is given back, so where
/// a slot is left there is a scratch with it, or one may be made.
///
/// A lease that fails says nothing to those who wait, although for a moment it had a slot. That is
/// safe: it failed because others hold the rest, and the last of several who fail together finds
/// all that the others let go; so somebody has a lease, and wakes the rest when it ends.
///
/// # Progress
/// Trying is lock-free. Waiting blocks until the deadline; see [`Waiters`].
#[derive(Debug)]
pub(crate) struct ScratchPool {
    room: Room,
    size: Amount,
    idle: Shelf<Box<Sized>>,
    demand: Demand,
    waiters: Waiters,
    metrics: Metrics,
}

impl ScratchPool {
    /// A pool of `size`, with at least one slot. For each scratch there must be a recorder, and
    /// another for one that is being freed meanwhile.
    pub(crate) fn new(size: Amount, metrics: Metrics) -> Self {
        let slots = usize::try_from(size.slots).expect("slots fit 16 bits");
        let (room, idle, demand) = (Room::new(size), Shelf::new(slots), Demand::none());
        Self { room, size, idle, demand, waiters: Waiters::new(LISTED_MAX), metrics }
    }

    /// Whether `need` can ever be served.
    ///
    /// # Errors
    /// [`SpreadError::ScratchTooSmall`].
    pub(crate) fn check(&self, need: Need) -> Result<(), SpreadError> {
        let (bytes_needed, bytes_max) = (need.bytes, self.size.bytes);
        if bytes_needed > bytes_max {
            return Err(SpreadError::ScratchTooSmall { bytes_needed, bytes_max });
        }
        Ok(())
    }

    /// A scratch for `need`, which passed [`ScratchPool::check`]; `None` where none is free.
    pub(crate) fn try_lease(&self, need: Need) -> Option<Lease<'_>> {
        failpoint!(crate::sync::fault::SCRATCH, None);
        let left = self.room.take(Amount::SLOT)?;
        self.demand.note(self.size.slots - left.slots);
        // From here on, dropping the lease gives the slot back.
        let mut lease = Lease { pool: self, sized: self.best_idle(need), wakes: false };
        if !lease.fit(need) {
            return None;
        }
        lease.wakes = true;
        Some(lease)
    }

    /// As [`ScratchPool::try_lease`], but waits until `deadline`.
    pub(crate) fn lease_by(&self, need: Need, deadline: Deadline) -> Option<Lease<'_>> {
        self.waiters.wait_for(deadline.instant(), || self.try_lease(need))
    }

    /// Whether [`ScratchPool::try_lease`] might succeed now.
    pub(crate) fn might_lease(&self, need: Need) -> bool {
        failpoint!(crate::sync::fault::SCRATCH, false);
        let left = self.room.left();
        left.slots > 0 && (left.bytes >= need.bytes || self.idle.len() > 0)
    }

    /// How many threads wait, about.
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// How much of it is in use.
    pub(crate) fn used(&self) -> ScratchUse {
        let left = self.room.left();
        ScratchUse {
            leased: self.size.slots - left.slots,
            slots: self.size.slots,
            bytes: self.size.bytes - left.bytes,
            bytes_max: self.size.bytes,
        }
    }

    /// Frees what lies idle.
    pub(crate) fn free_idle(&self) {
        // As many as may lie there, so that scratches which come back do not keep this thread.
        for _ in 0..self.idle.len() {
            let Some(sized) = self.idle.take() else { return };
            self.free(sized);
        }
    }

    /// Frees as many idle scratches as there are more than were leased at once since it last did,
    /// but keeps one for the next spread; how many. See [`Demand::take`] for when it does nothing.
    pub(crate) fn free_spare(&self, now_ns: u64) -> usize {
        let leased = self.used().leased;
        let Some(most) = self.demand.take(now_ns, leased) else { return 0 };
        let spare = (leased + self.idle.len() as u64).saturating_sub(most.max(1));
        // The last, which are hardly used.
        let freed = (0..spare).map_while(|_| self.idle.take_last()).map(|sized| self.free(sized));
        freed.count()
    }

    fn free(&self, sized: Box<Sized>) {
        let bytes = sized.bytes();
        drop(sized);
        self.room.give(Amount::bytes(bytes));
    }

    fn put_idle(&self, sized: Box<Sized>) {
        if let Err(sized) = self.idle.put(sized) {
            self.free(sized);
        }
    }

    /// An idle scratch that is large enough, or the largest of those looked at.
    fn best_idle(&self, need: Need) -> Option<Box<Sized>> {
        let mut best = self.idle.take()?;
        for _ in 1..LOOKS {
            if best.growth(need) == 0 {
                break;
            }
            let Some(other) = self.idle.take() else { break };
            let larger = other.growth(need) < best.growth(need);
            let (kept, back) = if larger { (other, best) } else { (best, other) };
            self.put_idle(back);
            best = kept;
        }
        Some(best)
    }
}

/// A scratch of one spread after another, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pool: &'a ScratchPool,
    /// `None` where it must be made anew.
    sized: Option<Box<Sized>>,
    /// Whether giving back may help somebody who waits.
    wakes: bool,
}

impl Lease<'_> {
    /// Makes it large enough for `need`; where it cannot, its own scratch is freed too.
    pub(crate) fn fit(&mut self, need: Need) -> bool {
        let growth = self.sized.as_ref().map_or(need.bytes, |sized| sized.growth(need));
        let mut fits = growth == 0 || self.take_bytes(growth);
        if !fits {
            self.pool.free_idle();
            fits = self.take_bytes(growth);
        }
        if !fits {
            // It may be large by another width, or by an allowance that nobody needs any more.
            if mutated("lease_keeps_what_is_too_small") {
                return false;
            }
            if let Some(sized) = self.sized.take() {
                self.pool.free(sized);
            }
            fits = self.take_bytes(need.bytes);
        }
        if fits {
            self.sized.get_or_insert_with(|| Sized::new(&self.pool.metrics)).grow(need);
        }
        fits
    }

    fn take_bytes(&self, bytes: u64) -> bool {
        self.pool.room.take(Amount::bytes(bytes)).is_some()
    }

    /// Runs `work` in the scratch, which is empty and must be empty afterwards. Where `work`
    /// panics, the scratch is freed.
    pub(crate) fn run<T>(
        &mut self,
        request: &SpreadRequest,
        work: impl FnOnce(&mut Scratch) -> T,
    ) -> T {
        let sized = self.sized.take().expect("a lease fits before it runs");
        let mut running = Running { pool: self.pool, sized: Some(sized) };
        let done = work(&mut running.sized.as_mut().expect("only `drop` takes it").scratch);
        self.sized = running.sized.take();
        if let Some(sized) = self.sized.as_mut().filter(|_| request.explain) {
            // What explaining takes is in no bound of the pool, so it is not kept.
            sized.scratch.lists.trace = Default::default();
        }
        done
    }
}

impl Lease<'_> {
    /// Where what runs in the scratch is recorded, and what the last spread in it noted.
    pub(crate) fn recorder(&mut self) -> (&mut Recorder, &[HopTime]) {
        let sized = self.sized.as_mut().expect("a lease fits before it runs");
        (&mut sized.recorder, &sized.scratch.lists.hop_times)
    }
}

impl Lease<'_> {
    /// As [`Lease::recorder`], of the last group of lanes.
    pub(crate) fn lane_recorder(&mut self) -> (&mut Recorder, &[HopTime]) {
        let sized = self.sized.as_mut().expect("a lease fits before it runs");
        (&mut sized.recorder, sized.scratch.lanes.hop_times())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.wakes && mutated("lease_wakes_first") {
            self.pool.waiters.wake_all();
            self.wakes = false;
        }
        if let Some(sized) = self.sized.take() {
            self.pool.put_idle(sized);
        }
        self.pool.room.give(Amount::SLOT);
        if self.wakes {
            self.pool.waiters.wake_all();
        }
    }
}

/// A scratch that is not known to be empty.
struct Running<'a> {
    pool: &'a ScratchPool,
    sized: Option<Box<Sized>>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Only where the work panicked: a spread that panics leaves its scratch half-written.
        if let Some(sized) = self.sized.take() {
            self.pool.free(sized);
        }
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::{Need, Part, ScratchPool};
    use crate::observe::Metrics;
    use crate::run::room::Amount;
    use crate::spread::{SpreadError, SpreadRequest};
    use crate::terms::Deadline;

    fn pool(slots: u64, bytes: u64) -> ScratchPool {
        ScratchPool::new(Amount { slots, bytes }, Metrics::off())
    }

    const fn double(bytes: u64) -> Need {
        Need { bytes, part: Part::Double }
    }

    const fn single(bytes: u64) -> Need {
        Need { bytes, part: Part::Single }
    }

    /// Slots leased and bytes taken.
    fn used(pool: &ScratchPool) -> (u64, u64) {
        (pool.used().leased, pool.used().bytes)
    }

    #[test]
    fn idle_scratch_keeps_its_bytes_and_serves_again() {
        let pool = pool(2, 100);
        drop(pool.try_lease(double(60)).unwrap());
        assert_eq!(used(&pool), (0, 60));
        drop(pool.try_lease(double(40)).unwrap());
        assert_eq!(used(&pool), (0, 60), "the idle one is large enough");
        drop(pool.try_lease(double(70)).unwrap());
        assert_eq!(used(&pool), (0, 70), "it grew");
        pool.free_idle();
        assert_eq!(used(&pool), (0, 0));
    }

    #[test]
    fn what_was_not_needed_at_once_for_a_while_is_freed_but_one() {
        let second = |number: u64| number * 1_000_000_000;
        let pool = pool(3, 90);
        drop([(); 3].map(|()| pool.try_lease(double(30))));
        assert_eq!((pool.free_spare(second(29)), used(&pool)), (0, (0, 90)));
        assert_eq!((pool.free_spare(second(30)), used(&pool)), (0, (0, 90)), "all worked");
        let lease = pool.try_lease(double(30));
        assert_eq!(pool.free_spare(second(59)), 0);
        assert_eq!((pool.free_spare(second(60)), used(&pool)), (2, (1, 30)));
        drop(lease);
        assert_eq!(pool.free_spare(second(90)), 0, "one worked when counting began");
        assert_eq!((pool.free_spare(second(120)), used(&pool)), (0, (0, 30)), "one stays");
    }

    #[test]
    fn widths_are_counted_apart() {
        let pool = pool(1, 100);
        drop(pool.try_lease(double(60)).unwrap());
        drop(pool.try_lease(single(30)).unwrap());
        assert_eq!(used(&pool), (0, 90));
        let lease = pool.try_lease(single(50)).unwrap();
        assert_eq!(used(&pool), (1, 50), "the wide part had to go");
        drop(lease);
    }

    #[test]
    fn what_does_not_fit_is_not_leased_and_idle_scratch_makes_room() {
        let pool = pool(3, 100);
        let (first, second) = (pool.try_lease(double(40)), pool.try_lease(double(40)));
        assert!(pool.try_lease(double(40)).is_none());
        assert_eq!(used(&pool), (2, 80));
        assert!(!pool.might_lease(double(40)));
        drop(first);
        assert!(pool.might_lease(double(60)));
        let large = pool.try_lease(double(60));
        assert!(large.is_some());
        assert_eq!(used(&pool), (2, 100));
        drop((second, large));
        pool.free_idle();
        assert_eq!(used(&pool), (0, 0));
    }

    #[test]
    fn slots_bound_leases_too() {
        let pool = pool(1, 100);
        let lease = pool.try_lease(double(1)).unwrap();
        assert!(pool.try_lease(double(1)).is_none());
        let soon = Deadline::after(Duration::from_millis(1));
        assert!(pool.lease_by(double(1), soon).is_none());
        drop(lease);
        assert!(pool.lease_by(double(1), soon).is_some());
    }

    #[test]
    fn a_larger_idle_scratch_is_preferred_to_growing() {
        let pool = pool(2, 100);
        let leases = [pool.try_lease(double(10)), pool.try_lease(double(50))];
        drop(leases);
        let lease = pool.try_lease(double(50)).unwrap();
        assert_eq!(used(&pool), (1, 60));
        drop(lease);
    }

    #[test]
    fn too_much_is_refused_with_what_it_takes() {
        let refused = SpreadError::ScratchTooSmall { bytes_needed: 101, bytes_max: 100 };
        assert_eq!(pool(1, 100).check(double(101)), Err(refused));
        assert_eq!(pool(1, 100).check(double(100)), Ok(()));
    }

    #[test]
    fn a_panic_frees_the_scratch_and_its_bytes() {
        let pool = pool(1, 100);
        let mut lease = pool.try_lease(double(60)).unwrap();
        let request = SpreadRequest::default();
        let run = AssertUnwindSafe(|| lease.run(&request, |_| panic!("a filter, say")));
        assert!(catch_unwind(run).is_err());
        assert_eq!(used(&pool), (1, 0));
        assert!(lease.fit(double(60)), "the lease can be used again");
        assert_eq!(lease.run(&request, |_| 7), 7);
        drop(lease);
        assert_eq!(used(&pool), (0, 60));
    }
}
