//! Graphs in files, opened within budgets.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use emanate::Generation;
use emanate::graph::{ColdEdges, OpenError, TierOptions, WriteOptions, open_within, write_with};
use emanate::spread::{
    ActR, Combine, Firing, Hops, Linear, PageRank, PageRankMethod, Precision, Retention, Rule,
    Share, Synapse,
};
use emanate_bench::{EdgeList, Uniform};

/// A file that is removed when this is dropped.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    /// A file of `graph`; tests of one process run at once.
    pub(crate) fn of(graph: &Generation, cold: ColdEdges) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("emanate-tiers-{}-{number}.emg", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        write_with(graph, &file.0, &WriteOptions::default().cold(cold)).expect("there is room");
        file
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The least budget for `readers`.
pub(crate) fn least(path: &Path, readers: usize) -> u64 {
    match open_within(path, &TierOptions::within(0).readers(readers)) {
        Err(OpenError::BudgetTooSmall { bytes_needed, .. }) => bytes_needed,
        other => panic!("a budget of nothing is too small: {other:?}"),
    }
}

/// A graph of many blocks with relations and times.
pub(crate) fn rich() -> Generation {
    let list = EdgeList::uniform(11, Uniform { nodes: 20_000, edges: 60_000 });
    let list = list.with_weights(5, 0.05, 0.4);
    list.with_relations(3, 3).with_times(4, 1000).to_generation().expect("a good graph")
}

/// Every rule, and every way of the one that has several.
pub(crate) fn rules() -> Vec<Rule> {
    let linear = Linear { hops: Hops::Limit(3), firing_threshold: 0.0, ..Linear::default() };
    let push = PageRankMethod::Push { epsilon: 1e-5 };
    let power = PageRankMethod::Power { tolerance: 1e-8, iterations_max: 10 };
    let noisy = Linear { combine: Combine::NoisyOr, share: Share::Sqrt, ..linear.clone() };
    let largest = Linear { combine: Combine::Max, share: Share::Log, ..linear.clone() };
    vec![
        Rule::Linear(Linear { share: Share::Weight, ..linear.clone() }),
        Rule::Linear(noisy),
        Rule::Linear(largest),
        Rule::Linear(Linear { firing: Firing::Once, ..linear.clone() }),
        Rule::Linear(Linear { precision: Precision::Single, ..linear.clone() }),
        Rule::Linear(Linear { fan_out_limit: Some(9), ..linear.clone() }),
        Rule::Linear(linear),
        Rule::Retention(Retention { time: Some(3), ..Retention::default() }),
        Rule::PageRank(PageRank { method: push, ..PageRank::default() }),
        Rule::PageRank(PageRank { method: power, ..PageRank::default() }),
        Rule::ActR(ActR::default()),
        Rule::Synapse(Synapse::default()),
    ]
}
