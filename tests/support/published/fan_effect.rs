//! Anderson's fan experiment, by rule `act-r`.

use emanate::spread::{ActR, Rule};
use emanate::{Engine, Graph, NodeActivation, SpreadRequest};
use serde_json::Value;

use super::{array, graph_of, number, spread, string};

/// What the people learned, and how long they took to answer.
#[derive(Clone, Debug)]
pub struct FanEffect {
    /// From each person and each location to every fact that holds it.
    edges: Vec<(String, String, f64)>,
    /// What was asked.
    pub probes: Vec<Probe>,
    /// Correlation of the model's times with people's, as published.
    pub correlation: f64,
    /// Root of the mean squared deviation of the two, in seconds, as published.
    pub deviation_s: f64,
}

/// One question: "was the `person` in the `location`?"
#[derive(Clone, Debug)]
pub struct Probe {
    /// The person named.
    pub person: String,
    /// The location named.
    pub location: String,
    /// The fact that holds both; `None` where nobody learned it (a foil).
    pub fact: Option<String>,
    /// Seconds the published model takes, to 3 decimals.
    pub model_s: f64,
    /// Seconds people took.
    pub people_s: f64,
}

impl FanEffect {
    /// Reads `tests/data/fan_effect.json`.
    ///
    /// # Panics
    /// Where it is of another form.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        let facts = value["facts"].as_object().expect("facts is an object");
        let edges = facts.iter().flat_map(|(fact, sources)| {
            array(sources).iter().map(move |source| (string(source), fact.clone(), 1.0))
        });
        let probe = |probe: &Value| Probe {
            person: string(&probe["person"]),
            location: string(&probe["location"]),
            fact: probe["fact"].as_str().map(str::to_owned),
            model_s: number(&probe["model_s"]),
            people_s: number(&probe["people_s"]),
        };
        Self {
            edges: edges.collect(),
            probes: array(&value["probes"]).iter().map(probe).collect(),
            correlation: number(&value["published_correlation"]),
            deviation_s: number(&value["published_mean_deviation"]),
        }
    }

    /// The same experiment on another graph: source, target, weight.
    #[must_use]
    pub fn on(self, edges: Vec<(String, String, f64)>) -> Self {
        Self { edges, ..self }
    }

    /// Seconds the library takes to answer each probe, in their order.
    ///
    /// A target is one retrieval from both sources. A foil is the mean of two retrievals, each of
    /// a fact that only one of the two sources activates, with half of all source activation.
    ///
    /// # Panics
    /// Where a fact is not reported.
    #[must_use]
    pub fn times_s(&self, engine: &Engine) -> Vec<f64> {
        let graph = graph_of(&self.edges);
        self.probes.iter().map(|probe| time_s(engine, &graph, probe)).collect()
    }
}

fn time_s(engine: &Engine, graph: &Graph, probe: &Probe) -> f64 {
    let latency_s = |a: &NodeActivation| a.latency_s.expect("rule act-r gives a latency");
    if let Some(fact) = &probe.fact {
        let request = SpreadRequest::act_r()
            .seed(probe.person.as_str(), 1.0)
            .seed(probe.location.as_str(), 1.0);
        let outcome = spread(engine, graph, &request);
        let fact = graph.snapshot().find(fact.as_str()).expect("in memory").expect("the fact");
        let is_fact = |a: &&NodeActivation| a.node == fact;
        return latency_s(outcome.activations.iter().find(is_fact).expect("fact is reported"));
    }
    let half = Rule::ActR(ActR { source_activation: 0.5, ..ActR::default() });
    let retrieval_s = |source: &str| {
        let request = SpreadRequest::new(half.clone()).seed(source, 1.0);
        let outcome = spread(engine, graph, &request);
        latency_s(outcome.activations.first().expect("every source is in a fact"))
    };
    f64::midpoint(retrieval_s(&probe.person), retrieval_s(&probe.location))
}
