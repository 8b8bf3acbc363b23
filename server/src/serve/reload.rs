//! A new configuration for a running service: all of it, or none.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde_json::{Value, json};

use super::events::EventKind;
use super::live::Live;
use super::service::{App, Service, Stage};
use crate::config::{Config, EngineOptions, Health, restart_keys};

/// Reads the configuration again and, where it is right, puts it in force. Where anything is wrong
/// with it, nothing changes.
///
/// # Errors
/// One sentence for each mistake.
pub(crate) fn reload(service: &Service) -> Result<Value, Vec<String>> {
    let result = service.reloading.with(|()| try_reload(service));
    service.figures.reloaded(result.is_ok());
    match &result {
        Ok(waiting) => {
            tracing::info!(?waiting, "the configuration was read again");
            let event = json!({"result": "done", "at_the_next_start": waiting});
            service.events.tell(EventKind::Config, event);
        }
        Err(mistakes) => {
            for mistake in mistakes {
                tracing::error!("the configuration was not changed: {mistake}");
            }
            let event = json!({"result": "refused", "mistakes": mistakes});
            service.events.tell(EventKind::Config, event);
        }
    }
    result.map(|waiting| json!({"result": "done", "at_the_next_start": waiting}))
}

fn try_reload(service: &Service) -> Result<Vec<&'static str>, Vec<String>> {
    let config = service.sources.read().map_err(|errors| errors.sentences())?;
    let waiting = restart_keys(&service.first, &config);
    let config = running(&service.first, config);
    if config.auth.is_open() && !config.server.listen.ip().to_canonical().is_loopback() {
        let listen = config.server.listen;
        return Err(vec![format!(
            "the service listens on {listen}, which other machines may reach; keep a token in \
             [auth] as long as it does"
        )]);
    }
    if config.server.tls_certificate.is_some() != service.first.server.tls_certificate.is_some() {
        let sentence = "TLS cannot be switched on or off while the service runs; start it again";
        return Err(vec![sentence.to_owned()]);
    }
    let live = Live::of(config).map_err(|error| vec![error.to_string()])?;
    service.audit.set(&live.config).map_err(|error| {
        vec![format!("audit.file cannot be opened ({error}); check its name and who may write it")]
    })?;
    service.put(live);
    Ok(waiting)
}

/// `config` with those values that hold until the next start as they are.
fn running(first: &Config, mut config: Config) -> Config {
    config.server.listen = first.server.listen;
    config.server.state_directory.clone_from(&first.server.state_directory);
    config.limits.connections = first.limits.connections;
    config.limits.header_time = first.limits.header_time;
    config.limits.write_time = first.limits.write_time;
    config.rate.clients = first.rate.clients;
    let maintain_every = config.engine.maintain_every;
    config.engine = EngineOptions { maintain_every, ..first.engine.clone() };
    config.store.directory.clone_from(&first.store.directory);
    config.store.flush = first.store.flush;
    let Health { enabled, keep_time, keep_size, .. } = config.health;
    config.health = Health { enabled, keep_time, keep_size, ..first.health.clone() };
    config.points.series_max = first.points.series_max;
    config.telemetry.endpoint.clone_from(&first.telemetry.endpoint);
    config.tuner = first.tuner.clone();
    config.graphs = first.graphs.clone();
    config
}

/// What the file says, as one number; `None` where it cannot be read.
fn content(file: &Path) -> Option<u64> {
    let bytes = std::fs::read(file).ok()?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(hasher.finish())
}

/// Reloads whenever the file's content has changed and stayed so from one look to the next. A file
/// is looked at rather than watched, since what replaces it (an editor, a mounted volume) often
/// replaces its folder or its link instead, and since a change half written must not be used.
///
/// The first look is taken when this is called, before anybody can know that the service is ready.
pub(crate) fn watch(service: App) -> impl Future<Output = ()> + Send {
    let used = service.sources.file.as_deref().and_then(content);
    watch_from(service, used)
}

async fn watch_from(service: App, mut used: Option<u64>) {
    let Some(file) = service.sources.file.clone() else { return };
    let mut stages = service.stages();
    let mut seen = used;
    loop {
        let period = service.live().config.reload.watch;
        // Where it is switched off, a reload by signal may switch it on.
        let pause = if period.is_zero() { std::time::Duration::from_secs(1) } else { period };
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(pause) => {}
        }
        let now = content(&file);
        if period.is_zero() {
            used = now;
        } else if now.is_some() && now != used && now == seen {
            used = now;
            let service = App::clone(&service);
            // Its mistakes have been logged and counted.
            let _ = tokio::task::spawn_blocking(move || reload(&service).is_ok()).await;
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use emanate::change::store::FlushPolicy;

    use super::running;
    use crate::config::{Config, KEYS, When, restart_keys};

    #[test]
    fn what_holds_until_the_next_start_is_kept() {
        let first = Config::default();
        let mut changed = first.clone();
        changed.server.listen.set_port(1);
        changed.server.state_directory = Some("elsewhere".into());
        changed.limits.connections = 1;
        changed.limits.header_time *= 2;
        changed.limits.write_time *= 2;
        changed.rate.clients = 1;
        changed.engine.threads = 9;
        changed.engine.scratch_slots = 9;
        changed.engine.scratch_size = 1 << 20;
        changed.engine.queue_slots = 9;
        changed.store.directory = Some("elsewhere".into());
        changed.store.flush = FlushPolicy::Never;
        changed.health.every *= 2;
        changed.health.memory_max = 9;
        changed.health.disk_min = 9;
        changed.points.series_max = 9;
        changed.telemetry.endpoint = "elsewhere".to_owned();
        changed.tuner.enabled = true;
        changed.tuner.budget *= 2;
        changed.tuner.quality_floor = 0.5;
        changed.tuner.batch_max = 9;
        changed.tuner.hops_max = 9;
        changed.limits.batch = 1;
        let keys = KEYS.iter().filter(|key| key.when == When::Restart).count();
        assert_eq!(restart_keys(&first, &changed).len(), keys, "the test changes every such key");
        let running = running(&first, changed);
        assert_eq!(restart_keys(&first, &running), Vec::<&str>::new());
        assert_eq!(running.limits.batch, 1);
    }
}
