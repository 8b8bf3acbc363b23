//! Sampled live requests, run once more at full depth and at the hop limit that is judged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use emanate::spread::{Hops, Rule};
use emanate::sync::Clock;
use emanate::{
    Engine, LIVE_REQUESTS_MAX, NodeActivation, Snapshot, SpreadOutcome, SpreadRequest, StopReason,
};

use super::allowance::Allowance;
use crate::reading::{Bounds, Shadow};

/// How many of the strongest nodes are compared where the request asks for all.
pub const DEFAULT_RECALL_AT: usize = 20;
/// Longest that one shadow spread may take; what is not done by then judges nothing.
const SPREAD_MAX: Duration = Duration::from_millis(200);
/// Live requests asked for at a time.
const WANTED: usize = 32;
/// One window in so many judges the hop limit below the one in force, so that it is known whether
/// to try it; the others watch over the one in force.
const BELOW_IN: u64 = 4;

/// Recall@k: which share of the first `k` nodes at full depth are among the first `k` of the
/// limited outcome, too. 1 where full depth reaches nothing.
#[must_use]
pub fn recall_of(limited: &[NodeActivation], full: &[NodeActivation], k: usize) -> f64 {
    let wanted = &full[..full.len().min(k)];
    if wanted.is_empty() {
        return 1.0;
    }
    let mut found: Vec<_> = limited.iter().take(k).map(|activation| activation.node).collect();
    found.sort_unstable();
    let kept = wanted.iter().filter(|activation| found.binary_search(&activation.node).is_ok());
    kept.count() as f64 / wanted.len() as f64
}

/// Runs shadow spreads within their allowance and sums up what they saw.
#[derive(Debug)]
pub(crate) struct Shadows {
    engine: Engine,
    clock: Arc<dyn Clock>,
    bounds: Bounds,
    allowance: Allowance,
    /// The hop limit that is judged, if any is.
    judged: Option<u32>,
    turn: u64,
    spreads: u64,
    recall: f64,
    /// Shadows since the driver began.
    all: u64,
    outcomes: (SpreadOutcome, SpreadOutcome),
    waiting: Vec<(Snapshot, SpreadRequest)>,
}

impl Shadows {
    pub(crate) fn new(engine: Engine, clock: Arc<dyn Clock>, bounds: Bounds, rate: f64) -> Self {
        let allowance = Allowance::new(rate, clock.now_ns());
        Self {
            engine,
            clock,
            bounds,
            allowance,
            judged: None,
            turn: 0,
            spreads: 0,
            recall: 0.0,
            all: 0,
            outcomes: (SpreadOutcome::new(), SpreadOutcome::new()),
            waiting: Vec::new(),
        }
    }

    /// A window under `hop_limit` begins, or goes on: which hop limit is judged in it.
    pub(crate) fn begin(&mut self, hop_limit: u32) {
        let (least, full) = (self.bounds.min().hop_limit, self.bounds.max().hop_limit);
        let below = (hop_limit > least).then(|| hop_limit.min(full) - 1);
        let judged = match below {
            _ if full == least => None,
            below if hop_limit >= full => below,
            Some(below) if self.turn.is_multiple_of(BELOW_IN) => Some(below),
            _ => Some(hop_limit),
        };
        if judged != self.judged {
            (self.judged, self.spreads, self.recall) = (judged, 0, 0.0);
        }
    }

    /// Runs shadows of live requests of `live` while that is allowed, and asks for more, one in
    /// `one_in`.
    pub(crate) fn run(&mut self, live: &Engine, one_in: u64) {
        let Some(judged) = self.judged else { return };
        let is_allowed = self.allowance.allows(self.clock.now_ns());
        let wanted = if is_allowed { WANTED.min(LIVE_REQUESTS_MAX) } else { 0 };
        self.waiting.clear();
        let waiting = &mut self.waiting;
        live.take_requests(wanted, one_in, |snapshot, request| waiting.push((snapshot, request)));
        while self.allowance.allows(self.clock.now_ns()) {
            let Some((snapshot, request)) = self.waiting.pop() else { break };
            let begun = self.clock.now_ns();
            // A host's node filter may panic; its live spread has told the host so.
            let run = AssertUnwindSafe(|| self.compare(&snapshot, request, judged));
            let recall = catch_unwind(run).unwrap_or(None);
            self.allowance.spend(self.clock.now_ns().saturating_sub(begun));
            if let Some(recall) = recall {
                self.spreads += 1;
                self.all += 1;
                self.recall += recall;
            }
        }
        self.waiting.clear();
    }

    /// Recall of one request at the hop limit `judged`; `None` where either spread came to no end.
    fn compare(
        &mut self,
        snapshot: &Snapshot,
        mut request: SpreadRequest,
        judged: u32,
    ) -> Option<f64> {
        let k = request.top.unwrap_or(DEFAULT_RECALL_AT);
        request.top = Some(k);
        request.bounds.cancel = None;
        request.bounds.budget = Some(SPREAD_MAX);
        request.explain = false;
        request.by_step = false;
        request.threads = std::num::NonZeroU32::MIN;
        let full_hops = self.bounds.max().hop_limit;
        let (limited, full) = &mut self.outcomes;
        let mut spread = |hops: u32, outcome: &mut SpreadOutcome| {
            let Rule::Linear(linear) = &mut request.rule else { return None };
            linear.hops = Hops::Limit(hops);
            self.engine.spread_into(snapshot, &request, outcome).ok()?;
            let ended = !matches!(outcome.stop_reason, StopReason::Deadline);
            ended.then_some(())
        };
        spread(full_hops, full)?;
        if full.stats.hops <= judged {
            return Some(1.0);
        }
        spread(judged, limited)?;
        Some(recall_of(&limited.activations, &full.activations, k))
    }

    /// What was seen since the last call.
    pub(crate) fn take(&mut self) -> Option<Shadow> {
        self.turn += 1;
        let hop_limit = self.judged?;
        let (spreads, recall) = (self.spreads, self.recall);
        (self.spreads, self.recall) = (0, 0.0);
        let mean = (recall / spreads as f64).clamp(0.0, 1.0);
        (spreads > 0).then_some(Shadow { hop_limit, spreads, recall: mean })
    }

    /// Shadows since the driver began, and the nanoseconds they took.
    pub(crate) const fn spent(&self) -> (u64, u64) {
        (self.all, self.allowance.spent_ns())
    }

    /// Wants no more, and lets go of what is kept.
    pub(crate) fn end(&mut self, live: &Engine) {
        live.take_requests(0, 1, |_, _| ());
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use emanate::{NodeActivation, NodeId};

    use super::recall_of;

    fn nodes(ids: &[u32]) -> Vec<NodeActivation> {
        let one = |id: &u32| {
            let node = NodeId::new(*id);
            NodeActivation { node, activation: 1.0, hop: 1, latency_s: None }
        };
        ids.iter().map(one).collect()
    }

    #[test]
    fn the_share_of_the_first_that_is_kept_counts() {
        let full = nodes(&[9, 3, 7, 1]);
        assert_eq!(recall_of(&nodes(&[1, 7, 3, 9]), &full, 4), 1.0);
        assert_eq!(recall_of(&nodes(&[9, 3]), &full, 4), 0.5);
        assert_eq!(recall_of(&nodes(&[9, 1, 3]), &full, 2), 0.5, "the third is not among the two");
        assert_eq!(recall_of(&[], &full, 3), 0.0);
        assert_eq!(recall_of(&full, &nodes(&[3]), 20), 1.0);
        assert_eq!(recall_of(&full, &[], 20), 1.0);
    }
}
