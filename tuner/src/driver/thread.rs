//! A driver on a thread of its own.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, park_timeout};

use emanate::sync::{AtomicBool, Ordering};

use super::drive::Driver;
use super::handle::TunerHandle;
use super::shared::Shared;

/// A driver on a thread of its own, `emanate-tuner`. When this is dropped the thread ends after
/// its look; nobody waits for it. The settings it set last stay in force.
#[derive(Debug)]
pub struct DriverThread {
    handle: TunerHandle,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Says that the tuner is driven until it is dropped, by a panic too.
pub(super) struct Driven(Arc<Shared>);

impl Driven {
    pub(super) fn begin(driver: &Driver) -> Self {
        let shared = Arc::clone(driver.shared());
        // Relaxed, here and below: a figure, which orders nothing.
        shared.figures.is_driven.store(true, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.figures.is_driven.store(false, Ordering::Relaxed);
    }
}

impl Driver {
    /// Drives on a thread of its own.
    ///
    /// # Errors
    /// Where the operating system gives no more threads.
    pub fn start(mut self) -> io::Result<DriverThread> {
        let handle = self.handle();
        let ends = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ends);
        let run = move || {
            let _driven = Driven::begin(&self);
            // Relaxed: what ends it carries nothing else.
            while !seen.load(Ordering::Relaxed) {
                park_timeout(self.look().wait);
            }
        };
        let thread = Some(Builder::new().name("emanate-tuner".to_owned()).spawn(run)?);
        Ok(DriverThread { handle, ends, thread })
    }
}

impl DriverThread {
    /// For those who watch and command the tuner.
    #[must_use]
    pub fn handle(&self) -> TunerHandle {
        self.handle.clone()
    }

    /// Ends the thread and waits until it has ended.
    pub fn stop(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // A driver that panicked has ended, too, and was said not to be driven.
            drop(thread.join());
        }
    }

    fn end(&self) {
        // Relaxed: see `start`.
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for DriverThread {
    fn drop(&mut self) {
        self.end();
    }
}
