//! What batches took: a bounded ring that whoever tunes the engine empties.

use std::time::{Duration, Instant};

use crate::sync::{AtomicBool, AtomicU64, Ordering, Ring};

/// Most samples kept; a new one takes the place of the oldest.
pub const SAMPLES_MAX: usize = 4096;

/// What one batch took: of [`spread_many`](crate::Engine::spread_many), those dealt out together;
/// of [`submit`](crate::Engine::submit), those a worker ran in one scratch; else a single spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// [`Settings::number`](crate::Settings::number) of the settings it ran under.
    pub settings: u64,
    /// Spreads in it, at least 1.
    pub spreads: u32,
    /// Those among them that gave no outcome.
    pub failed: u32,
    /// Most hops of any of them.
    pub hops: u32,
    /// Blocks read out of files for them, on the calling thread.
    pub reads: u32,
    /// Spreads waiting in the queue when it ended.
    pub waiting: u32,
    /// Whether there were fewer spreads to run than a batch may have.
    pub app_limited: bool,
    /// From the first one's begin to the last one's end.
    pub latency: Duration,
    /// When it ended.
    pub ended: Instant,
}

/// A bounded ring of samples. Nothing is kept until somebody asks for the first time.
///
/// # Progress
/// Lock-free: a full ring loses its oldest sample, which is counted.
#[derive(Debug)]
pub(crate) struct Samples {
    ring: Ring<Sample>,
    is_read: AtomicBool,
    lost: AtomicU64,
}

impl Samples {
    pub(crate) fn new() -> Self {
        let (is_read, lost) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { ring: Ring::new(SAMPLES_MAX), is_read, lost }
    }

    /// Whether samples are kept.
    #[inline]
    pub(crate) fn is_read(&self) -> bool {
        // Relaxed: a sample more or less at the begin does not matter.
        self.is_read.load(Ordering::Relaxed)
    }

    /// Notes a sample.
    pub(crate) fn note(&self, sample: Sample) {
        if !self.is_read() {
            return;
        }
        let lost = self.ring.push_over(sample);
        if lost > 0 {
            // Relaxed: a count of what is gone, which orders nothing.
            self.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Takes the samples out, oldest first; at most as many as the ring holds, so that it ends
    /// although others go on noting. Returns how many were lost since the last time.
    pub(crate) fn take(&self, mut visit: impl FnMut(Sample)) -> u64 {
        // Relaxed, both: see above.
        self.is_read.store(true, Ordering::Relaxed);
        for _ in 0..SAMPLES_MAX {
            let Some(sample) = self.ring.pop() else { break };
            visit(sample);
        }
        self.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::time::{Duration, Instant};

    use super::{SAMPLES_MAX, Sample, Samples};

    fn sample(ended: Instant, settings: u64) -> Sample {
        let latency = Duration::from_micros(settings);
        Sample {
            settings,
            spreads: 1,
            failed: 0,
            hops: 2,
            reads: 0,
            waiting: 0,
            app_limited: true,
            latency,
            ended,
        }
    }

    #[test]
    fn nothing_is_kept_before_somebody_asks() {
        let (samples, now) = (Samples::new(), Instant::now());
        samples.note(sample(now, 1));
        assert_eq!(samples.take(|sample| panic!("{sample:?}")), 0);
        samples.note(sample(now, 2));
        let mut taken = Vec::new();
        assert_eq!(samples.take(|sample| taken.push(sample)), 0);
        assert_eq!(taken, [sample(now, 2)]);
    }

    #[test]
    fn a_full_ring_loses_the_oldest_and_counts_them() {
        let (samples, now) = (Samples::new(), Instant::now());
        samples.take(|_| ());
        let all = SAMPLES_MAX as u64 + 3;
        (0..all).for_each(|number| samples.note(sample(now, number)));
        let mut taken = Vec::new();
        assert_eq!(samples.take(|sample| taken.push(sample.settings)), 3);
        assert!(taken.into_iter().eq(3..all));
        assert_eq!(samples.take(|sample| panic!("{sample:?}")), 0);
    }
}
