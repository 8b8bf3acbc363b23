//! Breakers and health: what is kept out, and why.

use crate::board::Board;
use crate::panel::{Panel, Show};
use crate::query::Query;
use crate::unit::Unit;

const STATE: &str = "emanate_breaker_state";
const CALLS: &str = "emanate_breaker_calls_total";
const STATUS: &str = "emanate_health_status";

pub(super) fn board(query: &Query) -> Board {
    Board {
        name: "breakers",
        title: "Breakers and health",
        description: "Which breakers keep work away, what they saw, and what health checks say.",
        rows: vec![
            ("States", states(query)),
            ("What went through", calls(query)),
            ("Health", health(query)),
        ],
    }
}

fn panel(title: &'static str, unit: Unit, text: &str) -> Panel {
    Panel::new(title, unit, text.to_owned())
}

fn states(query: &Query) -> Vec<Panel> {
    let band = |title, state: &str, text| {
        let only = format!("state=\"{state}\"");
        panel(title, Unit::Count, text)
            .ask(query.max(STATE, &only, &["instance", "breaker"]), "{{instance}} {{breaker}}")
            .show(Show::States)
    };
    vec![
        band("Open", "open", "Nothing is let through until the open wait is over."),
        band("Half open", "half_open", "Permitted probes decide whether it closes."),
        panel("Held by a person", Unit::Count, "Forced open, disabled, or only measuring.")
            .ask(
                query.max(
                    STATE,
                    r#"state=~"forced_open|disabled|metrics_only""#,
                    &["instance", "breaker", "state"],
                ),
                "{{instance}} {{breaker}} {{state}}",
            )
            .show(Show::States),
        panel("Transitions", Unit::PerSecond, "Back and forth between two states is flapping.")
            .ask(
                query.rate("emanate_breaker_transitions_total", "", &["breaker", "from", "to"]),
                "{{breaker}}: {{from}} to {{to}}",
            )
            .wide(12),
        panel(
            "False trips",
            Unit::PerSecond,
            "It opened and the first probe succeeded: its settings may be too strict.",
        )
        .ask(query.rate("emanate_breaker_false_trips_total", "", &["breaker"]), "{{breaker}}")
        .wide(12),
    ]
}

fn calls(query: &Query) -> Vec<Panel> {
    let of = |title, outcome: &str, text| {
        let only = format!("outcome=\"{outcome}\"");
        panel(title, Unit::PerSecond, text)
            .ask(query.rate(CALLS, &only, &["breaker"]), "{{breaker}}")
    };
    let bad = query.rate(CALLS, r#"outcome=~"failure|slow""#, &["breaker"]);
    let judged = query.rate(CALLS, r#"outcome=~"success|failure|slow""#, &["breaker"]);
    vec![
        of("Succeeded", "success", "What the breaker counts as good."),
        of("Failed", "failure", "Storage errors and panics."),
        of("Slow", "slow", "Over the slow limit, or past the deadline."),
        of("Rejected", "rejected", "Not let in; the caller was told when to retry."),
        panel("Not judged", Unit::PerSecond, "Cancelled, refused, or the caller's mistake.")
            .ask(query.rate(CALLS, r#"outcome=~"ignored|cancelled""#, &["breaker"]), "{{breaker}}"),
        of("Stale", "stale", "Came after the breaker had changed its state: decides nothing."),
        panel(
            "Failed or slow",
            Unit::Ratio,
            "Share of what was judged; the breaker opens by its own windows of this.",
        )
        .ask(format!("{bad} / {judged}"), "{{breaker}}")
        .wide(24),
    ]
}

fn health(query: &Query) -> Vec<Panel> {
    let by: &[&str] = &["instance", "check"];
    let band = |title, status: &str, text| {
        panel(title, Unit::Count, text)
            .ask(query.max(STATUS, &format!("status=\"{status}\""), by), "{{instance}} {{check}}")
            .show(Show::States)
            .wide(6)
    };
    vec![
        band("Fails", "fail", "The check found what it looks for."),
        band("Warns", "warn", "Not bad yet."),
        band("Unknown", "unknown", "Not run yet, or not in time."),
        band("Passes", "pass", "All is well."),
    ]
}
