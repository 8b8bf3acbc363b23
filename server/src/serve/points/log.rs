//! The values of many series over time, as a log of what changed.
//!
//! Most series stand still most of the time, so a row holds only those that changed since the row
//! before. What the first row began with is kept apart, and takes up what leaves at the front. Both
//! bounds, of time and of size, are kept by letting rows go there.

use std::collections::VecDeque;
use std::time::Duration;

/// A series that is not there. The bits of no value: a number that is none has other ones.
pub(super) const ABSENT: u64 = u64::MAX;

/// Series that changed, ascending, with their values' bits.
#[derive(Debug)]
struct Row {
    at: Duration,
    changed: Box<[u32]>,
    values: Box<[u64]>,
}

impl Row {
    fn bytes(&self) -> u64 {
        (size_of::<Self>() + self.changed.len() * (size_of::<u32>() + size_of::<u64>())) as u64
    }

    fn write_to(&self, values: &mut Vec<u64>) {
        for (series, value) in self.changed.iter().zip(&self.values) {
            let place = *series as usize;
            if values.len() <= place {
                values.resize(place + 1, ABSENT);
            }
            values[place] = *value;
        }
    }
}

/// Rows, ascending in time.
#[derive(Debug, Default)]
pub(super) struct Log {
    rows: VecDeque<Row>,
    bytes: u64,
    /// What all series were before the first row.
    base: Vec<u64>,
    /// What all series were in the last row.
    last: Vec<u64>,
}

impl Log {
    /// Adds what all series are at `at`, by their numbers; what has no value is [`ABSENT`].
    pub(super) fn push(&mut self, at: Duration, values: Vec<u64>) {
        let before = self.last.iter().copied().chain(std::iter::repeat(ABSENT));
        let pairs = (0u32..).zip(values.iter().zip(before));
        let changed = pairs.filter(|(_, (now, before))| *now != before);
        let (changed, values_of): (Vec<u32>, Vec<u64>) =
            changed.map(|(series, (now, _))| (series, *now)).unzip();
        let row = Row { at, changed: changed.into(), values: values_of.into() };
        self.bytes += row.bytes();
        self.rows.push_back(row);
        self.last = values;
    }

    /// Lets go what was before `oldest`, and what is too much for `bytes_max`.
    pub(super) fn trim(&mut self, oldest: Duration, bytes_max: u64) {
        while let Some(first) = self.rows.front()
            && (first.at < oldest || self.bytes > bytes_max)
        {
            first.write_to(&mut self.base);
            self.bytes -= first.bytes();
            self.rows.pop_front();
        }
    }

    /// When the first row was.
    pub(super) fn begin(&self) -> Option<Duration> {
        self.rows.front().map(|row| row.at)
    }

    /// Bytes of all rows.
    #[cfg(test)]
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When the rows from `since` on and before `until` were.
    pub(super) fn times(&self, since: Duration, until: Duration) -> Vec<Duration> {
        let times = self.rows.iter().map(|row| row.at);
        times.filter(|at| (since..until).contains(at)).collect()
    }

    /// Calls `visit` for each of the rows at `times`, which must be ascending, with the values of
    /// all series. Costs a look at every change.
    pub(super) fn visit(&self, times: &[Duration], mut visit: impl FnMut(Duration, &[u64])) {
        let mut values = self.base.clone();
        let mut times = times.iter().peekable();
        for row in &self.rows {
            row.write_to(&mut values);
            while times.next_if(|at| **at == row.at).is_some() {
                visit(row.at, &values);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// `values` without series at the end that are not there.
    fn there(values: &[u64]) -> Vec<u64> {
        let end = values.iter().rposition(|value| *value != ABSENT).map_or(0, |last| last + 1);
        values[..end].to_vec()
    }

    /// The values of all rows.
    fn all(log: &Log) -> Vec<(u64, Vec<u64>)> {
        let mut found = Vec::new();
        let times = log.times(Duration::ZERO, Duration::MAX);
        log.visit(&times, |at, values| found.push((at.as_secs(), there(values))));
        found
    }

    /// A row of `second`, with a series that stands still, one that moves, one that comes and goes,
    /// and one that begins late.
    fn row(second: u64) -> Vec<u64> {
        let mut row = vec![7, second, if second.is_multiple_of(3) { 1 } else { ABSENT }];
        row.extend((second > 5).then_some(2));
        row
    }

    #[test]
    fn what_is_read_is_what_was_pushed_whatever_was_let_go() {
        for oldest in 0..12 {
            let mut log = Log::default();
            for second in 1..=10 {
                log.push(at(second), row(second));
                log.trim(at(oldest).min(at(second)), u64::MAX);
            }
            let expected: Vec<_> =
                (oldest.clamp(1, 10)..=10).map(|s| (s, there(&row(s)))).collect();
            assert_eq!(all(&log), expected, "{oldest}");
        }
    }

    #[test]
    fn what_stands_still_takes_no_room_and_bytes_are_bounded() {
        let mut log = Log::default();
        let series = 1000;
        log.push(at(0), vec![1; series]);
        let first = log.bytes();
        for second in 1..=100 {
            log.push(at(second), vec![1; series]);
        }
        assert!(log.bytes() < first + 100 * 64, "{}", log.bytes());
        for second in 101..=200 {
            log.push(at(second), vec![second; series]);
            log.trim(at(0), 50_000);
            assert!(log.bytes() <= 50_000);
        }
        let rows = all(&log);
        assert_eq!(rows.len(), 4, "12 KB each");
        assert_eq!(rows.last().unwrap(), &(200, vec![200; series]));
        assert_eq!(log.begin(), Some(at(197)));
    }

    #[test]
    fn only_rows_that_were_asked_for_are_visited() {
        let mut log = Log::default();
        for second in 1..=10 {
            log.push(at(second), vec![second]);
        }
        let mut seen = Vec::new();
        assert_eq!(log.times(at(3), at(6)), [at(3), at(4), at(5)]);
        log.visit(&[at(3), at(5)], |_, values| seen.extend_from_slice(values));
        assert_eq!(seen, [3, 5]);
    }
}
