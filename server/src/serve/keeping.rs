//! The store that keeps the default graph: opened at the start, looked after while the service
//! runs, brought to the disk at its end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use emanate::change::store::{
    CheckpointError, FlushPolicy, Folder, OpenStoreError, Store, StoreOptions, import,
};
use emanate::change::{GraphSegment, OpenGraphError};
use emanate::graph::LoadReport;
use emanate::{Engine, Graph, OpenedGraph};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::error::ServeError;
use super::locked::Locked;
use super::service::{App, Stage};
use crate::check::StoreError;
use crate::config::Config;
use crate::graph_file;

/// How long no checkpoint is tried again after one that failed.
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(60);

/// A store, and who looks after it.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<Store>,
    flush: FlushPolicy,
    appended: Notify,
    /// What the last maintenance said, where it failed.
    failure: Locked<Option<String>>,
}

impl Keeper {
    /// Says that something was stored, so that it is brought to the disk in time.
    pub(crate) fn appended(&self) {
        if matches!(self.flush, FlushPolicy::Every(_)) {
            self.appended.notify_one();
        }
    }

    /// What is safe of a change set that was acknowledged.
    pub(crate) const fn promise(&self) -> &'static str {
        match self.flush {
            FlushPolicy::Always => "synced",
            FlushPolicy::Every(time) if time.is_zero() => "synced",
            FlushPolicy::Every(_) | FlushPolicy::Never => "written",
        }
    }

    /// Why nothing can be kept any more.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.with(|failure| failure.clone())
    }

    /// As an object.
    pub(crate) fn json(&self) -> Value {
        json!({
            "directory": self.store.directory().display().to_string(),
            "generation": self.store.generation(),
            "log_bytes": self.store.log_bytes(),
        })
    }

    /// Says in the log what failed, once for each time that it begins to.
    fn note(&self, failure: Option<String>) {
        self.failure.with(|held| {
            if let Some(error) = failure.as_ref().filter(|error| held.as_ref() != Some(*error)) {
                tracing::error!(%error, "the store cannot keep changes");
            }
            *held = failure;
        });
    }

    /// Syncs what is due; returns how long until it should be called again.
    fn maintain(&self) -> Option<Duration> {
        let result = self.store.maintain();
        self.note(result.as_ref().err().map(ToString::to_string));
        result.ok().flatten()
    }

    /// Brings everything to the disk, and notes there that nothing is missing.
    fn settle(&self) {
        match self.store.sync().and_then(|()| self.store.maintain()) {
            Ok(_) => tracing::info!("every change is on the disk"),
            Err(error) => tracing::error!(%error, "changes may not be on the disk"),
        }
    }

    fn checkpoint(&self, engine: &Engine, graph: &Graph) -> Result<(), CheckpointError> {
        let report = engine.checkpoint(graph, &self.store)?;
        let (generation, bytes) = (report.generation, report.bytes);
        tracing::info!(generation, bytes, "the store made a checkpoint");
        Ok(())
    }
}

/// A graph as its store has it.
pub(crate) struct Kept {
    pub(crate) graph: Graph,
    pub(crate) keeper: Keeper,
    /// What was read, where the store was filled from an edge list.
    pub(crate) report: Option<LoadReport>,
}

/// Opens the store in `directory`. Where there is none, one is made, of the graph at `file` if that
/// is given; once there is one, `file` is not read.
///
/// # Errors
/// [`ServeError::Store`] or [`ServeError::Graph`].
pub(crate) fn open(
    config: &Config,
    directory: &Path,
    file: Option<&Path>,
) -> Result<Kept, ServeError> {
    let flush = config.store.flush;
    let options = StoreOptions::default().flush(flush);
    let mut report = None;
    let OpenedGraph { graph, store, opened } = match Graph::open(directory, &options) {
        Err(OpenGraphError::Store(
            OpenStoreError::NoStore { .. } | OpenStoreError::NotFound { .. },
        )) => {
            if let Some(file) = file {
                report = fill(directory, file)?;
            }
            Graph::open(directory, &options.create()).map_err(StoreError::from)?
        }
        other => {
            if let Some(file) = file {
                tracing::info!(file = %file.display(), "not read, since the store has the graph");
            }
            other.map_err(StoreError::from)?
        }
    };
    tracing::info!(store = %directory.display(), "{opened}");
    let (appended, failure) = (Notify::new(), Locked::default());
    Ok(Kept { graph, keeper: Keeper { store, flush, appended, failure }, report })
}

/// Makes a store in `directory` of the graph at `file`.
fn fill(directory: &Path, file: &Path) -> Result<Option<LoadReport>, ServeError> {
    let loaded = graph_file::read(file, &[])?;
    if let Some(report) = &loaded.report {
        graph_file::warn_of_bad_lines(file, report);
    }
    let folder = Folder::create(directory).map_err(|error| StoreError::Directory {
        directory: directory.to_path_buf(),
        kind: error.kind(),
    })?;
    let made = import(&folder, &GraphSegment(&loaded.graph)).map_err(StoreError::from)?;
    let (file, bytes) = (file.display(), made.bytes);
    tracing::info!(store = %directory.display(), %file, bytes, "the store was made");
    Ok(loaded.report)
}

/// Brings changes to the disk when that is due, without end: sets that have begun are stored while
/// the service stops, too.
pub(crate) async fn keep(service: App) {
    loop {
        let kept = service.served().ok().and_then(|served| served.kept().cloned());
        let mut pause = service.live().config.engine.maintain_every;
        if let Some(kept) = &kept {
            let own = Arc::clone(kept);
            let turn = tokio::task::spawn_blocking(move || own.keeper()?.maintain()).await;
            match turn {
                Ok(again) => pause = again.map_or(pause, |again| again.min(pause)),
                Err(_) => tracing::error!("maintenance of the store panicked"),
            }
        }
        let appended = async {
            match kept.as_ref().and_then(|kept| kept.keeper()) {
                Some(keeper) => keeper.appended.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = appended => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Makes a checkpoint whenever the log has become large, until the service stops. One that has
/// begun then ends with the process: the store opens with what was before it.
pub(crate) async fn checkpoint(service: App) {
    let mut stages = service.stages();
    let mut not_before = Instant::now();
    loop {
        let config = &service.live().config;
        let (period, size) = (config.engine.maintain_every, config.store.checkpoint_size);
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(period) => {}
        }
        let Ok(served) = service.served() else { continue };
        let large = |keeper: &Keeper| keeper.store.log_bytes() >= size;
        let kept = served.kept().filter(|kept| kept.keeper().is_some_and(large)).cloned();
        let Some(kept) = kept.filter(|_| Instant::now() >= not_before) else { continue };
        let engine = Arc::clone(&served.engine);
        let turn = tokio::task::spawn_blocking(move || {
            kept.keeper().map_or(Ok(()), |keeper| keeper.checkpoint(&engine, &kept.graph))
        });
        let failed = match turn.await {
            Ok(Ok(())) => continue,
            // That it opened was told already.
            Ok(Err(CheckpointError::BreakerOpen { retry_in })) => {
                not_before = Instant::now() + retry_in.min(CHECKPOINT_PAUSE);
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        tracing::error!(error = %failed, "the store made no checkpoint");
        not_before = Instant::now() + CHECKPOINT_PAUSE;
    }
}

/// Brings all changes to the disk, at the end of the service.
pub(crate) async fn settle(service: &App) {
    let Some(kept) = service.served().ok().and_then(|served| served.kept().cloned()) else {
        return;
    };
    let turn = tokio::task::spawn_blocking(move || kept.keeper().map(Keeper::settle));
    if turn.await.is_err() {
        tracing::error!("closing the store panicked");
    }
}
