//! Spreads: how many, how long, how they end, what they do.

use crate::board::Board;
use crate::panel::{Panel, Show};
use crate::query::{Query, recorded};
use crate::unit::Unit;

const SPREADS: &str = "emanate_spreads_total";
const RESPONSE: &str = "emanate_spread_response_seconds";
const SERVICE: &str = "emanate_spread_duration_seconds";

pub(super) fn board(query: &Query) -> Board {
    Board {
        name: "spread",
        title: "Spreads",
        description: "What those who ask for spreads see, and what the spreads do.",
        rows: vec![
            ("Now", now(query)),
            ("Service levels", levels()),
            ("Latency", latency(query)),
            ("Endings", endings(query)),
            ("Work", work(query)),
            ("Scratch, queue and batches", resources(query)),
        ],
    }
}

fn panel(title: &'static str, unit: Unit, text: &str) -> Panel {
    Panel::new(title, unit, text.to_owned())
}

fn now(query: &Query) -> Vec<Panel> {
    let stat = |title, unit, text| panel(title, unit, text).show(Show::Stat).wide(4);
    vec![
        stat("Spreads", Unit::PerSecond, "Spreads that ended in a second, however they ended.")
            .ask(query.rate(SPREADS, "", &[]), "spreads"),
        stat("p95 of response", Unit::Seconds, "Of 100 spreads 95 took at most so long.")
            .ask(query.quantile(0.95, RESPONSE, "", &[]), "p95")
            .bad_from("0.01"),
        stat("Within 10 ms", Unit::Ratio, "The share that the service level of latency is about.")
            .ask(query.within(0.01, RESPONSE), "within 10 ms"),
        stat("Failures", Unit::PerSecond, "Spreads that ended by an unreadable file or a panic.")
            .ask(query.rate(SPREADS, r#"outcome=~"storage|panicked""#, &[]), "failures")
            .bad_from("0.1"),
        stat("In flight", Unit::Count, "Spreads that work or wait for scratch.")
            .ask(query.sum("emanate_spreads_in_flight", "", &[]), "in flight"),
        stat("Instances", Unit::Count, "Processes that answer Prometheus.")
            .ask(query.sum("up", "", &[]), "up"),
    ]
}

fn levels() -> Vec<Panel> {
    let burn = |title, text, windows: [&'static str; 2], factor| {
        let mut panel = panel(title, Unit::Count, text).wide(12).bad_from(factor);
        for window in windows {
            let name = format!("job_slo:emanate_budget_burn:rate{window}");
            let legend = match window {
                "5m" => "{{slo}}, 5 minutes",
                "1h" => "{{slo}}, 1 hour",
                "2h" => "{{slo}}, 2 hours",
                _ => "{{slo}}, 1 day",
            };
            panel = panel.ask(recorded(&name, false), legend);
        }
        panel
    };
    vec![
        burn(
            "Budget burnt, quickly",
            "Bad spreads as a multiple of what the service level allows. 1 uses the budget of 30 \
             days up in 30 days; 14.4 in both windows pages.",
            ["5m", "1h"],
            "14.4",
        ),
        burn(
            "Budget burnt, slowly",
            "The same over longer windows; 3 in both opens a ticket.",
            ["2h", "1d"],
            "3",
        ),
    ]
}

fn latency(query: &Query) -> Vec<Panel> {
    let mut response = panel(
        "Response",
        Unit::Seconds,
        "From when a spread was asked for to its end, waiting included: what callers see.",
    )
    .bad_from("0.01");
    let mut service = panel(
        "Service of complete spreads",
        Unit::Seconds,
        "Work alone, of spreads that no bound cut off. Where this is flat and the response grows, \
         spreads wait.",
    );
    for (quantile, legend) in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")] {
        response = response.ask(query.quantile(quantile, RESPONSE, "", &[]), legend);
        let complete = r#"outcome="complete""#;
        service = service.ask(query.quantile(quantile, SERVICE, complete, &[]), legend);
    }
    vec![
        response,
        service,
        panel("Single hops", Unit::Seconds, "A hop over the whole graph shows here first.")
            .ask(query.quantile(0.5, "emanate_hop_duration_seconds", "", &[]), "p50")
            .ask(query.quantile(0.99, "emanate_hop_duration_seconds", "", &[]), "p99"),
        panel("Responses over time", Unit::Seconds, "How many spreads fell into each bucket.")
            .ask(query.buckets(RESPONSE, ""), "{{le}}")
            .show(Show::Heatmap)
            .wide(12),
        panel(
            "Service by ending",
            Unit::Seconds,
            "p95 by class: complete by its own rule, cut by a bound, failed with an error.",
        )
        .ask(query.quantile(0.95, SERVICE, "", &["outcome"]), "{{outcome}}")
        .wide(12),
    ]
}

fn endings(query: &Query) -> Vec<Panel> {
    let only = r#"outcome=~"invalid|storage|panicked|breaker_open|saturated|shed""#;
    vec![
        panel("Outcomes", Unit::PerSecond, "Spreads by stop reason or class of error.")
            .ask(query.rate(SPREADS, "", &["outcome"]), "{{outcome}}")
            .show(Show::Stack)
            .wide(12),
        panel(
            "Errors",
            Unit::PerSecond,
            "Spreads without an outcome. invalid is the caller's mistake; storage and panicked are \
             failures; the rest was refused to protect the others.",
        )
        .ask(query.rate(SPREADS, only, &["outcome"]), "{{outcome}}")
        .show(Show::Stack)
        .wide(12),
    ]
}

fn work(query: &Query) -> Vec<Panel> {
    let per_spread = |title, name, text| {
        let ended = query.count_rate("emanate_hops", "", &[]);
        panel(title, Unit::Count, text)
            .ask(format!("{} / {ended}", query.rate(name, "", &[])), "a spread")
    };
    vec![
        panel("Edges", Unit::PerSecond, "How fast memory is walked.")
            .ask(query.rate("emanate_edges_traversed_total", "", &["instance"]), "{{instance}}"),
        panel("Nodes", Unit::PerSecond, "Nodes reached in a second, seeds among them.")
            .ask(query.rate("emanate_nodes_activated_total", "", &["instance"]), "{{instance}}"),
        panel("Hops of a spread", Unit::Count, "Falls when a tuner lowers the hop limit.")
            .ask(query.mean("emanate_hops", "", &[]), "mean")
            .ask(query.quantile(0.95, "emanate_hops", "", &[]), "p95"),
        per_spread(
            "Cycles",
            "emanate_revisits_total",
            "How often a spread comes back to where it was; high in dense neighbourhoods.",
        ),
        panel("Confidence", Unit::Ratio, "Whether answers stand out or blur together.")
            .ask(query.mean("emanate_confidence", "", &[]), "mean")
            .ask(query.quantile(0.1, "emanate_confidence", "", &[]), "p10"),
        panel("Noisy-or contributions", Unit::PerSecond, "0 where no request combines so.").ask(
            query.rate("emanate_confidence_aggregations_total", "", &["instance"]),
            "{{instance}}",
        ),
    ]
}

fn resources(query: &Query) -> Vec<Panel> {
    let each: &[&str] = &["instance"];
    vec![
        panel("Scratches", Unit::Count, "In use at capacity, spreads wait until their deadline.")
            .ask(query.max("emanate_scratch_in_use", "", each), "{{instance}} in use")
            .ask(query.max("emanate_scratch_capacity", "", each), "{{instance}} capacity"),
        panel("Scratch memory", Unit::Bytes, "Idle scratches keep theirs until others need it.")
            .ask(query.max("emanate_scratch_bytes", "", each), "{{instance}} held")
            .ask(query.max("emanate_scratch_capacity_bytes", "", each), "{{instance}} capacity"),
        panel("Queue", Unit::Count, "Grows where more is submitted than workers can run.")
            .ask(query.max("emanate_queue_depth", "", each), "{{instance}}"),
        panel("Largest batch", Unit::Count, "The setting in force, whoever set it.")
            .ask(query.max("emanate_batch_size", "", each), "{{instance}}"),
        panel("Spreads in flight", Unit::Count, "Admitted and not ended.")
            .ask(query.max("emanate_spreads_in_flight", "", each), "{{instance}}"),
    ]
}
