//! The crate `hirn-graph`: contributions add up, every node fires once, activation is at most 1.
//!
//! It raises its decay to the number of the hop and applies that to decayed activation, and leaves
//! out each *contribution* below `epsilon`; no other engine does either. With decay 1 both mean the
//! same, and with `epsilon` 0 this is Emanate's rule `linear` with `firing = once`, ceiling 1 and
//! decay 1. The graph comes in as a snapshot, since the insertion of single edges keeps no more
//! than 512 of them at a node.

use std::collections::HashMap;
use std::error::Error;

use emanate_compare::{
    Arguments, Ask, GraphFile, Measured, measure, serve, strongest, write_answers,
};
use hirn_core::id::MemoryId;
use hirn_core::timestamp::Timestamp;
use hirn_core::types::{EdgeRelation, Layer, Namespace};
use hirn_graph::activation::{ActivationConfig, spread_activation};
use hirn_graph::graph::{GraphEdge, GraphNodeData, GraphSnapshot, PropertyGraph};

fn graph(file: &GraphFile, ids: &[MemoryId]) -> PropertyGraph {
    let now = Timestamp::now();
    let nodes = ids.iter().map(|id| GraphNodeData {
        id: *id,
        layer: Layer::Episodic,
        importance: 0.5,
        created_at: now,
        namespace: Namespace::default(),
        access_count: 0,
    });
    let edges = file.edges().map(|(source, target, weight)| GraphEdge {
        id: MemoryId::new(),
        source: ids[source as usize],
        target: ids[target as usize],
        relation: EdgeRelation::Causes,
        weight,
        co_retrieval_count: 0,
        created_at: now,
        updated_at: now,
        valid_from: None,
        valid_until: None,
        metadata: Default::default(),
        resolved: false,
        namespace: Namespace::default(),
        causal: None,
    });
    let snapshot = GraphSnapshot { nodes: nodes.collect(), edges: edges.collect() };
    PropertyGraph::from_snapshot_with_config(snapshot, ids.len())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let file = GraphFile::read(&arguments.graph)?;
    let ids: Vec<MemoryId> = (0..file.node_count()).map(|_| MemoryId::new()).collect();
    let numbers: HashMap<MemoryId, u64> = ids.iter().copied().zip(0..).collect();
    let graph = graph(&file, &ids);
    serve(|ask| {
        let Ask::Spread { hops, threshold, first, count, batch: false, out } = ask else {
            return Err("hirn-graph answers queries one by one".into());
        };
        let config = ActivationConfig {
            decay_factor: 1.0,
            epsilon: threshold,
            max_depth: hops as usize,
            max_iterations: hops as usize,
            inhibition_strength: 0.0,
            max_frontier_size: usize::MAX,
            ..ActivationConfig::default()
        };
        let seed = |number: usize| [ids[file.seeds[number % file.seeds.len()] as usize]];
        let seeds: Vec<_> = (first..first + count).map(seed).collect();
        let run = |seed: &[MemoryId; 1]| {
            let outcome = spread_activation(&graph, seed, &config, None, None)?;
            let nodes = outcome.activations.into_iter();
            Ok::<_, Box<dyn Error>>(strongest(nodes.map(|(id, x)| (numbers[&id], x)).collect()))
        };
        let (answers, measured) = measure(|| seeds.iter().map(run).collect::<Result<Vec<_>, _>>());
        let answers = answers?;
        if let Some(path) = out {
            write_answers(&path, &answers)?;
        }
        let checksum = answers.iter().flatten().map(|(_, activation)| activation).sum();
        Ok(Measured { work: count as f64, checksum, ..measured })
    })
}
