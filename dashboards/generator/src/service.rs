//! Metrics that no table of the engine holds: the service's own, those of its process and its
//! machine, and those Prometheus adds to every target. Nothing else repeats these names;
//! `tests/dashboards/live.rs` compares them with what a running service exports.

use emanate::observe::table::Kind;

use crate::catalogue::Label;

/// A metric that is written down here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The whole name.
    pub(crate) name: &'static str,
    /// What kind of value it has.
    pub(crate) kind: Kind,
    /// What it says, in a sentence.
    pub(crate) help: &'static str,
    /// Its labels.
    pub(crate) labels: &'static [Label],
    /// The bounds of its buckets.
    pub(crate) bounds: &'static [f64],
}

const fn counter(name: &'static str, labels: &'static [Label], help: &'static str) -> Row {
    Row { name, kind: Kind::Counter, help, labels, bounds: &[] }
}

const fn gauge(name: &'static str, labels: &'static [Label], help: &'static str) -> Row {
    Row { name, kind: Kind::Gauge, help, labels, bounds: &[] }
}

const fn named(name: &'static str) -> Label {
    Label { name, values: &[] }
}

const fn listed(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values }
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];
const MOUNT: &[Label] = &[named("mount")];
const INTERFACE: &[Label] = &[named("interface")];

/// What the service exports beside the engine's table.
pub(crate) static SERVICE: &[Row] = &[
    counter(
        "emanate_http_requests_total",
        &[named("route"), listed("method", METHODS), named("status")],
        "Requests answered, by route, method and status.",
    ),
    Row {
        name: "emanate_http_request_duration_seconds",
        kind: Kind::Histogram,
        labels: &[named("route")],
        help: "Time from the head of a request to the head of its answer, by route; probes left \
               out.",
        bounds: &[0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
    },
    counter(
        "emanate_config_reloads_total",
        &[listed("result", &["done", "refused"])],
        "Reloads of the configuration: done, or refused so that nothing changed.",
    ),
    gauge(
        "emanate_alerts_firing",
        &[listed("severity", &["info", "warning", "critical"])],
        "Alerts that fire, by severity.",
    ),
    counter(
        "emanate_alert_notices_total",
        &[listed("channel", &["log", "webhook", "smtp"]), listed("result", &["sent", "failed"])],
        "Notices of alerts: sent, or given up.",
    ),
    counter("process_cpu_seconds_total", &[], "Processor time used by the process."),
    gauge("process_resident_memory_bytes", &[], "Memory held by the process."),
    gauge("process_virtual_memory_bytes", &[], "Address space of the process."),
    gauge("process_open_fds", &[], "Files and connections open in the process."),
    gauge("process_max_fds", &[], "Most files and connections it may open."),
    gauge("process_start_time_seconds", &[], "When the process started, since 1970."),
    gauge(
        "emanate_host_cpu_usage_ratio",
        &[],
        "Part of all processors in use since the last look.",
    ),
    gauge("emanate_host_cpus", &[], "Processors of the machine."),
    gauge("emanate_host_load1", &[], "Mean number of tasks that run or wait, over a minute."),
    gauge("emanate_host_memory_bytes", &[], "Memory of the machine."),
    gauge("emanate_host_memory_available_bytes", &[], "Memory of the machine that is to be had."),
    gauge("emanate_host_disk_bytes", MOUNT, "Size of a file system."),
    gauge("emanate_host_disk_available_bytes", MOUNT, "What is free of a file system."),
    counter(
        "emanate_host_network_received_bytes_total",
        INTERFACE,
        "Bytes received by a network interface.",
    ),
    counter(
        "emanate_host_network_sent_bytes_total",
        INTERFACE,
        "Bytes sent by a network interface.",
    ),
];

/// What Prometheus itself says of every target, and of its alerts.
pub(crate) static SCRAPED: &[Row] = &[
    gauge("up", &[], "1 where the last scrape succeeded."),
    gauge("scrape_duration_seconds", &[], "How long the last scrape took."),
    gauge("scrape_samples_scraped", &[], "Samples of the last scrape."),
    gauge(
        "ALERTS",
        &[
            named("alertname"),
            listed("alertstate", &["pending", "firing"]),
            listed("severity", &["critical", "warning", "none"]),
        ],
        "1 for each alert that is pending or fires.",
    ),
];
