//! Whether the engine's answer is the oracle's.

use std::collections::BTreeMap;

use super::ball::{Ball, key};
use crate::graph::Generation;
use crate::health::Verdict;
use crate::spread::oracle::{self, OracleRun};
use crate::spread::{NodeActivation, SpreadOutcome, SpreadRequest};
use crate::terms::Label;

/// Accuracy of an activation: relative to itself.
const RELATIVE: f64 = 1e-9;
/// Accuracy of an activation: relative to what the seeds were given.
const OF_SEEDS: f64 = 1e-12;

/// What the engine's `outcome` of `request` says about it.
pub(super) fn verdict(ball: &Ball, request: &SpreadRequest, outcome: &SpreadOutcome) -> Verdict {
    let degraded = &outcome.degraded;
    let count = degraded.count;
    if count > degraded.nodes.len() as u64 {
        return Verdict::fail(format!("{count} rows around the canary's seed cannot be read"));
    }
    let answer = ball.graph(&degraded.nodes).map_err(|e| e.to_string()).and_then(|graph| {
        let mut small = request.clone();
        small.seeds[0].node = key(ball.seed.get()).into();
        let run = oracle::spread_traced(&graph, &small).map_err(|e| e.to_string())?;
        Ok((graph, run))
    });
    let (graph, run) = match answer {
        Ok(answer) => answer,
        // Weights of edges that differ in relation or time may add up to no number.
        Err(why) => return Verdict::warn(format!("the oracle has no answer to compare: {why}")),
    };
    if run.threshold_margin < RELATIVE {
        // Only where negative edges cancel others to almost nothing; the next seed is another.
        return Verdict::Pass;
    }
    match difference(&graph, &run, outcome) {
        Some(difference) => Verdict::fail(format!(
            "the canary spread from node {} gave a wrong answer: {difference}",
            ball.seed.get()
        )),
        None if count > 0 => Verdict::warn(format!(
            "{count} rows around the canary's seed cannot be read; the answer is right without them"
        )),
        None => Verdict::Pass,
    }
}

/// Where the two differ first.
fn difference(small: &Generation, run: &OracleRun, outcome: &SpreadOutcome) -> Option<String> {
    let expected = &run.outcome;
    let ended = (outcome.stop_reason, outcome.stats.hops, outcome.activations.len());
    let should = (expected.stop_reason, expected.stats.hops, expected.activations.len());
    if ended != should {
        return Some(format!(
            "{} after {} hops with {} nodes instead of {} after {} with {}",
            ended.0, ended.1, ended.2, should.0, should.1, should.2
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
