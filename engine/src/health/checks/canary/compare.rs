//! Whether the engine's answer is the oracle's.

use std::collections::BTreeMap;

use super::ball::{Ball, key};
use crate::graph::Generation;
use crate::health::Verdict;
use crate::spread::oracle::{self, OracleRun};
use crate::spread::{Degraded, NodeActivation, SpreadOutcome, SpreadRequest, SpreadStats};
use crate::terms::{Label, NodeId};

/// Accuracy of an activation: relative to itself.
const RELATIVE: f64 = 1e-9;
/// Accuracy of an activation: relative to what the seeds were given.
const OF_SEEDS: f64 = 1e-12;

/// What the engine's `outcome` of `request`, a spread from `seed` on `graph`, says about it.
pub(super) fn verdict(
    graph: &Generation,
    seed: NodeId,
    request: &SpreadRequest,
    outcome: &SpreadOutcome,
) -> Verdict {
    let Degraded { nodes: unread, count } = &outcome.degraded;
    if *count > unread.len() as u64 {
        return Verdict::fail(format!("{count} rows around the canary's seed cannot be read"));
    }
    let edges_max = request.bounds.edges_max.unwrap_or(u64::MAX);
    let small = match Ball::around(graph, seed, outcome.stats.hops, edges_max, unread) {
        Ok(ball) => ball.to_graph(seed),
        Err(block) => {
            return Verdict::warn(format!("what the canary spread saw cannot be read: {block}"));
        }
    };
    let mut repeated = request.clone();
    repeated.seeds[0].node = key(seed.get()).into();
    let run = small
        .and_then(|small| oracle::spread_traced(&small, &repeated).ok().map(|run| (small, run)));
    let Some((small, run)) = run else {
        return Verdict::warn("the oracle has no answer that the canary's could be compared with");
    };
    if run.threshold_margin < RELATIVE {
        // Only where negative edges cancel others to almost nothing; the next seed is another.
        return Verdict::Pass;
    }
    match difference(&small, &run, outcome) {
        Some(difference) => Verdict::fail(format!(
            "the canary spread from node {} gave a wrong answer: {difference}",
            seed.get()
        )),
        None if *count > 0 => Verdict::warn(format!(
            "{count} rows around the canary's seed cannot be read; without them, the answer is \
             right"
        )),
        None => Verdict::Pass,
    }
}

/// Where the two differ first.
fn difference(small: &Generation, run: &OracleRun, outcome: &SpreadOutcome) -> Option<String> {
    let expected = &run.outcome;
    let ended = (outcome.stop_reason, counts(outcome));
    let should = (expected.stop_reason, counts(expected));
    if ended != should {
        return Some(format!(
            "{} after {} instead of {} after {}",
            ended.0, ended.1, should.0, should.1
        ));
    }
    let given: BTreeMap<u64, &NodeActivation> =
        outcome.activations.iter().map(|given| (key(given.node.get()), given)).collect();
    expected.activations.iter().find_map(|wanted| {
        let Ok(Label::Key(node)) = small.label(wanted.node) else {
            return Some("a node has no key".to_owned());
        };
        let Some(given) = given.get(&node) else {
            return Some(format!("node {node} is missing"));
        };
        let off = (given.activation - wanted.activation).abs();
        // A NaN is not within anything.
        let is_near = off <= RELATIVE * wanted.activation.abs() + OF_SEEDS;
        (!is_near || given.hop != wanted.hop).then(|| {
            format!(
                "node {node} has {:e} at hop {} instead of {:e} at hop {}",
                given.activation, given.hop, wanted.activation, wanted.hop
            )
        })
    })
}

/// Everything of an outcome that must be equal, as a sentence says it.
fn counts(outcome: &SpreadOutcome) -> String {
    let SpreadStats { hops, nodes_reached, edges_traversed, revisits, .. } = outcome.stats;
    let nodes = outcome.activations.len();
    format!(
        "{hops} hops with {nodes} nodes, {nodes_reached} reached by {edges_traversed} edges, \
         {revisits} revisits"
    )
}
