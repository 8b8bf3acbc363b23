//! The same bits in memory and within any budget, wherever the edges lie and while they move.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use emanate::change::EdgeKey;
use emanate::graph::{ColdEdges, EdgeHold, TierOptions, open_within};
use emanate::spread::{Direction, EdgeFilter, Execution, InstructionSet, Kernel};
use emanate::{ChangeSet, Engine, Generation, Graph, NodeId, SpreadOutcome, SpreadRequest, Tier};
use emanate_tests::compare::{Scope, assert_same_bits};

use crate::files::{File, least, rich, rules};

/// What edges a spread sees: as they lie, turned, both ways, by relation, by age.
fn filters() -> Vec<EdgeFilter> {
    let plain = EdgeFilter::default();
    let relations = vec![("r0".to_owned(), 0.5), ("r2".to_owned(), 1.25)];
    vec![
        EdgeFilter { direction: Direction::In, ..plain.clone() },
        EdgeFilter { direction: Direction::Both, ..plain.clone() },
        EdgeFilter { relations: relations.clone(), ..plain.clone() },
        EdgeFilter { direction: Direction::Both, relations, age_rate: 1e-3, at: Some(900.0) },
        plain,
    ]
}

fn requests() -> Vec<SpreadRequest> {
    let mut requests = Vec::new();
    for (turn, rule) in (0..).zip(rules()) {
        for (other, edges) in (0..).zip(filters()) {
            let request = SpreadRequest::new(rule.clone())
                .seed(NodeId::new((turn * 977 + other * 3001) % 9000), 0.7)
                .seed(NodeId::new(turn * 31), 0.2)
                .top(500);
            requests.push(SpreadRequest { edges, explain: turn % 3 == 0, ..request });
        }
    }
    requests
}

/// Every answer in memory.
fn expected(whole: Generation, requests: &[SpreadRequest]) -> Vec<SpreadOutcome> {
    let (engine, whole) = (Engine::new(), Graph::from(whole));
    let answer = |request| engine.spread(&whole, request).expect("a good request");
    requests.iter().map(answer).collect()
}

/// Moves edges as far as they may.
fn settle(graph: &Graph, now_s: u64) -> usize {
    let until = Instant::now() + Duration::from_secs(600);
    graph.snapshot().maintain_tiers(now_s * 1_000_000_000, until)
}

#[test]
fn no_budget_and_no_place_changes_a_bit() {
    let requests = requests();
    let expected = expected(rich(), &requests);
    for cold in [ColdEdges::None, ColdEdges::All] {
        let file = File::of(&rich(), cold);
        let least = least(&file.0, 1);
        let all = std::fs::metadata(&file.0).expect("it was written").len() * 4;
        for bytes in [least, least + least / 2, all] {
            let options = TierOptions::within(bytes).readers(1).moved_bytes_per_second(1 << 30);
            let options = options.warm(std::env::temp_dir(), 1 << 18);
            let graph = Graph::from(open_within(&file.0, &options).expect("it suffices"));
            let engine = Engine::new();
            for round in 0..2 {
                for (request, expected) in requests.iter().zip(&expected) {
                    let got = engine.spread(&graph, request).expect("a good request");
                    assert_same_bits(&got, expected, Scope::Whole);
                    assert_eq!(got.degraded.count, 0);
                }
                let moved = settle(&graph, round);
                assert!(round > 0 || bytes == least || moved > 0, "{cold:?}, {bytes}: none moved");
            }
            let report = graph.snapshot().tier_report().expect("it has a budget");
            assert!(report.peak_bytes <= bytes && report.overdrawn == 0, "{bytes}: {report:?}");
            let read = report.tiers[Tier::Warm.index()].reads + report.tiers[2].reads;
            assert!(bytes == all || read > 200, "blocks came and went: {report:?}");
        }
    }
}

#[test]
fn every_kernel_and_every_batch_gives_the_same_bits_within_a_budget() {
    let requests = requests();
    let expected = expected(rich(), &requests);
    let file = File::of(&rich(), ColdEdges::All);
    let bytes = least(&file.0, 3);
    let options = TierOptions::within(bytes + bytes / 4).readers(3);
    let graph = Graph::from(open_within(&file.0, &options).expect("it suffices"));
    for kernel in [Kernel::List, Kernel::Scan, Kernel::Dense, Kernel::Auto] {
        let execution = Execution { kernel, instructions: InstructionSet::best() };
        let engine = Engine::builder().execution(execution).threads(2).build();
        let engine = engine.expect("good options");
        for (got, expected) in engine.spread_many(&graph, &requests).iter().zip(&expected) {
            assert_same_bits(got.as_ref().expect("a good request"), expected, Scope::Whole);
        }
        settle(&graph, 0);
    }
    let report = graph.snapshot().tier_report().expect("it has a budget");
    assert!(report.peak_bytes <= report.memory_bytes && report.overdrawn == 0, "{report:?}");
    let dense = graph.snapshot().sections();
    assert!(!dense.iter().any(|section| section.name.ends_with("dense")), "it has no room");
}

#[test]
fn spreads_give_the_same_bits_while_edges_move_under_them() {
    let requests: Vec<_> = requests().into_iter().step_by(4).collect();
    let expected = expected(rich(), &requests);
    let file = File::of(&rich(), ColdEdges::All);
    let bytes = least(&file.0, 3);
    let options = TierOptions::within(bytes + bytes / 2)
        .readers(3)
        .heat_half_life(Duration::from_secs(1))
        .warm(std::env::temp_dir(), 1 << 19);
    let graph = Graph::from(open_within(&file.0, &options).expect("it suffices"));
    let engine = Engine::new();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mover = scope.spawn(|| {
            let (mut second, mut moved) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                second += 1;
                // What the host wants changes all the time.
                let node = NodeId::new(second as u32 * 1024 % 16_000);
                let tier = Tier::ALL[second as usize % 3];
                graph.snapshot().pin_tier(node, (second % 5 > 0).then_some(tier));
                moved += settle(&graph, second);
                std::thread::yield_now();
            }
            moved
        });
        let readers: Vec<_> = (0..2)
            .map(|reader| {
                let (engine, graph) = (&engine, &graph);
                let (requests, expected) = (&requests, &expected);
                scope.spawn(move || {
                    let turns = requests.len();
                    for turn in (0..3 * turns).map(|turn| (turn + reader * 7) % turns) {
                        let got = engine.spread(graph, &requests[turn]).expect("a good request");
                        assert_same_bits(&got, &expected[turn], Scope::Whole);
                    }
                })
            })
            .collect();
        let ended: Vec<_> = readers.into_iter().map(|reader| reader.join()).collect();
        over.store(true, Ordering::Relaxed);
        let moved = mover.join().expect("the mover does not panic");
        assert!(ended.iter().all(Result::is_ok), "a reader panicked");
        assert!(moved > 20, "only {moved} blocks moved");
    });
    let report = graph.snapshot().tier_report().expect("it has a budget");
    assert!(report.peak_bytes <= report.memory_bytes && report.overdrawn == 0, "{report:?}");
}

#[test]
fn a_changed_graph_within_a_budget_gives_the_bits_of_the_same_in_memory() {
    let file = File::of(&rich(), ColdEdges::All);
    let options = TierOptions::within(least(&file.0, 1)).readers(1);
    let within = Graph::from(open_within(&file.0, &options).expect("it suffices"));
    let whole = Graph::from(rich());
    let mut changes = ChangeSet::default();
    let label = |node: u32| {
        let snapshot = whole.snapshot();
        snapshot.label(NodeId::new(node)).expect("in memory").to_string()
    };
    for node in (0..9000).step_by(777) {
        let edge = EdgeKey::new(label(node), label(node / 2 + 5));
        changes.upsert_edge(edge, f64::from(node) / 9000.0);
    }
    let engine = Engine::new();
    for graph in [&within, &whole] {
        let applied = engine.apply(graph, &changes, &Default::default());
        assert_eq!(applied.expect("good changes").failures.len(), 0);
    }
    for request in requests().iter().step_by(3) {
        let [got, expected] =
            [&within, &whole].map(|graph| engine.spread(graph, request).expect("a good request"));
        assert_same_bits(&got, &expected, Scope::Whole);
    }
    let report = within.snapshot().tier_report().expect("it has a budget");
    assert!(report.overdrawn == 0, "edits keep no block: {report:?}");
    let mut hold = EdgeHold::new();
    let row = within.snapshot();
    let row = row.out_row_in(NodeId::new(777), &mut hold).expect("a good file").targets.to_vec();
    assert_eq!(row, whole.snapshot().out_row(NodeId::new(777)).expect("in memory").targets);
}
