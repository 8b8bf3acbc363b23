//! Tiers: where edges live, and what it costs to read them there.

use crate::board::Board;
use crate::panel::{Panel, Show};
use crate::query::{Query, recorded};
use crate::unit::Unit;

const READS: &str = "emanate_tier_read_duration_seconds";
const CACHE: &str = "emanate_tier_cache_requests_total";

pub(super) fn board(query: &Query) -> Board {
    Board {
        name: "tiers",
        title: "Tiers and graph",
        description: "What reading edges costs in each tier, and what happens to the graph.",
        rows: vec![
            ("Reading", reading(query)),
            ("What could not be read", degraded(query)),
            ("The graph", graph(query)),
        ],
    }
}

fn panel(title: &'static str, unit: Unit, text: &str) -> Panel {
    Panel::new(title, unit, text.to_owned())
}

fn reading(query: &Query) -> Vec<Panel> {
    let heat = |title, tier: &str| {
        panel(title, Unit::Seconds, "How many hops spent so long on the rows of this tier.")
            .ask(query.buckets(READS, &format!("tier=\"{tier}\"")), "{{le}}")
            .show(Show::Heatmap)
    };
    let hits = query.rate(CACHE, r#"result="hit""#, &["tier"]);
    let looks = query.rate(CACHE, "", &["tier"]);
    vec![
        panel("p50 by tier", Unit::Seconds, "What a hop usually spends on a tier's rows.")
            .ask(query.quantile(0.5, READS, "", &["tier"]), "{{tier}}"),
        panel("p95 by tier", Unit::Seconds, "Cold reads over 20 ms for 5 minutes are an alert.")
            .ask(
                recorded("job_instance_tier:emanate_tier_read_duration_seconds:p95_rate5m", true),
                "{{instance}} {{tier}}",
            )
            .bad_from("0.02"),
        panel("p99 by tier", Unit::Seconds, "The slowest of 100 hops.")
            .ask(query.quantile(0.99, READS, "", &["tier"]), "{{tier}}"),
        heat("Hot", "hot"),
        heat("Warm", "warm"),
        heat("Cold", "cold"),
        panel("Spreads by tier", Unit::PerSecond, "A spread that reads two tiers counts in both.")
            .ask(query.rate("emanate_spreads_by_tier_total", "", &["tier"]), "{{tier}}"),
        panel(
            "Found in memory",
            Unit::Ratio,
            "Share of looks that needed no reading. Falls when what is used outgrows the budget.",
        )
        .ask(format!("{hits} / {looks}"), "{{tier}}"),
        panel("Looks", Unit::PerSecond, "By what they found.")
            .ask(query.rate(CACHE, "", &["tier", "result"]), "{{tier}} {{result}}")
            .show(Show::Stack),
    ]
}

fn degraded(query: &Query) -> Vec<Panel> {
    vec![
        panel(
            "Degraded spreads",
            Unit::PerSecond,
            "They end with an outcome that names the nodes whose edges are missing from it.",
        )
        .ask(query.rate("emanate_spreads_degraded_total", "", &["instance"]), "{{instance}}")
        .wide(12),
        panel("Nodes without edges", Unit::PerSecond, "How much of the graph is out of reach.")
            .ask(query.rate("emanate_nodes_degraded_total", "", &["instance"]), "{{instance}}")
            .wide(12),
    ]
}

fn graph(query: &Query) -> Vec<Panel> {
    let changes = "emanate_changes_total";
    vec![
        panel("Generation", Unit::Count, "Steps up with each change that is published.")
            .ask(query.max("emanate_graph_generation", "", &["instance"]), "{{instance}}"),
        panel("Changes", Unit::PerSecond, "Changes that were applied, by kind.")
            .ask(query.rate(changes, r#"outcome="applied""#, &["kind"]), "{{kind}}")
            .show(Show::Stack),
        panel("Changes refused", Unit::PerSecond, "Changes that were not applied, by kind.")
            .ask(query.rate(changes, r#"outcome="refused""#, &["kind"]), "{{kind}}")
            .show(Show::Stack),
    ]
}
