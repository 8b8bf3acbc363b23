//! Scratches that wait for their next spread.

use std::ops::{Deref, DerefMut};

use crate::spread::Scratch;
use crate::sync::{ArrayQueue, panicking};

/// A bounded number of scratches for reuse.
///
/// # Progress
/// Lock-free: taking and giving back are one operation on a bounded queue. Where the queue is
/// empty a new scratch is made; where it is full, one that comes back is freed.
#[derive(Debug)]
pub(crate) struct ScratchPool {
    free: ArrayQueue<Box<Scratch>>,
}

impl ScratchPool {
    /// A pool that keeps at most `slots` scratches.
    pub(crate) fn new(slots: usize) -> Self {
        Self { free: ArrayQueue::new(slots) }
    }

    /// An empty scratch.
    pub(crate) fn take(&self) -> Lease<'_> {
        let scratch = self.free.pop().unwrap_or_default();
        Lease { pool: self, scratch: Some(scratch) }
    }
}

/// A scratch that goes back to its pool.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pool: &'a ScratchPool,
    scratch: Option<Box<Scratch>>,
}

impl Deref for Lease<'_> {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        self.scratch.as_ref().expect("only `drop` takes it")
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Scratch {
        self.scratch.as_mut().expect("only `drop` takes it")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // A spread that panicked (in the host's node filter, say) leaves its scratch half-written.
        if panicking() {
            return;
        }
        if let Some(scratch) = self.scratch.take() {
            drop(self.pool.free.push(scratch));
        }
    }
}
