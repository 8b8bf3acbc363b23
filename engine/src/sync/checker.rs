//! How models are run: the same words for both checkers.
//!
//! The closure of a model only makes what is shared, spawns and joins, for a checker may overlook
//! schedules of a thread that spawns and acts too. How many schedules were tried is counted, since
//! a model that explores nothing passes as well.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(emanate_loom)]
use loom::thread;
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

/// Random schedules that shuttle tries, and as many by priorities.
#[cfg(emanate_shuttle)]
const SCHEDULES: usize = 4000;
/// Changes of priority in one of shuttle's schedules.
#[cfg(emanate_shuttle)]
const PRIORITY_CHANGES: usize = 3;

/// The number its model gave the calling thread.
pub(crate) fn own_number() -> usize {
    NUMBER.with(Cell::get)
}

/// A thread of a model, which writes to stripe `number`.
pub(crate) fn spawn<T: 'static>(
    number: usize,
    act: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T>
where
    T: Send,
{
    thread::spawn(move || {
        NUMBER.with(|own| own.set(number));
        act()
    })
}

/// Runs `model` under every schedule the checker tries; fails where those were fewer than `least`.
pub(crate) fn check(least: usize, model: impl Fn() + Send + Sync + 'static) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = {
        let tried = Arc::clone(&tried);
        move || {
            tried.fetch_add(1, Ordering::Relaxed);
            model();
        }
    };
    explore(counted);
    let tried = tried.load(Ordering::Relaxed);
    println!("{tried} executions");
    assert!(tried >= least, "only {tried} executions, not {least}: this model proves little");
}

#[cfg(emanate_loom)]
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 10_000;
    builder.check(model);
}

#[cfg(emanate_shuttle)]
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    let again = Arc::clone(&model);
    shuttle::check_random(move || again(), SCHEDULES);
    shuttle::check_pct(move || model(), SCHEDULES, PRIORITY_CHANGES);
}
