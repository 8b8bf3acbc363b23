//! A request checked once, at the border.

use super::error::SpreadError;
use super::params::{
    ActR, Combine, Linear, PageRank, PageRankMethod, Retention, Rule, Squash, Synapse,
};
use super::request::{EdgeFilter, SpreadRequest, UnknownSeeds};
use crate::graph::Generation;
use crate::terms::{Key, NodeId, ParameterError, Range};

/// A seed whose node is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SeedAt {
    pub(crate) node: u32,
    pub(crate) activation: f64,
    pub(crate) time: u32,
    /// Position in the request; keeps the order in which seeds of one node are added.
    position: usize,
}

/// Finds the seeds' nodes, checks their activations, and adds up those of one node and time.
/// `seeds` ends up ascending by time, then node. Returns how many were skipped.
pub(crate) fn resolve_seeds(
    graph: &Generation,
    request: &SpreadRequest,
    seeds: &mut Vec<SeedAt>,
    nodes: &mut Vec<u32>,
) -> Result<u64, SpreadError> {
    seeds.clear();
    let mut skipped = 0;
    for (position, seed) in request.seeds.iter().enumerate() {
        let activation = seed.activation;
        if !(activation.is_finite() && activation > 0.0) {
            return Err(SpreadError::SeedActivation { node: seed.node.clone(), activation });
        }
        if seed.time > 0 && !matches!(request.rule, Rule::Retention(_)) {
            let rule = request.rule.name();
            return Err(SpreadError::SeedTime { node: seed.node.clone(), rule });
        }
        let seen = |node: &NodeId| request.nodes.as_ref().is_none_or(|f| f.contains(*node));
        match graph.find_key(&seed.node)?.filter(seen) {
            Some(node) => {
                seeds.push(SeedAt { node: node.get(), activation, time: seed.time, position });
            }
            None if request.unknown_seeds == UnknownSeeds::Skip => skipped += 1,
            None => return Err(SpreadError::UnknownSeed { node: seed.node.clone() }),
        }
    }
    if seeds.is_empty() {
        return Err(match skipped {
            0 => SpreadError::NoSeeds,
            skipped => SpreadError::AllSeedsUnknown { skipped },
        });
    }
    seeds.sort_unstable_by_key(|seed| (seed.time, seed.node, seed.position));
    seeds.dedup_by(|later, kept| {
        let same = (later.time, later.node) == (kept.time, kept.node);
        if same {
            kept.activation += later.activation;
        }
        same
    });
    check_sums(graph, request, seeds)?;
    check_room(request, seeds, nodes)?;
    Ok(skipped)
}

fn check_sums(
    graph: &Generation,
    request: &SpreadRequest,
    seeds: &[SeedAt],
) -> Result<(), SpreadError> {
    let noisy_or =
        matches!(&request.rule, Rule::Linear(linear) if linear.combine == Combine::NoisyOr);
    for seed in seeds {
        let activation = seed.activation;
        if activation.is_finite() && !(noisy_or && activation > 1.0) {
            continue;
        }
        let node = graph.label(NodeId::new(seed.node))?.to_key();
        return Err(if activation.is_finite() {
            SpreadError::SeedAboveOne { node, activation }
        } else {
            SpreadError::SeedActivation { node, activation }
        });
    }
    Ok(())
}

/// Refuses a bound on nodes that the seeds alone exceed. `nodes` is used to count them.
fn check_room(
    request: &SpreadRequest,
    seeds: &[SeedAt],
    nodes: &mut Vec<u32>,
) -> Result<(), SpreadError> {
    let Some(nodes_max) = request.bounds.nodes_max else { return Ok(()) };
    nodes.clear();
    nodes.extend(seeds.iter().map(|seed| seed.node));
    nodes.sort_unstable();
    nodes.dedup();
    let seeds = nodes.len() as u64;
    if nodes_max < seeds {
        return Err(SpreadError::NodesMaxBelowSeeds { nodes_max, seeds });
    }
    Ok(())
}

/// Checks every parameter of the rule against its range.
pub(crate) fn check_rule(rule: &Rule) -> Result<(), SpreadError> {
    match rule {
        Rule::Linear(linear) => check_linear(linear)?,
        Rule::Retention(retention) => check_retention(retention)?,
        Rule::PageRank(pagerank) => check_pagerank(pagerank)?,
        Rule::ActR(act_r) => check_act_r(act_r)?,
        Rule::Synapse(synapse) => check_synapse(synapse)?,
    }
    Ok(())
}

fn check_linear(linear: &Linear) -> Result<(), ParameterError> {
    Range::UNIT_ABOVE_ZERO.check("decay", linear.hop_decay)?;
    Range::NON_NEGATIVE.check("threshold", linear.firing_threshold)?;
    Range::NON_NEGATIVE.check("report_threshold", linear.report_threshold)?;
    if let Some(ceiling) = linear.ceiling {
        Range::POSITIVE.check("ceiling", ceiling)?;
    }
    if let Some(inhibit) = linear.inhibit {
        Range::NON_NEGATIVE.check("inhibit", inhibit.beta)?;
    }
    linear.squash.map_or(Ok(()), |squash| check_squash(["squash", "squash"], squash))
}

fn check_squash(names: [&'static str; 2], squash: Squash) -> Result<(), ParameterError> {
    Range::FINITE.check(names[0], squash.gain)?;
    Range::FINITE.check(names[1], squash.center)?;
    Ok(())
}

fn check_retention(retention: &Retention) -> Result<(), SpreadError> {
    Range::UNIT.check("retention", retention.retention)?;
    for (_, value) in &retention.per_node {
        Range::UNIT.check("retention", *value)?;
    }
    Range::UNIT.check("decay", retention.time_decay)?;
    Range::NON_NEGATIVE.check("suppress", retention.suppress)?;
    match (retention.time, retention.stop_threshold) {
        (None, None) => return Err(SpreadError::Endless),
        (_, Some(threshold)) => Range::POSITIVE.check("stop_threshold", threshold)?,
        (Some(_), None) => 0.0,
    };
    Ok(())
}

fn check_pagerank(pagerank: &PageRank) -> Result<(), ParameterError> {
    Range::UNIT_BELOW_ONE.check("damping", pagerank.damping)?;
    match pagerank.method {
        PageRankMethod::Power { tolerance, .. } => Range::POSITIVE.check("tolerance", tolerance)?,
        PageRankMethod::Push { epsilon } => Range::NORMAL.check("epsilon", epsilon)?,
    };
    Ok(())
}

fn check_act_r(act_r: &ActR) -> Result<(), ParameterError> {
    for (name, value) in [
        ("source_strength", act_r.source_strength),
        ("source_activation", act_r.source_activation),
        ("base_level", act_r.base_level),
        ("latency_factor", act_r.latency_factor),
        ("intercept", act_r.intercept),
        ("report_threshold", act_r.report_threshold.unwrap_or(0.0)),
    ] {
        Range::FINITE.check(name, value)?;
    }
    Ok(())
}

fn check_synapse(synapse: &Synapse) -> Result<(), ParameterError> {
    Range::UNIT.check("decay", synapse.time_decay)?;
    Range::NON_NEGATIVE.check("spread", synapse.spread)?;
    Range::NON_NEGATIVE.check("inhibition", synapse.inhibit.beta)?;
    check_squash(["gain", "center"], synapse.squash)?;
    Range::NON_NEGATIVE.check("gate", synapse.gate)?;
    Ok(())
}

/// Checks the numbers of an edge filter; names are checked against a graph elsewhere.
pub(crate) fn check_filter(filter: &EdgeFilter) -> Result<(), SpreadError> {
    for (_, factor) in &filter.relations {
        Range::FINITE.check("relation", *factor)?;
    }
    Range::NON_NEGATIVE.check("age_rate", filter.age_rate)?;
    match filter.at {
        Some(at) => Range::FINITE.check("at", at).map(|_| ())?,
        None if filter.age_rate > 0.0 => return Err(SpreadError::AgeWithoutTime),
        None => {}
    }
    Ok(())
}

/// Whether the rule can follow edges of negative weight.
pub(crate) fn takes_negative(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(linear) if linear.combine == Combine::Sum)
}

/// Finds the nodes of per-node retentions; the last entry of a node counts. Ascending by node.
pub(crate) fn resolve_retentions(
    graph: &Generation,
    entries: &[(Key, f64)],
    found: &mut Vec<(u32, f64)>,
) -> Result<(), SpreadError> {
    found.clear();
    for (key, retention) in entries {
        let node = graph.find_key(key)?;
        let node = node.ok_or_else(|| SpreadError::UnknownNode { node: key.clone() })?;
        found.push((node.get(), *retention));
    }
    // Stable, so that the last entry of a node stays last.
    found.sort_by_key(|(node, _)| *node);
    found.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = later.1;
        }
        same
    });
    Ok(())
}
