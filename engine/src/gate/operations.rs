//! The breakers of an engine: one for each tier and one for each kind of operation.

use std::num::NonZeroU8;
use std::time::Duration;

use super::breaker::{Breaker, BreakerOpen};
use super::permit::Permit;
use super::settings::BreakerSettings;
use crate::sync::{Arc, AtomicBool, Clock, Ordering};
use crate::terms::Tier;

/// A kind of work that an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A spread.
    Spread,
    /// A change set, applied.
    Mutation,
    /// The state, written out.
    Checkpoint,
}

impl Operation {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Spread, Self::Mutation, Self::Checkpoint];

    /// Its position in [`Operation::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name, as metrics and its breaker give it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Mutation => "mutation",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

fn settings(failures: u8, open_wait: Duration, successes: u8) -> BreakerSettings {
    let count = |count| NonZeroU8::new(count).unwrap_or(NonZeroU8::MIN);
    BreakerSettings::new(count(failures), open_wait, count(successes))
}

impl BreakerSettings {
    /// Of a spread: 5 failures in a row, 60 s, 2 successes; rates and all else by default.
    #[must_use]
    pub fn spread() -> Self {
        settings(5, Duration::from_secs(60), 2)
    }

    /// Of what is stored, a tier or a checkpoint: 3 failures in a row, 30 s, 1 success.
    #[must_use]
    pub fn storage() -> Self {
        settings(3, Duration::from_secs(30), 1)
    }

    /// Of changes: 10 failures in a row, 45 s, 3 successes.
    #[must_use]
    pub fn changes() -> Self {
        settings(10, Duration::from_secs(45), 3)
    }
}

/// The breakers of an engine, and the switch that turns all of them off.
#[derive(Debug)]
pub struct Gate {
    on: AtomicBool,
    tiers: [Breaker; Tier::ALL.len()],
    operations: [Breaker; Operation::ALL.len()],
}

impl Gate {
    /// Closed breakers with default settings, switched on.
    #[must_use]
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        let tier =
            |tier: Tier| Breaker::new(tier.name(), BreakerSettings::storage(), Arc::clone(clock));
        let operation = |operation: Operation| {
            let settings = match operation {
                Operation::Spread => BreakerSettings::spread(),
                Operation::Mutation => BreakerSettings::changes(),
                Operation::Checkpoint => BreakerSettings::storage(),
            };
            Breaker::new(operation.name(), settings, Arc::clone(clock))
        };
        Self {
            on: AtomicBool::new(true),
            tiers: Tier::ALL.map(tier),
            operations: Operation::ALL.map(operation),
        }
    }

    /// The breaker of a tier.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &Breaker {
        &self.tiers[tier.index()]
    }

    /// The breaker of a kind of operation.
    #[must_use]
    pub fn operation(&self, operation: Operation) -> &Breaker {
        &self.operations[operation.index()]
    }

    /// All breakers: of tiers, then of operations.
    pub fn breakers(&self) -> impl Iterator<Item = &Breaker> {
        self.tiers.iter().chain(&self.operations)
    }

    /// The breaker called `name`.
    #[must_use]
    pub fn breaker(&self, name: &str) -> Option<&Breaker> {
        self.breakers().find(|breaker| breaker.name() == name)
    }

    /// Asks the breaker of a tier to be let in; `None` where breakers are switched off.
    ///
    /// # Errors
    /// As [`Breaker::acquire`].
    #[inline]
    pub fn enter_tier(&self, tier: Tier) -> Result<Option<Permit<'_>>, BreakerOpen> {
        if self.is_on() { self.tier(tier).acquire().map(Some) } else { Ok(None) }
    }

    /// Asks the breaker of a kind of operation to be let in; `None` where breakers are off.
    ///
    /// # Errors
    /// As [`Breaker::acquire`].
    #[inline]
    pub fn enter(&self, operation: Operation) -> Result<Option<Permit<'_>>, BreakerOpen> {
        if self.is_on() { self.operation(operation).acquire().map(Some) } else { Ok(None) }
    }

    /// Whether breakers are asked at all.
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        // Relaxed: nothing else is published by the switch.
        self.on.load(Ordering::Relaxed)
    }

    /// From now on nothing is counted and everything is let in. Permits that are out still count.
    pub fn switch_off(&self) {
        // Relaxed: see `is_on`.
        self.on.store(false, Ordering::Relaxed);
    }

    /// From now on breakers are asked again, in the states they were left in.
    pub fn switch_on(&self) {
        // Relaxed: see `is_on`.
        self.on.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::time::Duration;

    use super::{Gate, Operation};
    use crate::gate::{BreakerState, OutcomeClass};
    use crate::sync::{Arc, Clock, ManualClock};
    use crate::terms::Tier;

    fn gate() -> Gate {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
        Gate::new(&clock)
    }

    #[test]
    fn every_breaker_has_a_name_of_its_own() {
        let gate = gate();
        let names: Vec<&str> = gate.breakers().map(|breaker| breaker.name()).collect();
        assert_eq!(names, ["hot", "warm", "cold", "spread", "mutation", "checkpoint"]);
        assert!(names.iter().all(|name| gate.breaker(name).is_some_and(|b| b.name() == *name)));
        assert!(gate.breaker("none").is_none());
        assert_eq!(gate.tier(Tier::Cold).name(), "cold");
        assert_eq!(gate.operation(Operation::Mutation).name(), Operation::Mutation.to_string());
        assert_eq!(Operation::ALL.map(Operation::index), [0, 1, 2]);
    }

    #[test]
    fn defaults_open_after_so_many_failures_for_so_long() {
        let gate = gate();
        for (name, failures, seconds, successes) in [
            ("spread", 5, 60, 2),
            ("warm", 3, 30, 1),
            ("checkpoint", 3, 30, 1),
            ("mutation", 10, 45, 3),
        ] {
            let breaker = gate.breaker(name).unwrap();
            for _ in 0..failures {
                assert_eq!(breaker.state(), BreakerState::Closed, "{name}");
                let _ = breaker.acquire().unwrap().record(OutcomeClass::Failure);
            }
            assert_eq!(breaker.state(), BreakerState::Open, "{name}");
            let retry_in = breaker.acquire().unwrap_err().retry_in;
            let wait = Duration::from_secs(seconds);
            assert!(retry_in > wait.mul_f64(0.8) && retry_in <= wait + Duration::from_micros(5));
            assert_eq!(breaker.settings().success_threshold.get(), successes);
        }
    }

    #[test]
    fn a_gate_that_is_switched_off_asks_nobody() {
        let gate = gate();
        gate.tier(Tier::Warm).force_open();
        gate.operation(Operation::Spread).force_open();
        assert!(gate.enter_tier(Tier::Warm).is_err() && gate.enter(Operation::Spread).is_err());
        gate.switch_off();
        assert!(matches!(gate.enter_tier(Tier::Warm), Ok(None)) && !gate.is_on());
        assert!(matches!(gate.enter(Operation::Spread), Ok(None)));
        gate.switch_on();
        assert!(gate.enter_tier(Tier::Warm).is_err() && gate.is_on());
        assert!(matches!(gate.enter_tier(Tier::Hot), Ok(Some(_))));
        assert!(matches!(gate.enter(Operation::Mutation), Ok(Some(_))));
    }
}
