//! What a guarded call costs: let in, recorded as a success, the breaker closed, its window
//! included. Emanate beside the published breakers for Rust, each as its documentation builds it.
//!
//! ```text
//! cargo run --release --features breakers --bin breakers -- [PAIRS [CALLS]]
//! ```
//!
//! Pairs are interleaved, A B then B A. A round's time is processor time of its threads, per call,
//! since other work may run on the machine; what a thread spends waiting for a lock is not in it,
//! which favours the peers that take one. Prints CSV: the median of the pairs' ratios and its 95 %
//! interval by the sign test.

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use emanate::gate::{Breaker, BreakerSettings, OutcomeClass};
use emanate::sync::MonotonicClock;
use failsafe::CircuitBreaker;
use recloser::Recloser;
use rustix::time::{ClockId, clock_gettime};

/// Fewest pairs of which an interval is given.
const PAIRS: usize = 31;
/// Calls of each thread in a round.
const CALLS: u64 = 200_000;

/// The work that is guarded: nothing that costs anything, nothing the compiler may leave out.
fn guarded(turn: u64) -> Result<u64, u64> {
    black_box(Ok(turn))
}

/// Nanoseconds of processor time of the calling thread.
fn spent_ns() -> u64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let ns = Duration::new(spent.tv_sec.unsigned_abs(), 0).as_nanos() as u64;
    ns + spent.tv_nsec.unsigned_abs()
}

/// Nanoseconds a call takes, by `threads` threads at once.
fn round(threads: usize, calls: u64, call: &(impl Fn(u64) + Sync)) -> f64 {
    let begin = Barrier::new(threads);
    let work = || {
        begin.wait();
        let before = spent_ns();
        (0..calls).for_each(call);
        spent_ns() - before
    };
    let spent: u64 = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others = others.into_iter().map(|other| other.join().expect("no call panics"));
        own + others.sum::<u64>()
    });
    spent as f64 / (threads as u64 * calls) as f64
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// The ranks between which the median lies with 95 % certainty, by the sign test.
fn ranks(pairs: usize) -> (usize, usize) {
    let (mut below, mut probability) = (0, 0.5_f64.powi(pairs as i32));
    let mut term = probability;
    while probability <= 0.025 {
        term *= (pairs - below) as f64 / (below + 1) as f64;
        probability += term;
        below += 1;
    }
    (below.saturating_sub(1), pairs - below.max(1))
}

/// Times both by turns and prints a line.
fn compare(
    row: &str,
    threads: usize,
    (pairs, calls): (usize, u64),
    ours: &(impl Fn(u64) + Sync),
    theirs: &(impl Fn(u64) + Sync),
) {
    round(threads, calls, ours);
    round(threads, calls, theirs);
    let (mut own, mut other, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs {
        let (a, b) = if pair % 2 == 0 {
            let a = round(threads, calls, ours);
            (a, round(threads, calls, theirs))
        } else {
            let b = round(threads, calls, theirs);
            (round(threads, calls, ours), b)
        };
        own.push(a);
        other.push(b);
        ratios.push(b / a);
    }
    [&mut own, &mut other, &mut ratios].map(|list| list.sort_by(f64::total_cmp));
    let (low, high) = ranks(pairs);
    println!(
        "{row},{threads},{pairs},{:.2},{:.2},{:.2},{:.2},{:.2}",
        median(&own),
        median(&other),
        median(&ratios),
        ratios[low],
        ratios[high]
    );
}

fn main() -> Result<(), std::num::ParseIntError> {
    let given = |at| std::env::args().nth(at).map(|text| text.parse::<u64>()).transpose();
    let pairs = given(1)?.map_or(PAIRS, |pairs| pairs as usize).max(6);
    let size = (pairs, given(2)?.unwrap_or(CALLS));

    let breaker =
        Breaker::new("spread", BreakerSettings::spread(), Arc::new(MonotonicClock::new()));
    let ours = |turn| {
        let permit = breaker.acquire().expect("nothing fails");
        let class = match guarded(turn) {
            Ok(_) => OutcomeClass::Success,
            Err(_) => OutcomeClass::Failure,
        };
        let _ = black_box(permit.record(class));
    };
    let recloser = Recloser::custom().build();
    let by_recloser = |turn| drop(black_box(recloser.call(|| guarded(turn))));
    let failsafe = failsafe::Config::new().build();
    let by_failsafe = |turn| drop(black_box(failsafe.call(|| guarded(turn))));

    println!("row,threads,pairs,emanate_ns,peer_ns,ratio,low,high");
    for threads in [1, 2] {
        compare("recloser", threads, size, &ours, &by_recloser);
        compare("failsafe", threads, size, &ours, &by_failsafe);
    }
    Ok(())
}
