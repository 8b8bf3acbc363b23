//! One page of figures: what the service did in a window, and how it stands.

use std::time::Duration;

use emanate::observe::{Ending, EndingClass, ErrorClass};
use emanate::terms::StopReason;
use serde_json::{Value, json};

use super::points::{Now, SeriesName, Then};
use super::problem::Problem;
use super::service::{App, Stage};

/// How much the counters called one name grew in a window.
struct Growth<'a> {
    then: &'a Then,
    now: &'a Now,
}

impl Growth<'_> {
    /// By how much the series that `wanted` takes grew together.
    fn of(&self, name: &str, wanted: impl Fn(&SeriesName) -> bool) -> f64 {
        (self.now.sum(name, &wanted) - self.then.sum(name, &wanted)).max(0.0)
    }

    /// The same for a counter that counts things.
    fn count(&self, name: &str, wanted: impl Fn(&SeriesName) -> bool) -> u64 {
        self.of(name, wanted) as u64
    }

    /// How much it is in each second.
    fn per_second(&self, much: f64) -> f64 {
        much / self.then.covered.as_secs_f64().max(1e-3)
    }
}

/// The page for the last `window`. Costs a look at every series, as `/metrics` does.
///
/// # Errors
/// 503 while graphs are being read.
pub(crate) fn overview(service: &App, window: Duration) -> Result<Value, Problem> {
    let served = service.served()?;
    let now = Now::of(&service.figures.registry.gather());
    let then = service.points.then(window);
    let growth = Growth { then: &then, now: &now };
    let metrics = served.engine.metrics();
    let (took, response) = service.latencies.spreads(window, service.started.elapsed(), metrics);
    let graphs = served.graphs.values().map(|graph| {
        let snapshot = graph.graph.snapshot();
        json!({
            "name": graph.name,
            "nodes": snapshot.node_count(),
            "edges": snapshot.edge_count(),
            "generation": snapshot.number(),
        })
    });
    let health = service.live().config.health.enabled.then(|| served.health.reading());
    let mut spreads = spreads(&growth);
    spreads["took"] = took;
    spreads["response"] = response;
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": service.started.elapsed().as_secs_f64(),
        "state": if service.stage() >= Stage::Stopping { "stopping" } else { "ready" },
        "window_s": window.as_secs_f64(),
        "covered_s": then.covered.as_secs_f64(),
        "spreads": spreads,
        "requests": requests(&growth),
        "changes": {
            "applied": changes(&growth, "applied"),
            "refused": changes(&growth, "refused"),
        },
        "load": {
            "in_flight": now.value("emanate_spreads_in_flight"),
            "queued": now.value("emanate_queue_depth"),
            "scratch_in_use": now.value("emanate_scratch_in_use"),
            "scratch_capacity": now.value("emanate_scratch_capacity"),
        },
        "graphs": graphs.collect::<Vec<_>>(),
        "breakers": not_in(&now, "emanate_breaker_state", ["breaker", "state"], "closed"),
        "checks": not_in(&now, "emanate_health_status", ["check", "status"], "pass"),
        "ready": health.map(|reading| reading.ready.name()),
        "tuner": {
            "frozen": now.value("emanate_tuner_frozen") == Some(1.0),
            "batch_size": setting(&now, "batch_size"),
            "hop_limit": setting(&now, "hop_limit"),
        },
        "process": process(&growth),
        "host": host(&growth),
    }))
}

/// Spreads by what came of them.
fn spreads(growth: &Growth<'_>) -> Value {
    let count = |endings: &dyn Fn(Ending) -> bool| {
        let stopped = StopReason::ALL.map(Ending::Stopped);
        let all = stopped.into_iter().chain(ErrorClass::ALL.map(Ending::Error));
        let names: Vec<&str> =
            all.filter(|one| endings(*one)).map(|one| Ending::NAMES[one.index()]).collect();
        growth.count("emanate_spreads_total", |series| names.contains(&series.label("outcome")))
    };
    let class = |class: EndingClass| count(&|one| one.class() == class);
    let errors =
        |some: &[ErrorClass]| count(&|one| some.iter().any(|class| one == Ending::Error(*class)));
    let all = count(&|_| true);
    let failed = errors(&[ErrorClass::Storage, ErrorClass::Panicked]);
    json!({
        "count": all,
        "per_second": growth.per_second(all as f64),
        "complete": class(EndingClass::Complete),
        "cut": class(EndingClass::Cut),
        "failed": failed,
        "failed_per_second": growth.per_second(failed as f64),
        "shed": errors(&[ErrorClass::BreakerOpen, ErrorClass::Saturated, ErrorClass::Shed]),
        "invalid": errors(&[ErrorClass::Invalid]),
        "degraded": growth.count("emanate_spreads_degraded_total", |_| true),
    })
}

/// Requests by what they were answered.
fn requests(growth: &Growth<'_>) -> Value {
    let name = "emanate_http_requests_total";
    let status =
        |first: char| growth.count(name, |series| series.label("status").starts_with(first));
    let all = growth.count(name, |_| true);
    json!({
        "count": all,
        "per_second": growth.per_second(all as f64),
        "refused": status('4'),
        "failed": status('5'),
    })
}

fn changes(growth: &Growth<'_>, outcome: &str) -> u64 {
    growth.count("emanate_changes_total", |series| series.label("outcome") == outcome)
}

fn setting(now: &Now, name: &str) -> Value {
    let held = now.called("emanate_tuner_setting");
    json!(
        held.into_iter().find(|(series, _)| series.label("knob") == name).map(|(_, value)| *value)
    )
}

/// Of one-hot series, those whose state is another than `well`.
fn not_in(now: &Now, name: &str, [whose, state]: [&str; 2], well: &str) -> Vec<Value> {
    let held =
        now.called(name).filter(|(series, value)| *value > 0.5 && series.label(state) != well);
    held.map(|(series, _)| json!({"name": series.label(whose), "is": series.label(state)}))
        .collect()
}

fn process(growth: &Growth<'_>) -> Value {
    let now = growth.now;
    let cpu = now.value("process_cpu_seconds_total");
    json!({
        "cpus_used": cpu.map(|_| {
            growth.per_second(growth.of("process_cpu_seconds_total", |_| true))
        }),
        "resident_bytes": now.value("process_resident_memory_bytes"),
        "open_fds": now.value("process_open_fds"),
        "max_fds": now.value("process_max_fds"),
    })
}

fn host(growth: &Growth<'_>) -> Value {
    let now = growth.now;
    let disks = now.called("emanate_host_disk_bytes").map(|(series, bytes)| {
        let mount = series.label("mount");
        let available =
            now.sum("emanate_host_disk_available_bytes", |other| other.label("mount") == mount);
        json!({"mount": mount, "bytes": bytes, "available_bytes": available})
    });
    let received = "emanate_host_network_received_bytes_total";
    let network = now.called(received).map(|(series, _)| {
        let interface = series.label("interface");
        let rate = |name: &str| {
            let own = |other: &SeriesName| other.label("interface") == interface;
            growth.per_second(growth.of(name, own))
        };
        json!({
            "interface": interface,
            "received_bytes_per_second": rate(received),
            "sent_bytes_per_second": rate("emanate_host_network_sent_bytes_total"),
        })
    });
    json!({
        "cpu_usage_ratio": now.value("emanate_host_cpu_usage_ratio"),
        "cpus": now.value("emanate_host_cpus"),
        "load1": now.value("emanate_host_load1"),
        "memory_bytes": now.value("emanate_host_memory_bytes"),
        "memory_available_bytes": now.value("emanate_host_memory_available_bytes"),
        "disks": disks.collect::<Vec<_>>(),
        "network": network.collect::<Vec<_>>(),
    })
}
