//! The machine stops at every kind of moment, thousands of times, and nothing promised is lost.
//!
//! A course of events is drawn from a seed: sets are appended and waited for, time passes, the
//! store is maintained, cut into checkpoints, backed up, closed; somewhere in an operation of the
//! disk the machine stops, also while the store is opened again. Then the store is opened once
//! more, and what it holds is compared with what was promised.

use std::collections::BTreeMap;
use std::time::Duration;

use super::model::{Chance, Model, open_with};
use crate::change::store::{Fault, FlushPolicy, SimulatedDisk, Store, backup};
use crate::sync::{Clock, ManualClock};

/// Points at which the machine stops, where the environment does not ask for another number.
const POINTS: u64 = if cfg!(miri) { 40 } else { 10_000 };
/// How often one machine is started.
const LIVES: u64 = 6;
const EVERY: Duration = Duration::from_millis(10);

/// What was appended in this life, or is known to be there from an earlier one.
#[derive(Clone, Copy, Debug)]
struct Promise {
    generation: u64,
    checksum: u64,
    /// When it was acknowledged; none if the machine stopped before.
    acknowledged_ns: Option<u64>,
    /// Whether it is on the disk for certain, whatever the policy.
    settled: bool,
    /// Whether it is there as long as the machine does not lose power.
    written: bool,
}

struct Course {
    chance: Chance,
    disk: SimulatedDisk,
    clock: ManualClock,
    policy: FlushPolicy,
    promises: Vec<Promise>,
    /// What is being done.
    work: Work,
    /// How often the machine stopped, by what was being done.
    points: Points,
}

/// What the store was asked for when the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Opening,
    Appending,
    Maintaining,
    Checkpoint,
    Backup,
    Closing,
    /// The machine stopped between two operations.
    Nothing,
}

type Points = BTreeMap<Work, u64>;

/// A breach of what the store promises.
type Breach = String;

impl Course {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let policies = [FlushPolicy::Always, FlushPolicy::Every(EVERY), FlushPolicy::Never];
        let policy = policies[chance.below(3) as usize];
        let disk = SimulatedDisk::new(chance.below(u64::MAX));
        let clock = ManualClock::new();
        Self {
            chance,
            disk,
            clock,
            policy,
            promises: Vec::new(),
            work: Work::Nothing,
            points: Points::new(),
        }
    }

    /// Lives until the last, and returns how often the machine stopped.
    fn run(mut self) -> Result<Points, Breach> {
        for _ in 0..LIVES {
            let stop = 1 + self.chance.below(80);
            self.disk.set(Fault::StopAt(stop));
            if let Some((store, model)) = self.open()? {
                self.live(store, model)?;
            }
            self.stop();
        }
        self.disk.heal();
        match self.open()? {
            Some(_) => Ok(self.points),
            None => Err("the machine stopped by itself".to_owned()),
        }
    }

    /// Opens the store; `None` where the machine stops meanwhile.
    fn open(&mut self) -> Result<Option<(Store, Model)>, Breach> {
        self.work = Work::Opening;
        match open_with(&self.disk, self.policy, &self.clock) {
            Ok((store, _, model)) => {
                self.compare(&model)?;
                Ok(Some((store, model)))
            }
            Err(_) if self.disk.is_stopped() => Ok(None),
            Err(error) => Err(format!("refused: {error}")),
        }
    }

    /// What the store holds must be what was appended, from the first on, and must go on at least
    /// as far as was promised. From then on that much is settled.
    fn compare(&mut self, model: &Model) -> Result<(), Breach> {
        let appended = self.promises.iter().map(|promise| (promise.generation, promise.checksum));
        if !appended.take(model.sets.len()).eq(model.sets.iter().copied()) {
            return Err(format!("not what was appended: {model:?} of {:?}", self.promises));
        }
        let lost = self.promises.get(model.sets.len()..).unwrap_or_default();
        if let Some(lost) = lost.iter().find(|lost| lost.settled || lost.written) {
            return Err(format!("lost: {lost:?}, policy {:?}", self.policy));
        }
        self.promises.truncate(model.sets.len());
        self.settle(|_| true);
        Ok(())
    }

    fn settle(&mut self, which: impl Fn(&Promise) -> bool) {
        for promise in &mut self.promises {
            promise.settled |= which(promise);
        }
    }

    /// The machine stops, if it has not already, or only the process does.
    fn stop(&mut self) {
        let work = if self.disk.is_stopped() { self.work } else { Work::Nothing };
        *self.points.entry(work).or_default() += 1;
        let now = self.clock.now_ns();
        let (policy, span) = (self.policy, EVERY.as_nanos() as u64);
        let killed = self.chance.below(4) == 0;
        self.settle(|promise| match (promise.acknowledged_ns, policy) {
            (None, _) => false,
            (Some(_), FlushPolicy::Always) => true,
            (Some(at), FlushPolicy::Every(_)) => at + span <= now,
            (Some(_), FlushPolicy::Never) => false,
        });
        for promise in &mut self.promises {
            if !killed {
                // What is not settled may be gone from here on, whatever comes.
                promise.acknowledged_ns = None;
            }
            promise.written = killed && promise.acknowledged_ns.is_some();
        }
        if killed { self.disk.kill_process() } else { self.disk.lose_power() }
    }

    /// Uses the store until the machine stops, or for a while.
    fn live(&mut self, store: Store, mut model: Model) -> Result<(), Breach> {
        let mut store = Some(store);
        for _ in 0..40 {
            let Some(open) = &store else { return Ok(()) };
            let drawn = self.chance.below(16);
            self.work = match drawn {
                0 => Work::Checkpoint,
                1 => Work::Backup,
                2 => Work::Closing,
                3..7 => Work::Maintaining,
                _ => Work::Appending,
            };
            let went_on = match drawn {
                0 => self.checkpoint(open, &mut model),
                1 => self.backup(open)?,
                2 => match store.take().map(Store::close) {
                    Some(Ok(())) => {
                        self.settle(|_| true);
                        match self.open()? {
                            Some((again, found)) => {
                                (store, model) = (Some(again), found);
                                true
                            }
                            None => false,
                        }
                    }
                    _ => false,
                },
                3 => {
                    open.sync().is_ok() && {
                        self.settle(|_| true);
                        true
                    }
                }
                4..7 => self.pass_time(open),
                _ => self.append(open, &mut model),
            };
            if !went_on {
                return if self.disk.is_stopped() {
                    Ok(())
                } else {
                    Err("an operation failed on a disk that works".to_owned())
                };
            }
        }
        Ok(())
    }

    /// Appends up to three sets and waits for them in any order. Returns whether all went well.
    fn append(&mut self, store: &Store, model: &mut Model) -> bool {
        let mut tickets = Vec::new();
        for _ in 0..=self.chance.below(3) {
            let set = self.chance.bytes(90);
            // Numbers may be left out: the sets of some generations need no log.
            let generation = model.generation() + 1 + self.chance.below(2);
            let Ok(ticket) = store.append(generation, &set) else {
                // Should the machine have stopped after writing it, it may be there.
                self.promise(generation, model, &set);
                return false;
            };
            self.promise(generation, model, &set);
            tickets.push((ticket, self.promises.len() - 1));
        }
        if self.chance.below(2) == 0 {
            tickets.reverse();
        }
        for (ticket, at) in tickets {
            if store.wait(ticket).is_err() {
                return false;
            }
            self.promises[at].acknowledged_ns = Some(self.clock.now_ns());
        }
        true
    }

    fn promise(&mut self, generation: u64, model: &mut Model, set: &[u8]) {
        model.apply(generation, set);
        let (_, checksum) = model.sets[model.sets.len() - 1];
        let promise =
            Promise { generation, checksum, acknowledged_ns: None, settled: false, written: false };
        self.promises.push(promise);
    }

    /// Lets time pass as a thread sees it that maintains the store whenever it is time.
    fn pass_time(&mut self, store: &Store) -> bool {
        let mut left = Duration::from_micros(self.chance.below(30_000));
        loop {
            let Ok(due) = store.maintain() else { return false };
            let step = due.map_or(left, |due| due.min(left));
            self.clock.advance(step);
            left -= step;
            if left.is_zero() {
                return true;
            }
        }
    }

    fn checkpoint(&mut self, store: &Store, model: &mut Model) -> bool {
        let mut generation = 0;
        let taken = store.checkpoint(|| {
            if self.chance.below(3) == 0 {
                // What comes after the log is cut may be in the segment, too.
                self.append(store, model);
            }
            let mut taken = model.clone();
            if self.chance.below(3) == 0 {
                // One that was published a while ago.
                taken.sets.truncate(self.chance.below(model.sets.len() as u64 + 1) as usize);
            }
            generation = taken.generation();
            taken
        });
        if taken.is_ok() {
            self.settle(|promise| promise.generation <= generation);
        }
        taken.is_ok()
    }

    /// A copy holds what was appended up to some generation, all that was acknowledged before it
    /// among it. Returns whether the machine goes on.
    fn backup(&mut self, store: &Store) -> Result<bool, Breach> {
        let copy = SimulatedDisk::new(self.chance.below(u64::MAX));
        let before = store.generation();
        match backup(&self.disk, &copy) {
            Ok(report) if report.generation < before => Err("the copy is behind".to_owned()),
            Ok(_) => {
                copy.lose_power();
                let (_, opened, model) = open_with(&copy, FlushPolicy::Always, &self.clock)
                    .map_err(|error| format!("the copy is refused: {error}"))?;
                let appended = self.promises.iter().map(|found| (found.generation, found.checksum));
                if !appended.eq(model.sets.iter().copied()) || !opened.repairs.is_empty() {
                    return Err("the copy is not what was appended".to_owned());
                }
                Ok(true)
            }
            Err(_) if self.disk.is_stopped() => Ok(false),
            Err(error) => Err(format!("no backup: {error}")),
        }
    }
}

/// `EMANATE_CRASH_POINTS=100000 cargo test -p emanate --lib store::tests::crash` tries more.
#[test]
fn nothing_promised_is_lost_wherever_the_machine_stops() {
    let points = std::env::var("EMANATE_CRASH_POINTS").ok();
    let points = points.map_or(POINTS, |points| points.parse().expect("a number of points"));
    let mut stopped = Points::new();
    for seed in 1.. {
        match Course::new(seed).run() {
            Ok(more) => more.into_iter().for_each(|(work, count)| {
                *stopped.entry(work).or_default() += count;
            }),
            Err(breach) => panic!("seed {seed}: {breach}"),
        }
        if stopped.values().sum::<u64>() >= points {
            break;
        }
    }
    // A copy is made on another disk; all it does on this one is read.
    for work in [Work::Opening, Work::Appending, Work::Maintaining, Work::Checkpoint, Work::Closing]
    {
        let count = stopped.get(&work).copied().unwrap_or(0);
        assert!(count * 100 >= points, "too few points while {work:?}: {stopped:?}");
    }
    println!("{stopped:?}");
}

/// The proof that the test above can fail: with any of the syncs left out, it does.
#[test]
fn without_a_sync_something_is_lost() {
    for skipped in ["log-", "segment-", "manifest", ""] {
        let breach = (1..400).find_map(|seed| {
            let course = Course::new(seed);
            course.disk.set(Fault::SkipSyncsOf(skipped));
            course.run().err()
        });
        assert!(breach.is_some(), "nobody misses the syncs of {skipped:?}");
    }
}
