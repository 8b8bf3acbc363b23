//! Several spreads at once over one stream of edges.
//!
//! Where spreads saturate, they follow the same edges. Here each of them is a *lane*: a node has
//! one number for each lane, side by side in one cache line, and an edge is read once for all. Of
//! each lane the operations and their order are those of a spread alone, with nothing added (`+0`)
//! where another lane's node fires and this one's does not; so the bits are the same.
//!
//! Spreads that touch little gain nothing: their lines are as long, and nearly empty.

mod hop;

use super::conditions::Conditions;
use super::error::SpreadError;
use super::kernel::Execution;
use super::marks::Marks;
use super::outcome::{SpreadOutcome, SpreadStats};
use super::params::{Combine, Firing, Hops, Linear, Precision, Rule};
use super::plan::{self, SeedAt};
use super::rank::Ranking;
use super::real::Real;
use super::request::{Direction, SpreadRequest};
use super::run::entry;
use super::stopwatch::{HopTime, Stopwatch};
use super::unread::Unread;
use super::view::View;
use super::watch::Watch;
use crate::graph::Generation;
use crate::terms::StopReason;
use hop::LaneHop;

/// One number for each lane: a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<S, const L: usize>([S; L]);

/// The share of a graph's edges that a spread must be expected to follow before it gains by
/// sharing them: `1 / 4`. Measured: at a third lanes are 1.5 to 1.9 times as fast, at a seventh
/// about equal.
const SATURATED_SHARE: f64 = 4.0;
/// The hop a node is reached in is kept in a byte.
const HOPS_MAX: u32 = 254;

/// Whether `request` may share edges with others of the same rule and edge filter.
pub(crate) fn is_shareable(request: &SpreadRequest, graph: &Generation) -> bool {
    let Rule::Linear(linear) = &request.rule else { return false };
    let hops_fit = matches!(linear.hops, Hops::Limit(limit) if limit <= HOPS_MAX);
    let bounds = &request.bounds;
    let is_unbounded = bounds.budget.is_none()
        && bounds.cancel.is_none()
        && bounds.edges_max.is_none()
        && bounds.nodes_max.is_none()
        && bounds.memory_bytes_max.is_none();
    let filter = &request.edges;
    let is_plain = filter.relations.is_empty()
        && filter.age_rate == 0.0
        && filter.direction != Direction::Both
        && request.nodes.is_none();
    hops_fit
        && is_unbounded
        && is_plain
        && linear.combine == Combine::Sum
        && linear.firing == Firing::Repeat
        && linear.fan_out_limit.is_none()
        && linear.inhibit.is_none()
        && linear.squash.is_none()
        && !(request.explain || request.by_step || request.exclude_seeds)
        && graph.facts().weight_min >= 0.0
}

/// Whether a spread that would follow `edges` edges without a threshold gains by sharing them.
///
/// With a threshold, about `activation of the seeds / threshold` nodes fire in a hop at most,
/// where activation does not grow on its way.
pub(crate) fn is_saturated(request: &SpreadRequest, edges: f64, graph: &Generation) -> bool {
    let Rule::Linear(linear) = &request.rule else { return false };
    let all = graph.edge_count() as f64;
    let mean_fan = all / graph.node_count().max(1) as f64;
    let seeds: f64 = request.seeds.iter().map(|seed| seed.activation).sum();
    let firing = f64::from(match linear.hops {
        Hops::Limit(limit) => limit,
        Hops::Auto => 1,
    }) * seeds
        / linear.firing_threshold;
    edges.min(firing * mean_fan) * SATURATED_SHARE >= all
}

/// How many requests of this rule share one stream of edges.
pub(crate) const fn lane_count(rule: &Rule) -> usize {
    if is_single(rule) { DOUBLE_LANES * 2 } else { DOUBLE_LANES }
}

/// Lanes of a cache line in double precision.
const DOUBLE_LANES: usize = 8;

const fn is_single(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(Linear { precision: Precision::Single, .. }))
}

/// State of all lanes; clean between groups.
#[derive(Debug)]
struct LaneState<S, const L: usize> {
    /// What arrived in this hop; `+0` between hops.
    cells: Vec<Line<S, L>>,
    /// Activations, meaningless where `reached` is 0.
    held: Vec<Line<S, L>>,
    /// The hop a node was reached in, and 1; 0 where it was not.
    reached: Vec<[u8; L]>,
    touched: Marks,
    nodes: Vec<u32>,
    /// Pulses of the nodes that fire in any lane, 0 in the others.
    pulses: Vec<Line<S, L>>,
}

impl<S, const L: usize> Default for LaneState<S, L> {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            held: Vec::new(),
            reached: Vec::new(),
            touched: Marks::default(),
            nodes: Vec::new(),
            pulses: Vec::new(),
        }
    }
}

impl<S: Real, const L: usize> LaneState<S, L> {
    fn prepare(&mut self, nodes: usize) {
        if self.cells.len() < nodes {
            self.cells.resize(nodes, Line([S::ZERO; L]));
            self.held.resize(nodes, Line([S::ZERO; L]));
            self.reached.resize(nodes, [0; L]);
        }
        self.touched.prepare(nodes);
    }

    const fn bytes(nodes: usize) -> usize {
        let node = 3 * size_of::<Line<S, L>>() + L + size_of::<u32>();
        nodes * node + Marks::bytes(nodes)
    }

    fn clear(&mut self, nodes: usize) {
        self.cells[..nodes].fill(Line([S::ZERO; L]));
        self.reached[..nodes].fill([0; L]);
        self.touched.clear();
        self.nodes.clear();
        self.pulses.clear();
    }
}

/// The memory that lanes work in.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    double: LaneState<f64, DOUBLE_LANES>,
    single: LaneState<f32, { DOUBLE_LANES * 2 }>,
    seeds: Vec<SeedAt>,
    order: Vec<u32>,
    rankings: Vec<Ranking>,
    /// How long each hop of the last group took, where somebody asked.
    hop_times: Vec<HopTime>,
}

impl Lanes {
    /// How long each hop of the last group took, where somebody asked.
    pub(crate) fn hop_times(&self) -> &[HopTime] {
        &self.hop_times
    }

    /// Bytes that a group by `rule` uses on a graph of `nodes` nodes.
    pub(crate) const fn bytes(nodes: usize, rule: &Rule) -> usize {
        if is_single(rule) {
            LaneState::<f32, { DOUBLE_LANES * 2 }>::bytes(nodes)
        } else {
            LaneState::<f64, DOUBLE_LANES>::bytes(nodes)
        }
    }
}

/// What the requests of a group have in common.
struct Shared<'a> {
    view: View<'a>,
    linear: &'a Linear,
    hop_limit: u32,
    execution: Execution,
}

/// Runs up to [`lane_count`] requests for which [`is_shareable`] holds, and which have rule and
/// edge filter in common. `None` where they cannot be run together after all: a seed is unknown,
/// say, or a number may grow too large; each must then be run alone.
pub(crate) fn spread_lanes(
    graph: &Generation,
    requests: &[&SpreadRequest],
    conditions: &Conditions<'_>,
    lanes: &mut Lanes,
) -> Option<Vec<SpreadOutcome>> {
    let first = requests.first()?;
    let Rule::Linear(linear) = &first.rule else { return None };
    plan::check_rule(&first.rule).ok()?;
    let unread = Unread::new(conditions.shut);
    let shared = Shared {
        view: View::new(graph, &first.edges, &[], None, &unread).ok()?,
        linear,
        hop_limit: match linear.hops {
            Hops::Limit(limit) => limit,
            Hops::Auto => return None,
        },
        execution: conditions.execution,
    };
    let mut watch = Watch::start(&first.bounds, conditions);
    let Lanes { double, single, seeds, order, rankings, hop_times } = lanes;
    hop_times.clear();
    let stopwatch = Stopwatch::start(conditions.hop_clock);
    rankings.resize_with(requests.len(), Ranking::default);
    let mut group =
        Group { shared: &shared, requests, seeds, order, rankings, stopwatch, hop_times };
    if is_single(&first.rule) {
        group.run(single, &mut watch)
    } else {
        group.run(double, &mut watch)
    }
}

/// One group while it runs.
struct Group<'a> {
    shared: &'a Shared<'a>,
    requests: &'a [&'a SpreadRequest],
    seeds: &'a mut Vec<SeedAt>,
    order: &'a mut Vec<u32>,
    rankings: &'a mut [Ranking],
    stopwatch: Stopwatch<'a>,
    hop_times: &'a mut Vec<HopTime>,
}

impl Group<'_> {
    fn run<S: Real, const L: usize>(
        &mut self,
        state: &mut LaneState<S, L>,
        watch: &mut Watch<'_>,
    ) -> Option<Vec<SpreadOutcome>> {
        let nodes = self.shared.view.graph().node_count();
        state.prepare(nodes);
        let mut stats = vec![SpreadStats::default(); L];
        let outcomes = self.spread(state, &mut stats, watch).ok().flatten();
        state.clear(nodes);
        outcomes
    }

    fn spread<S: Real, const L: usize>(
        &mut self,
        state: &mut LaneState<S, L>,
        stats: &mut [SpreadStats],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Vec<SpreadOutcome>>, SpreadError> {
        let Some(sums) = self.plant(state, stats)? else { return Ok(None) };
        let mut hops = LaneHop::<S, L>::new(self.shared, sums);
        let mut reasons = [StopReason::HopLimit; L];
        for hop in 1..=self.shared.hop_limit {
            let firing = LaneHop::firing(state);
            for (lane, stats) in stats.iter_mut().enumerate() {
                if firing[lane] {
                    stats.hops = hop;
                } else if stats.hops + 1 == hop {
                    reasons[lane] = StopReason::Exhausted;
                }
            }
            if !firing.contains(&true) {
                break;
            }
            if !hops.run(state, stats, hop, watch)? {
                return Ok(None);
            }
            self.stopwatch.lap(self.hop_times);
        }
        self.report(state, stats, &reasons).map(Some)
    }

    /// Hop 0 of every lane; the sum of each one's seeds. `None` where a request must be run alone.
    fn plant<S: Real, const L: usize>(
        &mut self,
        state: &mut LaneState<S, L>,
        stats: &mut [SpreadStats],
    ) -> Result<Option<[f64; L]>, SpreadError> {
        let mut sums = [0.0; L];
        let ceiling = self.shared.ceiling();
        for (lane, request) in self.requests.iter().enumerate() {
            let graph = self.shared.view.graph();
            stats[lane].seeds_skipped =
                plan::resolve_seeds(graph, request, self.seeds, self.order)?;
            stats[lane].hop_limit = self.shared.hop_limit;
            stats[lane].generation = graph.number();
            for seed in &*self.seeds {
                let pulse = S::of(seed.activation);
                if !(pulse.wide().is_finite() && pulse > S::ZERO) {
                    return Ok(None);
                }
                sums[lane] += pulse.wide();
                let node = seed.node as usize;
                state.held[node].0[lane] = if pulse < ceiling { pulse } else { ceiling };
                state.reached[node][lane] = 1;
                stats[lane].nodes_reached += 1;
                // Cells carry the pulses until the nodes of all lanes are known, ascending.
                if pulse >= S::of(self.shared.linear.firing_threshold) {
                    state.cells[node].0[lane] = pulse;
                    state.touched.insert(seed.node);
                }
            }
        }
        let LaneState { cells, touched, nodes, pulses, .. } = state;
        touched.drain(|node| {
            nodes.push(node);
            pulses.push(std::mem::replace(&mut cells[node as usize], Line([S::ZERO; L])));
        });
        Ok(Some(sums))
    }

    fn report<S: Real, const L: usize>(
        &mut self,
        state: &LaneState<S, L>,
        stats: &[SpreadStats],
        reasons: &[StopReason; L],
    ) -> Result<Vec<SpreadOutcome>, SpreadError> {
        let graph = self.shared.view.graph();
        for (ranking, request) in self.rankings.iter_mut().zip(self.requests) {
            ranking.start(request.top);
        }
        let least = S::of_at_least(self.shared.linear.report_threshold);
        let mut floors = [least; L];
        for (node, (reached, held)) in (0..).zip(state.reached.iter().zip(&state.held)) {
            if node as usize >= graph.node_count() {
                break;
            }
            let passes = |lane: usize| reached[lane] > 0 && held.0[lane] >= floors[lane];
            if !(0..L).fold(false, |any, lane| any | passes(lane)) {
                continue;
            }
            for (lane, ranking) in self.rankings.iter_mut().enumerate() {
                let activation = held.0[lane];
                let is_reported = activation.wide() >= self.shared.linear.report_threshold;
                if reached[lane] > 0 && activation > S::ZERO && is_reported {
                    let hop = u32::from(reached[lane] - 1);
                    ranking.offer(graph, entry(node, activation.wide(), hop));
                    let floor = S::of_at_least(ranking.floor());
                    floors[lane] = if floor > least { floor } else { least };
                }
            }
        }
        let mut outcomes = Vec::with_capacity(self.requests.len());
        for (lane, ranking) in self.rankings.iter_mut().enumerate() {
            let activations = ranking.finish(graph)?.clone();
            outcomes.push(SpreadOutcome {
                activations,
                stop_reason: reasons[lane],
                stats: stats[lane],
                ..SpreadOutcome::default()
            });
        }
        Ok(outcomes)
    }
}

impl Shared<'_> {
    fn ceiling<S: Real>(&self) -> S {
        S::of(self.linear.ceiling.unwrap_or(S::LARGEST).min(S::LARGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, is_shareable, lane_count, spread_lanes};
    use crate::graph::GraphBuilder;
    use crate::spread::conditions::Conditions;
    use crate::spread::{
        Hops, Linear, Precision, Rule, Scratch, Share, SpreadOutcome, SpreadRequest, spread,
    };

    /// Requests on a graph of 40 nodes, of which some end early and some report little.
    fn group(rule: &Rule) -> Vec<SpreadRequest> {
        let request = |node: u64| {
            let request = SpreadRequest::new(rule.clone()).seed(node, 0.5 + node as f64);
            let request =
                if node.is_multiple_of(3) { request.seed(39 - node, 0.25) } else { request };
            request.top(if node.is_multiple_of(2) { 5 } else { 100 })
        };
        (0..lane_count(rule) as u64).map(request).collect()
    }

    #[test]
    fn a_lane_is_the_spread_alone() {
        let mut builder = GraphBuilder::with_keys();
        for node in 0..39u64 {
            builder.edge(node, node + 1, 0.125 + node as f64 / 64.0).unwrap();
            builder.edge(node, node * 7 % 40, 0.3).unwrap();
        }
        let graph = builder.build().unwrap();
        let (mut lanes, mut scratch) = (Lanes::default(), Scratch::default());
        for precision in [Precision::Double, Precision::Single] {
            for share in [Share::None, Share::Log] {
                for (hops, firing_threshold) in [(0, 0.0), (1, 0.0), (6, 0.0), (6, 0.04)] {
                    let hops = Hops::Limit(hops);
                    let linear =
                        Linear { hops, firing_threshold, share, precision, ..Linear::default() };
                    let requests = group(&Rule::Linear(linear));
                    let shared: Vec<_> = requests.iter().collect();
                    assert!(requests.iter().all(|request| is_shareable(request, &graph)));
                    let conditions = Conditions::alone();
                    let together = spread_lanes(&graph, &shared, &conditions, &mut lanes).unwrap();
                    for (request, together) in requests.iter().zip(together) {
                        let mut alone = SpreadOutcome::new();
                        spread(&graph, request, &conditions, &mut scratch, &mut alone).unwrap();
                        assert_eq!(together, alone);
                    }
                }
            }
        }
    }

    #[test]
    fn what_must_be_run_alone_is_not_run_together() {
        let mut builder = GraphBuilder::with_keys();
        builder.edge(1u64, 2u64, 1e300).unwrap().edge(2u64, 1u64, 1e300).unwrap();
        let graph = builder.build().unwrap();
        let mut lanes = Lanes::default();
        let every = Linear { firing_threshold: 0.0, ..Linear::default() };
        let good = SpreadRequest::new(Rule::Linear(every)).seed(1u64, 1.0);
        let unknown = good.clone().seed(3u64, 1.0);
        let conditions = Conditions::alone();
        for (group, why) in [
            ([&good, &good], "three hops overflow"),
            ([&SpreadRequest::linear(1).seed(1u64, 1.0), &unknown], "a seed is unknown"),
        ] {
            assert!(spread_lanes(&graph, &group, &conditions, &mut lanes).is_none(), "{why}");
        }
        let one = SpreadRequest::linear(1).seed(1u64, 1.0);
        let after = spread_lanes(&graph, &[&one], &conditions, &mut lanes).unwrap();
        assert_eq!(after[0].activations.len(), 2, "nothing was left behind");
    }
}
