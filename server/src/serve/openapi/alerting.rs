//! Schemas of alerts and of checks.

use serde_json::{Map, Value, json};

use super::reference;
use super::schemas::{list, object, optional};
use crate::alerts::{Channel, Happened, KINDS, Severity};
use crate::serve::checks::CHECK_KINDS;

/// Schemas by name.
pub(super) fn alerting() -> Value {
    let mut all = Map::new();
    for group in [rules(), deeds(), silences(), checks()] {
        if let Value::Object(group) = group {
            all.extend(group);
        }
    }
    Value::Object(all)
}

fn texts() -> Value {
    json!({"type": "array", "items": {"type": "string", "maxLength": 512}, "maxItems": 32})
}

fn rules() -> Value {
    let (number, seconds) = (json!({"type": ["number", "null"]}), json!({"type": "number"}));
    let rule = rule_keys();
    let mut alert = every(&rule);
    alert["state"] = json!({"type": "string", "enum": ["clear", "pending", "firing"]});
    alert["alerts"] = list(&object(json!({
        "labels": reference("Labelled"),
        "state": {"type": "string"},
        "severity": reference("Severity"),
        "value": number,
        "since_s": number,
        "silenced": {"type": "boolean"},
        "acknowledged": {"anyOf": [{"type": "null"}, object(json!({
            "by": {"type": "string"},
            "note": {"type": "string"},
            "at_s": seconds,
        }))]},
        "fingerprint": {"type": "string"},
    })));
    alert["groups"] = reference("Count");
    alert["left_out"] = reference("Count");
    json!({
        "Severity": {"type": "string", "enum": Severity::ALL.map(Severity::name)},
        "Labelled": {"type": "object", "additionalProperties": {"type": "string"}},
        "LabelValues": {"type": "object", "maxProperties": 32, "additionalProperties": {"anyOf": [
            {"type": "string", "maxLength": 512},
            {"type": "array", "items": {"type": "string", "maxLength": 512}, "minItems": 1,
                "maxItems": 32},
        ]}},
        "Time": {"type": "string", "pattern": "^[0-9]{1,10}(ms|s|m)$", "examples": ["30s"]},
        "Condition": {"oneOf": KINDS.map(|(kind, keys)| condition(kind, keys))},
        "Rule": {
            "type": "object",
            "required": ["metric", "condition"],
            "properties": rule,
            "additionalProperties": false,
            "examples": [{
                "name": "Slow", "metric": "emanate_spread_response_seconds",
                "measure": "quantile(0.95)", "window": "2m", "for": "2m",
                "condition": {"kind": "threshold", "above": 0.01}, "severity": "warning",
            }],
        },
        "Alert": object(alert),
        "Alerts": object(json!({
            "alerts": list(&reference("Alert")),
            "channels": list(&object(json!({
                "name": {"type": "string"}, "configured": {"type": "boolean"},
            }))),
            "kept": {"type": "boolean"},
        })),
    })
}

/// What happened to alerts, and what is done about it.
fn deeds() -> Value {
    let (number, seconds) = (json!({"type": ["number", "null"]}), json!({"type": "number"}));
    json!({
        "AlertHistory": object(json!({"records": list(&object(json!({
            "id": reference("Count"),
            "time_s": seconds,
            "happened": {"type": "string", "enum": Happened::ALL.map(Happened::name)},
            "alert": {"type": "string"},
            "labels": reference("Labelled"),
            "severity": reference("Severity"),
            "value": number,
            "told": {"type": "boolean"},
            "by": {"type": ["string", "null"]},
        })))})),
        "Acknowledgement": optional(
            json!({
                "labels": {"description": "Those of one alert; by default all of the rule.",
                    "type": "object", "additionalProperties": {"type": "string"}},
                "note": {"type": "string", "maxLength": 512},
            }),
            &["labels", "note"],
        ),
        "Acknowledged": object(json!({"acknowledged": reference("Count")})),
        "Deleted": object(json!({"deleted": {"type": "string"}})),
    })
}

/// What a key of a rule may be, where every rule has each.
fn every(keys: &Value) -> Value {
    let mut keys = keys.clone();
    keys["condition"] = json!({"type": "object"});
    keys
}

fn rule_keys() -> Value {
    let time = reference("Time");
    let or_null = |schema: Value| json!({"anyOf": [schema, {"type": "null"}]});
    json!({
        "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_.-]{0,63}$"},
        "metric": {"type": "string", "pattern": "^[A-Za-z_:][A-Za-z0-9_:]{0,199}$"},
        "labels": reference("LabelValues"),
        "except": reference("LabelValues"),
        "by": texts(),
        "measure": {"type": "string",
            "pattern": "^(value|rate|mean|quantile\\((0(\\.[0-9]+)?|1)\\))$"},
        "window": time,
        "condition": reference("Condition"),
        "for": time,
        "keep_for": time,
        "cooldown": or_null(time.clone()),
        "severity": reference("Severity"),
        "escalate": or_null(json!({
            "type": "object",
            "required": ["after"],
            "properties": {"after": time, "severity": reference("Severity")},
            "additionalProperties": false,
        })),
        "channels": or_null(json!({"type": "array", "maxItems": 32,
            "items": {"type": "string", "enum": Channel::ALL.map(Channel::name)}})),
        "summary": {"type": "string", "maxLength": 512},
        "enabled": {"type": "boolean"},
    })
}

fn condition(kind: &str, keys: &[&str]) -> Value {
    let mut properties = json!({"kind": {"const": kind}});
    for key in keys {
        properties[*key] = match *key {
            "history" | "ahead" => reference("Time"),
            "direction" => json!({"type": "string", "enum": ["above", "below", "both"]}),
            "deviations" => json!({"type": "number", "exclusiveMinimum": 0}),
            "change_min" => json!({"type": "number", "minimum": 0}),
            _ => json!({"type": "number"}),
        };
    }
    json!({
        "type": "object",
        "required": ["kind"],
        "properties": properties,
        "additionalProperties": false,
    })
}

fn silences() -> Value {
    let severities = json!({"type": "array", "maxItems": 32, "items": reference("Severity")});
    json!({
        "NewSilence": {
            "type": "object",
            "required": ["for"],
            "properties": {
                "alerts": texts(),
                "severities": severities,
                "labels": reference("LabelValues"),
                "for": reference("Time"),
                "comment": {"type": "string", "maxLength": 512},
            },
            "additionalProperties": false,
            "examples": [{"alerts": ["EmanateSpreadsSlow"], "for": "120m"}],
        },
        "Silence": object(json!({
            "id": {"type": "string"},
            "alerts": list(&json!({"type": "string"})),
            "severities": list(&reference("Severity")),
            "labels": reference("LabelValues"),
            "from_s": {"type": "number"},
            "until_s": {"type": "number"},
            "comment": {"type": "string"},
            "by": {"type": "string"},
        })),
        "Silences": object(json!({"silences": list(&reference("Silence"))})),
    })
}

fn checks() -> Value {
    let shown = json!({
        "name": {"type": "string"},
        "made": {"type": "boolean"},
        "definition": {"anyOf": [reference("CheckShown"), {"type": "null"}]},
        "standing": reference("Check"),
    });
    let mut with_results = shown.clone();
    with_results["results"] = list(&object(json!({
        "status": reference("Status"),
        "reason": {"type": ["string", "null"]},
        "runs": {"type": "integer", "minimum": 1},
        "from_s": {"type": "number"},
        "to_s": {"type": "number"},
    })));
    json!({
        "CheckDefinition": {"oneOf": CHECK_KINDS.map(|(kind, keys)| check(kind, keys))},
        "CheckShown": {"type": "object", "required": ["name", "kind", "period", "timeout",
            "retries", "affects"]},
        "Checks": object(json!({
            "checks": list(&object(shown)),
            "kept": {"type": "boolean"},
        })),
        "CheckWithResults": object(with_results),
    })
}

fn check(kind: &str, keys: &[&str]) -> Value {
    let mut properties = json!({
        "kind": {"const": kind},
        "name": {"type": "string", "pattern": "^[a-z0-9_.:-]{1,64}$"},
        "period": reference("Time"),
        "timeout": reference("Time"),
        "retries": {"type": "integer", "minimum": 0, "maximum": 100},
        "affects": {"type": "string", "enum": ["ready", "live", "nothing"]},
    });
    for key in keys {
        properties[*key] = match *key {
            "status" => json!({"anyOf": [
                {"type": "integer", "minimum": 100, "maximum": 599}, {"type": "null"},
            ]}),
            "free_min" | "bytes_max" => json!({"type": "integer", "minimum": 1}),
            "labels" | "except" => reference("LabelValues"),
            "above" | "below" => json!({"type": "number"}),
            _ => json!({"type": "string", "maxLength": 512}),
        };
    }
    let needed = match kind {
        "http" => &["url"][..],
        "tcp" => &["address"],
        "disk" => &["path", "free_min"],
        "memory" => &["bytes_max"],
        "custom" => &["metric"],
        _ => &[],
    };
    let required = [&["kind"], needed].concat();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}
