//! Everything an engine can say of itself at one moment.

use super::scheduler::Scheduler;
use crate::gate::{Breaker, BreakerState};
use crate::observe::table::{BREAKERS, CALLS, STATES, TUNED};
use crate::observe::{BreakerReading, Reading, Supplied};

impl Scheduler {
    /// What was measured since the beginning, with what the engine knows beside it.
    pub(crate) fn reading(&self) -> Reading {
        let mut reading = self.guard.metrics.reading();
        reading.supplied = self.supplied();
        reading
    }

    fn supplied(&self) -> Supplied {
        let (scratch, settings) = (self.pool.used(), self.settings.load());
        let mut tuner_settings = [0.0; TUNED.len()];
        for (value, name) in tuner_settings.iter_mut().zip(TUNED) {
            *value = match name {
                "batch_size" => settings.batch_size.get() as f64,
                _ => f64::from(settings.hop_limit),
            };
        }
        let breaker = |name| self.guard.gate.breaker(name).map(read).unwrap_or_default();
        Supplied {
            scratch_in_use: scratch.leased,
            scratch_capacity: scratch.slots,
            scratch_bytes: scratch.bytes,
            scratch_capacity_bytes: scratch.bytes_max,
            spreads_in_flight: scratch.leased,
            batch_size: settings.batch_size.get() as u64,
            queue_length: self.queue.len() as u64,
            breakers: BREAKERS.map(breaker),
            tuner_settings,
            features: vec![
                ("breakers".into(), self.guard.gate.is_on()),
                ("metrics".into(), self.guard.metrics.is_on()),
            ],
            ..Supplied::default()
        }
    }
}

fn read(breaker: &Breaker) -> BreakerReading {
    let reading = breaker.reading();
    let position = |state: BreakerState| STATES.iter().position(|name| *name == state.name());
    let mut transitions = [[0; STATES.len()]; STATES.len()];
    for from in BreakerState::ALL {
        for to in BreakerState::ALL {
            if let (Some(row), Some(column)) = (position(from), position(to)) {
                transitions[row][column] = reading.transitions(from, to);
            }
        }
    }
    let counts = reading.calls.by_outcome();
    let count = |name: &str| counts.iter().find(|(of, _)| *of == name).map_or(0, |(_, n)| *n);
    BreakerReading {
        state: position(reading.state).unwrap_or(0),
        transitions,
        calls: CALLS.map(count),
        false_trips: reading.false_trips,
    }
}

#[cfg(test)]
mod tests {
    use crate::gate::{BreakerState, Gate};
    use crate::observe::table::{BREAKERS, CALLS, STATES};
    use crate::sync::{Arc, Clock, ManualClock};

    #[test]
    fn the_table_names_what_breakers_have() {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
        let gate = Gate::new(&clock);
        assert!(gate.breakers().map(|breaker| breaker.name()).eq(BREAKERS));
        assert!(BreakerState::ALL.iter().map(|state| state.name()).eq(STATES));
        let calls = gate.breakers().next().map(|breaker| breaker.reading().calls.by_outcome());
        for (name, _) in calls.expect("there are breakers") {
            assert!(CALLS.contains(&name), "{name} is in no metric");
        }
    }
}
