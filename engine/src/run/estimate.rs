//! What a spread will cost, before it runs.

use super::pool::Need;
use crate::graph::{EdgeHold, Edges, Generation};
use crate::spread::{Direction, Hops, Linear, PageRank, PageRankMethod, Rule, SpreadRequest};
use crate::terms::NodeId;

/// Rows read for one estimate, those of seeds among them.
const ROWS_MAX: usize = 256;

/// What a spread is likely to cost.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpreadEstimate {
    /// Edges followed: [`SpreadEstimate::edges_first`], the fan of what they lead to, and so on
    /// with the graph's mean fan for each hop the rule allows. No hop follows more edges than there
    /// are. Thresholds, filters and bounds are not looked at, so a spread usually follows fewer.
    pub edges: f64,
    /// Edges of the first hop, exact where there are few seeds: the fan of the seeds.
    pub edges_first: u64,
    /// Hops, steps or iterations counted with.
    pub hops: u32,
    /// Bytes of scratch the rule takes.
    pub scratch_bytes: u64,
}

/// The fans of rows, as far as few enough are read.
struct Fans<'a> {
    graph: &'a Generation,
    sides: [Option<&'a Edges>; 2],
    /// How many ways each edge is followed.
    ways: f64,
    rows_left: usize,
    holds: [EdgeHold; 2],
}

impl<'a> Fans<'a> {
    fn of(graph: &'a Generation, direction: Direction) -> Self {
        let out = Some(&graph.out_edges);
        // In-edges that are not there yet are not made for an estimate.
        let inward = graph.in_edges_made();
        let (sides, ways) = match direction {
            Direction::Out => ([out, None], 1.0),
            Direction::In => ([None, inward], 1.0),
            Direction::Both => ([out, inward], 2.0),
        };
        Self { graph, sides, ways, rows_left: ROWS_MAX, holds: Default::default() }
    }

    fn mean(&self) -> f64 {
        let nodes = self.graph.node_count().max(1) as f64;
        self.ways * self.graph.edge_count() as f64 / nodes
    }

    /// The fan of `node`, and what is reached from it into `reached`; the mean where its row may
    /// not or cannot be read.
    fn fan(&mut self, node: NodeId, reached: &mut impl FnMut(&[u32])) -> f64 {
        let unread = self.mean() / self.ways;
        let mut fan = 0.0;
        let sides_seen = self.sides.iter().flatten().count() as f64;
        for (side, hold) in self.sides.iter().zip(&mut self.holds) {
            let Some(side) = side else { continue };
            let row = (self.rows_left > 0).then(|| side.row_in(node, hold).ok()).flatten();
            self.rows_left = self.rows_left.saturating_sub(1);
            fan += row.map_or(unread, |row| {
                reached(row.targets);
                row.len() as f64
            });
        }
        fan + (self.ways - sides_seen).max(0.0) * unread
    }
}

/// Hops a rule runs where nothing ends it early.
fn hops(rule: &Rule, hop_limit: u32) -> u32 {
    match rule {
        Rule::Linear(Linear { hops: Hops::Limit(hops), .. }) => *hops,
        Rule::Linear(_) => hop_limit,
        Rule::Retention(retention) => retention.time.unwrap_or(DEFAULT_STEPS),
        Rule::PageRank(PageRank { damping, method }) => match method {
            PageRankMethod::Power { tolerance, iterations_max } => {
                // The change shrinks by the damping each time.
                let needed = libm::log(*tolerance) / libm::log(*damping);
                if needed.is_finite() { (needed.max(1.0) as u32).min(*iterations_max) } else { 1 }
            }
            PageRankMethod::Push { .. } => DEFAULT_STEPS,
        },
        Rule::ActR(_) => 1,
        Rule::Synapse(synapse) => synapse.steps,
    }
}

/// Steps counted with where only a threshold ends a rule.
const DEFAULT_STEPS: u32 = 10;

/// Hops added up one by one; those after them are taken to be like the last.
const HOPS_SUMMED: u32 = 64;

/// Estimates `request` on `graph`; `hop_limit` is what `auto` stands for. Reads the rows of the
/// seeds and of what they lead to, at most [`ROWS_MAX`].
pub(crate) fn estimate(
    graph: &Generation,
    request: &SpreadRequest,
    hop_limit: u32,
) -> SpreadEstimate {
    let hops = hops(&request.rule, hop_limit);
    let mut fans = Fans::of(graph, request.edges.direction);
    let mut reached = Vec::new();
    let mut first = 0.0;
    let seeds = request.seeds.iter();
    for node in seeds.filter_map(|seed| graph.find_key(&seed.node).ok().flatten()) {
        let room = fans.rows_left;
        first += fans.fan(node, &mut |targets| {
            reached.extend_from_slice(&targets[..targets.len().min(room)]);
        });
    }
    // The fan of what the seeds lead to, as far as it is read, stands for all of it.
    let mut second = 0.0;
    let looked_at = reached.len().min(fans.rows_left);
    // Spread over the list, for it is ascending by id and ids are given by in-degree.
    let stride = reached.len().checked_div(looked_at).unwrap_or(1).max(1);
    let mut read = 0.0;
    for &node in reached.iter().step_by(stride).take(looked_at) {
        second += fans.fan(NodeId::new(node), &mut |_| ());
        read += 1.0;
    }
    let mean = fans.mean();
    let second = if read > 0.0 { second * first / read } else { first * mean };
    let all = fans.ways * graph.edge_count() as f64;
    let mut edges = 0.0;
    let mut next = first;
    for hop in 1..=hops {
        edges += next.min(all);
        next = if hop == 1 { second } else { next * mean };
        if next == 0.0 || next >= all || hop == HOPS_SUMMED {
            edges += all.min(next) * f64::from(hops - hop);
            break;
        }
    }
    SpreadEstimate {
        edges,
        edges_first: first as u64,
        hops,
        scratch_bytes: Need::of(graph, &request.rule).bytes,
    }
}
