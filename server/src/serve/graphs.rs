//! The graphs that are served, and the engine that serves them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use emanate::change::ChangeKind;
use emanate::graph::{DamagedBlock, LoadReport};
use emanate::health::Registry;
use emanate::observe::Reading;
use emanate::observe::table::{CHANGE_KINDS, CHANGE_OUTCOMES};
use emanate::{ApplyReport, Engine, Graph};
use emanate_tuner::driver::{DriverThread, TunerHandle};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::error::ServeError;
use super::health;
use super::keeping::{self, Keeper};
use super::locked::Locked;
use super::problem::Problem;
use super::tuning;
use crate::config::{Config, DEFAULT_GRAPH};
use crate::graph_file;
use crate::info::Info;

/// Positions in [`CHANGE_OUTCOMES`].
const APPLIED: usize = 0;
const REFUSED: usize = 1;

/// One graph.
pub(crate) struct ServedGraph {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) graph: Graph,
    /// What keeps its changes; `None` where they are in memory only.
    keeper: Option<Keeper>,
    /// What was read, where the file is an edge list.
    report: Option<LoadReport>,
    /// What is known of the generation of this number.
    info: Mutex<Option<(u64, Arc<Value>)>>,
}

impl fmt::Debug for ServedGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedGraph").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ServedGraph {
    fn open(name: &str, path: &Path) -> Result<Self, ServeError> {
        let file = graph_file::read(path, &[])?;
        if let Some(report) = &file.report {
            graph_file::warn_of_bad_lines(path, report);
        }
        let graph = Graph::from(file.graph);
        let (name, path) = (name.to_owned(), path.to_path_buf());
        let (report, info) = (file.report, Mutex::new(None));
        Ok(Self { name, path, graph, keeper: None, report, info })
    }

    /// The default graph, as the store in `directory` has it.
    fn kept(config: &Config, directory: &Path) -> Result<Self, ServeError> {
        let file = config.graphs.get(DEFAULT_GRAPH).map(PathBuf::as_path);
        let keeping::Kept { graph, keeper, report } = keeping::open(config, directory, file)?;
        let (name, path) = (DEFAULT_GRAPH.to_owned(), directory.to_path_buf());
        Ok(Self { name, path, graph, keeper: Some(keeper), report, info: Mutex::new(None) })
    }

    /// What keeps its changes.
    pub(crate) const fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// How safe a change set is once it was acknowledged: only in `memory`; `written`, so that it
    /// outlives the process; or `synced`, so that it outlives the machine's power.
    pub(crate) fn promise(&self) -> &'static str {
        self.keeper.as_ref().map_or("memory", Keeper::promise)
    }

    /// What `emanate info` prints of the graph, with its name and generation. Costs a pass over the
    /// edges, once for each generation; whoever asks meanwhile waits for the same pass.
    ///
    /// # Errors
    /// 500 where a part of the file cannot be used.
    pub(crate) async fn info(self: &Arc<Self>) -> Result<Arc<Value>, Problem> {
        let snapshot = self.graph.snapshot();
        let generation = snapshot.number();
        let mut held = self.info.lock().await;
        if let Some((number, info)) = &*held
            && *number == generation
        {
            return Ok(Arc::clone(info));
        }
        let own = Arc::clone(self);
        let survey = move || -> Result<Value, DamagedBlock> {
            let mut info = Info::of(&own.path, &snapshot, own.report.as_ref())?.json();
            info["name"] = json!(own.name);
            info["generation"] = json!(snapshot.number());
            Ok(info)
        };
        let info = tokio::task::spawn_blocking(survey).await;
        let info = info.map_err(|_| Problem::internal("the survey of the graph panicked"))?;
        let info = Arc::new(info.map_err(|block| Problem::internal(block.to_string()))?);
        *held = Some((generation, Arc::clone(&info)));
        Ok(info)
    }
}

/// Changes by the position of their kind in [`CHANGE_KINDS`] and of what came of them in
/// [`CHANGE_OUTCOMES`].
pub(crate) type ChangeCounts = [[u64; CHANGE_OUTCOMES.len()]; CHANGE_KINDS.len()];

/// Engine and graphs.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) engine: Arc<Engine>,
    /// The tuner, where it runs.
    tuner: Option<DriverThread>,
    pub(crate) health: Registry,
    changes: Locked<ChangeCounts>,
    pub(crate) graphs: BTreeMap<String, Arc<ServedGraph>>,
}

impl Served {
    /// Opens the graphs of `config` and builds an engine that has room for each.
    ///
    /// # Errors
    /// [`ServeError`] where a file cannot be used or the engine's options do not fit.
    pub(crate) fn open(config: &Config) -> Result<Self, ServeError> {
        let options = &config.engine;
        let mut builder = Engine::builder()
            .threads(options.threads)
            .scratch_slots(options.scratch_slots)
            .scratch_bytes(options.scratch_size)
            .queue_slots(u16::try_from(options.queue_slots).unwrap_or(u16::MAX))
            .settings(config.spread.settings());
        let mut graphs = BTreeMap::new();
        let store = config.store.directory.as_deref();
        let files =
            config.graphs.iter().filter(|(name, _)| store.is_none() || *name != DEFAULT_GRAPH);
        let opened = files.map(|(name, path)| ServedGraph::open(name, path));
        let kept = store.map(|directory| ServedGraph::kept(config, directory));
        for graph in kept.into_iter().chain(opened) {
            let graph = graph?;
            builder = builder.serves(&graph.graph.snapshot());
            graphs.insert(graph.name.clone(), Arc::new(graph));
        }
        let engine = Arc::new(builder.build().map_err(ServeError::Engine)?);
        let tuner = tuning::start(config, &engine)?;
        let health = health::registry(config, &engine, graphs.values());
        Ok(Self { engine, tuner, health, changes: Locked::default(), graphs })
    }

    /// The tuner, where it runs.
    pub(crate) fn tuner(&self) -> Option<TunerHandle> {
        self.tuner.as_ref().map(DriverThread::handle)
    }

    /// Counts what came of a change set.
    pub(crate) fn count(&self, report: &ApplyReport) {
        let count = |kind: ChangeKind, outcome: usize| {
            let position = CHANGE_KINDS.iter().position(|name| *name == kind.name());
            self.changes.with(|counts| {
                if let Some(position) = position {
                    counts[position][outcome] += 1;
                }
            });
        };
        report.successes.iter().for_each(|success| count(success.kind, APPLIED));
        report.failures.iter().for_each(|failure| count(failure.kind, REFUSED));
    }

    /// What is measured, with what the engine does not know.
    pub(crate) fn reading(&self, config: &Config) -> Reading {
        let mut reading = self.engine.reading();
        let supplied = &mut reading.supplied;
        supplied.changes = self.changes.with(|counts| *counts);
        let default = self.graphs.get(DEFAULT_GRAPH).or_else(|| self.graphs.values().next());
        supplied.graph_generation = default.map_or(0, |graph| graph.graph.snapshot().number());
        if config.health.enabled {
            supplied.checks = self.health.reading().supplied();
        }
        if let Some(tuner) = self.tuner() {
            tuning::supply(&tuner.reading(), supplied);
        }
        reading
    }

    /// The graph that is in a store.
    pub(crate) fn kept(&self) -> Option<&Arc<ServedGraph>> {
        self.graphs.values().find(|graph| graph.keeper.is_some())
    }
}
