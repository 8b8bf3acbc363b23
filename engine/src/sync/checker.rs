//! How models are run: the same words for both checkers.
//!
//! The closure of a model only makes what is shared, spawns and joins, and looks at what is left,
//! for a checker may overlook schedules of a thread that spawns and acts too. How many schedules
//! were tried is counted, since a model that explores nothing passes as well.

use std::cell::Cell;

#[cfg(emanate_loom)]
use loom::thread;
#[cfg(emanate_shuttle)]
pub(crate) use shuttle::future::block_on;
#[cfg(emanate_shuttle)]
use shuttle::thread;

#[cfg(emanate_loom)]
loom::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(0);
}
#[cfg(emanate_shuttle)]
shuttle::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(0);
}

/// What the stack of a model's thread holds, in bytes.
const STACK_BYTES: usize = 512 << 10;

/// The number its model gave the calling thread.
pub(crate) fn own_number() -> usize {
    NUMBER.with(Cell::get)
}

/// A thread of a model, which writes to stripe `number`.
pub(crate) fn spawn<T: Send + 'static>(
    number: usize,
    act: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    // Loom counts a stack in words.
    let stack = if cfg!(emanate_loom) { STACK_BYTES / size_of::<usize>() } else { STACK_BYTES };
    let spawned = thread::Builder::new().stack_size(stack).spawn(move || {
        NUMBER.with(|own| own.set(number));
        act()
    });
    spawned.expect("a checker's threads cost nothing but memory")
}

/// Runs both of `acts` at the same time, each on a thread of its own, and returns what they did.
pub(crate) fn both<A: Send + 'static, B: Send + 'static>(
    one: impl FnOnce() -> A + Send + 'static,
    other: impl FnOnce() -> B + Send + 'static,
) -> (A, B) {
    let (one, other) = (spawn(0, one), spawn(1, other));
    let one = one.join().expect("a checker ends with the panic of a thread");
    (one, other.join().expect("a checker ends with the panic of a thread"))
}

/// Runs `model` under the schedules that the checker tries; fails where fewer than `least` of them
/// differed.
pub(crate) fn check(least: usize, model: impl Fn() + Send + Sync + 'static) {
    let tried = explore(model);
    println!("{tried} schedules");
    assert!(tried >= least, "only {tried} schedules, not {least}: this model proves little");
}

/// Tries every schedule that interrupts threads so often at most, and every value that a load may
/// read; says how many that were.
#[cfg(emanate_loom)]
fn explore(model: impl Fn() + Send + Sync + 'static) -> usize {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.max_branches = 50_000;
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    tried.load(Ordering::Relaxed)
}

/// Tries a fixed number of schedules drawn by chance, and as many by random priorities that change
/// a few times, from a fixed seed; says how many different ones that were.
#[cfg(emanate_shuttle)]
fn explore(model: impl Fn() + Send + Sync + 'static) -> usize {
    use std::sync::Arc;

    use shuttle::scheduler::{PctScheduler, RandomScheduler};

    use drawn::Distinct;

    const SCHEDULES: usize = 2000;
    const PRIORITY_CHANGES: usize = 3;
    const SEED: u64 = 0x00e3_a7a7_e5ee_d000;

    let (model, seen) = (Arc::new(model), drawn::Seen::default());
    let by_chance = RandomScheduler::new_from_seed(SEED, SCHEDULES);
    drawn::run(Distinct::new(by_chance, &seen), &model);
    let by_priority = PctScheduler::new_from_seed(SEED, PRIORITY_CHANGES, SCHEDULES);
    drawn::run(Distinct::new(by_priority, &seen), &model);
    let seen = seen.lock().expect("nothing panics while it has them");
    seen.len()
}

/// Counting the different schedules that shuttle draws.
#[cfg(emanate_shuttle)]
mod drawn {
    use std::collections::HashSet;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::sync::{Arc, Mutex};

    use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
    use shuttle::{Config, Runner};

    use super::STACK_BYTES;

    /// The schedules that were seen, by their hash.
    pub(super) type Seen = Arc<Mutex<HashSet<u64>>>;

    pub(super) fn run(
        scheduler: impl Scheduler + 'static,
        model: &Arc<impl Fn() + Send + Sync + 'static>,
    ) {
        let mut config = Config::new();
        config.stack_size = STACK_BYTES;
        // That it knows no weak memory is said where the table of controls says which need loom.
        config.silence_warnings = true;
        let model = Arc::clone(model);
        Runner::new(scheduler, config).run(move || model());
    }

    /// A scheduler that notes which schedules it gave.
    #[derive(Debug)]
    pub(super) struct Distinct<S> {
        inner: S,
        present: DefaultHasher,
        seen: Seen,
    }

    impl<S> Distinct<S> {
        pub(super) fn new(inner: S, seen: &Seen) -> Self {
            Self { inner, present: DefaultHasher::new(), seen: Arc::clone(seen) }
        }

        fn note(&mut self) {
            let ended = std::mem::take(&mut self.present).finish();
            self.seen.lock().expect("nothing panics while it has them").insert(ended);
        }
    }

    impl<S: Scheduler> Scheduler for Distinct<S> {
        fn new_execution(&mut self) -> Option<Schedule> {
            self.note();
            self.inner.new_execution()
        }

        fn next_task(
            &mut self,
            runnable: &[&Task],
            current: Option<TaskId>,
            is_yielding: bool,
        ) -> Option<TaskId> {
            let next = self.inner.next_task(runnable, current, is_yielding)?;
            usize::from(next).hash(&mut self.present);
            Some(next)
        }

        fn next_u64(&mut self) -> u64 {
            self.inner.next_u64()
        }
    }
}
