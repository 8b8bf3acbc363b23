//! Many nodes and edges as one change.

use std::sync::{Arc, Mutex};

use emanate::change::{ChangeSet, Journal, Run, StorageError};
use emanate::{ApplyError, ApplyOptions, Edge, Engine, Graph, GraphBuilder, SpreadRequest};

use crate::changes::driver::check_content;
use crate::changes::model::{Mistake, Model};

/// An edge: ends, weight, relation, time.
type Given = (&'static str, &'static str, f64, Option<&'static str>, Option<f64>);

fn builder(edges: &[Given], nodes: &[&str]) -> GraphBuilder {
    let mut builder = GraphBuilder::new();
    for (source, target, weight, relation, time) in edges {
        let (source, target) = ((*source).into(), (*target).into());
        let edge = Edge { source, target, weight: *weight, relation: *relation, time: *time };
        builder.add(&edge).unwrap();
    }
    for node in nodes {
        builder.node(*node).unwrap();
    }
    builder
}

const FIRST: [Given; 4] = [
    ("a", "b", 0.5, None, None),
    ("b", "c", 0.25, Some("likes"), Some(3.0)),
    ("a", "c", 1.0, None, None),
    ("c", "c", 0.1, None, None),
];

const MORE: [Given; 7] = [
    ("b", "a", 0.25, None, None),
    ("a", "b", 0.75, None, None),
    ("a", "b", 0.5, None, None),
    ("a", "b", 1.5, Some("also"), None),
    ("b", "c", 2.0, Some("likes"), Some(3.0)),
    ("z", "a", -0.5, Some("likes"), None),
    ("a", "~", 1.0 / 3.0, None, Some(-1.0)),
];

#[test]
fn a_graph_of_nothing_becomes_what_the_builder_makes() {
    let (engine, graph) = (Engine::new(), Graph::from(GraphBuilder::new().build().unwrap()));
    let report = engine.load(&graph, builder(&FIRST, &["d"]), &ApplyOptions::default()).unwrap();
    let built = builder(&FIRST, &["d"]).build().unwrap();
    assert_eq!((report.generation, report.totals.nodes_added), (2, 4));
    assert_eq!(graph.snapshot().facts(), built.facts());
    assert_eq!(graph.snapshot().rows_over_blocks(), 0);
    for node in (0..4).map(emanate::NodeId::new) {
        assert_eq!(graph.snapshot().label(node), built.label(node), "numbered as built");
    }
}

/// The edits that are the same as loading [`MORE`], one by one.
fn expected() -> Model {
    let mut model = Model::of(&builder(&FIRST, &[]).build().unwrap(), Mistake::None);
    let loaded = Model::of(&builder(&MORE, &["d"]).build().unwrap(), Mistake::None);
    model.nodes.extend(loaded.nodes);
    model.edges.extend(loaded.edges);
    model
}

#[derive(Debug, Default)]
struct Kept(Mutex<Vec<ChangeSet>>);

impl Journal for Kept {
    fn append(&self, changes: &ChangeSet, _: u64) -> Result<(), StorageError> {
        self.0.lock().unwrap().push(changes.clone());
        Ok(())
    }
}

#[test]
fn what_is_loaded_is_what_is_edited_one_by_one() {
    let engine = Engine::new();
    let base = || builder(&FIRST, &[]).build().unwrap();
    let journal = Arc::new(Kept::default());
    let graphs = [Graph::from(base()), Graph::journaled(base(), journal.clone())];
    for (turned, graph) in [false, true].into_iter().zip(&graphs) {
        if turned {
            // In-edges that are there are kept up.
            graph.snapshot().in_row(emanate::NodeId::new(0)).unwrap();
        }
        let options = ApplyOptions::default();
        let report = engine.load(graph, builder(&MORE, &["d"]), &options).unwrap();
        assert_eq!(report.generation, 2);
        let totals = report.totals;
        let counts = [totals.nodes_added, totals.edges_added, totals.edges_changed];
        assert_eq!(counts, [3, 4, 2]);
        check_content(&graph.snapshot(), &expected());
        check_content(&graph.snapshot().merged().unwrap(), &expected());
    }
    let replayed = Graph::from(base());
    for set in &*journal.0.lock().unwrap() {
        engine.apply(&replayed, set, &ApplyOptions::default()).unwrap();
    }
    let request = SpreadRequest::linear(4).seed("a", 1.0);
    let [loaded, journaled, replayed] = [&graphs[0], &graphs[1], &replayed]
        .map(|graph| engine.spread(graph, &request).unwrap().activations);
    assert_eq!(loaded, journaled, "the same ids and bits either way");
    assert_eq!(loaded, replayed);
}

#[test]
fn what_cannot_be_loaded_changes_nothing() {
    let (engine, graph) = (Engine::new(), Graph::from(builder(&FIRST, &[]).build().unwrap()));
    let before = Model::of(&graph.snapshot(), Mistake::None);
    let mut keys = GraphBuilder::with_keys();
    keys.edge(1u64, 2u64, 1.0).unwrap();
    let error = engine.load(&graph, keys, &ApplyOptions::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Unbuildable(_)), "{error}");
    let huge = [("a", "q", f64::MAX, None, None), ("a", "q", f64::MAX, None, None)];
    let error = engine.load(&graph, builder(&huge, &[]), &ApplyOptions::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Unbuildable(_)), "{error}");
    let mut dry = ApplyOptions::default();
    dry.run = Run::Dry;
    let report = engine.load(&graph, builder(&MORE, &[]), &dry).unwrap();
    assert_eq!((report.generation, report.totals.edges_added), (1, 4));
    let nothing = engine.load(&graph, GraphBuilder::new(), &ApplyOptions::default()).unwrap();
    assert_eq!(nothing.generation, 1);
    assert_eq!(Model::of(&graph.snapshot(), Mistake::None), before);
}
