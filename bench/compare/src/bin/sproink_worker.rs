//! The crate `sproink`: activation is the largest contribution, edges work both ways, a node's
//! activation is shared evenly over its edges, and the outcome goes through a logistic.
//!
//! With weights that are all 1 this is Emanate's rule `linear` with `combine = max`,
//! `direction = both`, `share = weight` and the same squash. The crate has no other semantics: the
//! squash cannot be turned off, and the outcome holds all nodes that are reached, sorted.

use std::error::Error;

use emanate_compare::{
    Arguments, Ask, GraphFile, Measured, Strongest, TOP, measure, serve, write_answers,
};
use sproink::{
    Activation, ActivationResult, CsrGraph, EdgeInput, EdgeKind, EdgeWeight, Engine, NodeId,
    PropagationConfig, Seed,
};

fn strongest(outcome: &[ActivationResult]) -> Strongest {
    let pair = |node: &ActivationResult| (u64::from(node.node.get()), node.activation.get());
    outcome.iter().take(TOP).map(pair).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let file = GraphFile::read(&arguments.graph)?;
    let weight = EdgeWeight::new(1.0)?;
    let edges = file.edges().map(|(source, target, _)| EdgeInput {
        source: NodeId::new(source),
        target: NodeId::new(target),
        weight,
        kind: EdgeKind::Positive,
        last_activated: None,
    });
    let graph = CsrGraph::build(u32::try_from(file.node_count())?, edges.collect());
    let engine = Engine::new(&graph);
    serve(|ask| {
        let Ask::Spread { hops, threshold, first, count, batch: false, out } = ask else {
            return Err("sproink answers queries one by one".into());
        };
        let config = PropagationConfig::builder()
            .max_steps(hops)
            .decay_factor(0.85)
            .spread_factor(1.0)
            .min_activation(threshold)
            .sigmoid_gain(10.0)
            .sigmoid_center(0.3)
            .build();
        let seed = |number: usize| {
            let node = NodeId::new(file.seeds[number % file.seeds.len()]);
            Activation::new(1.0).map(|activation| [Seed { node, activation, source: None }])
        };
        let seeds: Vec<_> = (first..first + count).map(seed).collect::<Result<_, _>>()?;
        let run = |seed: &[Seed; 1]| engine.activate(seed, &config).map(|o| strongest(&o));
        let (answers, measured) =
            measure(|| seeds.iter().map(run).collect::<Result<Vec<Strongest>, _>>());
        let answers = answers?;
        if let Some(path) = out {
            write_answers(&path, &answers)?;
        }
        let checksum = answers.iter().flatten().map(|(_, activation)| activation).sum();
        Ok(Measured { work: count as f64, checksum, ..measured })
    })
}
