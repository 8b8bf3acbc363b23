//! The graphs that are served, and the engine that serves them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use emanate::graph::{DamagedBlock, LoadReport};
use emanate::{Engine, Graph};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::error::ServeError;
use super::problem::Problem;
use crate::config::Config;
use crate::graph_file;
use crate::info::Info;

/// One graph.
pub(crate) struct ServedGraph {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) graph: Graph,
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
        Ok(Self { name, path, graph, report: file.report, info: Mutex::new(None) })
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

/// Engine and graphs.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) engine: Engine,
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
        for (name, path) in &config.graphs {
            let graph = ServedGraph::open(name, path)?;
            builder = builder.serves(&graph.graph.snapshot());
            graphs.insert(name.clone(), Arc::new(graph));
        }
        let engine = builder.build().map_err(ServeError::Engine)?;
        Ok(Self { engine, graphs })
    }
}
