//! One stopped thread stops no other, wherever it is stopped.
//!
//! A signal stops a thread between any two instructions, with whatever it holds; a lock among
//! that would stop everybody. This is the one test with `unsafe` code: sending a signal to one
//! thread has no other door.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::{Engine, Graph, SpreadOutcome, SpreadRequest};
use emanate_bench::{EdgeList, RMat, SplitMix64};
use emanate_tests::waiting::{until, warm};

/// Threads that go on. More than this machine may have cores.
const OTHERS: usize = 6;
/// Spreads of each other thread while one is stopped.
const SPREADS: u64 = 150;
/// How often the thread is stopped.
const STOPS: u32 = 60;
/// Far longer than those spreads take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the thread that gets the signal is to stay stopped.
static HOLD: AtomicBool = AtomicBool::new(false);
/// How often a thread was stopped.
static STOPPED: AtomicU64 = AtomicU64::new(0);

/// Stays in here until it is let go. Touches two atomics and the clock and takes nothing.
extern "C" fn stop(_: libc::c_int) {
    STOPPED.fetch_add(1, Ordering::AcqRel);
    while HOLD.load(Ordering::Acquire) {
        thread::sleep(Duration::from_micros(200));
    }
}

/// Makes the signal stop whoever gets it.
#[expect(unsafe_code, reason = "signals have no other door")]
fn install() {
    let stop: extern "C" fn(libc::c_int) = stop;
    // SAFETY: `stop` is a function of the type that `signal` expects, lives as long as the program,
    // and does only what a signal may interrupt: loads, stores and a sleep.
    let before = unsafe { libc::signal(libc::SIGUSR1, stop as libc::sighandler_t) };
    assert_ne!(before, libc::SIG_ERR);
}

/// The calling thread, as signals are sent to it.
#[expect(unsafe_code, reason = "signals have no other door")]
fn this_thread() -> libc::pthread_t {
    // SAFETY: it has no precondition.
    unsafe { libc::pthread_self() }
}

/// Stops `thread`, which must not have ended.
#[expect(unsafe_code, reason = "signals have no other door")]
fn send(thread: libc::pthread_t) {
    // SAFETY: the caller's scope joins the thread only after the last signal.
    assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
}

/// One thread spreads until `ended`; the others are watched while it is stopped.
fn spread_until(ended: &AtomicBool, done: &AtomicU64, mut run: impl FnMut(&mut SpreadOutcome)) {
    let mut outcome = SpreadOutcome::new();
    while !ended.load(Ordering::Relaxed) {
        run(&mut outcome);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_others_go_on_while_one_is_stopped() {
    install();
    let list = EdgeList::rmat(5, RMat { scale: 8, edges: 2000 }).with_weights(5, 0.1, 0.9);
    let graph = Graph::from(list.to_generation().expect("a good graph"));
    let engine = Engine::new();
    let request = SpreadRequest::linear(2).seed("n3", 1.0);
    // The system's memory has locks; no thread may be stopped in one of them.
    warm(&engine, &graph.snapshot(), &request, OTHERS as u64 + 1);
    let (ended, victims) = (AtomicBool::new(false), AtomicU64::new(0));
    let victim = AtomicU64::new(0);
    let done: Vec<AtomicU64> = (0..OTHERS).map(|_| AtomicU64::new(0)).collect();
    let run = |outcome: &mut SpreadOutcome| {
        // A snapshot each time: loading what was published is part of what may be stopped.
        engine.spread_into(&graph.snapshot(), &request, outcome).expect("a good request");
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            victim.store(this_thread(), Ordering::Release);
            spread_until(&ended, &victims, run);
            // Stays until no signal can come any more.
            until(|| !HOLD.load(Ordering::Acquire));
        });
        for done in &done {
            scope.spawn(|| spread_until(&ended, done, run));
        }
        let all = || done.iter().chain([&victims]);
        until(|| all().all(|done| done.load(Ordering::Relaxed) > 10));
        let mut random = SplitMix64::new(11);
        let (mut held, mut stood_still) = (0, None);
        for stop in 0..STOPS {
            // Some spreads later, and some instructions later: so it has left the stop before.
            let spreads = victims.load(Ordering::Relaxed) + 1 + u64::from(random.below(4));
            until(|| victims.load(Ordering::Relaxed) >= spreads);
            (0..random.below(2000)).for_each(|_| std::hint::spin_loop());
            HOLD.store(true, Ordering::Release);
            send(victim.load(Ordering::Acquire));
            until(|| STOPPED.load(Ordering::Acquire) == u64::from(stop) + 1);
            held += u32::from(engine.scratch_use().leased > 0);
            let before: Vec<u64> = done.iter().map(|d| d.load(Ordering::Relaxed)).collect();
            let started = Instant::now();
            let all = || {
                let more =
                    |(d, before): (&AtomicU64, &u64)| d.load(Ordering::Relaxed) >= before + SPREADS;
                done.iter().zip(&before).all(more)
            };
            until(|| all() || started.elapsed() > PATIENCE);
            let went_on = all();
            HOLD.store(false, Ordering::Release);
            if !went_on {
                stood_still = Some(stop);
                break;
            }
        }
        ended.store(true, Ordering::Relaxed);
        assert_eq!(stood_still, None, "the others stood still at that stop");
        assert!(held > 0);
    });
    assert_eq!(engine.scratch_use().leased, 0);
}
