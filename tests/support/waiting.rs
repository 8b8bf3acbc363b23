//! Waiting for futures without a runtime, and filters that wait.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use emanate::NodeId;
use emanate::spread::NodeFilter;

/// Unparks a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` gives, waited for by this thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// Whether `future` has nothing to give yet.
pub fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    std::pin::Pin::new(future).poll(&mut context).is_pending()
}

/// Waits, without sleeping, until `holds`.
pub fn until(holds: impl Fn() -> bool) {
    while !holds() {
        thread::yield_now();
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
