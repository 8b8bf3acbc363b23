//! What a spread gives back.

use std::time::Duration;

use crate::terms::{NodeId, StopReason};

/// One node of an outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeActivation {
    /// The node.
    pub node: NodeId,
    /// Its activation.
    pub activation: f64,
    /// The hop it was first reached in; 0 for seeds. For `pagerank`, the distance from the
    /// nearest seed along edges of positive weight; for `act-r`, 0 for a seed and 1 for others.
    pub hop: u32,
    /// Seconds until a person would answer; only rule `act-r` gives it.
    pub latency_s: Option<f64>,
}

/// The strongest walk from a seed to one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The nodes of the walk, the seed first.
    pub nodes: Vec<NodeId>,
    /// Seed activation times what every edge of the walk lets through.
    pub strength: f64,
}

/// The state after one hop or step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The hop or step; 0 is the seeds.
    pub t: u32,
    /// Sum of all activations; the greatest finite number where it exceeds that.
    pub total: f64,
    /// Nodes with activation above 0.
    pub active: u64,
}

/// What a spread did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpreadStats {
    /// Hops, steps or iterations completed.
    pub hops: u32,
    /// The greatest number of them: the request's, or where it said `auto`, the engine's. 0 for
    /// `pagerank` by push, which has none.
    pub hop_limit: u32,
    /// Nodes with a pulse above 0 in any hop, seeds among them.
    pub nodes_reached: u64,
    /// Sum of the fan-out of every node that fired, once for each time it fired.
    pub edges_traversed: u64,
    /// Pairs of a node and a hop in which a node reached earlier had a pulse above 0.
    pub revisits: u64,
    /// Seeds left out because they name no node.
    pub seeds_skipped: u64,
    /// From the call to the outcome.
    pub elapsed: Duration,
    /// The generation the spread saw.
    pub generation: u64,
}

/// Nodes whose edges could not be read, of those that fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Degraded {
    /// The first of them, at most [`DEGRADED_NODES_MAX`].
    pub nodes: Vec<NodeId>,
    /// How many there were.
    pub count: u64,
}

/// Most nodes that [`Degraded`] names.
pub const DEGRADED_NODES_MAX: usize = 1000;

/// What a spread reached, strongest first.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadOutcome {
    /// The nodes, by activation descending, then label ascending.
    pub activations: Vec<NodeActivation>,
    /// A path for each of [`SpreadOutcome::activations`] where the request asked for them, else
    /// empty. `None` for a node no walk explains.
    pub paths: Vec<Option<Path>>,
    /// The state after every hop where the request asked for it, else empty.
    pub steps: Vec<Step>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// Rows that could not be read.
    pub degraded: Degraded,
    /// For `pagerank` by push: the activation not yet handed out, which bounds the L1 error.
    pub residual: Option<f64>,
    /// What it did.
    pub stats: SpreadStats,
}

impl Default for SpreadOutcome {
    fn default() -> Self {
        Self {
            activations: Vec::new(),
            paths: Vec::new(),
            steps: Vec::new(),
            stop_reason: StopReason::Exhausted,
            degraded: Degraded::default(),
            residual: None,
            stats: SpreadStats::default(),
        }
    }
}

impl SpreadOutcome {
    /// An empty outcome, to be filled by `Engine::spread_into` again and again.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The activation of `node`, where it was reported. Costs a scan.
    #[must_use]
    pub fn activation_of(&self, node: NodeId) -> Option<f64> {
        self.activations.iter().find(|a| a.node == node).map(|a| a.activation)
    }

    /// How sure `activation` is beside the strongest node: `activation / largest`, in `[0, 1]`
    /// where no activation is negative; 0 where nothing was reported.
    #[must_use]
    pub fn confidence(&self, activation: f64) -> f64 {
        match self.activations.first() {
            Some(strongest) if strongest.activation != 0.0 => activation / strongest.activation,
            _ => 0.0,
        }
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.activations.clear();
        self.paths.clear();
        self.steps.clear();
        self.stop_reason = StopReason::Exhausted;
        self.degraded.nodes.clear();
        self.degraded.count = 0;
        self.residual = None;
        self.stats = SpreadStats::default();
    }
}
