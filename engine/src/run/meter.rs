//! How long spreads take here, as far as the scheduler needs to know.

use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// Weight of the newest spread in a mean: one part in so many.
const PARTS: u64 = 8;
/// Said where nothing was measured yet.
const UNMEASURED: Duration = Duration::from_millis(1);

/// Moving means of what a spread takes, and an edge.
#[derive(Debug)]
pub(crate) struct Meter {
    spread_ns: AtomicU64,
    edge_ps: AtomicU64,
}

/// Moves the mean in `cell` towards `value`. Of two threads that do so at once, one is forgotten;
/// a mean of many can bear that.
fn note(cell: &AtomicU64, value: u64) {
    // Relaxed: nothing depends on the mean but guesses.
    let mean = cell.load(Ordering::Relaxed);
    let value = value.max(1);
    let next = if mean == 0 { value } else { mean - mean / PARTS + value / PARTS };
    cell.store(next.max(1), Ordering::Relaxed);
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { spread_ns: AtomicU64::new(0), edge_ps: AtomicU64::new(0) }
    }

    /// Notes a spread of `edges` that took `service`, without any waiting.
    pub(crate) fn note(&self, service: Duration, edges: u64) {
        let nanos = u64::try_from(service.as_nanos()).unwrap_or(u64::MAX);
        note(&self.spread_ns, nanos);
        if let Some(picos) = nanos.saturating_mul(1000).checked_div(edges) {
            note(&self.edge_ps, picos);
        }
    }

    /// Whether nothing was noted yet.
    pub(crate) fn is_new(&self) -> bool {
        // Relaxed: see `note`.
        self.spread_ns.load(Ordering::Relaxed) == 0
    }

    /// How long `spreads` take where `at_once` run side by side.
    pub(crate) fn time_of(&self, spreads: usize, at_once: usize) -> Duration {
        // Relaxed: see `note`.
        let one = match self.spread_ns.load(Ordering::Relaxed) {
            0 => UNMEASURED,
            nanos => Duration::from_nanos(nanos),
        };
        one.mul_f64(spreads.max(1) as f64 / at_once.max(1) as f64).max(Duration::from_micros(1))
    }

    /// How long `edges` take on one thread; nothing where that was not measured yet.
    pub(crate) fn time_of_edges(&self, edges: f64) -> Duration {
        // Relaxed: see `note`.
        let picos = self.edge_ps.load(Ordering::Relaxed) as f64 * edges;
        Duration::try_from_secs_f64(picos * 1e-12).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Meter;

    #[test]
    fn the_mean_follows_what_is_noted() {
        let meter = Meter::new();
        assert!(meter.is_new());
        meter.note(Duration::from_micros(80), 1000);
        assert_eq!(meter.time_of(1, 1), Duration::from_micros(80));
        assert_eq!(meter.time_of(6, 2), Duration::from_micros(240));
        assert_eq!(meter.time_of_edges(2000.0), Duration::from_micros(160));
        for _ in 0..200 {
            meter.note(Duration::from_micros(8), 1000);
        }
        assert!(meter.time_of(1, 1) < Duration::from_micros(9));
    }

    #[test]
    fn unlikely_numbers_do_no_harm() {
        let meter = Meter::new();
        meter.note(Duration::MAX, 1);
        assert!(meter.time_of(1, 0) > Duration::ZERO);
        assert!(meter.time_of_edges(f64::MAX) > Duration::ZERO);
    }
}
