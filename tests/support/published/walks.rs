//! Sums over walks: PageRank as networkx and Neo4j compute it, and Katz centrality.

use emanate::spread::{Direction, Hops, Linear, PageRank, PageRankMethod, Rule, Share};
use emanate::{Engine, Graph, SpreadOutcome, SpreadRequest};
use serde_json::Value;

use super::{array, edges, graph_of, number, numbers, spread, string};
use crate::compare::{assert_close, assert_ranked};

/// Asserts that every node of `expected` has its value, times `scale`, and nothing else is
/// reported where `expected` is meant to be whole.
fn check(
    what: &str,
    graph: &Graph,
    outcome: &SpreadOutcome,
    expected: &[(String, f64)],
    scaled: (f64, f64),
) {
    let (scale, tolerance) = scaled;
    let graph = graph.snapshot();
    assert_ranked(&graph, outcome);
    for (node, value) in expected {
        let id = graph.find(node.as_str()).expect("in memory").expect("a node of the case");
        let got = outcome.activation_of(id).unwrap_or(0.0) * scale;
        assert_close(&format!("{what}: {node}"), got, *value, tolerance);
    }
}

fn with_seeds(
    mut request: SpreadRequest,
    graph: &Graph,
    seeds: Option<&[(String, f64)]>,
    scale: f64,
) -> SpreadRequest {
    match seeds {
        Some(seeds) => {
            for (node, amount) in seeds {
                request = request.seed(node.as_str(), *amount * scale);
            }
        }
        None => {
            let nodes = u32::try_from(graph.snapshot().node_count()).expect("a small graph");
            for node in 0..nodes {
                request = request.seed(emanate::NodeId::new(node), scale);
            }
        }
    }
    request
}

fn seeds(value: &Value) -> Option<Vec<(String, f64)>> {
    match value {
        Value::Null => None,
        Value::Array(nodes) => Some(nodes.iter().map(|node| (string(node), 1.0)).collect()),
        _ => Some(numbers(value)),
    }
}

/// Personalised PageRank of networkx's tests.
#[derive(Clone, Debug)]
pub struct PageRankCase {
    /// What we call it.
    pub name: String,
    /// Whether dead ends send their mass elsewhere than to the seeds, which no rule of ours does.
    pub has_own_dangling_vector: bool,
    damping: f64,
    tolerance: f64,
    seeds: Option<Vec<(String, f64)>>,
    edges: Vec<(String, String, f64)>,
    expected: Vec<(String, f64)>,
}

impl PageRankCase {
    /// Reads `networkx.cases` of `tests/data/walks.json`.
    ///
    /// # Panics
    /// Where they are of another form.
    #[must_use]
    pub fn read_all(cases: &Value) -> Vec<Self> {
        let read = |case: &Value| Self {
            name: string(&case["name"]),
            has_own_dangling_vector: !case["dangling"].is_null(),
            damping: number(&case["damping"]),
            tolerance: number(&case["tolerance"]),
            seeds: seeds(&case["seeds"]),
            edges: edges(&case["edges"]),
            expected: numbers(&case["expected"]),
        };
        array(cases).iter().map(read).collect()
    }

    /// Asserts that both methods give the published numbers.
    ///
    /// # Panics
    /// Where one does not.
    pub fn check(&self, engine: &Engine) {
        let graph = graph_of(&self.edges);
        let power = PageRankMethod::Power { tolerance: 1e-13, iterations_max: 1000 };
        for method in [power, PageRankMethod::Push { epsilon: 1e-12 }] {
            let rule = Rule::PageRank(PageRank { damping: self.damping, method });
            let request = with_seeds(SpreadRequest::new(rule), &graph, self.seeds.as_deref(), 1.0);
            let outcome = spread(engine, &graph, &request);
            let what = format!("{} by {method:?}", self.name);
            check(&what, &graph, &outcome, &self.expected, (1.0, self.tolerance));
            let total: f64 = outcome.activations.iter().map(|a| a.activation).sum();
            assert_close(&what, total + outcome.residual.unwrap_or(0.0), 1.0, 1e-9);
        }
    }
}

/// Neo4j GDS's PageRank, which is a truncated power series and so a case of rule `linear`.
#[derive(Clone, Debug)]
pub struct GdsCase {
    /// What we call it.
    pub name: String,
    damping: f64,
    iterations: u32,
    seeds: Option<Vec<(String, f64)>>,
    edges: Vec<(String, String, f64)>,
    expected: Vec<(String, f64)>,
}

/// What the figures of Neo4j's manual are compared with, relative to the larger of 1 and the value.
const GDS_TOLERANCE: f64 = 1e-7;

impl GdsCase {
    /// Reads `neo4j_gds` of `tests/data/walks.json`.
    ///
    /// # Panics
    /// Where it is of another form.
    #[must_use]
    pub fn read_all(value: &Value) -> Vec<Self> {
        let read = |case: &Value| {
            let mut edges = edges(&value["edges"]);
            if !case["weighted"].as_bool().expect("weighted is a bool") {
                edges.iter_mut().for_each(|edge| edge.2 = 1.0);
            }
            let iterations = case["iterations"].as_u64().expect("iterations is whole");
            Self {
                name: string(&case["name"]),
                damping: number(&case["damping"]),
                iterations: u32::try_from(iterations).expect("iterations are few"),
                seeds: seeds(&case["seeds"]),
                edges,
                expected: numbers(&case["expected"]),
            }
        };
        array(&value["cases"]).iter().map(read).collect()
    }

    /// Asserts that rule `linear` gives the published numbers: term `k` of the series is hop `k`.
    ///
    /// # Panics
    /// Where it does not.
    pub fn check(&self, engine: &Engine) {
        let graph = graph_of(&self.edges);
        let rule = Rule::Linear(Linear {
            hops: Hops::Limit(self.iterations - 1),
            hop_decay: self.damping,
            firing_threshold: 0.0,
            share: Share::Weight,
            ..Linear::default()
        });
        let own = 1.0 - self.damping;
        let request = with_seeds(SpreadRequest::new(rule), &graph, self.seeds.as_deref(), own);
        let outcome = spread(engine, &graph, &request);
        check(&self.name, &graph, &outcome, &self.expected, (1.0, GDS_TOLERANCE));
    }
}

/// Katz centrality of networkx's tests.
#[derive(Clone, Debug)]
pub struct KatzCase {
    /// What we call it.
    pub name: String,
    alpha: f64,
    tolerance: f64,
    edges: Vec<(String, String, f64)>,
    expected: Vec<(String, f64)>,
}

/// Hops after which the terms of the Katz cases' series are below the last bit of their sum.
const KATZ_HOPS: u32 = 100;

impl KatzCase {
    /// Reads `katz.cases` of `tests/data/walks.json`.
    ///
    /// # Panics
    /// Where they are of another form.
    #[must_use]
    pub fn read_all(cases: &Value) -> Vec<Self> {
        let read = |case: &Value| Self {
            name: string(&case["name"]),
            alpha: number(&case["alpha"]),
            tolerance: number(&case["tolerance"]),
            edges: edges(&case["edges"]),
            expected: numbers(&case["expected"]),
        };
        array(cases).iter().map(read).collect()
    }

    /// Asserts that rule `linear`, against the edges, gives the published numbers.
    ///
    /// # Panics
    /// Where it does not.
    pub fn check(&self, engine: &Engine) {
        let graph = graph_of(&self.edges);
        let rule = Rule::Linear(Linear {
            hops: Hops::Limit(KATZ_HOPS),
            hop_decay: self.alpha,
            firing_threshold: 0.0,
            ..Linear::default()
        });
        let request = SpreadRequest::new(rule).direction(Direction::In);
        let outcome = spread(engine, &graph, &with_seeds(request, &graph, None, 1.0));
        let squares: f64 = outcome.activations.iter().map(|a| a.activation * a.activation).sum();
        let scaled = (squares.sqrt().recip(), self.tolerance);
        check(&self.name, &graph, &outcome, &self.expected, scaled);
    }
}
