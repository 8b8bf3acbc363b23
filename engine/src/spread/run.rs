//! One spread while it runs: what every rule needs beside its own formula.

use super::error::SpreadError;
use super::kernel::Execution;
use super::ledger::Ledger;
use super::marks::Marks;
use super::outcome::{NodeActivation, SpreadStats, Step};
use super::plan::SeedAt;
use super::rank::Ranking;
use super::real::Real;
use super::request::SpreadRequest;
use super::stopwatch::{HopTime, Stopwatch};
use super::trace::Trace;
use super::view::{RowBuffer, View};
use super::watch::Watch;
use crate::graph::DamagedBlock;
use crate::sync::Team;
use crate::terms::{NodeId, StopReason};

/// Why a hop was not finished.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The spread ends with the state before the hop.
    Stop(StopReason),
    /// The spread cannot go on and has no outcome.
    Fail(SpreadError),
}

impl From<StopReason> for Halt {
    fn from(reason: StopReason) -> Self {
        Self::Stop(reason)
    }
}

impl From<DamagedBlock> for Halt {
    fn from(block: DamagedBlock) -> Self {
        Self::Fail(block.into())
    }
}

/// Lists a rule uses from hop to hop; empty between spreads, their memory kept.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) buffer: RowBuffer,
    pub(crate) order: Vec<u32>,
    pub(crate) entries: Vec<NodeActivation>,
    pub(crate) ranking: Ranking,
    pub(crate) trace: Trace,
    pub(crate) fired: Marks,
    pub(crate) retentions: Vec<(u32, f64)>,
    /// For distances: where each reported node stands, and two layers of the search.
    pub(crate) wanted: Vec<(u32, usize)>,
    pub(crate) layer: Vec<u32>,
    pub(crate) next_layer: Vec<u32>,
    /// How long each hop took, where somebody asked; kept until the next spread.
    pub(crate) hop_times: Vec<HopTime>,
}

/// One spread while it runs.
pub(crate) struct Run<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) request: &'a SpreadRequest,
    pub(crate) seeds: &'a [SeedAt],
    pub(crate) watch: Watch<'a>,
    pub(crate) lists: &'a mut Lists,
    pub(crate) stats: &'a mut SpreadStats,
    pub(crate) steps: &'a mut Vec<Step>,
    /// Bytes of scratch that the rule uses on this graph.
    pub(crate) scratch_bytes: usize,
    /// What `hops = auto` stands for.
    pub(crate) hop_limit_auto: u32,
    /// How its hops are run.
    pub(crate) execution: Execution,
    /// Threads that the spread may use, as many as its request allows.
    pub(crate) team: Option<Team<'a>>,
    pub(crate) stopwatch: Stopwatch<'a>,
}

impl Run<'_> {
    /// Tests what bounds a hop whose frontier has `fan` edges, before it is run.
    pub(crate) fn before_hop(&mut self, fan: impl FnOnce(&mut Self) -> u64) -> Result<(), Halt> {
        if let Some(edges_max) = self.request.bounds.edges_max {
            let edges = self.stats.edges_traversed.saturating_add(fan(self));
            if edges > edges_max {
                return Err(StopReason::EdgeBudget.into());
            }
        }
        if let Some(bytes_max) = self.request.bounds.memory_bytes_max {
            let steps = size_of_val(&**self.steps);
            let bytes = self.scratch_bytes + self.lists.trace.bytes() + steps;
            if bytes as u64 > bytes_max {
                return Err(StopReason::MemoryBudget.into());
            }
        }
        self.watch.look()?;
        Ok(())
    }

    /// Sum of the effective fan-out of `nodes`.
    pub(crate) fn fan_sum(&mut self, nodes: &[u32]) -> u64 {
        let buffer = &mut self.lists.buffer;
        nodes.iter().map(|node| self.view.fan(*node, buffer)).sum()
    }

    /// Ends hop `hop`: counts it and, where asked, notes the state after it.
    pub(crate) fn end_hop<S: Real>(&mut self, hop: u32, edges: u64, ledger: &mut Ledger<S>) {
        ledger.end_hop();
        self.view.unread().end_hop();
        if hop > 0 {
            self.stopwatch.lap(&mut self.lists.hop_times);
        }
        self.stats.hops = hop;
        self.stats.edges_traversed = self.stats.edges_traversed.saturating_add(edges);
        if self.request.by_step {
            let (total, active) = ledger.total(&mut self.lists.order);
            // Finite activations may add up to more than a number holds.
            self.steps.push(Step { t: hop, total: total.min(f64::MAX), active });
        }
    }

    /// Starts the list of what is reported.
    pub(crate) fn start_ranking(&mut self) {
        self.lists.ranking.start(self.request.top);
    }

    /// Offers a node to the report.
    #[inline]
    pub(crate) fn offer(&mut self, entry: NodeActivation) {
        if !(self.request.exclude_seeds && self.is_seed(entry.node.get())) {
            self.lists.ranking.offer(self.view.graph(), entry);
        }
    }

    /// Whether activation was given to `node` from outside.
    pub(crate) fn is_seed(&self, node: u32) -> bool {
        let timed = self.seeds.last().is_some_and(|last| last.time > 0);
        if timed {
            self.seeds.iter().any(|seed| seed.node == node)
        } else {
            self.seeds.binary_search_by_key(&node, |seed| seed.node).is_ok()
        }
    }

    /// How many more nodes may be reached.
    pub(crate) fn nodes_left(&self, reached: usize) -> usize {
        match self.request.bounds.nodes_max {
            Some(nodes_max) => {
                usize::try_from(nodes_max).map_or(usize::MAX, |m| m.saturating_sub(reached))
            }
            None => usize::MAX,
        }
    }

    /// Keeps the strongest `room` of the new nodes in [`Lists::entries`], as their numbers in
    /// ascending order in [`Lists::order`].
    pub(crate) fn keep_strongest(&mut self, room: usize) -> Result<(), DamagedBlock> {
        let Lists { entries, ranking, order, .. } = &mut *self.lists;
        ranking.start(Some(room));
        for entry in entries.drain(..) {
            ranking.offer(self.view.graph(), entry);
        }
        order.clear();
        order.extend(ranking.finish(self.view.graph())?.iter().map(|entry| entry.node.get()));
        order.sort_unstable();
        Ok(())
    }

    /// Notes a node that a hop would reach, for [`Run::keep_strongest`].
    pub(crate) fn note_new(&mut self, node: u32, pulse: f64) {
        self.lists.entries.push(entry(node, pulse, 0));
    }
}

/// An entry without a latency.
pub(crate) fn entry(node: u32, activation: f64, hop: u32) -> NodeActivation {
    NodeActivation { node: NodeId::new(node), activation, hop, latency_s: None }
}

impl Run<'_> {
    /// Whether a new node was not among those that [`Run::keep_strongest`] kept.
    pub(crate) fn is_dropped(&self, node: u32) -> bool {
        self.lists.order.binary_search(&node).is_err()
    }
}
