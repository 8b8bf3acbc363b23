//! What each key of a query may be, as a schema.

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::args::{DirectionName, PrecisionName, RuleName};
use crate::query::KEYS;

/// The schema of a query.
pub(super) fn query() -> Value {
    let properties: Map<String, Value> =
        KEYS.iter().map(|key| (key.name.to_owned(), property(key.name))).collect();
    json!({
        "type": "object",
        "required": ["seeds"],
        "additionalProperties": false,
        "properties": properties,
        "description": "The long names of the flags of `emanate spread`, with underscores. A key \
                        that the chosen rule does not have is an error.",
        "examples": [{"seeds": [["dog", 1.0]], "rule": "linear", "hops": 3, "top": 10}],
    })
}

/// The schema of the value of one key.
fn property(key: &str) -> Value {
    match key {
        "seeds" => json!({"type": "array", "minItems": 1, "items": seed()}),
        "relation" => json!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"anyOf": [
                {"type": "string"},
                {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}],
                    "minItems": 2, "maxItems": 2},
            ]}},
        ]}),
        "rule" => words::<RuleName>(),
        "direction" => words::<DirectionName>(),
        "precision" => words::<PrecisionName>(),
        "share" => words::<crate::args::ShareName>(),
        "combine" => words::<crate::args::CombineName>(),
        "firing" => words::<crate::args::FiringName>(),
        "exclude_seeds" | "skip_unknown" | "by_step" | "explain" => json!({"type": "boolean"}),
        "hops" => json!({"anyOf": [count(0), {"const": "auto"}]}),
        "time" => json!({"anyOf": [count(0), {"const": "none"}]}),
        "timeout" => json!({"$ref": "#/components/schemas/Duration"}),
        "max_memory" => json!({"anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^[0-9]{1,9}( *(KiB|MiB|GiB))?$"},
        ]}),
        "inhibit" => pair(&json!({"type": "integer", "minimum": 0})),
        "squash" => pair(&json!({"type": "number"})),
        "retention_file" => json!({
            "type": "string",
            "description": "Only for the command line; refused here.",
        }),
        "max_iterations" | "steps" | "competitors" => count(0),
        "threads" => count(1),
        "top" | "max_edges" | "max_nodes" | "fan_out_limit" => {
            json!({"type": "integer", "minimum": 0})
        }
        _ => json!({"type": "number"}),
    }
}

fn seed() -> Value {
    let label = json!({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]});
    let activation = json!({"type": "number", "exclusiveMinimum": 0});
    json!({"anyOf": [
        {"type": "string"},
        {"type": "integer", "minimum": 0},
        {"type": "array", "prefixItems": [label, activation, count(0)],
            "minItems": 1, "maxItems": 3},
    ]})
}

/// A whole number of 32 bits.
fn count(least: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": u32::MAX})
}

/// A number and another one, in an array or in a text with a comma between.
fn pair(second: &Value) -> Value {
    json!({"anyOf": [
        {"type": "array", "prefixItems": [{"type": "number"}, second],
            "minItems": 2, "maxItems": 2},
        {"type": "string"},
    ]})
}

/// The words that `T` stands for.
fn words<T: ValueEnum>() -> Value {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = names.map(|name| name.get_name().to_owned()).collect();
    json!({"type": "string", "enum": names})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that the schema takes and the reader must take, and one of another kind.
    fn examples(schema: &Value) -> (Value, Value) {
        if let Some(first) = schema["enum"].get(0) {
            return (first.clone(), json!("no such word"));
        }
        if let Some(first) = schema["anyOf"].get(0) {
            return examples(first);
        }
        match schema["type"].as_str() {
            Some("boolean") => (json!(true), json!("true")),
            Some("integer") => (json!(schema["minimum"].as_u64().unwrap()), json!(-1)),
            Some("string") => (json!("text"), json!(7.5)),
            Some("array") => (json!([1, 2]), json!({"a": 1})),
            _ if schema.get("$ref").is_some() => (json!("50ms"), json!(50)),
            _ => (json!(0.5), json!("0.5")),
        }
    }

    #[test]
    fn the_reader_agrees_with_the_schema_about_kinds() {
        for key in &KEYS {
            let (right, wrong) = examples(&property(key.name));
            let read = |value: Value| {
                let mut query = json!({"seeds": ["dog"]});
                query[key.name] = value;
                match crate::query::parse(&query.to_string()) {
                    Ok(_) | Err(crate::query::QueryError::Request(_)) => true,
                    Err(_) => false,
                }
            };
            assert!(read(right.clone()), "{}: {right}", key.name);
            assert!(!read(wrong.clone()), "{}: {wrong}", key.name);
        }
    }
}
