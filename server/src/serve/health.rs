//! The checks of the service, run now and then; what they found is asked for by probes, `/health`
//! and the figures.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use emanate::Engine;
use emanate::health::checks::{CanaryOptions, DEFAULT_OPEN_MAX, disk, memory, resident_bytes};
use emanate::health::{
    CheckContext, CheckJob, CheckKind, CheckPolicy, CheckReading, HealthReading, HealthStatus,
    RegisterError, Registry, Verdict,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::checks;
use super::events::EventKind;
use super::graphs::ServedGraph;
use super::keeping::Keeper;
use super::service::{App, Stage};
use crate::config::{Config, DEFAULT_GRAPH};

/// How often it is looked at which checks are due, and what they said.
const TICK: Duration = Duration::from_millis(200);

/// Longest time for the canary's spread. It shares the machine with all others, so what is slow
/// for it must be far from ordinary.
const CANARY_BUDGET: Duration = Duration::from_millis(500);

/// Registers the checks and runs each once, so that it is known from the start how they stand.
///
/// # Panics
/// Never: the names are valid, differ and are few.
pub(super) fn registry<'a>(
    config: &Config,
    engine: &Engine,
    graphs: impl Iterator<Item = &'a Arc<ServedGraph>> + Clone,
) -> Registry {
    let registry = Registry::new(Arc::clone(engine.clock()));
    let checks = Checks { registry: &registry, period: config.health.every };
    let own = "names of the service's checks differ, and periods are above 0";
    let default = graphs.clone().find(|graph| graph.name == DEFAULT_GRAPH);
    if let Some(graph) = default.or_else(|| graphs.clone().next()) {
        let options = CanaryOptions { budget: CANARY_BUDGET, ..CanaryOptions::default() };
        checks.add("canary", engine.canary_check(&graph.graph, options)).expect(own);
    }
    checks.add("breakers", engine.breakers_check(DEFAULT_OPEN_MAX)).expect(own);
    checks.add("pool", engine.pool_check()).expect(own);
    if config.health.memory_max > 0 {
        checks.add("memory", memory(config.health.memory_max, resident_bytes)).expect(own);
    }
    if let Some(directory) = &config.store.directory {
        checks.add("disk", disk(directory.clone(), config.health.disk_min)).expect(own);
    }
    if let Some(graph) = graphs.clone().find(|graph| graph.keeper().is_some()) {
        let graph = Arc::clone(graph);
        let check = move |_: &CheckContext| match graph.keeper().and_then(Keeper::failure) {
            None => Verdict::Pass,
            Some(failure) => Verdict::warn(format!("changes are not kept: {failure}")),
        };
        checks.add("store", check).expect(own);
    }
    registry.tick(CheckJob::run);
    registry
}

struct Checks<'a> {
    registry: &'a Registry,
    period: Duration,
}

impl Checks<'_> {
    fn add(
        &self,
        name: &str,
        check: impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        let policy = CheckPolicy { period: self.period, ..CheckPolicy::default() };
        self.registry.register(name, CheckKind::Ready, policy, check)
    }
}

/// Runs checks as they are due, each on a thread of its own, and tells of every check whose status
/// changes, until the service stops.
pub(crate) async fn watch(service: App) {
    let mut stages = service.stages();
    let mut seen: HashMap<Arc<str>, HealthStatus> = HashMap::new();
    let (mut turned, mut keeping) = (false, None::<JoinHandle<()>>);
    loop {
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(TICK) => {}
        }
        let Ok(served) = service.served() else { continue };
        if !service.live().config.health.enabled {
            continue;
        }
        served.health.tick(CheckJob::on_thread);
        let checks = served.health.reading().checks;
        service.checks.results.note(&checks, &service.live().config.health);
        for check in &checks {
            let before = seen.get(&check.name).copied();
            turned |= before != Some(check.status);
            if let Some(before) = before.filter(|before| check.status != *before) {
                tell(&service, check, before);
            }
        }
        seen = checks.iter().map(|check| (Arc::clone(&check.name), check.status)).collect();
        // Not waited for, and one at a time: a disk that hangs must hold up no check, and no more
        // than one thread.
        if turned && keeping.as_ref().is_none_or(JoinHandle::is_finished) {
            (turned, keeping) = (false, Some(tokio::spawn(checks::keep(App::clone(&service)))));
        }
    }
}

fn tell(service: &App, check: &CheckReading, before: HealthStatus) {
    let (name, from, to) = (&*check.name, before.name(), check.status.name());
    let reason = check.reason.as_ref().map_or("", |reason| reason.as_str());
    if check.status.works() {
        tracing::info!(check = name, from, to, reason, "a check changed its status");
    } else {
        tracing::error!(check = name, from, to, reason, "a check changed its status");
    }
    let data = json!({"check": name, "from": from, "to": to, "reason": reason});
    service.events.tell(EventKind::Health, data);
}

/// How everything stands, as an object.
pub(crate) fn shown(reading: &HealthReading) -> Value {
    json!({
        "live": reading.live.name(),
        "ready": reading.ready.name(),
        "startup": reading.startup.name(),
        "checks": reading.checks.iter().map(shown_check).collect::<Vec<_>>(),
    })
}

/// How one check stands, as an object.
pub(crate) fn shown_check(check: &CheckReading) -> Value {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let counts = &check.counts;
    json!({
        "name": &*check.name,
        "kind": check.kind.name(),
        "status": check.status.name(),
        "last": check.last.map(HealthStatus::name),
        "reason": check.reason.as_ref().map(|reason| reason.as_str()),
        "age_s": seconds(check.age),
        "took_s": seconds(check.took),
        "standing_for_s": seconds(check.standing_for),
        "successes": check.successes,
        "failures": check.failures,
        "hangs": check.hangs,
        "counts": {
            "runs": counts.runs,
            "passes": counts.passes,
            "failures": counts.failures,
            "overruns": counts.overruns,
            "late": counts.late,
            "panics": counts.panics,
            "turns": counts.turns,
        },
    })
}

/// Which checks keep `status` from being better, and why; one sentence.
pub(crate) fn blame(reading: &HealthReading) -> String {
    let bad = reading.checks.iter().filter(|check| !check.status.works());
    let named = bad.map(|check| {
        let reason = check.reason.as_ref().map_or("no verdict yet", |reason| reason.as_str());
        format!("{} ({reason})", check.name)
    });
    let named: Vec<String> = named.collect();
    format!("checks do not pass: {}; see /health", named.join(", "))
}
