//! Schemas of everything but a query.

use serde_json::{Map, Value, json};

use super::alerting::alerting;
use super::changes::changes;
use super::figures::figures;
use super::query::query;
use super::reference;

/// An object whose properties are all required.
pub(super) fn object(properties: Value) -> Value {
    optional(properties, &[])
}

/// An object of which `may_miss` may be missing.
pub(super) fn optional(properties: Value, may_miss: &[&str]) -> Value {
    let names = properties.as_object().into_iter().flat_map(Map::keys);
    let required: Vec<&String> = names.filter(|name| !may_miss.contains(&name.as_str())).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

pub(super) fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

/// All schemas by name.
pub(super) fn schemas() -> Value {
    let mut all = Map::new();
    for group in [
        values(),
        spreads(),
        graphs(),
        records(),
        health(),
        tuner(),
        changes(),
        figures(),
        alerting(),
    ] {
        if let Value::Object(group) = group {
            all.extend(group);
        }
    }
    Value::Object(all)
}

fn values() -> Value {
    json!({
        "Text": {"type": "string"},
        "Count": {"type": "integer", "minimum": 0},
        "Limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20,
            "description": "At most what `limits.list` says."},
        "Level": {"type": "string", "enum": ["trace", "debug", "info", "warn", "error"]},
        "Duration": {"type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?(us|ms|s|m)$",
            "examples": ["50ms"]},
        "GraphName": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
        "PathLabel": {"type": "string", "minLength": 1},
        "Name": {"description": "A label, or a host's integer key.",
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]},
        "State": object(json!({"state": {"type": "string"}})),
        "Version": object(json!({
            "version": {"type": "string"},
            "uptime_s": {"type": "number"},
        })),
        "Document": {"type": "object", "required": ["openapi", "paths"]},
        "Problem": optional(
            json!({
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string", "description": "What is wrong and what to do."},
                "retry_after_s": {"type": "integer", "minimum": 1},
                "report": reference("ChangesDone"),
            }),
            &["retry_after_s", "report"],
        ),
    })
}

fn spreads() -> Value {
    let count = reference("Count");
    json!({
        "Query": query(),
        "Batch": {
            "type": "object",
            "required": ["queries"],
            "additionalProperties": false,
            "properties": {"queries": {"type": "array", "minItems": 1, "maxItems": 256,
                "items": {"description": "A query, as for one alone; one with a mistake has a \
                                          problem of its own among the outcomes."}}},
        },
        "Activation": optional(
            json!({
                "node": reference("Name"),
                "activation": {"type": "number"},
                "hop": count,
                "path": {"anyOf": [list(&reference("Name")), {"type": "null"}]},
                "latency_s": {"type": "number"},
            }),
            &["path", "latency_s"],
        ),
        "Stats": optional(
            json!({
                "hops": count,
                "nodes_reached": count,
                "edges_traversed": count,
                "revisits": count,
                "elapsed_us": {"type": "number"},
                "generation": count,
                "hop_limit": count,
            }),
            &["hop_limit"],
        ),
        "Outcome": optional(
            json!({
                "rule": {"type": "string"},
                "seeds": list(&json!({"type": "array", "minItems": 2, "maxItems": 3,
                    "prefixItems": [reference("Name"), {"type": "number"}, count]})),
                "activations": list(&reference("Activation")),
                "stop_reason": {"type": "string"},
                "degraded": list(&reference("Name")),
                "stats": reference("Stats"),
                "residual": {"type": "number"},
                "steps": list(&object(json!({
                    "t": count, "total": {"type": "number"}, "active": count,
                }))),
            }),
            &["residual", "steps"],
        ),
        "Outcomes": object(json!({
            "outcomes": list(&json!({"anyOf": [reference("Outcome"), reference("Problem")]})),
        })),
    })
}

fn graphs() -> Value {
    let count = reference("Count");
    json!({
        "Labels": object(json!({
            "labels": list(&json!({"type": "string"})),
            "more": {"type": "boolean"},
        })),
        "Node": object(json!({
            "node": reference("Name"),
            "id": count,
            "fan_out": count,
            "edges": list(&optional(
                json!({
                    "node": reference("Name"),
                    "weight": {"type": "number"},
                    "relation": {"type": "string"},
                    "time": {"type": "number"},
                }),
                &["relation", "time"],
            )),
            "generation": count,
        })),
        "Info": {
            "type": "object",
            "required": ["name", "generation", "nodes", "edges"],
            "properties": {"name": {"type": "string"}, "generation": count, "nodes": count,
                "edges": count},
        },
        "Graphs": object(json!({"graphs": list(&optional(
            json!({
                "name": {"type": "string"},
                "nodes": count,
                "edges": count,
                "generation": count,
                "kept": reference("Kept"),
                "store": object(json!({
                    "directory": {"type": "string"},
                    "generation": count,
                    "log_bytes": count,
                })),
            }),
            &["store"],
        ))})),
        "Load": object(json!({
            "spreads": count,
            "queued": count,
            "scratch": object(json!({
                "leased": count,
                "slots": count,
                "bytes": count,
                "bytes_max": count,
            })),
        })),
    })
}

fn records() -> Value {
    json!({
        "Features": object(json!({"features": list(&object(json!({
            "name": {"type": "string"},
            "on": {"type": "boolean"},
            "key": {"type": "string"},
        })))})),
        "Settings": object(json!({
            "settings": list(&object(json!({
                "key": {"type": "string"},
                "value": {},
                "default": {},
                "help": {"type": "string"},
                "variable": {"type": "string"},
                "at_the_next_start": {"type": "boolean"},
            }))),
            "waiting": list(&json!({"type": "string"})),
        })),
        "Reload": object(json!({
            "result": {"const": "done"},
            "at_the_next_start": list(&json!({"type": "string"})),
        })),
        "Logs": object(json!({"records": list(&object(json!({
            "id": reference("Count"),
            "time_s": {"type": "number"},
            "level": reference("Level"),
            "module": {"type": "string"},
            "text": {"type": "string"},
        })))})),
        "BreakerAct": object(json!({"act": {
            "type": "string",
            "enum": crate::serve::routes::ACTS.map(|(name, _)| name),
        }})),
        "Breaker": object(json!({
            "name": {"type": "string"},
            "state": {"type": "string"},
            "generation": reference("Count"),
            "calls": {"type": "object", "additionalProperties": reference("Count")},
            "window": object(json!({
                "successes": reference("Count"),
                "failures": reference("Count"),
                "slow": reference("Count"),
            })),
            "failures_in_a_row": reference("Count"),
            "probes_in_flight": reference("Count"),
            "open_remaining_s": {"type": "number"},
            "false_trips": reference("Count"),
        })),
        "Breakers": object(json!({"breakers": list(&reference("Breaker"))})),
        "Acts": object(json!({"acts": list(&json!({"type": "object"}))})),
        "EventStream": {"type": "string"},
        "MetricsText": {"type": "string"},
    })
}

fn health() -> Value {
    let (count, seconds) = (reference("Count"), json!({"type": ["number", "null"]}));
    json!({
        "Status": {"type": "string", "enum": ["pass", "warn", "unknown", "fail"]},
        "Check": object(json!({
            "name": {"type": "string"},
            "kind": {"type": "string", "enum": ["live", "ready", "startup"]},
            "status": reference("Status"),
            "last": {"anyOf": [reference("Status"), {"type": "null"}]},
            "reason": {"type": ["string", "null"]},
            "age_s": seconds,
            "took_s": seconds,
            "standing_for_s": seconds,
            "successes": count,
            "failures": count,
            "hangs": {"type": "boolean"},
            "counts": object(json!({
                "runs": count,
                "passes": count,
                "failures": count,
                "overruns": count,
                "late": count,
                "panics": count,
                "turns": count,
            })),
        })),
        "Health": object(json!({
            "live": reference("Status"),
            "ready": reference("Status"),
            "startup": reference("Status"),
            "checks": list(&reference("Check")),
        })),
    })
}

fn tuner() -> Value {
    let (count, number) = (reference("Count"), json!({"type": "number"}));
    let settings = reference("TunerSettings");
    let recall = json!({"type": ["number", "null"]});
    json!({
        "TunerSettings": object(json!({"batch_size": count, "hop_limit": count})),
        "TunerAct": {"oneOf": crate::serve::routes::TUNER_ACTS.map(|(name, keys)| {
            let mut properties = json!({"act": {"const": name}});
            for key in keys {
                properties[*key] = match *key {
                    "setting" => json!({"type": "string", "enum": ["batch_size", "hop_limit"]}),
                    _ => json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
                };
            }
            object(properties)
        })},
        "Tuner": object(json!({
            "policy": {"type": "string"},
            "settings": settings,
            "in_force": settings,
            "frozen": {"type": ["string", "null"]},
            "recall": recall,
            "shadow": {"anyOf": [{"type": "null"}, object(json!({
                "hop_limit": count,
                "spreads": count,
                "recall": number,
            }))]},
            "driven": {"type": "boolean"},
            "age_s": number,
            "window_age_s": number,
            "windows": count,
            "samples_lost": count,
            "samples_stale": count,
            "shadows": count,
            "shadow_time_s": number,
            "decisions": {"type": "object",
                "additionalProperties": {"type": "object", "additionalProperties": count}},
        })),
        "TunerDecisions": object(json!({"decisions": list(&object(json!({
            "tick": count,
            "setting": {"type": "string"},
            "verdict": {"type": "string"},
            "reason": {"type": "string"},
            "before": settings,
            "after": settings,
            "evidence": object(json!({
                "window": count,
                "spreads": count,
                "throughput_per_second": recall,
                "samples": count,
                "over_budget": count,
                "recall": recall,
            })),
        })))})),
    })
}
