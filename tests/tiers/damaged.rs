//! A compressed block that cannot be read: the spread goes on, and says without which rows.

use emanate::gate::BreakerState;
use emanate::graph::{ColdEdges, EdgeHold, TierOptions, open_within};
use emanate::spread::{Direction, Linear, Precision, Rule};
use emanate::{Engine, Generation, Graph, NodeId, SpreadRequest, Tier};
use emanate_tests::compare::assert_right_without_rows;

use crate::files::{File, least, rich, rules};

/// Rules whose numbers are those of the oracle but for rounding.
fn exact_rules() -> impl Iterator<Item = Rule> {
    let is_single =
        |rule: &Rule| matches!(rule, Rule::Linear(Linear { precision: Precision::Single, .. }));
    rules().into_iter().filter(move |rule| !is_single(rule))
}

/// A file in which some blocks of out-edges are damaged, and some node of each.
fn damaged(whole: &Generation) -> (File, Vec<u32>) {
    let file = File::of(whole, ColdEdges::All);
    let bytes = std::fs::read(&file.0).expect("it was just written");
    for from in [2, 3, 4, 5] {
        let mut bytes = bytes.clone();
        let place = bytes.len() * from / 16;
        bytes[place] ^= 0x10;
        std::fs::write(&file.0, &bytes).expect("there is room");
        let options = TierOptions::within(1 << 30);
        let Ok(graph) = open_within(&file.0, &options) else { continue };
        let mut hold = EdgeHold::new();
        let blocks = whole.node_count() as u32 / 1024;
        let is_bad = |node: &u32| graph.out_row_in(NodeId::new(*node), &mut hold).is_err();
        let bad: Vec<u32> = (0..blocks).map(|block| block * 1024).filter(is_bad).collect();
        if !bad.is_empty() && bad.len() < blocks as usize {
            return (file, bad);
        }
    }
    panic!("no place was found that spoils a block of rows and nothing else");
}

#[test]
fn a_cold_block_that_cannot_be_read_is_gone_without_and_its_rows_are_named() {
    let whole = rich();
    let (file, bad) = damaged(&whole);
    let bytes = least(&file.0, 1);
    let (mut degraded, mut compared) = (0, 0);
    for bytes in [bytes, bytes * 4] {
        let options = TierOptions::within(bytes).readers(1);
        let graph = Graph::from(open_within(&file.0, &options).expect("it suffices"));
        for rule in exact_rules() {
            for node in [bad[0] + 7, 3000, 9001] {
                let request = SpreadRequest::new(rule.clone()).seed(NodeId::new(node), 1.0);
                let got = Engine::new().spread(&graph, &request).expect("rows are not vital");
                let is_bad = |node: &NodeId| bad.contains(&(node.get() / 1024 * 1024));
                assert!(got.degraded.nodes.iter().all(is_bad), "{:?}", got.degraded);
                degraded += got.degraded.count;
                // Of very many rows not all are named, and the oracle must be told of all.
                if got.degraded.count == got.degraded.nodes.len() as u64 {
                    compared += u32::from(got.degraded.count > 0);
                    assert_right_without_rows(&whole, &request, &got);
                }
            }
        }
    }
    assert!(degraded > 100 && compared > 20, "{degraded} rows were missed, {compared} compared");
}

#[test]
fn a_cold_tier_that_is_shut_is_not_read_and_the_hot_rows_still_are() {
    let whole = rich();
    let file = File::of(&whole, ColdEdges::All);
    let graph = Graph::from(open_within(&file.0, &TierOptions::within(1 << 30)).expect("enough"));
    let snapshot = graph.snapshot();
    let hot: Vec<NodeId> = (0..6).map(|block| NodeId::new(block * 1024)).collect();
    hot.iter().for_each(|node| snapshot.pin_tier(*node, Some(Tier::Hot)));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(600);
    assert!(snapshot.maintain_tiers(0, until) >= 6);
    let engine = Engine::new();
    engine.gate().tier(Tier::Cold).force_open();
    let mut missed = 0;
    for rule in exact_rules() {
        for direction in [Direction::Out, Direction::In, Direction::Both] {
            let request = SpreadRequest::new(rule.clone()).seed(hot[2], 1.0).direction(direction);
            let got = engine.spread(&graph, &request).expect("rows are not vital");
            let is_cold = |node: &NodeId| node.get() / 1024 >= 6;
            assert!(got.degraded.nodes.iter().all(is_cold), "{:?}", got.degraded);
            if got.degraded.count == got.degraded.nodes.len() as u64 {
                assert_right_without_rows(&whole, &request, &got);
            }
            missed += got.degraded.count;
        }
    }
    assert!(missed > 100, "only {missed} rows were missed");
    let reads = |graph: &Graph| graph.snapshot().tier_report().expect("a budget").tiers[2].reads;
    assert!(reads(&graph) <= 36, "what was pinned was read, and nothing else");
    engine.gate().tier(Tier::Cold).reset();
    let request = SpreadRequest::linear(2).seed(hot[2], 1.0);
    assert_eq!(engine.spread(&graph, &request).expect("a good file").degraded.count, 0);
    assert_eq!(engine.gate().tier(Tier::Warm).state(), BreakerState::Closed);
}
