//! Nodes, labels, and what a graph holds.

use serde_json::json;

use crate::support::{PETS, Service, command, path};

#[test]
fn a_node_is_shown_with_its_strongest_edges() {
    let service = Service::start("nodes", PETS, &[]);
    let dog = service.get("/v1/nodes/dog?limit=2").json();
    assert_eq!((&dog["node"], &dog["fan_out"]), (&json!("dog"), &json!(4)));
    assert_eq!(
        dog["edges"],
        json!([
            {"node": "cat", "weight": 0.5, "relation": "chases"}, {"node": "a=1", "weight": 0.2},
        ])
    );
    for (label, target) in [("and%2For", "dog"), ("a=1", "@home")] {
        let node = service.get(&format!("/v1/graphs/default/nodes/{label}")).json();
        assert_eq!(node["edges"][0]["node"], target, "{label}");
    }
    assert_eq!(service.get("/v1/nodes/lonely").json()["edges"], json!([]));
    assert_eq!(service.get("/v1/nodes/hot%20dog").json()["node"], "hot dog");
    let said = service.get("/v1/nodes/wolf").problem(404);
    assert_eq!(said, "the graph has no node \"wolf\"; search with /v1/nodes?prefix=");
}

#[test]
fn labels_are_found_by_how_they_begin() {
    let service = Service::start("labels", PETS, &[]);
    let found = |query: &str| service.get(&format!("/v1/nodes?{query}")).json();
    assert_eq!(found("prefix=a"), json!({"labels": ["a=1", "and/or"], "more": false}));
    assert_eq!(found("prefix=a&limit=1"), json!({"labels": ["a=1"], "more": true}));
    assert_eq!(found("prefix=hot+d"), json!({"labels": ["hot dog"], "more": false}));
    assert_eq!(found("prefix=%40"), json!({"labels": ["@home"], "more": false}));
    assert_eq!(found("prefix=zz"), json!({"labels": [], "more": false}));
    assert_eq!(found("")["labels"].as_array().unwrap().len(), 8);
    for bad in ["limit=0", "limit=1001", "limit=x", "prefx=a", "limit=1&limit=2"] {
        service.get(&format!("/v1/nodes?{bad}")).problem(400);
    }
}

#[test]
fn a_graph_is_described_as_the_command_line_does() {
    let service = Service::start("info", PETS, &[]);
    let mut info = service.get("/v1/graph/info").json();
    assert_eq!(service.get("/v1/graphs/default/info").json(), info);
    let own = info.as_object_mut().unwrap();
    assert_eq!(own.remove("name"), Some(json!("default")));
    assert_eq!(own.remove("generation"), Some(json!(1)));
    let graph = path("info.tsv");
    let graph = graph.to_str().unwrap();
    let printed = command(["info", graph, "--format", "json"]).output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(info, printed);
}
