//! Breakers before changes and checkpoints: what counts, what is kept out, and how it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use emanate::change::store::{CheckpointError, Fault, SimulatedDisk, Store, StoreOptions};
use emanate::change::{
    ApplyOptions, ChangeSet, ErrorClass, Journal, Queueing, StorageError, StoredGraph, open_graph,
};
use emanate::gate::{Breaker, BreakerState, Operation};
use emanate::graph::{open, write};
use emanate::sync::ManualClock;
use emanate::{ApplyError, Engine, Generation, Graph, GraphBuilder};

/// The open wait of changes and that of checkpoints are shorter.
const AFTER_THE_WAIT: Duration = Duration::from_secs(46);

fn small() -> Generation {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).unwrap().edge("b", "c", 0.25).unwrap();
    builder.build().unwrap()
}

fn more() -> ChangeSet {
    let mut set = ChangeSet::new();
    set.add_weight(("a", "b"), 0.25);
    set
}

/// A journal that fails or panics while it is told to.
#[derive(Debug, Default)]
struct Told {
    fails: AtomicBool,
    panics: AtomicBool,
    asked: AtomicU32,
}

impl Journal for Told {
    fn append(&self, _: &ChangeSet, _: u64) -> Result<(), StorageError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics.load(Ordering::Relaxed), "the journal panics here");
        if self.fails.load(Ordering::Relaxed) {
            let cause = Arc::new(std::io::Error::other("the disk is gone").kind());
            return Err(StorageError { transient: false, cause: Arc::new(Gone(*cause)) });
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Gone(std::io::ErrorKind);

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Gone {}

/// An engine whose time stands until it is moved on, and a graph that is kept as it is told.
struct Site {
    clock: ManualClock,
    engine: Engine,
    journal: Arc<Told>,
    graph: Graph,
}

impl Site {
    fn new() -> Self {
        let (clock, journal) = (ManualClock::new(), Arc::new(Told::default()));
        let engine = Engine::builder().clock(Arc::new(clock.clone())).build().unwrap();
        let graph = Graph::journaled(small(), journal.clone());
        Self { clock, engine, journal, graph }
    }

    fn breaker(&self) -> &Breaker {
        self.engine.gate().operation(Operation::Mutation)
    }

    fn apply(&self) -> Result<(), ApplyError> {
        self.engine.apply(&self.graph, &more(), &ApplyOptions::default()).map(drop)
    }

    fn asked(&self) -> u32 {
        self.journal.asked.load(Ordering::Relaxed)
    }
}

#[test]
fn a_storage_that_fails_is_left_alone_for_a_while() {
    let site = Site::new();
    site.apply().unwrap();
    site.journal.fails.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        assert!(matches!(site.apply(), Err(ApplyError::Storage { .. })));
    }
    assert_eq!((site.breaker().state(), site.asked()), (BreakerState::Open, 11));
    let error = site.apply().unwrap_err();
    let ApplyError::BreakerOpen { retry_in } = error else { panic!("{error}") };
    assert!(retry_in > Duration::ZERO && retry_in <= Duration::from_secs(45), "{retry_in:?}");
    assert!(error.to_string().contains("breaker of changes is open"), "{error}");
    assert_eq!((site.asked(), site.graph.snapshot().number()), (11, 2), "nothing was tried");
    // Loading goes the same way, and a dry run, which stores nothing, goes its own.
    let mut builder = GraphBuilder::new();
    builder.edge("c", "d", 1.0).unwrap();
    let loaded = site.engine.load(&site.graph, builder, &ApplyOptions::default());
    assert!(matches!(loaded, Err(ApplyError::BreakerOpen { .. })));
    site.engine.apply(&site.graph, &more(), &ApplyOptions::dry_run()).unwrap();

    // One probe finds the storage as it was; later ones find it well, and close the breaker.
    site.clock.advance(AFTER_THE_WAIT);
    assert!(matches!(site.apply(), Err(ApplyError::Storage { .. })));
    assert!(matches!(site.apply(), Err(ApplyError::BreakerOpen { .. })));
    site.journal.fails.store(false, Ordering::Relaxed);
    site.clock.advance(2 * AFTER_THE_WAIT);
    for _ in 0..3 {
        assert_ne!(site.breaker().state(), BreakerState::Closed);
        site.apply().unwrap();
    }
    assert_eq!(site.breaker().state(), BreakerState::Closed);
    assert_eq!(site.graph.snapshot().number(), 5);
}

#[test]
fn what_the_caller_got_wrong_opens_nothing() {
    let site = Site::new();
    let mut unknown = ChangeSet::new();
    unknown.remove_node("nobody");
    let mut stale = ApplyOptions::default();
    stale.only_if = Some(7);
    let empty = ChangeSet::new();
    for _ in 0..50 {
        let options = ApplyOptions::default();
        let refused = site.engine.apply(&site.graph, &unknown, &options).unwrap_err();
        assert_eq!(refused.class(), ErrorClass::NotFound);
        let conflict = site.engine.apply(&site.graph, &more(), &stale).unwrap_err();
        assert!(matches!(conflict, ApplyError::Stale { .. }));
        let best = ApplyOptions::best_effort();
        site.engine.apply(&site.graph, &unknown, &best).unwrap();
        site.engine.apply(&site.graph, &empty, &options).unwrap();
    }
    let reading = site.breaker().reading();
    assert_eq!((reading.state, reading.calls.ignored), (BreakerState::Closed, 200));
    assert_eq!((reading.calls.success, reading.calls.failure, site.asked()), (0, 0, 0));
}

#[test]
fn a_set_that_is_late_is_slow() {
    let site = Site::new();
    let mut late = ApplyOptions::default();
    late.budget = Duration::ZERO;
    late.queueing = Queueing::Refuse;
    let error = site.engine.apply(&site.graph, &more(), &late).unwrap_err();
    assert!(matches!(error, ApplyError::Late { .. }), "{error}");
    let reading = site.breaker().reading();
    assert_eq!((reading.window.slow, reading.window.failures), (1, 0));
}

#[test]
fn a_panic_is_a_failure_and_a_breaker_that_is_off_is_not_told() {
    let site = Site::new();
    site.journal.panics.store(true, Ordering::Relaxed);
    let panics = || catch_unwind(AssertUnwindSafe(|| site.apply())).is_err();
    assert!(panics());
    assert_eq!(site.breaker().reading().failures_in_a_row, 1);
    site.engine.gate().switch_off();
    for _ in 0..20 {
        assert!(panics());
    }
    site.engine.gate().switch_on();
    assert_eq!(site.breaker().reading().failures_in_a_row, 1);
    for _ in 0..9 {
        assert!(panics());
    }
    assert!(matches!(site.apply(), Err(ApplyError::BreakerOpen { .. })));
}

#[test]
fn a_file_that_cannot_be_read_any_more_is_a_failure() {
    let site = Site::new();
    let path = std::env::temp_dir().join(format!("emanate-guarded-{}.emg", std::process::id()));
    write(&small(), &path).unwrap();
    let graph = Graph::from(open(&path).unwrap());
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(64).unwrap();
    std::fs::remove_file(&path).unwrap();
    for commit in [ApplyOptions::default(), ApplyOptions::best_effort()] {
        let before = site.breaker().reading().failures_in_a_row;
        let _ = site.engine.apply(&graph, &more(), &commit);
        assert_eq!(site.breaker().reading().failures_in_a_row, before + 1, "{commit:?}");
    }
}

fn stored(disk: &SimulatedDisk) -> (Graph, Arc<Store>) {
    let options = StoreOptions::default().create();
    let clock = Arc::new(ManualClock::new());
    let (stored, _) = open_graph(Arc::new(disk.clone()), &options, clock).unwrap();
    let StoredGraph { generation, store } = stored;
    (Graph::journaled(generation, store.clone()), store)
}

#[test]
fn checkpoints_have_a_breaker_of_their_own() {
    let (site, disk) = (Site::new(), SimulatedDisk::new(3));
    let (graph, store) = stored(&disk);
    let breaker = site.engine.gate().operation(Operation::Checkpoint);
    let mut set = ChangeSet::new();
    set.upsert_edge(("a", "b"), 0.5);
    site.engine.apply(&graph, &set, &ApplyOptions::default()).unwrap();

    // A checkpoint of a graph that is ahead of the store is the host's mistake.
    let ahead = Graph::from(small());
    for _ in 0..3 {
        Engine::new().apply(&ahead, &more(), &ApplyOptions::default()).unwrap();
    }
    for _ in 0..10 {
        let error = site.engine.checkpoint(&ahead, &store).unwrap_err();
        assert!(matches!(error, CheckpointError::NotStored { .. }), "{error}");
    }
    assert_eq!((breaker.state(), breaker.reading().calls.ignored), (BreakerState::Closed, 10));

    disk.set(Fault::Full(0));
    for _ in 0..3 {
        let error = site.engine.checkpoint(&graph, &store).unwrap_err();
        assert!(matches!(error, CheckpointError::Disk(_)), "{error}");
    }
    disk.heal();
    let operations = disk.operations();
    let error = site.engine.checkpoint(&graph, &store).unwrap_err();
    assert!(matches!(error, CheckpointError::BreakerOpen { .. }), "{error}");
    assert!(error.to_string().contains("breaker of checkpoints is open"), "{error}");
    assert_eq!(disk.operations(), operations, "the disk is left alone");
    assert_eq!(site.breaker().state(), BreakerState::Closed, "changes go on");
    site.engine.apply(&graph, &set, &ApplyOptions::default()).unwrap();

    site.clock.advance(AFTER_THE_WAIT);
    let report = site.engine.checkpoint(&graph, &store).unwrap();
    assert_eq!(report.generation, graph.snapshot().number());
    assert_eq!(breaker.state(), BreakerState::Closed);
}
