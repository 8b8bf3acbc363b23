//! Schemas of figures: the overview, quantiles, points.

use serde_json::{Value, json};

use super::reference;
use super::schemas::{list, object};
use crate::serve::routes::WINDOWS;

/// Schemas by name.
pub(super) fn figures() -> Value {
    let (count, text) = (reference("Count"), json!({"type": "string"}));
    let quantiles = json!({"type": "object", "additionalProperties": reference("Quantiles")});
    let mut overview = json!({"type": "object"});
    overview["properties"] = overview_properties();
    overview["required"] = json!(["window_s", "covered_s", "spreads", "requests", "graphs"]);
    json!({
        "Window": {"type": "string", "enum": WINDOWS.map(|(name, _)| name),
            "default": WINDOWS[0].0},
        "Since": {"type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?[smhd]?$",
            "description": "A time back with its unit, or seconds since 1970.",
            "examples": ["15m"]},
        "PointsLimit": {"type": "integer", "minimum": 1, "maximum": 1000,
            "description": "At most what `limits.list` says, which is the default."},
        "MetricName": {"type": "string", "pattern": "^[a-zA-Z_:][a-zA-Z0-9_:]*$"},
        "Quantiles": object(json!({
            "count": count,
            "p50_us": number_or_null(),
            "p90_us": number_or_null(),
            "p95_us": number_or_null(),
            "p99_us": number_or_null(),
            "p999_us": number_or_null(),
            "max_us": number_or_null(),
        })),
        "Latency": object(json!({
            "window_s": {"type": "number"},
            "covered_s": {"type": "number"},
            "spreads": quantiles,
            "tiers": quantiles,
            "rules": quantiles,
            "routes": quantiles,
        })),
        "Overview": overview,
        "Points": object(json!({
            "name": text,
            "kind": {"type": "string", "enum": ["counter", "gauge", "histogram"]},
            "help": text,
            "one_of": {"type": "integer", "minimum": 1,
                "description": "Of so many points one is told."},
            "series": list(&object(json!({
                "name": text,
                "labels": {"type": "object", "additionalProperties": text},
                "points": list(&json!({"type": "array", "minItems": 2, "maxItems": 2,
                    "prefixItems": [{"type": "number"}, number_or_null()]})),
            }))),
        })),
        "NewPoints": new_points(),
        "PointsAccepted": object(json!({"accepted": count, "series_left": count})),
    })
}

fn number_or_null() -> Value {
    json!({"type": ["number", "null"]})
}

fn new_points() -> Value {
    let text = json!({"type": "string"});
    let point = json!({
        "type": "object",
        "required": ["name", "value"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$", "maxLength": 200},
            "kind": {"type": "string", "enum": ["counter", "gauge", "histogram"],
                "description": "May be left out where the metric is known, as may all but name, \
                                labels and value."},
            "help": {"type": "string", "minLength": 1, "maxLength": 1024},
            "labels": {"type": "object", "additionalProperties": text, "maxProperties": 16},
            "value": {"type": "number",
                "description": "Added to a counter, set as a gauge, recorded by a histogram."},
            "bounds": {"type": "array", "items": {"type": "number"}, "minItems": 1,
                "maxItems": 50},
        },
    });
    json!({
        "type": "object",
        "required": ["points"],
        "additionalProperties": false,
        "properties": {
            "points": {"type": "array", "minItems": 1, "maxItems": 256, "items": point},
        },
        "examples": [{"points": [{"name": "app_hits_total", "kind": "counter",
            "help": "Hits.", "labels": {"shard": "a"}, "value": 1}]}],
    })
}

fn overview_properties() -> Value {
    let (count, number) = (reference("Count"), json!({"type": "number"}));
    let some = number_or_null();
    let states = list(&object(json!({"name": {"type": "string"}, "is": {"type": "string"}})));
    json!({
        "version": {"type": "string"},
        "uptime_s": number,
        "state": {"type": "string", "enum": ["ready", "stopping"]},
        "window_s": number,
        "covered_s": {"type": "number",
            "description": "How far back the figures of the window really reach."},
        "spreads": object(json!({
            "count": count, "per_second": number, "complete": count, "cut": count,
            "failed": count, "failed_per_second": number, "shed": count, "invalid": count,
            "degraded": count, "took": reference("Quantiles"), "response": reference("Quantiles"),
        })),
        "requests": object(json!({
            "count": count, "per_second": number, "refused": count, "failed": count,
        })),
        "changes": object(json!({"applied": count, "refused": count})),
        "load": object(json!({
            "in_flight": some, "queued": some, "scratch_in_use": some, "scratch_capacity": some,
        })),
        "graphs": list(&object(json!({
            "name": reference("GraphName"), "nodes": count, "edges": count, "generation": count,
        }))),
        "breakers": states,
        "checks": states,
        "ready": {"type": ["string", "null"]},
        "tuner": object(json!({
            "frozen": {"type": "boolean"}, "batch_size": some, "hop_limit": some,
        })),
        "process": object(json!({
            "cpus_used": some, "resident_bytes": some, "open_fds": some, "max_fds": some,
        })),
        "host": object(json!({
            "cpu_usage_ratio": some, "cpus": some, "load1": some, "memory_bytes": some,
            "memory_available_bytes": some,
            "disks": list(&object(json!({
                "mount": {"type": "string"}, "bytes": number, "available_bytes": number,
            }))),
            "network": list(&object(json!({
                "interface": {"type": "string"}, "received_bytes_per_second": number,
                "sent_bytes_per_second": number,
            }))),
        })),
    })
}
