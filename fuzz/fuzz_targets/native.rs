//! A native file with any bytes changed, or made of any bytes: it is refused, or every block that
//! was changed is found; nothing panics and nothing is read wrongly.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use emanate::graph::{open, verify, write};
use emanate::{Edge, Engine, Generation, Graph, GraphBuilder, NodeId, SpreadRequest};
use libfuzzer_sys::fuzz_target;

/// A small graph with every section, as a file.
static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = GraphBuilder::new();
    for number in 0..20u32 {
        let (source, target) = (format!("n{number}"), format!("n{}", number * 7 % 20));
        let edge = Edge {
            source: (&source).into(),
            target: (&target).into(),
            weight: f64::from(number) / 8.0,
            relation: (number % 3 == 0).then_some("r"),
            time: (number % 2 == 0).then_some(f64::from(number)),
        };
        builder.add(&edge).expect("the edge is in range");
    }
    let graph = builder.build().expect("the graph is small");
    let path = place("written");
    write(&graph, &path).expect("the folder can be written to");
    std::fs::read(path).expect("it was just written")
});

fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("emanate-fuzz-{}-{name}.emg", std::process::id()))
}

fn touch_everything(graph: Generation) {
    let nodes = u32::try_from(graph.node_count()).expect("the file is small");
    let graph = Graph::from(graph);
    let engine = Engine::new();
    for node in 0..nodes.min(32) {
        let request = SpreadRequest::linear(2).seed(NodeId::new(node), 1.0);
        if let Ok(outcome) = engine.spread(&graph, &request) {
            assert!(outcome.activations.iter().all(|found| found.activation.is_finite()));
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    let (bytes, is_changed) = if kind % 2 == 0 {
        (rest.to_vec(), true)
    } else {
        let mut bytes = WRITTEN.clone();
        for change in rest.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
            bytes[at] ^= change[2];
        }
        let is_changed = bytes != *WRITTEN;
        (bytes, is_changed)
    };
    let path = place("read");
    std::fs::write(&path, &bytes).expect("the folder can be written to");
    if let Ok(graph) = open(&path) {
        let is_whole = verify(&graph).is_ok();
        if kind % 2 == 1 {
            assert_eq!(is_whole, !is_changed, "a changed byte was not found");
        }
        touch_everything(graph);
    } else {
        assert!(is_changed, "the file as it was written does not open");
    }
});
