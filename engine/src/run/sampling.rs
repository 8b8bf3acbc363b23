//! One batch while it is sampled.

use std::time::Instant;

use super::queue::Line;
use super::samples::Sample;
use super::scheduler::Scheduler;
use super::settings::Settings;
use crate::graph::Reads;

/// A batch while it runs; does nothing, and reads no clock, where nobody asks for samples.
#[derive(Debug)]
pub(crate) struct Sampling<'a>(Option<Begun<'a>>);

#[derive(Debug)]
struct Begun<'a> {
    scheduler: &'a Scheduler,
    settings: u64,
    at: Instant,
    reads: Reads,
    spreads: u32,
    failed: u32,
    hops: u32,
}

impl<'a> Sampling<'a> {
    /// A batch of no spread yet, which begins now.
    #[inline]
    pub(crate) fn begin(scheduler: &'a Scheduler, settings: &Settings) -> Self {
        Self(scheduler.samples.is_read().then(|| Begun {
            scheduler,
            settings: settings.number(),
            at: Instant::now(),
            reads: Reads::of_this_thread(),
            spreads: 0,
            failed: 0,
            hops: 0,
        }))
    }

    /// Adds a spread of so many hops; `None` for one that gave no outcome.
    #[inline]
    pub(crate) fn add(&mut self, hops: Option<u32>) {
        if let Some(begun) = &mut self.0 {
            begun.spreads += 1;
            begun.failed += u32::from(hops.is_none());
            begun.hops = begun.hops.max(hops.unwrap_or(0));
        }
    }

    /// Ends the batch now and notes it, where there was any spread in it.
    pub(crate) fn end(self, app_limited: bool) {
        let Some(begun) = self.0.filter(|begun| begun.spreads > 0) else { return };
        let ended = Instant::now();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let reads = Reads::of_this_thread().since(begun.reads).count();
        let queue = &begun.scheduler.queue;
        let is_waited_for = !queue.is_empty(Line::Small) || !queue.is_empty(Line::Large);
        begun.scheduler.samples.note(Sample {
            settings: begun.settings,
            spreads: begun.spreads,
            failed: begun.failed,
            hops: begun.hops,
            reads: u32::try_from(reads).unwrap_or(u32::MAX),
            waiting: if is_waited_for { narrow(queue.len()) } else { 0 },
            app_limited,
            latency: ended.saturating_duration_since(begun.at),
            ended,
        });
    }
}
