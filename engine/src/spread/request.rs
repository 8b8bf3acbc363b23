//! What a caller asks of a spread.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::params::{ActR, Hops, Linear, PageRank, Retention, Rule, Synapse};
use crate::terms::{CancelToken, Key, NodeId};

/// A node given activation from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Seed {
    /// Which node.
    pub node: Key,
    /// How much: finite and above 0. Several seeds at one node add up.
    pub activation: f64,
    /// The step in which it is injected; only rule `retention` takes another than 0.
    pub time: u32,
}

/// Which way along the edges activation flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From an edge's source to its target.
    #[default]
    Out,
    /// From an edge's target to its source.
    In,
    /// Both ways: a node's out-edges, then its in-edges, a self-loop once.
    Both,
}

/// Which edges a spread sees, and how strong it sees them:
/// `e = weight * relation_weight * exp(-age_rate * age)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeFilter {
    /// Relations followed, each with a factor. With any given, edges of other relations, and those
    /// without one, do not exist for the spread.
    pub relations: Vec<(String, f64)>,
    /// Which way activation flows.
    pub direction: Direction,
    /// Loss with age, per second; at least 0. Needs [`EdgeFilter::at`] where it is above 0.
    pub age_rate: f64,
    /// The instant ages are counted from, on the scale of the edges' times. An edge without a
    /// time, or with a later one, has age 0.
    pub at: Option<f64>,
}

impl EdgeFilter {
    /// Checks the numbers, as a spread does when it begins; names are checked against a graph.
    ///
    /// # Errors
    /// [`SpreadError::Parameter`](super::SpreadError), or `AgeWithoutTime`.
    pub fn check(&self) -> Result<(), super::SpreadError> {
        super::plan::check_filter(self)
    }
}

/// Which nodes a spread sees. Nodes outside do not exist for it: they take no activation, and edges
/// to them count in no fan-out. A seed outside is an unknown seed.
pub trait NodeFilter: Send + Sync {
    /// Whether the spread sees `node`. Must give the same answer throughout a spread.
    fn contains(&self, node: NodeId) -> bool;
}

impl<F: Fn(NodeId) -> bool + Send + Sync> NodeFilter for F {
    fn contains(&self, node: NodeId) -> bool {
        self(node)
    }
}

/// What may end a spread before its rule does. The default sets no bound.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Time allowed from the call on, waiting for scratch or in a queue included.
    pub budget: Option<Duration>,
    /// Ends the spread when it is cancelled.
    pub cancel: Option<CancelToken>,
    /// Most edges followed. Tested before each hop.
    pub edges_max: Option<u64>,
    /// Most nodes reached; at least the number of seeds.
    pub nodes_max: Option<u64>,
    /// Most bytes of scratch. Tested before each hop.
    pub memory_bytes_max: Option<u64>,
}

/// What to do with a seed that names no node of the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownSeeds {
    /// Refuse the request.
    #[default]
    Refuse,
    /// Leave the seed out; the outcome counts them.
    Skip,
}

/// One spread to run: seeds, rule, and what it may see and spend.
///
/// ```
/// use emanate::SpreadRequest;
/// use emanate::spread::{Linear, Rule};
///
/// let request = SpreadRequest::new(Rule::Linear(Linear { hop_decay: 0.5, ..Linear::default() }))
///     .seed("dog", 1.0)
///     .seed("cat", 0.5)
///     .top(10);
/// assert_eq!(request.seeds.len(), 2);
/// ```
#[derive(Clone)]
pub struct SpreadRequest {
    /// Where activation enters; at least one.
    pub seeds: Vec<Seed>,
    /// How it moves.
    pub rule: Rule,
    /// Which edges it moves along.
    pub edges: EdgeFilter,
    /// Which nodes it sees; `None` for all.
    pub nodes: Option<Arc<dyn NodeFilter>>,
    /// What ends it early.
    pub bounds: Bounds,
    /// How many of the strongest nodes to report; `None` for all.
    pub top: Option<usize>,
    /// Whether seeds are left out of the report.
    pub exclude_seeds: bool,
    /// What to do with a seed that names no node.
    pub unknown_seeds: UnknownSeeds,
    /// Whether to report the strongest path to each node.
    pub explain: bool,
    /// Whether to report the state after every hop.
    pub by_step: bool,
    /// Most threads this one spread may use, by default 1: the one that runs it. With more it runs
    /// on so many of the engine's, and not on its caller's; they share hops of 16,384 edges and
    /// more. Results never depend on it.
    pub threads: NonZeroU32,
}

impl Default for SpreadRequest {
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            rule: Rule::default(),
            edges: EdgeFilter::default(),
            nodes: None,
            bounds: Bounds::default(),
            top: None,
            exclude_seeds: false,
            unknown_seeds: UnknownSeeds::default(),
            explain: false,
            by_step: false,
            threads: NonZeroU32::MIN,
        }
    }
}

impl fmt::Debug for SpreadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpreadRequest")
            .field("seeds", &self.seeds)
            .field("rule", &self.rule)
            .field("edges", &self.edges)
            .field("nodes", &self.nodes.as_ref().map(|_| "NodeFilter"))
            .field("bounds", &self.bounds)
            .field("top", &self.top)
            .finish_non_exhaustive()
    }
}

impl SpreadRequest {
    /// A request without seeds.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// Rule `linear` with its defaults and this many hops.
    #[must_use]
    pub fn linear(hops: u32) -> Self {
        Self::new(Rule::Linear(Linear { hops: Hops::Limit(hops), ..Linear::default() }))
    }

    /// Rule `retention` with its defaults.
    #[must_use]
    pub fn retention() -> Self {
        Self::new(Rule::Retention(Retention::default()))
    }

    /// Rule `pagerank` with its defaults.
    #[must_use]
    pub fn pagerank() -> Self {
        Self::new(Rule::PageRank(PageRank::default()))
    }

    /// Rule `act-r` with its defaults.
    #[must_use]
    pub fn act_r() -> Self {
        Self::new(Rule::ActR(ActR::default()))
    }

    /// Rule `synapse` with its defaults.
    #[must_use]
    pub fn synapse() -> Self {
        Self::new(Rule::Synapse(Synapse::default()))
    }

    /// Adds a seed.
    #[must_use]
    pub fn seed(mut self, node: impl Into<Key>, activation: f64) -> Self {
        self.seeds.push(Seed { node: node.into(), activation, time: 0 });
        self
    }

    /// Reports only the `most` strongest nodes.
    #[must_use]
    pub fn top(mut self, most: usize) -> Self {
        self.top = Some(most);
        self
    }

    /// Follows only edges of this relation (and others named so), `factor` times as strong.
    #[must_use]
    pub fn relation(mut self, name: impl Into<String>, factor: f64) -> Self {
        self.edges.relations.push((name.into(), factor));
        self
    }

    /// Sets which way activation flows.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.edges.direction = direction;
        self
    }

    /// Shows the spread only the nodes in `filter`.
    #[must_use]
    pub fn only(mut self, filter: impl NodeFilter + 'static) -> Self {
        self.nodes = Some(Arc::new(filter));
        self
    }

    /// Ends the spread `budget` after it was called.
    #[must_use]
    pub fn within(mut self, budget: Duration) -> Self {
        self.bounds.budget = Some(budget);
        self
    }

    /// Allows the spread this many threads of the engine's pool; see [`SpreadRequest::threads`].
    #[must_use]
    pub fn threads(mut self, most: NonZeroU32) -> Self {
        self.threads = most;
        self
    }

    /// Reports the strongest path to each node.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }
}
