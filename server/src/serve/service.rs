//! What all requests share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use emanate::observe::Collector;
use serde_json::json;
use tokio::sync::{OnceCell, watch};

use super::alerts::Alerts;
use super::audit::Audit;
use super::breakers;
use super::checks::Checks;
use super::error::ServeError;
use super::events::{EventKind, Events};
use super::graphs::{Served, ServedGraph};
use super::journal::Journal;
use super::live::Live;
use super::locked::Locked;
use super::metrics::Figures;
use super::outbound::Outbound;
use super::points::{self, Latencies, Points};
use super::problem::Problem;
use super::rate::Rates;
use super::slots::Slots;
use super::telemetry::Telemetry;
use super::trace::Ids;
use crate::config::{Config, DEFAULT_GRAPH, Sources};
use crate::output::text::cut;

/// How far the service is; ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Graphs are being read.
    Starting,
    /// Requests are answered.
    Ready,
    /// No connection is accepted any more; requests that have begun go on.
    Stopping,
    /// What still goes on is cancelled.
    Cancelling,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) sources: Sources,
    /// The configuration the service started with.
    pub(crate) first: Config,
    live: ArcSwap<Live>,
    served: OnceCell<Served>,
    stage: watch::Sender<Stage>,
    pub(crate) started: Instant,
    pub(crate) journal: Arc<Journal>,
    pub(crate) events: Events,
    pub(crate) audit: Audit,
    pub(crate) rates: Rates,
    pub(crate) slots: Slots,
    pub(crate) ids: Ids,
    pub(crate) figures: Figures,
    pub(crate) points: Points,
    pub(crate) latencies: Latencies,
    pub(crate) outbound: Outbound,
    pub(crate) alerts: Alerts,
    pub(crate) checks: Checks,
    pub(crate) telemetry: Telemetry,
    /// Whose turn it is to read the configuration again: what is read last is put last.
    pub(super) reloading: Locked<()>,
}

/// The service, as every route holds it.
pub(crate) type App = Arc<Service>;

impl Service {
    /// A service that has no graph yet.
    ///
    /// # Errors
    /// [`ServeError::Tls`] or [`ServeError::Audit`].
    pub(crate) fn new(
        sources: Sources,
        config: Config,
        journal: Arc<Journal>,
    ) -> Result<Self, ServeError> {
        let audit = Audit::new(&config).map_err(|error| ServeError::Audit {
            file: config.audit.file.clone().unwrap_or_default(),
            error,
        })?;
        let (figures, alerts) = (Figures::new(), Alerts::new(&config));
        let own = "names of the service's figures differ";
        figures.registry.register(Box::new(alerts.figures.clone())).expect(own);
        Ok(Self {
            sources,
            first: config.clone(),
            served: OnceCell::new(),
            stage: watch::channel(Stage::Starting).0,
            started: Instant::now(),
            journal,
            events: Events::new(&config),
            audit,
            rates: Rates::new(config.rate.clients),
            slots: Slots::default(),
            ids: Ids::default(),
            figures,
            points: Points::new(),
            latencies: Latencies::new(),
            outbound: Outbound::default(),
            alerts,
            checks: Checks::default(),
            telemetry: Telemetry::new(),
            reloading: Locked::default(),
            live: ArcSwap::from_pointee(Live::of(config)?),
        })
    }

    /// The configuration in force.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts `live` in force, for each request that begins from now on.
    pub(crate) fn put(&self, live: Live) {
        self.journal.set(&live.config);
        self.events.set(&live.config);
        self.alerts.set(&live.config);
        self.live.store(Arc::new(live));
        self.steer();
    }

    /// Puts in force what the configuration says of the engine, where there is one.
    fn steer(&self) {
        let Some(served) = self.served.get() else { return };
        let live = self.live();
        let mut settings = live.config.spread.settings();
        if served.tuner().is_some() {
            let steered = served.engine.settings();
            (settings.batch_size, settings.hop_limit) = (steered.batch_size, steered.hop_limit);
        }
        served.engine.set(settings);
        breakers::put(served.engine.gate(), &live.config.breakers);
    }

    /// Begins to answer, by `served`.
    pub(crate) fn begin(self: &Arc<Self>, served: Served) {
        let names: Vec<String> = served.graphs.keys().cloned().collect();
        for (name, graph) in &served.graphs {
            let generation = graph.graph.snapshot().number();
            let event = json!({"graph": name, "generation": generation});
            self.events.tell(EventKind::Generation, event);
        }
        // The registry is the service's own, which it must not keep alive.
        let own = Arc::downgrade(self);
        let read = move || {
            let service = own.upgrade()?;
            Some(service.served().ok()?.reading(&service.live().config))
        };
        let collector = Box::new(Collector::new(move || read().unwrap_or_default()));
        if let Err(error) = self.figures.registry.register(collector) {
            tracing::error!(%error, "the engine's figures have names that are taken");
        }
        self.alerts.open(&self.first);
        self.checks.open(self, &served.health);
        points::begin(self);
        // It is set once, by the one task that opens the graphs.
        let _ = self.served.set(served);
        // It may have been read again while the graphs were.
        self.alerts.set(&self.live().config);
        self.steer();
        self.advance(Stage::Ready);
        tracing::info!(graphs = ?names, "ready");
    }

    /// Engine and graphs.
    ///
    /// # Errors
    /// 503 while they are being read.
    pub(crate) fn served(&self) -> Result<&Served, Problem> {
        let starting =
            || Problem::busy("the graphs are still being read; try again", Duration::from_secs(1));
        self.served.get().ok_or_else(starting)
    }

    /// The graph called `name`; without a name, the default one.
    ///
    /// # Errors
    /// 404 where there is none, 503 while graphs are being read.
    pub(crate) fn graph(&self, name: Option<&str>) -> Result<&Arc<ServedGraph>, Problem> {
        let graphs = &self.served()?.graphs;
        graphs.get(name.unwrap_or(DEFAULT_GRAPH)).ok_or_else(|| {
            Problem::not_found(match name {
                Some(name) => format!("there is no graph {:?}; see /v1/graphs", cut(name)),
                None => "no graph is the default one; name one: /v1/graphs/{name}".to_owned(),
            })
        })
    }

    /// How far the service is.
    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Hears of each further stage.
    pub(crate) fn stages(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Goes on to `stage`; never back.
    pub(crate) fn advance(&self, stage: Stage) {
        let name = match stage {
            Stage::Starting => "starting",
            Stage::Ready => "ready",
            Stage::Stopping => "stopping",
            Stage::Cancelling => "cancelling",
        };
        self.stage.send_if_modified(|held| {
            let further = stage > *held;
            if further {
                // Told first, since listeners are let go as soon as the stage is seen.
                self.events.tell(EventKind::Service, json!({"state": name}));
                *held = stage;
            }
            further
        });
    }
}
