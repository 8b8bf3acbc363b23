//! Rules as JSON: read, and written so that they can be read again.

use std::time::Duration;

use serde_json::{Value, json};

use super::condition::{Bound, Condition, Direction, Side};
use super::fields::{self, Fields, shown_lists, text};
use super::measure::Measure;
use super::rule::{
    Channel, Escalation, NAME_LETTERS_MAX, RESERVED, Rule, RuleError, Selector, Severity,
    WINDOW_MAX,
};
use super::time::written;

/// Window of a rate, a mean or a quantile, where a rule names none.
const WINDOW: Duration = Duration::from_secs(60);
/// History of a deviation or a trend, where a rule names none.
const HISTORY: Duration = Duration::from_secs(3600);
/// Longest history.
const HISTORY_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Deviations, where a rule names none: about once in 16,000 looks at what is normally distributed.
const DEVIATIONS: f64 = 4.0;

/// Kinds of conditions, with the keys that each takes besides `kind`.
pub(crate) const KINDS: [(&str, &[&str]); 5] = [
    ("threshold", &["above", "below", "clear"]),
    ("rate", &["above", "below", "clear"]),
    ("absence", &[]),
    ("anomaly", &["deviations", "history", "direction", "change_min"]),
    ("trend", &["above", "below", "clear", "history", "ahead"]),
];

/// Whether `name` can be a rule's.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_LETTERS_MAX
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        && !RESERVED.contains(&name)
}

/// Whether `name` can be a metric's or, without colons, a label's.
pub(crate) fn is_metric_name(name: &str) -> bool {
    name.len() <= 200
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_:".contains(letter))
}

/// Which series `fields` mean: the keys `metric`, `labels` and `except`.
///
/// # Errors
/// [`RuleError`].
pub(crate) fn selector(fields: &mut Fields) -> Result<Selector, RuleError> {
    let metric = fields.needed("metric", "the name of a metric", text)?;
    if !is_metric_name(&metric) {
        return Err(RuleError::MetricName);
    }
    let (labels, except) = (fields.lists("labels")?, fields.lists("except")?);
    Ok(Selector { metric, labels, except, by: Vec::new() })
}

/// The rule that `value` writes; `name` is its name where that is known.
///
/// # Errors
/// [`RuleError`].
pub(crate) fn rule(value: Value, name: Option<&str>) -> Result<Rule, RuleError> {
    let mut fields = Fields::of(value)?;
    let given = fields.value("name", "a text", |value| value.as_str().map(str::to_owned))?;
    let name = match (given, name) {
        (Some(given), Some(name)) if given != name => return Err(RuleError::Name),
        (Some(given), _) => given,
        (None, Some(name)) => name.to_owned(),
        (None, None) => return Err(RuleError::Name),
    };
    if !is_name(&name) {
        return Err(RuleError::Name);
    }
    let mut selector = selector(&mut fields)?;
    selector.by = fields.list("by")?.unwrap_or_default();
    selector.by.sort();
    selector.by.dedup();
    let takes = "value, rate, mean or quantile(Q) with Q from 0 to 1";
    let measure =
        fields.value("measure", takes, |value| value.as_str().and_then(Measure::named))?;
    let window = fields.time("window", WINDOW)?;
    if window > WINDOW_MAX {
        return Err(RuleError::Long { key: "window", most: WINDOW_MAX });
    }
    let takes = "an object with a \"kind\": threshold, rate, absence, anomaly or trend";
    let (condition, rate) = condition(fields.needed("condition", takes, Some)?)?;
    let measure = match (measure, rate) {
        (None | Some(Measure::Rate), true) => Measure::Rate,
        (Some(_), true) => return Err(RuleError::RateMeasure),
        (measure, false) => measure.unwrap_or(Measure::Value),
    };
    let severity = severity(&mut fields)?.unwrap_or(Severity::Warning);
    let rule = Rule {
        name,
        selector,
        measure,
        window,
        condition,
        hold: fields.span("for", Duration::ZERO)?,
        keep: fields.span("keep_for", Duration::ZERO)?,
        cooldown: fields.value("cooldown", fields::TAKES_TIME, |value| fields::time(&value))?,
        severity,
        escalation: escalation(&mut fields, severity)?,
        channels: channels(&mut fields)?,
        summary: fields.text("summary")?,
        enabled: fields.switch("enabled", true)?,
    };
    fields.end()?;
    Ok(rule)
}

const SEVERITIES: &str = "info, warning or critical";

fn severity(fields: &mut Fields) -> Result<Option<Severity>, RuleError> {
    let read = |value: Value| value.as_str().and_then(Severity::named);
    Ok(fields.value("severity", SEVERITIES, read)?)
}

fn escalation(fields: &mut Fields, least: Severity) -> Result<Option<Escalation>, RuleError> {
    let takes = "an object with \"after\" and \"severity\"";
    let Some(value) = fields.value("escalate", takes, Some)? else { return Ok(None) };
    let mut own = Fields::of(value)?;
    let after = own.needed("after", fields::TAKES_TIME, |value| fields::time(&value))?;
    let raised = severity(&mut own)?.unwrap_or(Severity::Critical);
    own.end()?;
    if raised <= least {
        return Err(RuleError::Escalation);
    }
    Ok(Some(Escalation { after, severity: raised }))
}

fn channels(fields: &mut Fields) -> Result<Option<Vec<Channel>>, RuleError> {
    let takes = "a list of log, webhook and smtp";
    let read = |value: Value| {
        let names = value.as_array()?.iter();
        let mut channels: Vec<Channel> =
            names.map(|name| Channel::named(name.as_str()?)).collect::<Option<_>>()?;
        channels.sort();
        channels.dedup();
        Some(channels)
    };
    Ok(fields.value("channels", takes, read)?)
}

/// A condition, and whether it looks at the rate.
fn condition(value: Value) -> Result<(Condition, bool), RuleError> {
    let mut fields = Fields::of(value)?;
    let takes = "threshold, rate, absence, anomaly or trend";
    let known = |value: Value| {
        KINDS.iter().map(|(kind, _)| *kind).find(|kind| Some(*kind) == value.as_str())
    };
    let kind = fields.needed("kind", takes, known)?;
    let condition = match kind {
        "threshold" | "rate" => Condition::Threshold(bound(&mut fields)?),
        "absence" => Condition::Absence,
        "anomaly" => anomaly(&mut fields)?,
        _ => {
            let history = history(&mut fields)?;
            let ahead = fields.time("ahead", HISTORY)?;
            Condition::Trend { history, ahead, bound: bound(&mut fields)? }
        }
    };
    fields.end()?;
    Ok((condition, kind == "rate"))
}

fn history(fields: &mut Fields) -> Result<Duration, RuleError> {
    let history = fields.time("history", HISTORY)?;
    if history > HISTORY_MAX {
        return Err(RuleError::Long { key: "history", most: HISTORY_MAX });
    }
    Ok(history)
}

fn anomaly(fields: &mut Fields) -> Result<Condition, RuleError> {
    let history = history(fields)?;
    let deviations = fields.number("deviations")?.unwrap_or(DEVIATIONS);
    let change_min = fields.number("change_min")?.unwrap_or(0.0);
    if deviations <= 0.0 {
        return Err(RuleError::NotAbove { key: "deviations" });
    }
    if change_min < 0.0 {
        return Err(RuleError::NotAbove { key: "change_min" });
    }
    let read = |value: Value| match value.as_str()? {
        "above" => Some(Direction::Above),
        "below" => Some(Direction::Below),
        "both" => Some(Direction::Both),
        _ => None,
    };
    let direction = fields.value("direction", "above, below or both", read)?;
    let direction = direction.unwrap_or(Direction::Both);
    Ok(Condition::Anomaly { history, deviations, change_min, direction })
}

/// The keys `above` or `below`, and `clear`.
pub(crate) fn bound(fields: &mut Fields) -> Result<Bound, RuleError> {
    let (above, below) = (fields.number("above")?, fields.number("below")?);
    let (side, limit) = match (above, below) {
        (Some(limit), None) => (Side::Above, limit),
        (None, Some(limit)) => (Side::Below, limit),
        _ => return Err(RuleError::Limit),
    };
    let clear = fields.number("clear")?.unwrap_or(limit);
    let wrong = match side {
        Side::Above => clear > limit,
        Side::Below => clear < limit,
    };
    if wrong { Err(RuleError::Clear) } else { Ok(Bound { side, limit, clear }) }
}

/// The rule as [`rule`] reads it, with every key.
pub(crate) fn shown(rule: &Rule) -> Value {
    json!({
        "name": rule.name,
        "metric": rule.selector.metric,
        "labels": shown_lists(&rule.selector.labels),
        "except": shown_lists(&rule.selector.except),
        "by": rule.selector.by,
        "measure": rule.measure.to_string(),
        "window": written(rule.window),
        "condition": shown_condition(&rule.condition),
        "for": written(rule.hold),
        "keep_for": written(rule.keep),
        "cooldown": rule.cooldown.map(written),
        "severity": rule.severity.name(),
        "escalate": rule.escalation.map(|escalation| json!({
            "after": written(escalation.after),
            "severity": escalation.severity.name(),
        })),
        "channels": rule.channels.as_ref().map(|channels| {
            channels.iter().map(|channel| channel.name()).collect::<Vec<_>>()
        }),
        "summary": rule.summary,
        "enabled": rule.enabled,
    })
}

fn shown_condition(condition: &Condition) -> Value {
    let mut shown = match condition {
        Condition::Threshold(bound) => shown_bound(bound),
        Condition::Absence => json!({}),
        Condition::Anomaly { history, deviations, change_min, direction } => json!({
            "history": written(*history),
            "deviations": deviations,
            "change_min": change_min,
            "direction": match direction {
                Direction::Above => "above",
                Direction::Below => "below",
                Direction::Both => "both",
            },
        }),
        Condition::Trend { history, ahead, bound } => {
            let mut shown = shown_bound(bound);
            shown["history"] = json!(written(*history));
            shown["ahead"] = json!(written(*ahead));
            shown
        }
    };
    shown["kind"] = json!(condition.name());
    shown
}

/// A bound as [`bound`] reads it.
pub(crate) fn shown_bound(bound: &Bound) -> Value {
    let side = match bound.side {
        Side::Above => "above",
        Side::Below => "below",
    };
    json!({side: bound.limit, "clear": bound.clear})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Rule, RuleError> {
        rule(value, None)
    }

    fn with(change: impl FnOnce(&mut Value)) -> Result<Rule, RuleError> {
        let mut value = json!({
            "name": "r", "metric": "m", "condition": {"kind": "threshold", "above": 1},
        });
        change(&mut value);
        read(value)
    }

    #[test]
    fn a_rule_is_written_as_it_is_read() {
        for condition in [
            json!({"kind": "threshold", "above": 0.25, "clear": 0.2}),
            json!({"kind": "rate", "below": -3}),
            json!({"kind": "absence"}),
            json!({"kind": "anomaly", "deviations": 3.5, "direction": "below", "history": "90m"}),
            json!({"kind": "trend", "below": 0, "ahead": "4m", "history": "10m"}),
        ] {
            let rule = with(|value| {
                value["condition"] = condition.clone();
                value["labels"] = json!({"a": "b", "c": ["d", "e"]});
                value["by"] = json!(["z", "y"]);
                value["for"] = json!("90s");
                value["escalate"] = json!({"after": "10m"});
                value["channels"] = json!(["smtp", "log"]);
                value["summary"] = json!("<b>\u{7}</b>");
            });
            let rule = rule.unwrap();
            assert_eq!(read(shown(&rule)).unwrap(), rule, "{condition}");
        }
    }

    #[test]
    fn a_rate_is_a_threshold_on_the_rate() {
        let rule = with(|value| value["condition"] = json!({"kind": "rate", "above": 0.1}));
        let rule = rule.unwrap();
        assert_eq!((rule.measure, rule.condition.name()), (Measure::Rate, "threshold"));
        let both = with(|value| {
            value["condition"] = json!({"kind": "rate", "above": 0.1});
            value["measure"] = json!("mean");
        });
        assert_eq!(both.unwrap_err(), RuleError::RateMeasure);
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_sentence() {
        let long = "x".repeat(10_000);
        let names = ["", "a b", "<script>", "a\nb", "history", "silences", "1a", "ä", &long];
        for name in names {
            let error = with(|value| value["name"] = json!(name)).unwrap_err();
            assert_eq!(error, RuleError::Name, "{name:?}");
            assert!(error.to_string().len() < 300);
        }
        for (key, bad) in [
            ("metric", json!("a-b")),
            ("metric", json!("")),
            ("metric", json!(long)),
            ("metric", json!(7)),
            ("labels", json!(["a"])),
            ("measure", json!("quantile(2)")),
            ("window", json!("25m5")),
            ("window", json!("1441m")),
            ("condition", json!("above 5")),
            ("condition", json!({"kind": "threshold"})),
            ("condition", json!({"kind": "threshold", "above": 1, "below": 2})),
            ("condition", json!({"kind": "threshold", "above": 1, "clear": 2})),
            ("condition", json!({"kind": "threshold", "above": "NaN"})),
            ("condition", json!({"kind": "threshold", "above": null})),
            ("condition", json!({"kind": "absence", "above": 1})),
            ("condition", json!({"kind": "anomaly", "deviations": 0})),
            ("condition", json!({"kind": "anomaly", "change_min": -1})),
            ("condition", json!({"kind": "anomaly", "history": "99999m"})),
            ("condition", json!({"kind": "sometimes"})),
            ("severity", json!("bad")),
            ("escalate", json!({"after": "1m", "severity": "info"})),
            ("escalate", json!({"severity": "critical"})),
            ("channels", json!(["pager"])),
            ("summary", json!(long)),
            ("enabled", json!(1)),
            ("for", json!(60)),
            ("unknown", json!(1)),
        ] {
            let error = with(|value| value[key] = bad.clone()).unwrap_err();
            assert!(error.to_string().len() < 300, "{key} {bad}: {error}");
        }
    }

    #[test]
    fn a_name_in_the_path_and_one_in_the_body_must_agree() {
        let value = json!({"metric": "m", "condition": {"kind": "absence"}});
        assert_eq!(rule(value.clone(), Some("own")).unwrap().name, "own");
        assert_eq!(rule(value.clone(), None), Err(RuleError::Name));
        let mut other = value;
        other["name"] = json!("other");
        assert_eq!(rule(other, Some("own")), Err(RuleError::Name));
    }
}
