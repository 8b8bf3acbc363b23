//! Where chaos is made: an engine on a clock of its own, a graph in a file, and what must hold
//! whatever happened.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use emanate::gate::{Breaker, BreakerState, Operation};
use emanate::graph::{open, write};
use emanate::spread::oracle;
use emanate::sync::{Clock, ManualClock};
use emanate::{
    Engine, EngineBuilder, Generation, Graph, NodeId, SpreadOutcome, SpreadRequest, Tier,
};
use emanate_bench::{EdgeList, Uniform};
use emanate_tests::compare::assert_close;
use emanate_tests::waiting::until;
use fail::FailScenario;

/// The point at which a block of edges is read out of a file.
pub(crate) const ROWS: &str = "out-edges";

/// Nodes of the graph: three blocks of a file.
pub(crate) const NODES: u32 = 3000;

/// A clock that a test moves, and that can be made to jump, backwards too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jumping {
    steady: ManualClock,
    /// Nanoseconds that it is behind.
    behind: Arc<AtomicU64>,
}

impl Jumping {
    pub(crate) fn advance(&self, step: Duration) {
        self.steady.advance(step);
    }

    /// Goes back by `step`, or to 0.
    pub(crate) fn go_back(&self, step: Duration) {
        let step = u64::try_from(step.as_nanos()).expect("a short step");
        self.behind.fetch_add(step, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.now_ns())
    }
}

impl Clock for Jumping {
    fn now_ns(&self) -> u64 {
        self.steady.now_ns().saturating_sub(self.behind.load(Ordering::Relaxed))
    }
}

/// An engine, a graph in a file, and the faults of one scenario, which end with it.
pub(crate) struct Site {
    name: &'static str,
    pub(crate) engine: Engine,
    pub(crate) clock: Jumping,
    /// The graph as it is, in memory.
    pub(crate) whole: Generation,
    path: PathBuf,
    began: Duration,
    // Scenarios are run one at a time, since points are the process's.
    _faults: FailScenario<'static>,
}

impl Site {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::with(name, |builder| builder)
    }

    pub(crate) fn with(
        name: &'static str,
        options: impl FnOnce(EngineBuilder) -> EngineBuilder,
    ) -> Self {
        let faults = FailScenario::setup();
        let list = EdgeList::uniform(7, Uniform { nodes: NODES, edges: 12_000 });
        let whole = list.with_weights(5, 0.05, 0.4).to_generation().expect("a good graph");
        let file = format!("emanate-chaos-{}-{name}.emg", std::process::id());
        let path = std::env::temp_dir().join(file);
        write(&whole, &path).expect("there is room");
        let clock = Jumping::default();
        // No time that is reckoned back from now lies before the clock's beginning.
        clock.advance(Duration::from_hours(24));
        let builder = Engine::builder().clock(Arc::new(clock.clone())).threads(2);
        let engine = options(builder).build().expect("good options");
        let began = clock.now();
        let site = Self { name, engine, clock, whole, path, began, _faults: faults };
        site.scrape();
        site
    }

    /// The graph out of its file, of which nothing has been read yet.
    pub(crate) fn graph(&self) -> Graph {
        open(&self.path).expect("its head is read without a fault").into()
    }

    pub(crate) fn tier(&self) -> &Breaker {
        self.engine.gate().tier(Tier::Warm)
    }

    pub(crate) fn spreads(&self) -> &Breaker {
        self.engine.gate().operation(Operation::Spread)
    }

    /// Lets virtual time pass, and writes down the metrics.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.scrape();
    }

    /// Adds the metrics as they are to the file that the environment names.
    pub(crate) fn scrape(&self) {
        static BEGUN: AtomicBool = AtomicBool::new(false);
        let text = self.engine.reading().text();
        assert!(text.contains("emanate_spreads_total"));
        let Some(path) = std::env::var_os("EMANATE_CHAOS_METRICS") else { return };
        let first = !BEGUN.swap(true, Ordering::Relaxed);
        let file =
            if first { File::create(&path) } else { OpenOptions::new().append(true).open(&path) };
        let seconds = self.clock.now().saturating_sub(self.began).as_secs_f64();
        let written =
            file.and_then(|mut file| write!(file, "# chaos {} {seconds}\n{text}", self.name));
        written.expect("the file that the environment names can be written");
    }

    /// What must hold when all is over: no scratch is leased, no permit out, all breakers that
    /// were not asked to be otherwise are closed.
    #[track_caller]
    pub(crate) fn assert_whole(&self) {
        self.scrape();
        // A worker may still be giving its scratch back when its answer is here.
        until(|| self.engine.scratch_use().leased == 0);
        self.engine.free_idle_scratch();
        let left = self.engine.scratch_use();
        assert_eq!((left.leased, left.bytes, self.engine.queued()), (0, 0, 0));
        assert_eq!(self.engine.reading().supplied.spreads_in_flight, 0);
        for breaker in self.engine.gate().breakers() {
            let reading = breaker.reading();
            assert_eq!(reading.probes_in_flight, 0, "{}", breaker.name());
            assert_eq!(reading.state, BreakerState::Closed, "{}", breaker.name());
            assert_eq!(reading.reclaimed, 0, "{}: a probe was not given back", breaker.name());
        }
    }

    /// That `outcome` is what the graph gives without the rows that it says were not read: node for
    /// node, and in every count.
    #[track_caller]
    pub(crate) fn assert_right(&self, request: &SpreadRequest, outcome: &SpreadOutcome) {
        let degraded = &outcome.degraded;
        assert_eq!(degraded.count, degraded.nodes.len() as u64, "few enough to be named");
        let expected = oracle::spread_without(&self.whole, request, &degraded.nodes);
        let expected = expected.expect("a good request").outcome;
        assert_eq!(outcome.stop_reason, expected.stop_reason);
        assert_eq!(outcome.activations.len(), expected.activations.len());
        let counts = |o: &SpreadOutcome| {
            let s = &o.stats;
            (s.hops, s.nodes_reached, s.edges_traversed, s.revisits)
        };
        assert_eq!(counts(outcome), counts(&expected));
        for wanted in &expected.activations {
            let got = outcome.activations.iter().find(|got| got.node == wanted.node);
            let got = got.expect("the oracle reached it");
            assert_close("activation", got.activation, wanted.activation, 1e-9);
            assert_eq!(got.hop, wanted.hop);
        }
    }

    /// What a healthy engine says, with everything in memory.
    pub(crate) fn healthy(&self, request: &SpreadRequest) -> SpreadOutcome {
        let snapshot = self.graph();
        for block in 0..NODES.div_ceil(1024) {
            snapshot.snapshot().out_row(NodeId::new(block * 1024)).expect("no fault now");
        }
        Engine::new().spread(&snapshot, request).expect("a good request")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes `point` do what `actions` say; `off` for nothing.
pub(crate) fn set(point: &str, actions: &str) {
    fail::cfg(point, actions).expect("good actions");
}

/// Makes `point` do nothing but count, from 0.
pub(crate) fn count(point: &str) -> Arc<AtomicU64> {
    let counted = Arc::new(AtomicU64::new(0));
    let count = counted.clone();
    let counts = move || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    fail::cfg_callback(point, counts).expect("a good callback");
    counted
}

/// A spread of three hops from `node`, in which rounding decides nothing.
pub(crate) fn request(node: u32) -> SpreadRequest {
    let mut request = SpreadRequest::linear(3).seed(NodeId::new(node % NODES), 1.0);
    if let emanate::spread::Rule::Linear(linear) = &mut request.rule {
        linear.firing_threshold = 0.0;
    }
    request
}
