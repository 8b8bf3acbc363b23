//! The oracle: all five rules as obvious, sequential code in double precision.
//!
//! Tests and fuzz targets compare the kernels with it, benches verify with it. It shares nothing
//! with them but the request, the outcome and the graph's out-rows: it turns edges round itself,
//! allocates freely, keeps one dense array per quantity, and adds up with compensation, so that
//! of two numbers that differ its own is the nearer to the formula.
//!
//! What it does not model: elapsed time, deadlines, cancelling, memory, the generation's number
//! and rows that cannot be read (an error here). [`Hops::Auto`](super::Hops::Auto) is
//! [`DEFAULT_HOP_LIMIT`](super::DEFAULT_HOP_LIMIT), and
//! [`Precision::Single`](super::Precision::Single) is computed in double.
//!
//! Cost: `O(nodes + edges)` for each hop, and for `inhibit` nodes times competitors.

mod act_r;
mod effective;
mod journal;
mod lateral;
mod linear;
mod pagerank;
mod retention;
mod sum;
mod synapse;
#[cfg(test)]
mod tests;
mod walks;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use self::effective::EffectiveGraph;
use self::journal::Journal;
use self::walks::Walks;
use super::{NodeActivation, Rule, SpreadError, SpreadOutcome, SpreadRequest, UnknownSeeds};
use crate::graph::Generation;
use crate::terms::{NodeId, StopReason};

/// A spread of the oracle, and how close it came to going another way.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleRun {
    /// What a kernel must give too.
    pub outcome: SpreadOutcome,
    /// The smallest relative distance between a number and a bound it was compared with:
    /// `|value - bound| / scale`, where `scale` is the bound or, if larger, the sum of the
    /// magnitudes the value was added up from. Infinite where nothing was compared.
    ///
    /// Compared are: a pulse with the firing threshold and with 0, an activation with the
    /// suppress level, the gate, the report threshold, the stop threshold and (after inhibition)
    /// 0, a residual with `epsilon`, a change with the tolerance, and the last node kept by a
    /// bound on nodes with the first one dropped. The ceiling is not: nothing jumps there.
    ///
    /// Rounding decides which side of a bound a number falls on where this is below `1e-9`; a
    /// kernel may then differ from the oracle and still be right.
    pub threshold_margin: f64,
}

/// The outcome of `request` on `graph`, by the formulas alone.
///
/// # Errors
/// [`SpreadError`] where there is no seed, a seed, a relation or a node with a retention of its
/// own is not in the graph, an age rate comes without a time, an edge is negative and the rule
/// cannot take that, the seeds at a node exceed 1 under `noisy-or` or are more than the bound on
/// nodes, or the graph's file is damaged. Ranges of parameters are not checked: a number outside
/// its range gives an outcome without meaning.
pub fn spread(graph: &Generation, request: &SpreadRequest) -> Result<SpreadOutcome, SpreadError> {
    spread_traced(graph, request).map(|run| run.outcome)
}

/// [`spread`], and how close any number came to a threshold.
///
/// # Errors
/// As [`spread`].
pub fn spread_traced(
    graph: &Generation,
    request: &SpreadRequest,
) -> Result<OracleRun, SpreadError> {
    spread_without(graph, request, &[])
}

/// [`spread_traced`], with none of the effective edges of the nodes in `unread`: what a spread
/// gives that could not read their rows. Nobody else's row, fan or share is another for it.
///
/// # Errors
/// As [`spread`].
pub fn spread_without(
    graph: &Generation,
    request: &SpreadRequest,
    unread: &[NodeId],
) -> Result<OracleRun, SpreadError> {
    let mut effective = EffectiveGraph::of(graph, request)?;
    effective.empty_rows(unread);
    let (seeds, skipped) = seeds_of(graph, &effective, request)?;
    let mut journal = Journal::new(request, effective.node_count());
    journal.stats.seeds_skipped = skipped;
    let finished = match &request.rule {
        Rule::Linear(rule) => {
            linear::spread(&effective, &seeds, rule, request.explain, &mut journal)?
        }
        Rule::Retention(rule) => {
            let retentions = retention::retentions(graph, rule)?;
            retention::spread(&effective, &seeds, rule, &retentions, &mut journal)
        }
        Rule::PageRank(rule) => pagerank::spread(&effective, &seeds, rule, &mut journal),
        Rule::ActR(rule) => act_r::spread(&effective, &seeds, rule, &mut journal),
        Rule::Synapse(rule) => synapse::spread(&effective, &seeds, rule, &mut journal),
    };
    let threshold_margin = journal.margin();
    let outcome = report(&effective, &seeds, request, finished, journal);
    Ok(OracleRun { outcome, threshold_margin })
}

/// The seeds that name a visible node, in the order of the request.
#[derive(Debug)]
struct Seeds(Vec<SeedAt>);

/// One of them.
#[derive(Debug)]
struct SeedAt {
    node: usize,
    activation: f64,
    time: u32,
}

impl Seeds {
    /// `sum of x_s` over the seeds at each node, whatever their times, ascending by node.
    fn at_once(&self) -> BTreeMap<usize, f64> {
        let mut sums = BTreeMap::new();
        for seed in &self.0 {
            *sums.entry(seed.node).or_insert(0.0) += seed.activation;
        }
        sums
    }

    /// `sum of x_s` over the seeds of each time at each node.
    fn by_time(&self) -> BTreeMap<u32, BTreeMap<usize, f64>> {
        let mut sums: BTreeMap<u32, BTreeMap<usize, f64>> = BTreeMap::new();
        for seed in &self.0 {
            *sums.entry(seed.time).or_default().entry(seed.node).or_insert(0.0) += seed.activation;
        }
        sums
    }

    /// The nodes that have a seed.
    fn nodes(&self) -> BTreeSet<usize> {
        self.0.iter().map(|seed| seed.node).collect()
    }
}

/// The seeds as nodes, and how many were skipped.
fn seeds_of(
    graph: &Generation,
    effective: &EffectiveGraph,
    request: &SpreadRequest,
) -> Result<(Seeds, u64), SpreadError> {
    let mut seeds = Vec::new();
    let mut skipped = 0;
    for seed in &request.seeds {
        let node = graph.find_key(&seed.node)?.map(NodeId::index);
        match node.filter(|&node| effective.sees(node)) {
            Some(node) => {
                seeds.push(SeedAt { node, activation: seed.activation, time: seed.time });
            }
            None if request.unknown_seeds == UnknownSeeds::Skip => skipped += 1,
            None => return Err(SpreadError::UnknownSeed { node: seed.node.clone() }),
        }
    }
    let seeds = Seeds(seeds);
    let distinct = seeds.nodes().len() as u64;
    match request.bounds.nodes_max {
        _ if distinct == 0 => Err(SpreadError::NoSeeds),
        Some(nodes_max) if nodes_max < distinct => {
            Err(SpreadError::NodesMaxBelowSeeds { nodes_max, seeds: distinct })
        }
        _ => Ok((seeds, skipped)),
    }
}

/// What a rule leaves behind when it stops.
#[derive(Debug)]
struct Finished {
    /// What the rule reports, in any order, before the request leaves anything out.
    reported: Vec<NodeActivation>,
    /// The walks that explain it, where the rule has them.
    walks: Option<Walks>,
    stop_reason: StopReason,
    residual: Option<f64>,
}

/// The outcome: by activation descending, then label ascending; without the seeds where the
/// request excludes them; of these the first `top`.
fn report(
    graph: &EffectiveGraph,
    seeds: &Seeds,
    request: &SpreadRequest,
    finished: Finished,
    journal: Journal<'_>,
) -> SpreadOutcome {
    let mut activations = finished.reported;
    activations.sort_by(|a, b| {
        // Both are finite, so the comparison always has an answer; 0 and -0 are equal.
        let strongest_first = b.activation.partial_cmp(&a.activation);
        strongest_first
            .unwrap_or(Ordering::Equal)
            .then_with(|| graph.label_rank(a.node.index()).cmp(&graph.label_rank(b.node.index())))
    });
    if request.exclude_seeds {
        let excluded = seeds.nodes();
        activations.retain(|reported| !excluded.contains(&reported.node.index()));
    }
    activations.truncate(request.top.unwrap_or(usize::MAX));
    let paths = finished.walks.map_or_else(Vec::new, |walks| {
        activations.iter().map(|reported| walks.strongest_to(reported.node.index())).collect()
    });
    SpreadOutcome {
        activations,
        paths,
        steps: journal.steps,
        stop_reason: finished.stop_reason,
        residual: finished.residual,
        stats: journal.stats,
        ..SpreadOutcome::default()
    }
}

/// The node at an array index.
fn node_id(index: usize) -> NodeId {
    NodeId::new(u32::try_from(index).expect("a graph has fewer than 2^32 nodes"))
}

/// The nodes with a level above 0, with the hop each was first reached in.
fn reported(activation: &[f64], hop: &[Option<u32>], least: f64) -> Vec<NodeActivation> {
    (0..activation.len())
        .filter(|&v| activation[v] > 0.0 && activation[v] >= least)
        .map(|v| NodeActivation {
            node: node_id(v),
            activation: activation[v],
            hop: hop[v].expect("a node with activation was reached"),
            latency_s: None,
        })
        .collect()
}
