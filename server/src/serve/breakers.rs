//! The engine's breakers, as the configuration wants them.

use emanate::gate::Gate;

use crate::config::Breakers;

/// Puts `breakers` in force: for what is let in, and what ends, from now on. A breaker whose
/// settings are as they were feels nothing.
pub(super) fn put(gate: &Gate, breakers: &Breakers) {
    for breaker in gate.breakers() {
        let settings = breakers.settings(breaker.name());
        if let Some(settings) = settings.filter(|settings| *settings != *breaker.settings()) {
            breaker.set(settings);
        }
    }
    if breakers.enabled { gate.switch_on() } else { gate.switch_off() }
}

#[cfg(test)]
mod tests {
    use emanate::Engine;
    use emanate::gate::OutcomeClass;

    use super::put;
    use crate::config::Breakers;

    #[test]
    fn what_is_put_in_force_decides_from_then_on() {
        let engine = Engine::new();
        let gate = engine.gate();
        let breaker = gate.breaker("mutation").unwrap();
        let fail = || breaker.acquire().map(|permit| permit.record(OutcomeClass::Failure));
        let mut breakers = Breakers::default();
        put(gate, &breakers);
        let before = breaker.reading().generation;
        fail().unwrap();
        breakers.mutation.consecutive_failures = 3;
        breakers.enabled = false;
        put(gate, &breakers);
        assert!(!gate.is_on());
        // The failure before counts: the breaker and its window are the same.
        fail().unwrap();
        assert_eq!(breaker.reading().generation, before);
        fail().unwrap();
        assert!(fail().is_err(), "three in a row");
        assert!(gate.breaker("spread").unwrap().acquire().is_ok(), "the others are as they were");
        breakers.enabled = true;
        put(gate, &breakers);
        assert!(gate.is_on());
    }
}
