//! What is told of operations that are slow or take much memory.

use std::num::NonZeroU32;
use std::time::Duration;

use super::counts::OperationEnd;
use crate::sync::{Arc, AtomicU64, Ordering, Ring};

/// Most notices that are kept; the oldest gives way to the newest.
pub const NOTICES_MAX: usize = 256;
/// Most bytes of a notice's context; what is longer is cut.
pub const CONTEXT_BYTES_MAX: usize = 1000;

/// Why a notice was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeKind {
    /// It took longer than `limit`.
    Slow {
        /// The limit when it began.
        limit: Duration,
    },
    /// The process's memory passed its bound meanwhile.
    Memory {
        /// Bytes in memory when it began.
        before: u64,
        /// Bytes in memory when it ended.
        after: u64,
    },
}

/// One piece of work that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The operation.
    pub operation: Arc<str>,
    /// Why.
    pub kind: NoticeKind,
    /// How it ended.
    pub end: OperationEnd,
    /// When it began, by the monitor's clock.
    pub began_ns: u64,
    /// How long it took.
    pub took: Duration,
    /// What the caller said about it; empty where nothing.
    pub context: Box<str>,
    /// Notices of this operation that were held back since the last one.
    pub suppressed: u64,
}

/// The notices of a monitor.
#[derive(Debug)]
pub(super) struct Notices {
    ring: Ring<Notice>,
    dropped: AtomicU64,
}

impl Notices {
    pub(super) fn new() -> Self {
        Self { ring: Ring::new(NOTICES_MAX), dropped: AtomicU64::new(0) }
    }

    /// Keeps `notice`, in place of the oldest where there is no room.
    pub(super) fn put(&self, notice: Notice) {
        // Relaxed: a plain counter.
        self.dropped.fetch_add(self.ring.push_over(notice), Ordering::Relaxed);
    }

    /// Takes those that are there now, oldest first.
    pub(super) fn take(&self) -> Vec<Notice> {
        // Not more than that, so that threads which leave new ones do not keep this one.
        let mut taken = Vec::with_capacity(self.ring.len());
        while taken.len() < taken.capacity()
            && let Some(notice) = self.ring.pop()
        {
            taken.push(notice);
        }
        taken
    }

    pub(super) fn dropped(&self) -> u64 {
        // Relaxed: a plain counter.
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Lets a burst through and then one each interval, as the generic cell rate algorithm (ITU-T
/// I.371) does: what is kept is the time at which the bucket would be empty.
#[derive(Debug, Default)]
pub(super) struct RateLimit(AtomicU64);

impl RateLimit {
    /// Whether one more may pass at `now_ns`. Lock-free.
    pub(super) fn passes(&self, now_ns: u64, interval_ns: u64, burst: NonZeroU32) -> bool {
        let ahead_max = interval_ns.saturating_mul(u64::from(burst.get() - 1));
        let admit = |empty_ns: u64| {
            let from_ns = empty_ns.max(now_ns);
            (from_ns - now_ns <= ahead_max).then(|| from_ns.saturating_add(interval_ns))
        };
        // Relaxed: the time is all there is to see.
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, admit).is_ok()
    }
}

/// `context`, cut between characters.
pub(super) fn cut(mut context: String) -> Box<str> {
    context.truncate(context.floor_char_boundary(CONTEXT_BYTES_MAX));
    context.into()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::{
        CONTEXT_BYTES_MAX, NOTICES_MAX, Notice, NoticeKind, Notices, OperationEnd, RateLimit, cut,
    };

    fn notice(number: u64) -> Notice {
        Notice {
            operation: "a".into(),
            kind: NoticeKind::Slow { limit: Duration::ZERO },
            end: OperationEnd::Success,
            began_ns: number,
            took: Duration::ZERO,
            context: "".into(),
            suppressed: 0,
        }
    }

    #[test]
    fn the_oldest_gives_way() {
        let notices = Notices::new();
        let more = 3;
        for number in 0..NOTICES_MAX as u64 + more {
            notices.put(notice(number));
        }
        let taken = notices.take();
        assert_eq!((taken.len(), notices.dropped()), (NOTICES_MAX, more));
        assert!(taken.iter().map(|notice| notice.began_ns).eq(more..NOTICES_MAX as u64 + more));
        assert!(notices.take().is_empty());
    }

    #[test]
    fn a_burst_passes_and_then_one_each_interval() {
        let (limit, burst) = (RateLimit::default(), NonZeroU32::new(3).unwrap());
        let passed = |now| limit.passes(now, 100, burst);
        let at_once: Vec<bool> = (0..5).map(|_| passed(1000)).collect();
        assert_eq!(at_once, [true, true, true, false, false]);
        assert!(!passed(1099));
        assert!(passed(1100) && !passed(1100));
        // What is not used is saved up, to one burst.
        let later: Vec<bool> = (0..5).map(|_| passed(9000)).collect();
        assert_eq!(later, [true, true, true, false, false]);
    }

    #[test]
    fn without_an_interval_all_pass() {
        let limit = RateLimit::default();
        assert!((0..100).all(|_| limit.passes(5, 0, NonZeroU32::MIN)));
        let never = RateLimit::default();
        assert!(never.passes(5, u64::MAX, NonZeroU32::MIN));
        assert!(!never.passes(u64::MAX - 1, u64::MAX, NonZeroU32::MIN));
    }

    #[test]
    fn a_context_is_cut_between_characters() {
        let cut = cut(format!("x{}", "ä".repeat(CONTEXT_BYTES_MAX)));
        assert_eq!(cut.len(), CONTEXT_BYTES_MAX - 1);
    }
}
