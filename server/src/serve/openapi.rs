//! The OpenAPI document, made from the table of routes and the table of a query's keys.

mod alerting;
mod changes;
mod figures;
mod query;
mod schemas;

use serde_json::{Map, Value, json};

use super::access::Scope;
use super::metrics::PROMETHEUS_TEXT;
use super::problem::PROBLEM_JSON;
use super::routes::{self, Media, Parameter, Route};

/// Statuses of problems that every route but the open ones may have.
const COMMON_PROBLEMS: [u16; 3] = [401, 403, 503];

/// The document. Costs a pass over the tables.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for route in routes::all() {
        for path in route.paths() {
            let entry = paths.entry(path).or_insert_with(|| json!({}));
            entry[route.method] = operation(route, path);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Emanate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Spreading activation over weighted graphs.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas::schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// One method of one path.
fn operation(route: &Route, path: &str) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route, path),
        "summary": route.summary,
        "parameters": parameters(route, path),
        "responses": responses(route),
    });
    if route.scope != Scope::Open {
        operation["description"] = json!(format!("Needs the scope {}.", route.scope.name()));
        operation["security"] = json!([{"bearer": []}, {}]);
    }
    if !route.body.is_empty() {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": reference(route.body)}},
        });
    }
    operation
}

/// `post_v1_graphs_name_spread`.
fn operation_id(route: &Route, path: &str) -> String {
    let letters = path.chars().filter(|letter| !"{}".contains(*letter));
    let path: String = letters.map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("{}{path}", route.method)
}

fn parameters(route: &Route, path: &str) -> Vec<Value> {
    let mut parameters = Vec::new();
    for part in path.split('/') {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            let schema = match name {
                "name" => "GraphName",
                "metric" => "MetricName",
                _ => "PathLabel",
            };
            parameters.push(json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": reference(schema),
            }));
        }
    }
    for Parameter { name, schema, required, help } in route.parameters {
        parameters.push(json!({
            "name": name,
            "in": "query",
            "required": required,
            "description": help,
            "schema": reference(schema),
        }));
    }
    if route.method == "post" && !route.body.is_empty() {
        parameters.push(json!({
            "name": "Emanate-Timeout",
            "in": "header",
            "required": false,
            "description": "How long the client waits; the spread ends by then with what it has.",
            "schema": reference("Duration"),
        }));
    }
    if route.media == Media::Events {
        parameters.push(json!({
            "name": "Last-Event-ID",
            "in": "header",
            "required": false,
            "description": "The last event that was heard.",
            "schema": reference("Count"),
        }));
    }
    parameters
}

fn responses(route: &Route) -> Value {
    let media = match route.media {
        Media::Json => "application/json",
        Media::Events => "text/event-stream",
        Media::Metrics => PROMETHEUS_TEXT,
    };
    let mut responses = Map::new();
    let content = json!({media: {"schema": reference(route.answer)}});
    responses.insert("200".to_owned(), json!({"description": "Done.", "content": content}));
    for status in statuses(route) {
        let code = axum::http::StatusCode::from_u16(status).ok();
        let reason = code.and_then(|code| code.canonical_reason()).unwrap_or("A problem");
        let content = json!({PROBLEM_JSON: {"schema": reference("Problem")}});
        let mut response = json!({"description": format!("{reason}."), "content": content});
        if matches!(status, 429 | 503) {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds to wait before the next try.",
                "schema": reference("Count"),
            }});
        }
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

/// Statuses of all problems that a route may have, ascending.
fn statuses(route: &Route) -> Vec<u16> {
    let mut statuses = route.problems.to_vec();
    statuses.extend([403, 405, 429, 500, 503, 504]);
    if route.scope != Scope::Open {
        statuses.extend(COMMON_PROBLEMS);
        // The query of the URL may hold what the route does not know.
        statuses.push(400);
    }
    if route.feature.is_some() {
        statuses.push(404);
    }
    if !route.named.is_empty() {
        statuses.push(404);
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names of all schemas that a value refers to.
    fn references(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    match value.as_str() {
                        Some(text) if key == "$ref" => {
                            let name = text.strip_prefix("#/components/schemas/");
                            into.insert(name.expect("refers to a schema").to_owned());
                        }
                        _ => references(value, into),
                    }
                }
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| references(element, into));
            }
            _ => {}
        }
    }

    #[test]
    fn every_schema_is_there_and_used() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut named = BTreeSet::new();
        references(&document, &mut named);
        let held: BTreeSet<String> = schemas.keys().cloned().collect();
        assert_eq!(named, held);
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut ids = BTreeSet::new();
        let mut count = 0;
        for route in routes::all() {
            for path in route.paths() {
                ids.insert(operation_id(route, path));
                count += 1;
            }
            assert!(route.summary.ends_with('.'), "{}", route.path);
            assert!(!route.answer.is_empty(), "{}", route.path);
        }
        assert_eq!(ids.len(), count);
        assert!(ids.contains("post_v1_graphs_name_spread"), "{ids:?}");
    }
}
