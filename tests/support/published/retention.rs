//! Activation by time, as `spreadr`'s tests expect it.

use emanate::spread::{DEFAULT_RETENTION, Retention, Rule};
use emanate::{Engine, Graph, Seed, SpreadOutcome, SpreadRequest, StopReason};
use serde_json::Value;

use super::{array, edges, generation_of, number, numbers, spread, string};
use crate::compare::{assert_close, assert_ranked};

/// Relative to the larger of 1 and the value, where a case has no tolerance of its own.
const TOLERANCE: f64 = 1e-12;

/// One graph, one start, and the activation expected of every node at some times.
#[derive(Clone, Debug)]
pub struct RetentionCase {
    /// What the source calls it.
    pub name: String,
    /// All nodes.
    pub nodes: Vec<String>,
    /// Source, target, weight.
    pub edges: Vec<(String, String, f64)>,
    /// The parameters, `time` and `stop_threshold` among them.
    pub rule: Retention,
    /// Node, activation, and the time it is injected at.
    pub start: Vec<(String, f64, u32)>,
    /// Time, and the activation of nodes then; a node that is missing is not compared.
    pub expected: Vec<(u32, Vec<(String, f64)>)>,
    /// Relative to the larger of 1 and the value.
    pub tolerance: f64,
}

impl RetentionCase {
    /// The cases in `spreadr`'s own terms: an array of objects with `name`, `nodes`, `edges`,
    /// `start`, `params` and `expected`.
    ///
    /// # Panics
    /// Where the JSON is not of that form.
    #[must_use]
    pub fn read_all(cases: &Value) -> Vec<Self> {
        array(cases).iter().map(Self::read).collect()
    }

    fn read(case: &Value) -> Self {
        let nodes: Vec<String> = array(&case["nodes"]).iter().map(string).collect();
        let params = &case["params"];
        let retention = &params["retention"];
        let each = retention.as_array().map_or(&[][..], Vec::as_slice);
        let of_node = |(node, own): (&String, &Value)| (node.as_str().into(), number(own));
        Self {
            name: string(&case["name"]),
            edges: edges(&case["edges"]),
            rule: Retention {
                per_node: nodes.iter().zip(each).map(of_node).collect(),
                retention: retention.as_f64().unwrap_or(DEFAULT_RETENTION),
                time: params["time"].as_u64().map(whole),
                time_decay: number(&params["decay"]),
                suppress: number(&params["suppress"]),
                stop_threshold: params["threshold_to_stop"].as_f64(),
            },
            start: array(&case["start"]).iter().map(start).collect(),
            expected: case["expected"]
                .as_object()
                .expect("expected is an object by time")
                .iter()
                .map(|(time, by_node)| (time.parse().expect("a time is whole"), numbers(by_node)))
                .collect(),
            tolerance: params["tolerance"].as_f64().unwrap_or(TOLERANCE),
            nodes,
        }
    }

    /// Asserts that the library gives every expected activation, stops where the last of them is,
    /// and tells the totals of every step on the way.
    ///
    /// # Panics
    /// Where it does not.
    pub fn check(&self, engine: &Engine) {
        let graph = Graph::from(generation_of(&self.nodes, &self.edges));
        for (time, by_node) in &self.expected {
            let rule = Retention { time: Some(*time), stop_threshold: None, ..self.rule.clone() };
            let outcome = spread(engine, &graph, &self.request(rule));
            self.check_activations(&graph, &outcome, *time, by_node);
        }
        let outcome = spread(engine, &graph, &self.request(self.rule.clone()));
        self.check_end(&outcome);
    }

    fn request(&self, rule: Retention) -> SpreadRequest {
        let seed = |(node, activation, time): &(String, f64, u32)| Seed {
            node: node.as_str().into(),
            activation: *activation,
            time: *time,
        };
        SpreadRequest {
            seeds: self.start.iter().map(seed).collect(),
            by_step: true,
            ..SpreadRequest::new(Rule::Retention(rule))
        }
    }

    fn check_activations(
        &self,
        graph: &Graph,
        outcome: &SpreadOutcome,
        time: u32,
        by_node: &[(String, f64)],
    ) {
        let graph = graph.snapshot();
        assert_ranked(&graph, outcome);
        for (node, expected) in by_node {
            let id = graph.find(node.as_str()).expect("in memory").expect("a node of the case");
            let got = outcome.activation_of(id).unwrap_or(0.0);
            let what = format!("{}: {node} at {time}", self.name);
            assert_close(&what, got, *expected, self.tolerance);
            assert!(got > 0.0 || outcome.activation_of(id).is_none(), "{what}: 0 is reported");
        }
    }

    fn check_end(&self, outcome: &SpreadOutcome) {
        let last = self.expected.iter().map(|(time, _)| *time).max().expect("a time");
        assert_eq!(outcome.stats.hops, last, "{}: where it stops", self.name);
        let reason = match self.rule.time {
            Some(time) if time == last => StopReason::HopLimit,
            _ => StopReason::Converged,
        };
        assert_eq!(outcome.stop_reason, reason, "{}", self.name);
        let times: Vec<u32> = outcome.steps.iter().map(|step| step.t).collect();
        assert_eq!(times, (0..=last).collect::<Vec<_>>(), "{}", self.name);
        for (time, by_node) in &self.expected {
            if by_node.len() < self.nodes.len() {
                continue;
            }
            let step = outcome.steps[*time as usize];
            let total: f64 = by_node.iter().map(|(_, expected)| expected).sum();
            let what = format!("{}: total at {time}", self.name);
            assert_close(&what, step.total, total, self.tolerance * by_node.len() as f64);
            let active = by_node.iter().filter(|(_, expected)| *expected > 0.0).count();
            assert_eq!(step.active, active as u64, "{}: active at {time}", self.name);
        }
    }
}

fn whole(value: u64) -> u32 {
    u32::try_from(value).expect("a time is below 2^32")
}

fn start(start: &Value) -> (String, f64, u32) {
    let time = start[2].as_u64().expect("a time is whole");
    (string(&start[0]), number(&start[1]), whole(time))
}
