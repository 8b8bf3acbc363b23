//! Tests of the tiers from inside: what is counted, what is evicted, what moves.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{EdgeHold, TierOptions};
use crate::graph::{
    ColdEdges, Generation, GraphBuilder, OpenError, WriteOptions, open_within, write_with,
};
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};
use crate::terms::{NodeId, Tier};

const NODES: u32 = 12 * 1024;

/// A file that is removed when this is dropped.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn graph() -> Generation {
    let mut builder = GraphBuilder::with_keys();
    let mut state = 1u64;
    for source in 0..u64::from(NODES) {
        for _ in 0..1 + source % 9 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let weight = ((state >> 40) % 100) as f64 / 64.0;
            builder.edge(source, (state >> 33) % u64::from(NODES), weight).unwrap();
        }
    }
    builder.build().unwrap()
}

fn file(name: &str, cold: ColdEdges) -> File {
    let name = format!("emanate-tiers-{}-{name}.emg", std::process::id());
    let file = File(std::env::temp_dir().join(name));
    write_with(&graph(), &file.0, &WriteOptions::default().cold(cold)).unwrap();
    file
}

/// The least budget that opens the file, by what opening with none says.
fn least(file: &File, readers: usize) -> u64 {
    match open_within(&file.0, &TierOptions::within(0).readers(readers)) {
        Err(OpenError::BudgetTooSmall { bytes_needed, bytes: 0, .. }) => bytes_needed,
        other => panic!("{other:?}"),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(600)
}

/// Compares the row of `node` with the graph's own.
fn check(whole: &Generation, graph: &Generation, node: u32, hold: &mut EdgeHold) {
    let node = NodeId::new(node);
    assert_eq!(graph.out_row_in(node, hold).unwrap(), whole.out_row(node).unwrap());
}

#[test]
fn a_budget_below_the_least_is_refused_with_what_it_takes_and_the_least_suffices() {
    for (name, cold) in [("least-warm", ColdEdges::None), ("least-cold", ColdEdges::All)] {
        let file = file(name, cold);
        let bytes = least(&file, 1);
        let error = open_within(&file.0, &TierOptions::within(bytes - 1).readers(1)).unwrap_err();
        assert!(error.to_string().contains(&format!("give it {bytes} or more")), "{error}");
        let graph = open_within(&file.0, &TierOptions::within(bytes).readers(1)).unwrap();
        let whole = self::graph();
        let mut hold = EdgeHold::new();
        for node in (0..NODES).step_by(7).chain((0..NODES).rev().step_by(311)) {
            check(&whole, &graph, node, &mut hold);
        }
        let report = graph.tier_report().unwrap();
        assert_eq!((report.overdrawn, report.memory_bytes), (0, bytes));
        assert!(report.peak_bytes <= bytes && report.used_bytes > report.fixed_bytes);
        assert_eq!(report.tiers[Tier::Hot.index()].blocks, 0, "no room for any");
        hold.clear();
        assert!(least(&file, 2) > bytes, "each reader has room of its own");
    }
}

#[test]
fn blocks_that_are_asked_for_become_hot_and_leave_again() {
    let file = file("hot", ColdEdges::All);
    let room = least(&file, 1) + 3 * 60_000;
    let options = TierOptions::within(room).readers(1).heat_half_life(Duration::from_secs(1));
    let graph = open_within(&file.0, &options).unwrap();
    let (ask, other) = (5 * 1024, 9 * 1024);
    let tier = |node: u32| graph.tier_of(NodeId::new(node));
    assert_eq!(tier(ask), Tier::Cold);
    let touch = |node: u32| {
        let mut hold = EdgeHold::new();
        for row in 0..1000 {
            let _ = graph.out_row_in(NodeId::new(node + row), &mut hold).unwrap();
        }
    };
    touch(ask);
    assert_eq!(graph.maintain_tiers(0, soon()), 1);
    assert_eq!(tier(ask), Tier::Hot);
    let hot = |graph: &Generation| graph.tier_report().unwrap().tiers[0];
    assert!(hot(&graph).blocks == 1 && hot(&graph).bytes > 10_000);
    let before = graph.tier_report().unwrap().tiers[Tier::Cold.index()].reads;
    touch(ask);
    assert_eq!(graph.tier_report().unwrap().tiers[Tier::Cold.index()].reads, before);
    // Others are asked for now, and the first one by nobody for a hundred half-lives.
    for block in 0..12 {
        if block * 1024 != ask {
            (0..4).for_each(|_| touch(block * 1024));
        }
    }
    assert!(graph.maintain_tiers(100_000_000_000, soon()) > 1);
    let ask_row = NodeId::new(ask);
    let is_hot = graph.out_edges.is_hot_in(ask_row, &mut EdgeHold::new(), super::Columns::ALL);
    assert!(!is_hot, "it has made room");
    let report = graph.tier_report().unwrap();
    assert!(report.peak_bytes <= room && report.overdrawn == 0, "{report:?}");
    graph.pin_tier(NodeId::new(other), Some(Tier::Cold));
    graph.pin_tier(ask_row, Some(Tier::Hot));
    graph.maintain_tiers(101_000_000_000, soon());
    let held = |node: u32| {
        let node = NodeId::new(node);
        graph.out_edges.is_hot_in(node, &mut EdgeHold::new(), super::Columns::ALL)
    };
    assert!(held(ask) && !held(other), "pins go before heat");
}

#[test]
fn no_more_is_moved_than_the_rate_allows() {
    let file = file("rate", ColdEdges::None);
    let rate = 50_000;
    let options = TierOptions::within(100 << 20).moved_bytes_per_second(rate);
    let graph = open_within(&file.0, &options).unwrap();
    let mut hold = EdgeHold::new();
    (0..NODES).for_each(|node| _ = graph.out_row_in(NodeId::new(node), &mut hold).unwrap());
    hold.clear();
    let moved = |graph: &Generation| graph.tier_report().unwrap().tiers[0].bytes;
    let largest = 55_000;
    for second in 0..8u64 {
        graph.maintain_tiers(second * 1_000_000_000, soon());
        let most = rate.max(largest) + rate * second;
        assert!(moved(&graph) <= most, "{} of {most} in second {second}", moved(&graph));
    }
    assert!(moved(&graph) > rate * 4, "it does move: {}", moved(&graph));
    let before = moved(&graph);
    graph.maintain_tiers(7_000_000_000, soon());
    assert_eq!(moved(&graph), before, "no time, no bytes");
}

#[test]
fn what_is_warm_is_copied_and_a_copy_that_is_lost_is_not_missed() {
    let file = file("copies", ColdEdges::All);
    let options =
        TierOptions::within(least(&file, 1)).readers(1).warm(std::env::temp_dir(), 1 << 20);
    let graph = open_within(&file.0, &options).unwrap();
    let whole = self::graph();
    let mut hold = EdgeHold::new();
    for node in 0..NODES {
        check(&whole, &graph, node, &mut hold);
    }
    hold.clear();
    assert!(graph.maintain_tiers(0, soon()) >= 12);
    assert_eq!(graph.tier_report().unwrap().tiers[0].blocks, 0);
    let before = graph.tier_report().unwrap().tiers;
    for node in (0..NODES).rev() {
        check(&whole, &graph, node, &mut hold);
    }
    let after = graph.tier_report().unwrap().tiers;
    let reads = |tier: Tier| after[tier.index()].reads - before[tier.index()].reads;
    assert!(reads(Tier::Warm) > 0 && reads(Tier::Cold) == 0, "{after:?}");
    hold.clear();
    let tiers = graph.tiers.as_ref().unwrap();
    tiers.copies.iter().for_each(|copy| drop(copy.take()));
    for node in 0..NODES {
        check(&whole, &graph, node, &mut hold);
    }
}

#[test]
fn idle_blocks_are_written_compressed_and_others_as_they_are() {
    let file = file("idle", ColdEdges::None);
    let graph = open_within(&file.0, &TierOptions::within(100 << 20)).unwrap();
    let mut hold = EdgeHold::new();
    let _ = graph.out_row_in(NodeId::new(3 * 1024), &mut hold).unwrap();
    graph.pin_tier(NodeId::new(4 * 1024), Some(Tier::Warm));
    let other = File(file.0.with_extension("idle"));
    write_with(&graph, &other.0, &WriteOptions::default().cold(ColdEdges::Idle)).unwrap();
    let written = crate::graph::open(&other.0).unwrap();
    let tier = |block: u32| written.tier_of(NodeId::new(block * 1024));
    assert_eq!([2, 3, 4, 5].map(tier), [Tier::Cold, Tier::Warm, Tier::Warm, Tier::Cold]);
    let sections = written.sections();
    let out = sections.iter().find(|section| section.name == "out-edges").unwrap();
    assert_eq!((out.blocks, out.cold_blocks), (12, 10));
    crate::graph::verify(&written).unwrap();
}

#[test]
fn readers_and_a_mover_at_once_see_the_same_rows_and_never_exceed_the_budget() {
    const READERS: u64 = 3;
    let file = file("stress", ColdEdges::All);
    // The mover reads as well.
    let bytes = least(&file, READERS as usize + 1) + 4 * 60_000;
    let options = TierOptions::within(bytes)
        .readers(READERS as usize + 1)
        .heat_half_life(Duration::from_secs(1))
        .warm(std::env::temp_dir(), 200_000);
    let graph = Arc::new(open_within(&file.0, &options).unwrap());
    let whole = self::graph();
    let (turns, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (graph, whole, turns, enough) = (&graph, &whole, &turns, &enough);
            scope.spawn(move || {
                let mut state = reader;
                // Relaxed: a turn more or less does not matter.
                while !enough.load(Ordering::Relaxed) {
                    let mut hold = EdgeHold::new();
                    // Where most are asked for moves, so that blocks do.
                    let turn = turns.fetch_add(1, Ordering::Relaxed);
                    let centre = turn / 10 * 1024 + reader * 512;
                    for _ in 0..40 {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let node = (centre + (state >> 33) % 3000) % u64::from(NODES);
                        check(whole, graph, u32::try_from(node).unwrap(), &mut hold);
                    }
                }
            });
        }
        let (mut now, mut moved) = (0, 0);
        while moved < 50 || turns.load(Ordering::Relaxed) < 200 {
            now += 500_000_000;
            moved += graph.maintain_tiers(now, soon());
            std::thread::yield_now();
        }
        enough.store(true, Ordering::Relaxed);
    });
    let report = graph.tier_report().unwrap();
    assert!(report.peak_bytes <= bytes && report.overdrawn == 0, "{report:?}");
    assert!(report.tiers[Tier::Cold.index()].reads >= 12, "{report:?}");
}

/// What is done to a graph with a budget.
#[derive(Clone, Debug)]
enum Step {
    Read(u32),
    LetGo,
    Maintain(u64),
    Pin(u32, Option<Tier>),
}

fn step() -> impl Strategy<Value = Step> {
    let tier = prop_oneof![Just(Tier::Hot), Just(Tier::Warm), Just(Tier::Cold)];
    prop_oneof![
        20 => (0..NODES).prop_map(Step::Read),
        1 => Just(Step::LetGo),
        3 => (0..5_000_000_000u64).prop_map(Step::Maintain),
        2 => (0..NODES, prop::option::of(tier)).prop_map(|(node, tier)| Step::Pin(node, tier)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn whatever_is_read_moved_and_pinned_the_budget_is_kept(
        steps in prop::collection::vec(step(), 1..120),
        more in 0..400_000u64,
        cold in any::<bool>(),
    ) {
        thread_local! {
            static WHOLE: (Generation, File, File) = (
                graph(),
                file("property-warm", ColdEdges::None),
                file("property-cold", ColdEdges::All),
            );
        }
        WHOLE.with(|(whole, warm_file, cold_file)| {
            let file = if cold { cold_file } else { warm_file };
            let bytes = least(file, 2) + more;
            let options = TierOptions::within(bytes).readers(2);
            let options = options.warm(std::env::temp_dir(), more / 2);
            let graph = open_within(&file.0, &options).unwrap();
            let (mut hold, mut now) = (EdgeHold::new(), 0);
            for step in steps {
                match step {
                    Step::Read(node) => check(whole, &graph, node, &mut hold),
                    Step::LetGo => hold.clear(),
                    Step::Maintain(later) => {
                        now += later;
                        graph.maintain_tiers(now, soon());
                    }
                    Step::Pin(node, tier) => graph.pin_tier(NodeId::new(node), tier),
                }
                let report = graph.tier_report().unwrap();
                prop_assert!(report.peak_bytes <= bytes && report.overdrawn == 0, "{report:?}");
            }
            hold.clear();
            drop(hold);
            Ok(())
        })?;
    }
}
