//! Any bytes as an edge list: they load, or are refused with a reason; nothing panics, and a graph
//! that was loaded can be spread on.
#![no_main]

use emanate::graph::{LoadOptions, load_from};
use emanate::{Engine, Graph, NodeId, SpreadRequest};
use libfuzzer_sys::fuzz_target;

/// Text a compressed input may expand to here: enough for every path, too little to slow it down.
const EXPANDED_BYTES_MAX: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, text)) = data.split_first() else { return };
    let name = if kind % 2 == 0 { "graph.tsv" } else { "graph.csv" };
    let options = LoadOptions {
        expanded_bytes_max: EXPANDED_BYTES_MAX,
        line_bytes_max: 1 << usize::from(kind % 13),
        ..LoadOptions::default()
    };
    let Ok(load) = load_from(text, name, &options) else { return };
    let nodes = load.graph.node_count();
    assert!(nodes > 0, "a graph without nodes has no usable line");
    let graph = Graph::from(load.graph);
    let request = SpreadRequest::linear(2).seed(NodeId::new(0), 1.0);
    let outcome = Engine::new().spread(&graph, &request).expect("node 0 exists");
    assert!(outcome.activations.iter().all(|found| found.activation.is_finite()));
});
