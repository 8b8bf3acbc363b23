//! The tuner: what it decides, what comes of it.

use crate::board::Board;
use crate::panel::{Panel, Show};
use crate::query::{Query, recorded};
use crate::unit::Unit;

const SETTING: &str = "emanate_tuner_setting";
const DECISIONS: &str = "emanate_tuner_decisions_total";

pub(super) fn board(query: &Query) -> Board {
    Board {
        name: "tuner",
        title: "Tuner",
        description: "Settings that the tuner steers, its decisions, and what they did.",
        rows: vec![("Settings", settings(query)), ("Decisions", decisions(query))],
    }
}

fn panel(title: &'static str, unit: Unit, text: &str) -> Panel {
    Panel::new(title, unit, text.to_owned())
}

fn settings(query: &Query) -> Vec<Panel> {
    let setting = |title, knob: &str, text| {
        panel(title, Unit::Count, text)
            .ask(query.max(SETTING, &format!("knob=\"{knob}\""), &["instance"]), "{{instance}}")
    };
    vec![
        setting("Batch size", "batch_size", "Changes cost alone, never an answer."),
        setting("Hop limit", "hop_limit", "Governs spreads that asked for `auto`."),
        panel("Recall", Unit::Ratio, "Of answers at the hop limit, against full depth.")
            .ask(query.min("emanate_quality_recall", "", &["instance"]), "{{instance}}"),
        panel("Throughput", Unit::PerSecond, "What the batch size is to raise.")
            .ask(query.rate("emanate_spreads_total", "", &["instance"]), "{{instance}}")
            .wide(12),
        panel("p95 of response", Unit::Seconds, "What must stay within the budget.")
            .ask(
                recorded("job_instance:emanate_spread_response_seconds:p95_rate2m", true),
                "{{instance}}",
            )
            .bad_from("0.01")
            .wide(12),
    ]
}

fn decisions(query: &Query) -> Vec<Panel> {
    vec![
        panel("Verdicts", Unit::PerSecond, "Every tick gives one for each setting.")
            .ask(query.rate(DECISIONS, "", &["knob", "verdict"]), "{{knob}} {{verdict}}")
            .show(Show::Stack)
            .wide(12),
        panel(
            "Moves",
            Unit::PerSecond,
            "Decisions that changed a setting for good. More than 20 in an hour is an alert.",
        )
        .ask(
            query.rate(DECISIONS, r#"verdict=~"accept|back_off|rollback""#, &["knob", "verdict"]),
            "{{knob}} {{verdict}}",
        )
        .wide(12),
        panel("Frozen", Unit::Count, "Changes nothing until an operator releases it.")
            .ask(query.max("emanate_tuner_frozen", "", &["instance"]), "{{instance}}")
            .show(Show::States)
            .wide(12),
        panel("Age", Unit::Seconds, "Since it last looked. Over a second it hangs or has died.")
            .ask(query.max("emanate_tuner_age_seconds", "", &["instance"]), "{{instance}}")
            .bad_from("1")
            .wide(12),
    ]
}
