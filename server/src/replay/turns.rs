//! Whose turn it is, and when it should have come.
//!
//! **Open loop.** Turn `k` is intended at `k / rate`, whatever happened to the turns before it. The
//! spacing is even, as wrk2 has it, and not random: two replays of one file at one rate offer the
//! same load to the nanosecond. A thread that comes too late to a turn begins it at once, and its
//! response time counts from the intended instant. That is what corrects for coordinated omission:
//! a stall shows in every turn that should have begun meanwhile, not in one.
//!
//! **Closed loop.** Callers wait in line for a thread; a caller asks again at the instant it has
//! its answer, so its next turn is intended then. Nobody else would have come meanwhile, so there
//! is nothing to correct, and a stall shows only where callers wait behind it.
//!
//! **Counting.** Turns are numbered; those from the end of the warm-up on are measured, and every
//! measured turn that was scheduled is a spread, an error, or, where a replay gave up on a backlog
//! or was interrupted, not begun.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

/// How queries arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// On a fixed schedule.
    Open {
        /// How many a second; above 0.
        rate: f64,
    },
    /// When a caller has its last answer.
    Closed {
        /// How many there are; above 0.
        callers: u32,
    },
}

/// When a replay has measured enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// After this time.
    Time(Duration),
    /// After this many turns.
    Count(u64),
}

/// A load to offer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// How queries arrive.
    pub(super) pace: Pace,
    /// Time before anything is measured.
    pub(super) warm_up: Duration,
    /// What is measured.
    pub(super) until: Until,
}

/// One spread to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Its number, from 0.
    pub(super) number: u64,
    /// When it should begin.
    pub(super) intended: Duration,
    /// Whether it counts.
    pub(super) measured: bool,
}

/// Hands out the turns of a plan to any number of threads.
///
/// # Progress
/// Lock-free.
#[derive(Debug)]
pub(super) struct Turns {
    plan: Plan,
    next: AtomicU64,
    /// Measured turns of a closed loop handed out; may pass the count by one a thread.
    measured: AtomicU64,
    /// When each waiting caller got its last answer. Empty in an open loop.
    callers: ArrayQueue<Duration>,
    interrupted: AtomicBool,
}

impl Turns {
    /// The turns of `plan`.
    pub(super) fn new(plan: Plan) -> Self {
        let waiting = match plan.pace {
            Pace::Open { .. } => 0,
            Pace::Closed { callers } => callers as usize,
        };
        let callers = ArrayQueue::new(waiting.max(1));
        for _ in 0..waiting {
            // There is room for all of them.
            let _ = callers.push(Duration::ZERO);
        }
        Self {
            plan,
            next: AtomicU64::new(0),
            measured: AtomicU64::new(0),
            callers,
            interrupted: AtomicBool::new(false),
        }
    }

    /// The next turn; `None` where there is none any more. An open loop's may lie in the future.
    pub(super) fn take(&self) -> Option<Turn> {
        if self.is_interrupted() {
            return None;
        }
        match self.plan.pace {
            Pace::Open { rate } => {
                let number = self.number();
                let begin = scheduled_before(rate, self.plan.warm_up);
                let seconds = number as f64 / rate;
                let intended = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                let turn = Turn { number, intended, measured: number >= begin };
                (number < self.plan.turns_end(rate)).then_some(turn)
            }
            Pace::Closed { .. } => self.take_caller(),
        }
    }

    fn take_caller(&self) -> Option<Turn> {
        let warm_up = self.plan.warm_up;
        // A caller whose answer came after the end does not ask again; one before it still does.
        while let Some(intended) = self.callers.pop() {
            let measured = intended >= warm_up;
            let is_over = match self.plan.until {
                Until::Time(time) => intended >= warm_up.saturating_add(time),
                // Relaxed: only the number counts, and each is handed out once.
                Until::Count(count) => {
                    measured && self.measured.fetch_add(1, Ordering::Relaxed) >= count
                }
            };
            if !is_over {
                return Some(Turn { number: self.number(), intended, measured });
            }
        }
        None
    }

    fn number(&self) -> u64 {
        // Relaxed: only the number counts, and each is handed out once.
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Says that the turn taken last by this thread had its answer at `end`.
    pub(super) fn answered(&self, end: Duration) {
        if let Pace::Closed { .. } = self.plan.pace {
            // The caller's place is free, since the turn was taken from it.
            let _ = self.callers.push(end);
        }
    }

    /// The instant at which a backlog is given up: as long after the end as the replay was meant
    /// to measure.
    pub(super) fn gives_up_at(&self) -> Duration {
        match (self.plan.pace, self.plan.until) {
            (Pace::Open { .. }, Until::Time(time)) => {
                self.plan.warm_up.saturating_add(time).saturating_add(time)
            }
            _ => Duration::MAX,
        }
    }

    /// Ends the replay: no turn is begun any more.
    pub(super) fn interrupt(&self) {
        // Relaxed: the flag carries no data.
        self.interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether [`Turns::interrupt`] was called.
    pub(super) fn is_interrupted(&self) -> bool {
        // Relaxed: see `interrupt`.
        self.interrupted.load(Ordering::Relaxed)
    }

    /// The plan.
    pub(super) const fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Plan {
    /// The number of the first turn of an open loop that is not run.
    fn turns_end(&self, rate: f64) -> u64 {
        match self.until {
            Until::Time(time) => scheduled_before(rate, self.warm_up.saturating_add(time)),
            Until::Count(count) => scheduled_before(rate, self.warm_up).saturating_add(count),
        }
    }

    /// When measuring ends, if nothing is late; zero where that is when the last turn has ended.
    pub(super) fn end(&self) -> Duration {
        match (self.until, self.pace) {
            (Until::Time(time), _) => self.warm_up.saturating_add(time),
            (Until::Count(_), Pace::Closed { .. }) => Duration::ZERO,
            (Until::Count(_), Pace::Open { rate }) => {
                let seconds = self.turns_end(rate) as f64 / rate;
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        }
    }

    /// Measured turns of an open loop intended before `instant`; `None` for a closed loop, which
    /// has no schedule.
    pub(super) fn scheduled(&self, instant: Duration) -> Option<u64> {
        match self.pace {
            Pace::Open { rate } => {
                let end = scheduled_before(rate, instant).min(self.turns_end(rate));
                Some(end.saturating_sub(scheduled_before(rate, self.warm_up)))
            }
            Pace::Closed { .. } => None,
        }
    }
}

/// How many turns of an open loop are intended before `instant`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is at least 0, and what is too large saturates"
)]
fn scheduled_before(rate: f64, instant: Duration) -> u64 {
    // Products that should be whole may be off by the last digits of their factors.
    const ROUNDING: f64 = 1.0 - 1e-12;
    (instant.as_secs_f64() * rate * ROUNDING).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn turns(pace: Pace, warm_up: Duration, until: Until) -> Turns {
        Turns::new(Plan { pace, warm_up, until })
    }

    #[test]
    fn an_open_loop_keeps_its_schedule() {
        let turns = turns(Pace::Open { rate: 4.0 }, SECOND / 2, Until::Time(SECOND));
        let all: Vec<Turn> = std::iter::from_fn(|| turns.take()).collect();
        let intended: Vec<u128> = all.iter().map(|turn| turn.intended.as_millis()).collect();
        assert_eq!(intended, [0, 250, 500, 750, 1000, 1250]);
        let measured: Vec<bool> = all.iter().map(|turn| turn.measured).collect();
        assert_eq!(measured, [false, false, true, true, true, true]);
        assert_eq!(turns.plan().scheduled(Duration::MAX), Some(4));
        assert_eq!(turns.plan().scheduled(Duration::from_millis(800)), Some(2));
        assert_eq!(turns.plan().scheduled(Duration::ZERO), Some(0));
        assert_eq!(turns.gives_up_at(), SECOND * 5 / 2);
    }

    #[test]
    fn a_count_is_kept_exactly() {
        let open = turns(Pace::Open { rate: 0.3 }, SECOND * 10, Until::Count(5));
        let measured = std::iter::from_fn(|| open.take()).filter(|turn| turn.measured).count();
        assert_eq!((measured, open.plan().scheduled(Duration::MAX)), (5, Some(5)));

        let closed = turns(Pace::Closed { callers: 2 }, SECOND, Until::Count(5));
        let mut now = Duration::ZERO;
        let mut measured = 0;
        while let Some(turn) = closed.take() {
            measured += u64::from(turn.measured);
            now += SECOND / 4;
            closed.answered(now);
        }
        assert_eq!(measured, 5);
    }

    #[test]
    fn whole_products_are_not_rounded_up() {
        for (rate, millis, expected) in [(30.0, 100, 3), (1000.0, 700, 700), (0.1, 10_000, 1)] {
            assert_eq!(scheduled_before(rate, Duration::from_millis(millis)), expected, "{rate}");
        }
        assert_eq!(scheduled_before(1e300, SECOND), u64::MAX);
        assert_eq!(scheduled_before(1e-300, SECOND), 1);
    }

    #[test]
    fn callers_wait_in_line_and_ask_until_the_end() {
        let turns = turns(Pace::Closed { callers: 3 }, Duration::ZERO, Until::Time(SECOND));
        let first: Vec<Turn> = (0..3).filter_map(|_| turns.take()).collect();
        assert!(first.iter().all(|turn| turn.intended == Duration::ZERO && turn.measured));
        assert_eq!(turns.take(), None, "all three callers wait for an answer");
        turns.answered(SECOND / 2);
        turns.answered(SECOND);
        turns.answered(SECOND - Duration::from_nanos(1));
        assert_eq!(turns.take().unwrap().intended, SECOND / 2);
        assert_eq!(turns.take().unwrap().intended, SECOND - Duration::from_nanos(1));
        assert_eq!(turns.take(), None);
    }

    #[test]
    fn nothing_begins_after_an_interrupt() {
        for pace in [Pace::Open { rate: 1.0 }, Pace::Closed { callers: 1 }] {
            let turns = turns(pace, Duration::ZERO, Until::Count(9));
            turns.interrupt();
            assert_eq!(turns.take(), None);
        }
    }
}
