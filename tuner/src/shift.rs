//! Whether the workload is another than it was.

use std::collections::VecDeque;

use crate::incumbent::Incumbent;
use crate::objective::{median, robust_deviation};

/// Windows that must agree before a shift is believed.
const WINDOWS: usize = 3;
/// Windows needed to know what was usual.
const USUAL_MIN: usize = 12;
/// Least change of throughput that counts, as a logarithm.
const CHANGE_MIN: f64 = 0.22;
/// Least change in robust deviations of what was usual, which includes periods and drift.
const DEVIATIONS_MIN: f64 = 3.0;
/// Shifts are remembered for so many ticks.
const MEMORY: u64 = 512;

/// Sees shifts in the throughput of unchanged settings:
///
/// ```text
/// the last 3 windows all differ from the median of those before, to the same side,
/// by more than max(0.22, 3 d),   d = their robust deviation
/// ```
///
/// A load that comes and goes widens `d`, so that it is no shift once it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ShiftDetector {
    ticks: VecDeque<u64>,
}

impl ShiftDetector {
    /// The change of throughput as a logarithm, where there is a shift.
    pub(crate) fn detect(&mut self, incumbent: &Incumbent, tick: u64) -> Option<f64> {
        while self.ticks.front().is_some_and(|at| at + MEMORY < tick) {
            self.ticks.pop_front();
        }
        let before = incumbent.before(WINDOWS);
        if before.len() < USUAL_MIN {
            return None;
        }
        let usual = median(&before)?;
        // Each recent shift raises the bar, so that what comes and goes is soon no news.
        let bar = 1.0 + 0.5 * self.ticks.len() as f64;
        let least = CHANGE_MIN.max(DEVIATIONS_MIN * robust_deviation(&before)?) * bar;
        let newest = incumbent.newest(WINDOWS);
        let up = newest.iter().all(|y| y - usual > least);
        let down = newest.iter().all(|y| usual - y > least);
        if !up && !down {
            return None;
        }
        self.ticks.push_back(tick);
        Some(median(&newest)? - usual)
    }

    /// Shifts remembered.
    pub(crate) fn recent(&self) -> usize {
        self.ticks.len()
    }
}
