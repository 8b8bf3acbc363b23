//! Figures of an engine that works, over HTTP, with faults put into them when a test says so.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::observe::table::{BREAKERS, CALLS, STATES, STATUSES, TABLE, VERDICTS};
use emanate::observe::{
    CheckReading, Ending, ErrorClass, Metrics, Reading, Recorder, SpreadRecord, Supplied,
};
use emanate::{Engine, Graph, NodeId, SpreadRequest, Tier};
use emanate_bench::{EdgeList, RMat};
use emanate_dashboards::{Catalogue, Kind};

/// Spreads that are recorded at each scrape.
const SPREADS: u64 = 50;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The cold tier's breaker opens.
    Open,
    /// The warm tier's breaker is half open and stays so.
    HalfOpen,
    /// Somebody forces a breaker open.
    Forced,
    /// All scratches are in use.
    Pool,
    /// The tuner freezes.
    Frozen,
    /// The canary's answer is wrong.
    Canary,
    /// Another check fails.
    Check,
    /// Answers lose too much.
    Recall,
    /// Spreads fail.
    Failures,
    /// Spreads find no room.
    Sheds,
    /// Edges cannot be read.
    Degraded,
    /// Spreads, and reads of the cold tier, take 50 ms.
    Slow,
    /// The cold tier is as slow.
    ColdTier,
    /// A breaker's results come too late.
    Stale,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 14] = [
        Self::Open,
        Self::HalfOpen,
        Self::Forced,
        Self::Pool,
        Self::Frozen,
        Self::Canary,
        Self::Check,
        Self::Recall,
        Self::Failures,
        Self::Sheds,
        Self::Degraded,
        Self::Slow,
        Self::ColdTier,
        Self::Stale,
    ];

    /// The alert that has to fire.
    pub(crate) const fn alert(self) -> &'static str {
        match self {
            Self::Open => "EmanateBreakerOpen",
            Self::HalfOpen => "EmanateHalfOpenStuck",
            Self::Forced => "EmanateBreakerHeld",
            Self::Pool => "EmanatePoolExhausted",
            Self::Frozen => "EmanateTunerFrozen",
            Self::Canary => "EmanateCanaryFails",
            Self::Check => "EmanateCheckFails",
            Self::Recall => "EmanateQualityBelowFloor",
            Self::Failures => "EmanateSpreadsFail",
            Self::Sheds => "EmanateSpreadsShed",
            Self::Degraded => "EmanateAnswersDegraded",
            Self::Slow => "EmanateSpreadsSlow",
            Self::ColdTier => "EmanateColdTierSlow",
            Self::Stale => "EmanatePermitsStale",
        }
    }
}

/// What answers Prometheus.
struct Source {
    engine: Engine,
    graph: Graph,
    metrics: Metrics,
    scrapes: AtomicU64,
    /// A bit for each fault.
    faults: AtomicU64,
    stopped: AtomicBool,
}

/// Figures that are served until they are dropped.
pub(crate) struct Figures {
    source: Arc<Source>,
    address: SocketAddr,
}

impl Figures {
    /// Serves the figures of an engine with a graph.
    pub(crate) fn serve() -> Self {
        let list = EdgeList::rmat(5, RMat { scale: 9, edges: 4000 }).with_weights(5, 0.1, 0.9);
        let metrics = Metrics::new(1);
        let mut recorder = metrics.recorder().expect("nobody else holds it");
        let source = Arc::new(Source {
            engine: Engine::new(),
            graph: list.to_generation().expect("a good graph").into(),
            metrics,
            scrapes: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let served = Arc::clone(&source);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.stopped.load(Ordering::Acquire) {
                    return;
                }
                served.answer(stream, &mut recorder);
            }
        });
        Self { source, address }
    }

    /// Where they are served.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `fault` is in the figures.
    pub(crate) fn put(&self, fault: Fault) {
        self.source.faults.fetch_or(1 << fault as u64, Ordering::Relaxed);
    }

    /// No more answers.
    pub(crate) fn stop(&self) {
        self.source.stopped.store(true, Ordering::Release);
        // The listener looks when somebody comes; it may be gone already.
        drop(TcpStream::connect(self.address));
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Source {
    fn answer(&self, mut stream: TcpStream, recorder: &mut Recorder) {
        let mut lines = BufReader::new(&stream).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let text = self.text(recorder);
        let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n";
        // Who asked may be gone; the next scrape asks again.
        let _ = stream.write_all(format!("{head}{text}").as_bytes());
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.load(Ordering::Relaxed) >> fault as u64 & 1 == 1
    }

    fn text(&self, recorder: &mut Recorder) -> String {
        let scrapes = self.scrapes.fetch_add(1, Ordering::Relaxed) + 1;
        self.spread(recorder);
        let mut reading: Reading = self.metrics.reading();
        reading.supplied = self.supplied(scrapes);
        format!("{}{}", reading.text(), service_text(scrapes))
    }

    /// Spreads, as an engine runs and records them.
    fn spread(&self, recorder: &mut Recorder) {
        for at in 0..SPREADS {
            let request = SpreadRequest::linear(2).seed(NodeId::new(at as u32), 1.0);
            let started = Instant::now();
            let outcome = self.engine.spread(&self.graph, &request).expect("a good request");
            let elapsed = started.elapsed();
            let slow = self.has(Fault::Slow).then_some(Duration::from_millis(50));
            let mut record = SpreadRecord::new(Ending::Stopped(outcome.stop_reason));
            // A busy machine makes a spread slow now and then, which no alert is about here.
            record.service = slow.unwrap_or(elapsed.min(Duration::from_millis(2)));
            record.response = record.service;
            record.hops = outcome.stats.hops;
            record.nodes_activated = outcome.stats.nodes_reached;
            record.edges_traversed = outcome.stats.edges_traversed;
            record.revisits = outcome.stats.revisits;
            record.confidence = Some(0.5);
            record.tiers_read = [true; Tier::ALL.len()];
            record.nodes_degraded = u64::from(self.has(Fault::Degraded));
            recorder.record(&record);
            recorder.hop(record.service / 2);
            for tier in Tier::ALL {
                let slow = tier == Tier::Cold && self.has(Fault::ColdTier);
                let read = if slow { Duration::from_millis(50) } else { record.service / 4 };
                recorder
                    .tier_read(tier, read.min(Duration::from_millis(if slow { 50 } else { 5 })));
            }
        }
        for (fault, class) in
            [(Fault::Failures, ErrorClass::Storage), (Fault::Sheds, ErrorClass::Shed)]
        {
            for _ in 0..if self.has(fault) { SPREADS / 10 } else { 0 } {
                recorder.record(&SpreadRecord::new(Ending::Error(class)));
            }
        }
    }

    /// What the engine knows, and what other parts would say.
    fn supplied(&self, scrapes: u64) -> Supplied {
        let place = |names: &[&str], name: &str| {
            names.iter().position(|known| *known == name).expect("a known name")
        };
        let mut supplied = self.engine.reading().supplied;
        if self.has(Fault::Pool) {
            supplied.scratch_in_use = supplied.scratch_capacity;
        }
        supplied.tuner_frozen = self.has(Fault::Frozen);
        supplied.recall = Some(if self.has(Fault::Recall) { 0.5 } else { 0.99 });
        supplied.graph_generation = 1;
        for cache in &mut supplied.tier_cache {
            (cache.hits, cache.misses) = (9 * scrapes, scrapes);
        }
        let states = [
            (Fault::Open, "cold", "open"),
            (Fault::HalfOpen, "warm", "half_open"),
            (Fault::Forced, "checkpoint", "forced_open"),
        ];
        for (fault, breaker, state) in states {
            if self.has(fault) {
                supplied.breakers[place(&BREAKERS, breaker)].state = place(&STATES, state);
            }
        }
        if self.has(Fault::Stale) {
            supplied.breakers[0].calls[place(&CALLS, "stale")] = 10 * scrapes;
        }
        for decisions in &mut supplied.tuner_decisions {
            decisions[place(&VERDICTS, "hold")] = scrapes;
        }
        let checks = [("canary", Fault::Canary), ("pool", Fault::Check)];
        supplied.checks = checks
            .into_iter()
            .map(|(check, fault)| CheckReading {
                check: check.into(),
                status: place(&STATUSES, if self.has(fault) { "fail" } else { "pass" }),
            })
            .collect();
        supplied.changes[0][0] = scrapes;
        supplied
    }
}

/// The service's figures: each counter one more at each scrape, each gauge at one value.
fn service_text(scrapes: u64) -> String {
    let mut text = String::new();
    let catalogue = Catalogue::default();
    let own = catalogue.iter().filter(|metric| {
        TABLE.iter().all(|family| family.name != metric.name) && !Catalogue::is_scraped(metric.name)
    });
    for metric in own {
        let name = metric.name;
        text.push_str(&format!("# TYPE {name} {}\n", metric.kind.name()));
        let value = |value: &str| {
            // What is open, or left, is half of what there is.
            let many =
                ["max_fds", "_disk_bytes", "_memory_bytes"].iter().any(|k| name.ends_with(k));
            let gauge = if many { 1000 } else { 500 };
            let refused = value == "refused";
            if metric.kind == Kind::Gauge {
                gauge
            } else if refused {
                0
            } else {
                scrapes
            }
        };
        let values = metric.labels.iter().map(|label| match (label.name, label.values) {
            ("status", _) => vec!["200", "500"],
            (_, []) => vec!["any"],
            (_, listed) => listed.to_vec(),
        });
        let mut series = vec![String::new()];
        for (label, values) in metric.labels.iter().zip(values) {
            let more = series.iter().flat_map(|before| {
                let comma = if before.is_empty() { "" } else { "," };
                values.iter().map(move |v| format!("{before}{comma}{}=\"{v}\"", label.name))
            });
            series = more.collect();
        }
        for labels in series {
            let rare = labels.contains("\"500\"") || labels.contains("refused");
            let value = value(if rare { "refused" } else { "" });
            if metric.kind == Kind::Histogram {
                for bound in metric.bounds.iter().map(ToString::to_string).chain(["+Inf".into()]) {
                    text.push_str(&format!("{name}_bucket{{{labels},le=\"{bound}\"}} {value}\n"));
                }
                text.push_str(&format!("{name}_sum{{{labels}}} {value}\n"));
                text.push_str(&format!("{name}_count{{{labels}}} {value}\n"));
            } else {
                let braces =
                    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                text.push_str(&format!("{name}{braces} {value}\n"));
            }
        }
    }
    text
}
