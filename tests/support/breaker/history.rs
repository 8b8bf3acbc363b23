//! Histories: what is done to a breaker, in which order, in virtual time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use emanate::gate::{
    Breaker, BreakerSettings, BreakerState, EventCursor, OutcomeClass, Permit, TransitionReason,
};
use emanate::sync::{Clock, ManualClock};

use super::model::Model;

/// What is done to a breaker. Numbers of permits are taken modulo how many there are.
#[derive(Clone, Debug)]
pub enum Command {
    /// Asks to be let in.
    Acquire,
    /// Says how a permit's work ended.
    Record(usize, OutcomeClass),
    /// Says how it ended, and that it took so long.
    RecordTimed(usize, OutcomeClass, Duration),
    /// Drops a permit.
    Drop(usize),
    /// Panics with a permit.
    Panic(usize),
    /// Forgets a permit.
    Forget(usize),
    /// Lets time pass.
    Advance(Duration),
    /// The host asks for a state; `Closed` is a reset. Others than a host may ask for do nothing.
    State(BreakerState),
    /// The host gives other settings.
    Set(BreakerSettings),
}

/// First settings, and what happens.
#[derive(Clone, Debug)]
pub struct History {
    /// The settings the breaker begins with.
    pub settings: BreakerSettings,
    /// What is done, in order.
    pub commands: Vec<Command>,
}

/// The breaker, the model, and what both let in.
struct Pair<'a> {
    breaker: &'a Breaker,
    clock: &'a ManualClock,
    model: Model,
    permits: Vec<(Permit<'a>, usize)>,
    cursor: EventCursor,
}

/// Runs a history through the breaker and the model.
///
/// # Errors
/// Where they first differ, in words.
pub fn compare(history: &History) -> Result<(), String> {
    let clock = ManualClock::new();
    let breaker = Breaker::new("compared", history.settings.clone(), Arc::new(clock.clone()));
    let mut pair = Pair {
        breaker: &breaker,
        clock: &clock,
        model: Model::new(history.settings.clone(), 0),
        permits: Vec::new(),
        cursor: EventCursor::default(),
    };
    for (at, command) in history.commands.iter().enumerate() {
        pair.apply(command)
            .and_then(|()| pair.readings_agree())
            .and_then(|()| pair.events_agree())
            .map_err(|difference| format!("command {at}, {command:?}: {difference}"))?;
    }
    pair.permits.into_iter().for_each(|(permit, _)| std::mem::forget(permit));
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, model: T) -> Result<(), String> {
    if ours == model { Ok(()) } else { Err(format!("{what} is {ours:?}, the model's {model:?}")) }
}

impl<'a> Pair<'a> {
    fn take(&mut self, at: usize) -> Option<(Permit<'a>, usize)> {
        let count = self.permits.len();
        (count > 0).then(|| self.permits.swap_remove(at % count))
    }

    fn apply(&mut self, command: &Command) -> Result<(), String> {
        let now = self.clock.now_ns();
        match command {
            Command::Acquire => return self.acquire(now),
            Command::Record(at, class) => {
                let Some((permit, generation)) = self.take(*at) else { return Ok(()) };
                let model = self.model.end(generation, Some(*class), now);
                return same("what became of it", permit.record(*class), model);
            }
            Command::RecordTimed(at, class, elapsed) => {
                let Some((permit, generation)) = self.take(*at) else { return Ok(()) };
                // A call cannot have begun before the clock did.
                let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).min(now);
                let late = Duration::from_nanos(elapsed) > self.model.settings.slow_limit;
                let meant = match class {
                    OutcomeClass::Success if late => OutcomeClass::Slow,
                    class => *class,
                };
                let model = self.model.end(generation, Some(meant), now);
                let ours = permit.record_timed(*class, now - elapsed, now);
                return same("what became of it", ours, model);
            }
            Command::Drop(at) => {
                if let Some((permit, generation)) = self.take(*at) {
                    drop(permit);
                    self.model.end(generation, None, now);
                }
            }
            Command::Panic(at) => {
                if let Some((permit, generation)) = self.take(*at) {
                    // Resumed, not begun, so that nothing is printed.
                    let panicked = catch_unwind(AssertUnwindSafe(move || {
                        let _permit = permit;
                        resume_unwind(Box::new(()));
                    }));
                    same("a panic", panicked.is_err(), true)?;
                    self.model.end(generation, Some(OutcomeClass::Failure), now);
                }
            }
            Command::Forget(at) => {
                if let Some((permit, _)) = self.take(*at) {
                    std::mem::forget(permit);
                }
            }
            Command::Advance(step) => self.clock.advance(*step),
            Command::State(state) => self.state(*state, now),
            Command::Set(settings) => {
                self.breaker.set(settings.clone());
                self.model.set(settings.clone(), now);
            }
        }
        Ok(())
    }

    fn acquire(&mut self, now: u64) -> Result<(), String> {
        match (self.breaker.acquire(), self.model.acquire(now)) {
            (Ok(permit), Ok(generation)) => self.permits.push((permit, generation)),
            (Err(open), Err(retry_in)) => return same("retry_in", open.retry_in, retry_in),
            (ours, model) => return Err(format!("{ours:?}, the model says {model:?}")),
        }
        Ok(())
    }

    fn state(&mut self, state: BreakerState, now: u64) {
        match state {
            BreakerState::Closed => self.breaker.reset(),
            BreakerState::ForcedOpen => self.breaker.force_open(),
            BreakerState::Disabled => self.breaker.disable(),
            BreakerState::MetricsOnly => self.breaker.metrics_only(),
            BreakerState::Open | BreakerState::HalfOpen => return,
        }
        self.model.command(state, now);
    }

    fn readings_agree(&self) -> Result<(), String> {
        let (now, ours, model) = (self.clock.now_ns(), self.breaker.reading(), &self.model);
        same("the state", ours.state, model.state)?;
        same("the generation", ours.generation as usize, model.generation())?;
        for (outcome, count) in ours.calls.by_outcome() {
            same(outcome, count, model.calls[outcome])?;
        }
        let measured = [BreakerState::Closed, BreakerState::MetricsOnly].contains(&model.state);
        let window = if measured { model.window(now) } else { [0; 3] };
        let held = ours.window;
        same("the window", [held.successes, held.failures, held.slow], window)?;
        same("probes in flight", u64::from(ours.probes_in_flight), model.out)?;
        same("probes succeeded", u64::from(ours.probes_succeeded), model.succeeded)?;
        same("failures in a row", u64::from(ours.failures_in_a_row), model.run)?;
        let open = model.state == BreakerState::Open;
        let remaining = if open { model.time.saturating_sub(now) } else { 0 };
        same("what is left of the wait", ours.open_remaining, Duration::from_nanos(remaining))?;
        same("false trips", ours.false_trips, model.false_trips)?;
        same("reclaimed probes", ours.reclaimed, model.reclaimed)?;
        for reason in TransitionReason::ALL {
            let times = model.transitions.iter().filter(|t| t.2 == reason).count() as u64;
            same(reason.name(), ours.transitions_by_reason(reason), times)?;
        }
        for (from, to) in model.transitions.iter().map(|t| (t.0, t.1)) {
            let times = model.transitions.iter().filter(|t| (t.0, t.1) == (from, to)).count();
            same("transitions", ours.transitions(from, to), times as u64)?;
        }
        Ok(())
    }

    fn events_agree(&mut self) -> Result<(), String> {
        let transitions = &self.model.transitions;
        for event in self.breaker.events(&mut self.cursor) {
            let number = event.generation as usize;
            let Some(&(from, to, reason, at)) = transitions.get(number.wrapping_sub(1)) else {
                return Err(format!("{event:?} never was"));
            };
            same("an event", (event.from, event.to, event.reason), (from, to, reason))?;
            same("an event's time", event.at_ns, at >> 17 << 17)?;
        }
        same("events dropped", self.cursor.dropped(), 0)
    }
}
