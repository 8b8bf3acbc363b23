//! Live requests that somebody asked to see, copied on their way in.

use crate::graph::Generation;
use crate::spread::{Hops, Rule, SpreadRequest};
use crate::sync::{Arc, AtomicU64, Ordering, Ring};

/// Most live requests kept until they are taken.
pub const LIVE_REQUESTS_MAX: usize = 64;

/// A bounded ring of requests that leave their hop limit to the engine, each with the generation it
/// runs on. Nothing is kept while nobody asks, and no more than was asked for, so whoever asks once
/// and never again holds no generation back but those few.
///
/// # Progress
/// Lock-free: a request that is not wanted costs one load.
#[derive(Debug)]
pub(crate) struct LiveRequests {
    ring: Ring<(Arc<Generation>, SpreadRequest)>,
    /// How many more are wanted.
    wanted: AtomicU64,
    /// One in so many is kept; at least 1.
    one_in: AtomicU64,
    /// Those seen while some were wanted.
    seen: AtomicU64,
}

/// Stafford's variant 13 of the finaliser of MurmurHash3: each bit depends on every other, so that
/// which requests are kept has no period that theirs could meet.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl LiveRequests {
    pub(crate) fn new() -> Self {
        let (wanted, one_in, seen) = (AtomicU64::new(0), AtomicU64::new(1), AtomicU64::new(0));
        Self { ring: Ring::new(LIVE_REQUESTS_MAX), wanted, one_in, seen }
    }

    /// Keeps some of `requests`, where any are wanted.
    #[inline]
    pub(crate) fn offer(&self, graph: &Arc<Generation>, requests: &[SpreadRequest]) {
        // Relaxed: a request more or less does not matter.
        if self.wanted.load(Ordering::Relaxed) > 0 {
            self.choose(graph, requests);
        }
    }

    #[cold]
    fn choose(&self, graph: &Arc<Generation>, requests: &[SpreadRequest]) {
        // Relaxed, all four: these are counts, and what is kept is ordered by the ring.
        let one_in = self.one_in.load(Ordering::Relaxed);
        let is_auto =
            |rule: &Rule| matches!(rule, Rule::Linear(linear) if linear.hops == Hops::Auto);
        for request in requests.iter().filter(|request| is_auto(&request.rule)) {
            let number = self.seen.fetch_add(1, Ordering::Relaxed);
            if !mixed(number).is_multiple_of(one_in) {
                continue;
            }
            let one_less = |wanted: u64| wanted.checked_sub(1);
            let left = self.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
            if left.is_err() || self.ring.push((graph.clone(), request.clone())).is_err() {
                return;
            }
        }
    }

    /// Takes out what was kept, oldest first, and asks for `wanted` more, one in `one_in`.
    pub(crate) fn take(
        &self,
        wanted: usize,
        one_in: u64,
        mut visit: impl FnMut(Arc<Generation>, SpreadRequest),
    ) {
        // Relaxed, both: see `choose`. Nothing is kept while the ring is emptied, so this ends.
        self.wanted.store(0, Ordering::Relaxed);
        for _ in 0..LIVE_REQUESTS_MAX {
            let Some((graph, request)) = self.ring.pop() else { break };
            visit(graph, request);
        }
        self.one_in.store(one_in.max(1), Ordering::Relaxed);
        self.wanted.store(wanted.min(LIVE_REQUESTS_MAX) as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{LIVE_REQUESTS_MAX, LiveRequests};
    use crate::graph::{Generation, GraphBuilder};
    use crate::spread::{Hops, Linear, Rule, SpreadRequest};
    use crate::sync::Arc;

    fn graph() -> Arc<Generation> {
        let mut builder = GraphBuilder::new();
        builder.edge("a", "b", 0.5).expect("a weight");
        Arc::new(builder.build().expect("a graph"))
    }

    fn auto(top: usize) -> SpreadRequest {
        let linear = Linear { hops: Hops::Auto, ..Linear::default() };
        SpreadRequest::new(Rule::Linear(linear)).seed("a", 1.0).top(top)
    }

    fn taken(live: &LiveRequests, wanted: usize, one_in: u64) -> Vec<usize> {
        let mut tops = Vec::new();
        live.take(wanted, one_in, |_, request| tops.push(request.top.expect("each has a top")));
        tops
    }

    #[test]
    fn as_many_are_kept_as_were_asked_for() {
        let (live, graph) = (LiveRequests::new(), graph());
        live.offer(&graph, &[auto(0)]);
        assert!(taken(&live, 2, 1).is_empty());
        live.offer(&graph, &[auto(1), SpreadRequest::linear(3).seed("a", 1.0), auto(2)]);
        live.offer(&graph, &[auto(3)]);
        assert_eq!(taken(&live, 0, 1), [1, 2], "a fixed hop limit is nobody's to judge");
        live.offer(&graph, &[auto(4)]);
        assert!(taken(&live, usize::MAX, 0).is_empty());
        live.offer(&graph, &(0..100).map(auto).collect::<Vec<_>>());
        assert_eq!(taken(&live, 0, 1).len(), LIVE_REQUESTS_MAX);
        assert_eq!(Arc::strong_count(&graph), 1, "nothing is held back");
    }

    #[test]
    fn one_in_many_is_kept_without_a_period() {
        const ROUNDS: u32 = if cfg!(miri) { 20 } else { 200 };
        let (live, graph) = (LiveRequests::new(), graph());
        let requests: Vec<_> = (0..10).map(auto).collect();
        let mut seen = [0; 10];
        for _ in 0..ROUNDS {
            taken(&live, 64, 10).into_iter().for_each(|top| seen[top] += 1);
            (0..10).for_each(|_| live.offer(&graph, &requests));
        }
        let all: u32 = seen.iter().sum();
        // Ten of a hundred in each round.
        assert!((ROUNDS * 17 / 2..ROUNDS * 23 / 2).contains(&all), "{all} in {ROUNDS} rounds");
        let one = ROUNDS / 2..ROUNDS * 3 / 2;
        assert!(seen.iter().all(|count| one.contains(count)), "{seen:?}");
    }
}
