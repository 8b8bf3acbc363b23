//! Compressed edges that cannot be read now and then: what was read in one hop may be missing in
//! the next, and the answer is right nevertheless.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use emanate::graph::{ColdEdges, OpenError, TierOptions, WriteOptions, open_within, write_with};
use emanate::sync::fault::{COLD, WARM};
use emanate::{Graph, NodeId, Tier};
use emanate_bench::SplitMix64;

use crate::site::{NODES, Site, request, set};

/// The site's graph with all edges compressed, in a file that is removed when this is dropped.
struct ColdFile(PathBuf);

impl ColdFile {
    fn of(site: &Site, name: &str) -> Self {
        let name = format!("emanate-chaos-cold-{}-{name}.emg", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        let options = WriteOptions::default().cold(ColdEdges::All);
        write_with(&site.whole, &file.0, &options).expect("there is room");
        file
    }

    /// The graph within the least budget, nothing of it read yet.
    fn open(&self) -> Graph {
        let bytes = match open_within(&self.0, &TierOptions::within(0).readers(1)) {
            Err(OpenError::BudgetTooSmall { bytes_needed, .. }) => bytes_needed,
            other => panic!("a budget of nothing is too small: {other:?}"),
        };
        let options = TierOptions::within(bytes).readers(1).warm(std::env::temp_dir(), 1 << 20);
        open_within(&self.0, &options).expect("it suffices").into()
    }
}

impl Drop for ColdFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_cold_tier_that_fails_now_and_then_never_gives_a_wrong_answer() {
    let site = Site::new("flaky_cold");
    let file = ColdFile::of(&site, "flaky");
    let mut graph = file.open();
    let mut random = SplitMix64::new(5);
    let (mut whole, mut degraded) = (0, 0);
    for turn in 0..80 {
        if turn % 2 == 0 {
            // The least budget of so small a graph has room for all of it, once it was read.
            graph = file.open();
        }
        let actions = ["off", "return", "50%return", "1*off->1*return->off", "20%return"];
        set(COLD, actions[random.below(5) as usize]);
        let request = request(random.below(NODES));
        let outcome = site.engine.spread(&graph, &request).expect("it goes on without");
        site.assert_right(&request, &outcome);
        if outcome.degraded.count == 0 {
            whole += 1
        } else {
            degraded += 1
        }
        if turn % 20 == 10 {
            let until = Instant::now() + Duration::from_secs(60);
            graph.snapshot().maintain_tiers(turn * 1_000_000_000, until);
        }
        site.pass(Duration::from_secs(u64::from(random.below(40))));
    }
    assert!(whole > 5 && degraded > 20, "{whole} whole, {degraded} degraded");
    let failures = site.engine.gate().tier(Tier::Cold).reading().calls.failure;
    assert!(
        failures > 0 && site.tier().reading().calls.failure == 0,
        "it is the cold tier's fault"
    );
    set(COLD, "off");
    site.pass(Duration::from_hours(1));
    let outcome = site.engine.spread(&graph, &request(3)).expect("a good file");
    assert_eq!(outcome.degraded.count, 0);
    site.assert_right(&request(3), &outcome);
    site.assert_whole();
}

#[test]
fn a_copy_that_cannot_be_read_is_read_from_the_cold_tier() {
    let site = Site::new("failing_copy");
    let file = ColdFile::of(&site, "copy");
    let graph = file.open();
    for block in 0..NODES.div_ceil(1024) {
        graph.snapshot().pin_tier(NodeId::new(block * 1024), Some(Tier::Warm));
    }
    let until = Instant::now() + Duration::from_secs(60);
    assert!(graph.snapshot().maintain_tiers(0, until) >= 3);
    let report = |graph: &Graph| graph.snapshot().tier_report().expect("it has a budget");
    assert_eq!(report(&graph).tiers[Tier::Cold.index()].blocks, 0, "all have copies");
    set(WARM, "return");
    let outcome = site.engine.spread(&graph, &request(7)).expect("it goes on");
    assert_eq!(outcome.degraded.count, 0, "the graph's own file has the rows");
    site.assert_right(&request(7), &outcome);
    assert!(report(&graph).tiers[Tier::Warm.index()].failures > 0);
    assert!(report(&graph).tiers[Tier::Cold.index()].blocks > 0, "a copy that failed is gone");
    set(WARM, "off");
    site.pass(Duration::from_hours(1));
    site.assert_whole();
}
