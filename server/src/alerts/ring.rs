//! The recent past of one series: points in order of time, bounded in age and number.

use std::collections::VecDeque;
use std::time::Duration;

use super::time::{Time, ms};

/// Most points kept. Where more come in the span, they are thinned to this many: no number that is
/// made of them needs more, and a rule costs the same memory however long its history is.
pub(crate) const POINTS_MAX: usize = 512;

/// Points of the last `span`, and always the last two.
#[derive(Clone, Debug)]
pub(crate) struct Ring<T> {
    points: VecDeque<(Time, T)>,
    span: Duration,
}

impl<T> Ring<T> {
    /// No points yet.
    pub(crate) fn new(span: Duration) -> Self {
        Self { points: VecDeque::new(), span }
    }

    /// Adds a point. The last one but this is replaced where it follows the one before it so
    /// closely that the span would hold more than [`POINTS_MAX`].
    pub(crate) fn push(&mut self, now: Time, value: T) {
        let spacing = ms(self.span) / POINTS_MAX as u64;
        if let [.., (before, _), (last, _)] = *self.points.make_contiguous()
            && ms(last.since(before)) < spacing
        {
            self.points.pop_back();
        }
        self.points.push_back((now, value));
        let oldest = now.before(self.span);
        while self.points.len() > 2 && (self.points[0].0 < oldest || self.points.len() > POINTS_MAX)
        {
            self.points.pop_front();
        }
    }

    /// The points, the oldest first.
    pub(crate) fn points(&self) -> impl DoubleEndedIterator<Item = &(Time, T)> + Clone {
        self.points.iter()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// From the oldest to the newest.
    pub(crate) fn covered(&self) -> Duration {
        match (self.points.front(), self.points.back()) {
            (Some((first, _)), Some((last, _))) => last.since(*first),
            _ => Duration::ZERO,
        }
    }

    /// How far back it reaches at most.
    pub(crate) const fn span(&self) -> Duration {
        self.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(ring: &Ring<u64>) -> Vec<u64> {
        ring.points().map(|(at, _)| at.ms()).collect()
    }

    #[test]
    fn points_leave_by_age_but_two_stay() {
        let mut ring = Ring::new(Duration::from_millis(500));
        for at in [0, 200, 400, 600, 800] {
            ring.push(Time::from_ms(at), at);
        }
        assert_eq!(times(&ring), [400, 600, 800]);
        ring.push(Time::from_ms(90_000), 0);
        assert_eq!(times(&ring), [800, 90_000]);
        assert_eq!(ring.covered(), Duration::from_millis(89_200));
    }

    #[test]
    fn a_long_span_is_thinned_and_still_covered() {
        let mut ring = Ring::new(Duration::from_secs(5120));
        for at in 0..20_000 {
            ring.push(Time::from_ms(at * 1000), at);
        }
        assert!(ring.len() <= POINTS_MAX && ring.len() > POINTS_MAX / 2, "{}", ring.len());
        assert!(ring.covered() > Duration::from_secs(5000), "{:?}", ring.covered());
        assert_eq!(times(&ring).last(), Some(&19_999_000));
    }
}
