//! The OpenAPI document and the routes name each other.

use serde_json::Value;

use crate::support::{JSON, PETS, Service};

/// A path of the document with something for each name in braces.
fn concrete(path: &str) -> String {
    path.replace("{name}", "default")
        .replace("{label}", "dog")
        .replace("{breaker}", "spread")
        .replace("{check}", "canary")
        .replace("{metric}", "emanate_spreads_total")
        .replace("{alert}", "EmanateSpreadsSlow")
        .replace("{silence}", "1")
}

#[test]
fn every_documented_route_answers_and_no_other_method_does() {
    let service = Service::start("document", PETS, &[]);
    let document = service.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 20, "{}", paths.len());
    for (path, methods) in paths {
        let methods = methods.as_object().unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            if concrete(path) == "/v1/events" && method == "get" {
                continue;
            }
            let answer = service.ask(&method.to_uppercase(), &concrete(path), &[JSON], "{\"a\":1}");
            let documented = &methods.get(method);
            match documented {
                Some(operation) => {
                    let statuses = operation["responses"].as_object().unwrap();
                    let status = answer.status.to_string();
                    assert!(statuses.contains_key(&status), "{method} {path}: {status}");
                    let content = statuses[&status]["content"].as_object().unwrap();
                    let media = answer.header("content-type").unwrap();
                    assert!(content.contains_key(media), "{method} {path}: {media}");
                }
                None => {
                    answer.problem(405);
                    let allow = answer.header("allow").unwrap().to_lowercase();
                    for known in methods.keys() {
                        assert!(allow.contains(known.as_str()), "{path}: {allow}");
                    }
                }
            }
        }
    }
}

/// Paths as the source writes them where routes are listed.
fn written() -> Vec<String> {
    let tables = [
        include_str!("../../src/serve/routes/table.rs"),
        include_str!("../../src/serve/routes/alerting.rs"),
    ];
    let lines = tables.into_iter().flat_map(str::lines).map(str::trim);
    let paths = lines.filter_map(|line| {
        let rest = line.strip_prefix("path: \"").or_else(|| line.strip_prefix("named: \""))?;
        Some(rest.trim_end_matches("\",").to_owned())
    });
    paths.filter(|path| !path.is_empty()).collect()
}

#[test]
fn every_route_is_documented() {
    let service = Service::start("routes", PETS, &[]);
    let document = service.get("/openapi.json").json();
    let mut documented: Vec<String> =
        document["paths"].as_object().unwrap().keys().cloned().collect();
    let mut written = written();
    documented.sort();
    written.sort();
    // One path may have several methods.
    written.dedup();
    assert_eq!(documented, written);
    // The operator's guide names each of them, too.
    let guide = include_str!("../../../docs/operator.md");
    for path in &written {
        assert!(guide.contains(path), "docs/operator.md does not name {path}");
    }
}

#[test]
fn the_schema_of_a_query_names_every_key_of_the_contract() {
    let service = Service::start("schema", PETS, &[]);
    let document = service.get("/openapi.json").json();
    let query = &document["components"]["schemas"]["Query"];
    assert_eq!(query["additionalProperties"], Value::Bool(false));
    for key in ["seeds", "rule", "hops", "threshold", "report_threshold", "top", "timeout"] {
        assert!(query["properties"].get(key).is_some(), "{key}");
    }
}
