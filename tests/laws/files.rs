//! A graph in a file spreads as the graph in memory does, and a damaged file never spreads
//! otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use emanate::graph::{LoadOptions, load, open, verify, write};
use emanate::spread::{Direction, Rule};
use emanate::{Engine, Graph, SpreadRequest};
use emanate_bench::{EdgeList, RMat, Uniform};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::plans::{
    RequestPlan, Weights, any_rule, config, graphs, monotone_linear, requests,
};
use proptest::prelude::*;

use super::seeds;

/// Random cases; each writes a file.
const CASES: u32 = 60;

/// A file of this test's own.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

proptest! {
    #![proptest_config(config(CASES))]

    /// The order of the lines of an edge list changes no bit.
    #[test]
    fn order_of_lines_changes_no_bit(
        (graph, lines) in graphs(Weights::NonNegative).prop_flat_map(|graph| {
            let lines = Just(graph.lines()).prop_shuffle();
            (Just(graph), lines)
        }),
        rule in monotone_linear(),
        seeds in seeds(),
    ) {
        let path = file("order_of_lines.tsv");
        fs::write(&path, lines.join("\n") + "\n").expect("the folder for tests can be written");
        let loaded = load(&path, &LoadOptions::default()).expect("good lines");
        prop_assert_eq!(loaded.report.bad_lines.len(), 0);
        let generation = graph.generation();
        prop_assert_eq!(generation.facts(), loaded.graph.facts());
        let engine = Engine::new();
        let request = RequestPlan::plain(seeds, Rule::Linear(rule)).request(graph.nodes);
        let [first, second] = [generation, loaded.graph]
            .map(|graph| engine.spread(&Graph::from(graph), &request).expect("a good request"));
        assert_same_bits(&first, &second, Scope::Whole);
    }

    /// A native file spreads to the bits of the graph it was written from, for any rule and filter.
    #[test]
    fn native_files_change_no_bit(
        plan in graphs(Weights::Inhibitory),
        request in requests(any_rule()),
    ) {
        let path = file("changes_no_bit.emg");
        let generation = plan.generation();
        write(&generation, &path).expect("the folder for tests can be written");
        let opened = open(&path).expect("a good file");
        let engine = Engine::new();
        let request = request.request(plan.nodes);
        let [first, second] = [generation, opened]
            .map(|graph| engine.spread(&Graph::from(graph), &request));
        match (first, second) {
            (Ok(first), Ok(second)) => assert_same_bits(&second, &first, Scope::Whole),
            (first, second) => prop_assert_eq!(second.err(), first.err()),
        }
        verify(&open(&path).expect("a good file")).expect("a good file");
    }
}

fn far_reaching(direction: Direction) -> SpreadRequest {
    SpreadRequest::linear(6).seed("n0", 1.0).seed("n5", 0.5).direction(direction)
}

#[test]
fn native_files_of_many_blocks_change_no_bit() {
    let path = file("many_blocks.emg");
    let list = EdgeList::rmat(6, RMat { scale: 13, edges: 60_000 }).with_weights(6, 0.01, 0.3);
    let generation = list.to_generation().expect("a good graph");
    write(&generation, &path).expect("the folder for tests can be written");
    let (memory, native) =
        (Graph::from(generation), Graph::from(open(&path).expect("a good file")));
    let engine = Engine::new();
    for direction in [Direction::Out, Direction::In, Direction::Both] {
        let [first, second] = [&memory, &native]
            .map(|graph| engine.spread(graph, &far_reaching(direction)).expect("a good request"));
        assert!(first.activations.len() > 1000);
        assert_same_bits(&second, &first, Scope::Whole);
    }
}

/// Whatever byte is wrong, a spread on the file fails or gives the right bits.
#[test]
fn a_damaged_file_never_gives_a_wrong_number() {
    let (whole, damaged) = (file("whole.emg"), file("damaged.emg"));
    let list = EdgeList::uniform(7, Uniform { nodes: 40, edges: 120 })
        .with_weights(7, 0.1, 1.0)
        .with_relations(7, 2);
    write(&list.to_generation().expect("a good graph"), &whole).expect("it can be written");
    let bytes = fs::read(&whole).expect("it was written");
    let engine = Engine::new();
    let request = far_reaching(Direction::Both).relation("r0", 1.0).relation("r1", 0.5);
    let graph = Graph::from(open(&whole).expect("a good file"));
    let expected = engine.spread(&graph, &request).expect("a good request");
    let (mut opened, mut spread) = (0, 0);
    for position in (0..bytes.len()).step_by(3) {
        let mut wrong = bytes.clone();
        wrong[position] ^= 1 << (position % 8);
        fs::write(&damaged, &wrong).expect("the folder for tests can be written");
        let Ok(generation) = open(&damaged) else { continue };
        opened += 1;
        if let Ok(outcome) = engine.spread(&Graph::from(generation), &request) {
            spread += 1;
            assert_same_bits(&outcome, &expected, Scope::Whole);
        }
    }
    assert!(opened > 0, "blocks are verified when they are touched");
    assert!(spread < opened, "a damaged block that is touched is an error");
}
