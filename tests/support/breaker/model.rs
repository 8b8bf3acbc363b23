//! What a breaker does, without any speed.

use std::collections::BTreeMap;
use std::time::Duration;

use emanate::gate::{
    BreakerSettings, BreakerState, CallCounts, HalfOpenEnd, OutcomeClass, Recorded,
    TransitionReason, Window,
};

/// How a window is cut: calls or nanoseconds of a slice, and slices.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    timed: bool,
    slice: u64,
    slices: u64,
}

/// A breaker, sequentially.
#[derive(Debug)]
pub struct Model {
    /// The settings in force.
    pub settings: BreakerSettings,
    /// The state.
    pub state: BreakerState,
    /// Transitions so far: state before, state after, reason, time.
    pub transitions: Vec<(BreakerState, BreakerState, TransitionReason, u64)>,
    /// Calls by outcome.
    pub calls: BTreeMap<&'static str, u64>,
    /// Openings of which the first probe that ended succeeded.
    pub false_trips: u64,
    /// Probes that lost their places.
    pub reclaimed: u64,
    /// Probes out in this generation.
    pub out: u64,
    /// Probes that succeeded in this `HalfOpen`.
    pub succeeded: u64,
    /// Failures in a row.
    pub run: u64,
    /// Closed: since when. Open and HalfOpen: until when.
    pub time: u64,
    strain: u32,
    admitted: u64,
    cut: Cut,
    /// The number of the newest slice where calls fill slices, what it holds, and successes of it.
    filled: (u64, u64, u64),
    /// The number of the slice, and the class, of every outcome of this generation.
    outcomes: Vec<(u64, OutcomeClass)>,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn cut(window: Window) -> Cut {
    let (timed, whole, slices) = match window {
        Window::Calls { calls, slices } => (false, u64::from(calls.get()), slices.get()),
        Window::Time { span, slices } => {
            (true, u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1), slices.get())
        }
        _ => unreachable!("the histories have no other windows"),
    };
    let slice = whole.div_ceil(u64::from(slices).min(15).min(whole));
    let slices = whole.div_ceil(slice);
    Cut { timed, slice: if timed { slice * 1_000_000 } else { slice }, slices }
}

/// The smaller root of `(1 + z^2/n) x^2 - (2p + z^2/n) x + p^2 = 0`, which is where Wilson's
/// interval begins.
fn lower(part: u64, calls: u64, z: f64) -> f64 {
    let (p, t) = (part as f64 / calls as f64, z * z / calls as f64);
    let (a, b, c) = (1.0 + t, 2.0 * p + t, p * p);
    (b - (b * b - 4.0 * a * c).max(0.0).sqrt()) / (2.0 * a)
}

impl Model {
    /// A closed breaker at `now`.
    #[must_use]
    pub fn new(settings: BreakerSettings, now: u64) -> Self {
        let cut = cut(settings.window);
        Self {
            settings,
            state: BreakerState::Closed,
            transitions: Vec::new(),
            calls: CallCounts::default().by_outcome().into_iter().collect(),
            false_trips: 0,
            reclaimed: 0,
            out: 0,
            succeeded: 0,
            run: 0,
            time: now,
            strain: 0,
            admitted: 0,
            cut,
            filled: (0, 0, 0),
            outcomes: Vec::new(),
        }
    }

    /// The present generation.
    #[must_use]
    pub fn generation(&self) -> usize {
        self.transitions.len()
    }

    fn count(&mut self, outcome: &'static str) {
        *self.calls.entry(outcome).or_default() += 1;
    }

    fn go(&mut self, to: BreakerState, reason: TransitionReason, time: u64, now: u64) {
        self.transitions.push((self.state, to, reason, now));
        self.state = to;
        self.time = time;
        (self.out, self.succeeded, self.run) = (0, 0, 0);
        self.outcomes.clear();
        self.filled = (0, 0, 0);
    }

    fn open(&mut self, reason: TransitionReason, now: u64) {
        if self.state == BreakerState::Closed {
            let healthy = (now - self.time) / nanos(self.settings.stable).max(1);
            self.strain = self.strain.saturating_sub(u32::try_from(healthy).unwrap_or(u32::MAX));
        }
        let longest = self.settings.open_wait_max.max(self.settings.open_wait);
        let wait = self.settings.open_wait.saturating_mul(1 << self.strain).min(longest);
        self.strain = (self.strain + 1).min(15);
        self.go(BreakerState::Open, reason, now + nanos(wait), now);
    }

    fn close(&mut self, reason: TransitionReason, now: u64) {
        self.cut = cut(self.settings.window);
        self.go(BreakerState::Closed, reason, now, now);
    }

    /// Asks to be let in: the generation of the permit, or how long to wait.
    pub fn acquire(&mut self, now: u64) -> Result<usize, Duration> {
        let refused = match self.state {
            BreakerState::ForcedOpen => self.settings.open_wait,
            BreakerState::Open if now < self.time => Duration::from_nanos(self.time - now),
            BreakerState::Open => {
                let until = now + nanos(self.settings.half_open_max);
                self.go(BreakerState::HalfOpen, TransitionReason::OpenWaitOver, until, now);
                (self.out, self.admitted) = (1, now);
                return Ok(self.generation());
            }
            BreakerState::HalfOpen if now >= self.time => {
                match self.settings.half_open_end {
                    HalfOpenEnd::Open => self.open(TransitionReason::HalfOpenTooLong, now),
                    HalfOpenEnd::Closed => self.close(TransitionReason::HalfOpenTooLong, now),
                }
                return self.acquire(now);
            }
            BreakerState::HalfOpen => {
                let wanted = u64::from(self.settings.success_threshold.get());
                let wanted = wanted.saturating_sub(self.succeeded).max(1);
                let permitted = u64::from(self.settings.permitted_probes.get()).min(63);
                if self.out < (1 << self.succeeded.min(9)).min(permitted).min(wanted) {
                    (self.out, self.admitted) = (self.out + 1, now);
                    return Ok(self.generation());
                }
                let end = self.admitted + nanos(self.settings.lease);
                if now >= end {
                    let (out, succeeded) = (self.out, self.succeeded);
                    self.reclaimed += out;
                    let until = self.time;
                    self.go(BreakerState::HalfOpen, TransitionReason::LeaseOver, until, now);
                    self.succeeded = succeeded;
                    return self.acquire(now);
                }
                Duration::from_nanos((end - now).min(self.time - now))
            }
            _ => return Ok(self.generation()),
        };
        self.count("rejected");
        Err(refused)
    }

    /// A permit of `generation` ends. Without a class it was dropped.
    pub fn end(&mut self, generation: usize, class: Option<OutcomeClass>, now: u64) -> Recorded {
        if generation != self.generation() {
            self.count("stale");
            return Recorded::Stale;
        }
        let name = match class {
            Some(OutcomeClass::Success) => "success",
            Some(OutcomeClass::Failure) => "failure",
            Some(OutcomeClass::Slow) => "slow",
            Some(OutcomeClass::Ignored) => "ignored",
            None => "cancelled",
        };
        self.count(name);
        match class.filter(|&class| class != OutcomeClass::Ignored) {
            None if self.state == BreakerState::HalfOpen => self.out -= 1,
            None => {}
            Some(class) if self.state == BreakerState::HalfOpen => self.end_probe(class, now),
            Some(class) => self.measure(class, now),
        }
        Recorded::Recorded
    }

    fn end_probe(&mut self, class: OutcomeClass, now: u64) {
        let slow = class == OutcomeClass::Slow && self.settings.slow_rate.is_some();
        if slow || class == OutcomeClass::Failure {
            return self.open(TransitionReason::ProbeFailed, now);
        }
        (self.out, self.succeeded) = (self.out - 1, self.succeeded + 1);
        self.false_trips += u64::from(self.succeeded == 1);
        if self.succeeded >= u64::from(self.settings.success_threshold.get()) {
            self.close(TransitionReason::ProbesSucceeded, now);
        }
    }

    fn measure(&mut self, class: OutcomeClass, now: u64) {
        self.outcomes.push((self.newest(now), class));
        self.fill(class);
        if self.state != BreakerState::Closed {
            return;
        }
        self.run = if class == OutcomeClass::Failure { (self.run + 1).min(127) } else { 0 };
        let limit = self.settings.consecutive_failures.map(|limit| u64::from(limit.get()).min(127));
        if limit.is_some_and(|limit| self.run >= limit) {
            self.open(TransitionReason::ConsecutiveFailures, now);
        } else if class != OutcomeClass::Success
            && let Some(reason) = self.verdict(now)
        {
            self.open(reason, now);
        }
    }

    /// A slice of calls ends once it is full and one of its calls looks: in a slice of more than 16
    /// calls, those that do not succeed, and each fourth that does.
    fn fill(&mut self, class: OutcomeClass) {
        let (number, mut calls, mut successes) = self.filled;
        calls += 1;
        successes += u64::from(class == OutcomeClass::Success);
        let looks =
            class != OutcomeClass::Success || successes.is_multiple_of(4) || self.cut.slice <= 16;
        let ends = looks && calls >= self.cut.slice;
        self.filled = if ends { (number + 1, 0, 0) } else { (number, calls, successes) };
    }

    /// The number of the newest slice: by the clock, or by how many are full.
    fn newest(&self, now: u64) -> u64 {
        if self.cut.timed { now / self.cut.slice } else { self.filled.0 }
    }

    /// Outcomes in the window: successes, failures, slow.
    #[must_use]
    pub fn window(&self, now: u64) -> [u64; 3] {
        let newest = self.newest(now);
        let inside = |number: u64| number + self.cut.slices >= newest;
        let of = |wanted: OutcomeClass| {
            let held = self.outcomes.iter().filter(|(n, class)| inside(*n) && *class == wanted);
            held.count() as u64
        };
        [OutcomeClass::Success, OutcomeClass::Failure, OutcomeClass::Slow].map(of)
    }

    fn verdict(&self, now: u64) -> Option<TransitionReason> {
        let [successes, failures, slow] = self.window(now);
        let calls = successes + failures + slow;
        if calls == 0 || calls < self.settings.minimum_calls {
            return None;
        }
        let rate = |part: u64| match self.settings.confidence {
            Some(confidence) => lower(part, calls, confidence.z()),
            None => part as f64 / calls as f64,
        };
        if self.settings.failure_rate.is_some_and(|limit| rate(failures) >= limit.get()) {
            return Some(TransitionReason::FailureRate);
        }
        let slow_rate = self.settings.slow_rate;
        slow_rate.is_some_and(|l| rate(slow) >= l.get()).then_some(TransitionReason::SlowRate)
    }

    /// The host asks for a state.
    pub fn command(&mut self, state: BreakerState, now: u64) {
        self.strain = 0;
        self.cut = cut(self.settings.window);
        self.go(state, TransitionReason::Host, now, now);
    }

    /// The host gives other settings.
    pub fn set(&mut self, settings: BreakerSettings, now: u64) {
        let new = cut(settings.window);
        self.settings = settings;
        let open = [BreakerState::Open, BreakerState::HalfOpen, BreakerState::ForcedOpen];
        if new != self.cut && !open.contains(&self.state) {
            self.cut = new;
            let since = self.time;
            self.go(self.state, TransitionReason::WindowReplaced, since, now);
        }
    }
}
