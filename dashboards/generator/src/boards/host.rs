//! The service, its process and its host.

use crate::board::Board;
use crate::panel::{Panel, Show};
use crate::query::{Query, recorded};
use crate::unit::Unit;

const REQUESTS: &str = "emanate_http_requests_total";
const REQUEST_TIME: &str = "emanate_http_request_duration_seconds";
const EACH: &[&str] = &["instance"];

pub(super) fn board(query: &Query) -> Board {
    Board {
        name: "host",
        title: "Service and host",
        description: "Requests over HTTP, the process, and the machine it runs on.",
        rows: vec![
            ("HTTP", http(query)),
            ("Process", process(query)),
            ("Host", host(query)),
            ("Version and configuration", version(query)),
            ("Scrapes", scrapes(query)),
        ],
    }
}

fn panel(title: &'static str, unit: Unit, text: &str) -> Panel {
    Panel::new(title, unit, text.to_owned())
}

fn http(query: &Query) -> Vec<Panel> {
    vec![
        panel("Requests by route", Unit::PerSecond, "Answered in a second.")
            .ask(query.rate(REQUESTS, "", &["route", "method"]), "{{method}} {{route}}")
            .show(Show::Stack),
        panel("Requests by status", Unit::PerSecond, "503 and 429 are shed, on purpose.")
            .ask(query.rate(REQUESTS, "", &["status"]), "{{status}}")
            .show(Show::Stack),
        panel("Server errors", Unit::Ratio, "Share of answers with status 500 to 599, 503 apart.")
            .ask(recorded("job_instance:emanate_http_errors:ratio_rate5m", true), "{{instance}}")
            .bad_from("0.05"),
        panel("p95 by route", Unit::Seconds, "From head of request to end of answer.")
            .ask(query.quantile(0.95, REQUEST_TIME, "", &["route"]), "{{route}}")
            .wide(12),
        panel("Requests over time", Unit::Seconds, "How many took so long, all routes.")
            .ask(query.buckets(REQUEST_TIME, ""), "{{le}}")
            .show(Show::Heatmap)
            .wide(12),
    ]
}

fn process(query: &Query) -> Vec<Panel> {
    vec![
        panel("Processors used", Unit::Count, "1 is one whole processor.")
            .ask(query.rate("process_cpu_seconds_total", "", EACH), "{{instance}}"),
        panel("Memory", Unit::Bytes, "Flat under steady load.")
            .ask(query.max("process_resident_memory_bytes", "", EACH), "{{instance}}"),
        panel("Address space", Unit::Bytes, "Room that was asked for, whether or not it is used.")
            .ask(query.max("process_virtual_memory_bytes", "", EACH), "{{instance}}"),
        panel("Descriptors", Unit::Count, "Connections and files.")
            .ask(query.max("process_open_fds", "", EACH), "{{instance}} open")
            .ask(query.max("process_max_fds", "", EACH), "{{instance}} most")
            .wide(12),
        panel("Started", Unit::Instant, "A late start that nobody ordered was a crash.")
            .ask(
                format!("1000 * {}", query.max("process_start_time_seconds", "", EACH)),
                "{{instance}}",
            )
            .show(Show::Stat)
            .wide(12),
    ]
}

fn host(query: &Query) -> Vec<Panel> {
    let disk: &[&str] = &["instance", "mount"];
    let network = |title, name| {
        panel(title, Unit::BytesPerSecond, "By interface; the others of the machine among it.")
            .ask(query.rate(name, "", &["instance", "interface"]), "{{instance}} {{interface}}")
    };
    vec![
        panel("Processors in use", Unit::Ratio, "Of the whole machine, whoever uses them.")
            .ask(query.max("emanate_host_cpu_usage_ratio", "", EACH), "{{instance}}"),
        panel("Tasks that run or wait", Unit::Count, "Above the processors, some wait.")
            .ask(query.max("emanate_host_load1", "", EACH), "{{instance}} tasks")
            .ask(query.max("emanate_host_cpus", "", EACH), "{{instance}} processors"),
        panel("Memory of the host", Unit::Bytes, "What is left decides who is killed.")
            .ask(query.max("emanate_host_memory_available_bytes", "", EACH), "{{instance}} left")
            .ask(query.max("emanate_host_memory_bytes", "", EACH), "{{instance}} size"),
        panel("Disk", Unit::Bytes, "A full disk stops changes, never spreads.")
            .ask(
                query.max("emanate_host_disk_available_bytes", "", disk),
                "{{instance}} {{mount}} left",
            )
            .ask(query.max("emanate_host_disk_bytes", "", disk), "{{instance}} {{mount}} size"),
        network("Received", "emanate_host_network_received_bytes_total"),
        network("Sent", "emanate_host_network_sent_bytes_total"),
    ]
}

fn version(query: &Query) -> Vec<Panel> {
    vec![
        panel("Versions", Unit::Count, "How many processes run each.")
            .ask(query.sum("emanate_build_info", "", &["version"]), "{{version}}")
            .show(Show::Table),
        panel("Features", Unit::Count, "Which parts are switched on.")
            .ask(
                query.max("emanate_feature_enabled", "", &["instance", "feature"]),
                "{{instance}} {{feature}}",
            )
            .show(Show::States),
        panel("Reloads", Unit::PerSecond, "A bad file changes nothing and counts as failure.")
            .ask(query.rate("emanate_config_reloads_total", "", &["result"]), "{{result}}"),
        panel("Alerts in the process", Unit::Count, "Those of the process's own rules that fire.")
            .ask(query.sum("emanate_alerts_firing", "", &["severity"]), "{{severity}}")
            .wide(12),
        panel("Notices of alerts", Unit::PerSecond, "What failed was given up; look at the log.")
            .ask(
                query.rate("emanate_alert_notices_total", "", &["channel", "result"]),
                "{{channel}} {{result}}",
            )
            .wide(12),
    ]
}

fn scrapes(query: &Query) -> Vec<Panel> {
    vec![
        panel("Duration", Unit::Seconds, "How long a scrape takes.")
            .ask(query.max("scrape_duration_seconds", "", EACH), "{{instance}}")
            .wide(12),
        panel("Samples", Unit::Count, "How many series a scrape brings.")
            .ask(query.max("scrape_samples_scraped", "", EACH), "{{instance}}")
            .wide(12),
    ]
}
