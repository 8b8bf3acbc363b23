//! Waiting for futures without a runtime, and filters that wait.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use emanate::spread::NodeFilter;
use emanate::{Engine, NodeId, Snapshot, SpreadRequest};

/// How long anything is waited for before the test fails: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Spreads in each scratch after which its lists have their final room.
const WARM_UP: u64 = 20;

/// Unparks a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` gives, waited for by this thread.
///
/// # Panics
/// Where it gives nothing in the time that a test has.
pub fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let started = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(PATIENCE);
        assert!(started.elapsed() < PATIENCE, "the future gives nothing");
    }
}

/// Whether `future` has nothing to give yet.
pub fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    std::pin::Pin::new(future).poll(&mut context).is_pending()
}

/// Waits, without sleeping, until `holds`.
///
/// # Panics
/// Where it does not in the time that a test has.
pub fn until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "it never came");
        thread::yield_now();
    }
}

/// Threads that wait for each other at points that all reach, with no help of the system.
#[derive(Debug)]
pub struct Meeting {
    threads: u64,
    came: AtomicU64,
}

impl Meeting {
    /// A meeting of `threads` threads.
    #[must_use]
    pub const fn new(threads: u64) -> Self {
        Self { threads, came: AtomicU64::new(0) }
    }

    /// Goes on when all have come.
    pub fn wait(&self) {
        let number = self.came.fetch_add(1, Ordering::AcqRel) / self.threads;
        until(|| self.came.load(Ordering::Acquire) >= (number + 1) * self.threads);
    }
}

/// Sees that `engine` has a scratch for each of `threads` threads, and that the lists of each have
/// their final room for `request`, so that no spread of it needs memory from the system any more.
///
/// # Panics
/// Where the request is not good, or the engine has fewer scratches.
pub fn warm(engine: &Engine, snapshot: &Snapshot, request: &SpreadRequest, threads: u64) {
    let meeting = Arc::new(Meeting::new(threads));
    thread::scope(|scope| {
        for _ in 0..threads {
            let (met, others) = (AtomicBool::new(false), meeting.clone());
            // The filter holds each spread until all have their scratch.
            let at_once = request.clone().only(move |_| {
                if !met.swap(true, Ordering::Relaxed) {
                    others.wait();
                }
                true
            });
            scope.spawn(move || engine.spread_at(snapshot, &at_once).expect("a good request"));
        }
    });
    // Scratches are taken in turn.
    for _ in 0..threads * WARM_UP {
        engine.spread_at(snapshot, request).expect("a good request");
    }
}

/// A node filter that lets every node through, but none before it is opened.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(AtomicBool, AtomicBool)>);

impl Gate {
    /// Waits until a spread stands at the gate.
    pub fn wait_for_spread(&self) {
        until(|| self.0.0.load(Ordering::Acquire));
    }

    /// Lets all spreads pass, now and later.
    pub fn open(&self) {
        self.0.1.store(true, Ordering::Release);
    }
}

impl NodeFilter for Gate {
    fn contains(&self, _: NodeId) -> bool {
        self.0.0.store(true, Ordering::Release);
        until(|| self.0.1.load(Ordering::Acquire));
        true
    }
}
