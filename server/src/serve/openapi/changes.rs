//! Schemas of change sets and of what applying them did.

use serde_json::{Map, Value, json};

use super::reference;
use super::schemas::{list, object};
use crate::serve::changes::SHAPES;

/// Schemas by name.
pub(super) fn changes() -> Value {
    let kinds = SHAPES.iter().map(|(kind, keys, least)| {
        let mut properties: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), property(key))).collect();
        properties.insert("change".to_owned(), json!({"const": kind.name()}));
        let required = [&["change"], &keys[..*least]].concat();
        json!({
            "type": "object",
            "required": required,
            "properties": properties,
            "additionalProperties": false,
        })
    });
    let kinds: Vec<Value> = kinds.collect();
    let mut answer = report();
    answer["dry_run"] = json!({"type": "boolean"});
    answer["kept"] = reference("Kept");
    json!({
        "ChangeSet": {
            "type": "object",
            "required": ["changes"],
            "additionalProperties": false,
            "properties": {
                "changes": {"type": "array", "maxItems": 10_000, "items": {"oneOf": kinds}},
                "commit": {"type": "string", "enum": ["atomic", "best_effort"],
                    "default": "atomic"},
                "dry_run": {"type": "boolean", "default": false},
                "only_if": {"description": "Apply only to this generation.", "type": "integer",
                    "minimum": 0},
                "stop_on_first_error": {"type": "boolean", "default": false},
                "failures_max": {"type": "integer", "minimum": 0},
            },
            "examples": [{"changes": [{"change": "upsert_edge", "source": "dog",
                "target": "bone", "weight": 0.5}]}],
        },
        "Kept": {"type": "string", "enum": ["memory", "written", "synced"],
            "description": "How safe an acknowledged set is: gone with the process, or kept when \
                            that is killed, or also when the machine stops."},
        "ChangeReport": object(answer),
        "ChangesDone": object(report()),
    })
}

/// What applying a set did.
fn report() -> Value {
    let count = reference("Count");
    json!({
            "generation": count,
            "applied": count,
            "failures": list(&object(json!({
                "index": count,
                "change": {"type": "string"},
                "class": {"type": "string"},
                "detail": {"type": "string"},
            }))),
            "totals": object(json!({
                "nodes_added": count,
                "nodes_renamed": count,
                "nodes_removed": count,
                "edges_added": count,
                "edges_changed": count,
                "edges_removed": count,
            })),
            "elapsed_us": {"type": "number"},
    })
}

fn property(key: &str) -> Value {
    match key {
        "weight" | "time" | "amount" | "source_activation" | "target_activation" | "rate" => {
            json!({"type": "number"})
        }
        "relation" => json!({"type": "string"}),
        "end" => json!({"type": "string", "enum": ["source", "target"]}),
        "edges" => list(&json!({
            "type": "object",
            "required": ["target", "weight"],
            "properties": {
                "target": reference("Name"),
                "weight": {"type": "number"},
                "relation": {"type": "string"},
                "time": {"type": "number"},
            },
            "additionalProperties": false,
        })),
        _ => reference("Name"),
    }
}
