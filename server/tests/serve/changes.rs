//! Change sets.

use serde_json::{Value, json};

use crate::support::{Answer, PETS, Service, heard};

const WRITE: &str = "write-token-012345678";
const READ: &str = "read-token-0123456789";

fn change(service: &Service, body: &Value) -> Answer {
    service.post("/v1/graph/changes", &body.to_string())
}

fn reached(service: &Service, seed: &str) -> Vec<String> {
    let body = json!({"seeds": [seed], "exclude_seeds": true, "hops": 1, "share": "none"});
    let answer = service.post("/v1/spread", &body.to_string());
    if answer.status == 404 {
        return Vec::new();
    }
    let nodes = answer.json();
    let nodes = nodes["activations"].as_array().expect("a list").clone();
    nodes.iter().map(|node| node["node"].as_str().expect("a label").to_owned()).collect()
}

#[test]
fn a_set_is_seen_as_a_whole_by_the_next_spread() {
    let service = Service::start("changes", PETS, &[]);
    assert_eq!(service.get("/v1/graph/info").json()["nodes"], 8);
    let set = json!({"changes": [
        {"change": "upsert_edge", "source": "lonely", "target": "bone", "weight": 0.5,
            "relation": "gnaws", "time": 3.5},
        {"change": "rename_node", "node": "hot dog", "name": "sausage"},
        {"change": "remove_node", "node": "and/or"},
    ]});
    let report = change(&service, &set).json();
    assert_eq!((&report["generation"], &report["applied"]), (&json!(2), &json!(3)));
    assert_eq!(report["totals"]["nodes_removed"], 1);
    assert_eq!(reached(&service, "lonely"), ["bone"]);
    assert!(reached(&service, "dog").contains(&"sausage".to_owned()));
    assert_eq!(reached(&service, "and/or"), Vec::<String>::new());
    let edge = &service.get("/v1/nodes/lonely").json()["edges"][0];
    assert_eq!(*edge, json!({"node": "bone", "weight": 0.5, "relation": "gnaws", "time": 3.5}));
    let info = service.get("/v1/graph/info").json();
    assert_eq!((&info["generation"], &info["nodes"]), (&json!(2), &json!(8)));
    assert_eq!(service.get("/v1/nodes?prefix=sau").json()["labels"], json!(["sausage"]));
}

#[test]
fn one_bad_edit_refuses_the_set_unless_the_rest_is_asked_for() {
    let service = Service::start("atomic", PETS, &[]);
    let mut set = json!({"changes": [
        {"change": "upsert_edge", "source": "lonely", "target": "cat", "weight": 1},
        {"change": "set_weight", "source": "dog", "target": "nobody", "weight": 1},
    ]});
    let answer = change(&service, &set);
    assert!(answer.problem(404).contains("edit 1"), "{}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["report"]["failures"][0]["index"], 1);
    assert_eq!(body["report"]["failures"][0]["class"], "not_found");
    assert_eq!(reached(&service, "lonely"), Vec::<String>::new());

    set["dry_run"] = json!(true);
    set["commit"] = json!("best_effort");
    let report = change(&service, &set).json();
    assert_eq!((&report["applied"], &report["dry_run"]), (&json!(1), &json!(true)));
    assert_eq!(reached(&service, "lonely"), Vec::<String>::new());

    set["dry_run"] = json!(false);
    let report = change(&service, &set).json();
    assert_eq!(report["failures"].as_array().unwrap().len(), 1);
    assert_eq!(reached(&service, "lonely"), ["cat"]);
}

#[test]
fn a_set_for_an_earlier_generation_is_a_conflict() {
    let service = Service::start("stale", PETS, &[]);
    let set = json!({"changes": [{"change": "upsert_node", "node": "wolf"}], "only_if": 1});
    assert_eq!(change(&service, &set).json()["generation"], 2);
    assert!(change(&service, &set).problem(409).contains("generation 2, not 1"));
    let twice = json!({"changes": [{"change": "add_node", "node": "wolf"}]});
    change(&service, &twice).problem(409);
}

#[test]
fn sets_are_bounded_and_need_the_scope_to_write() {
    let tokens = [format!("auth.write_tokens={WRITE}"), format!("auth.read_tokens={READ}")];
    let flags = ["--set", &tokens[0], "--set", &tokens[1], "--set", "limits.changes=2"];
    let service = Service::start("changes-scope", PETS, &flags);
    let status = |token: &str, count: usize| {
        let edit = json!({"change": "upsert_node", "node": "wolf"});
        let body = json!({"changes": vec![edit; count]}).to_string();
        service.ask_as(token, "POST", "/v1/graphs/default/changes", &body).status
    };
    assert_eq!((status(READ, 1), status("none", 1)), (403, 401));
    assert_eq!((status(WRITE, 2), status(WRITE, 3)), (200, 422));
}

#[test]
fn a_change_is_told_as_an_event() {
    let service = Service::start("change-event", PETS, &[]);
    let mut stream = service.begin("GET", "/v1/events", &[], "");
    heard(&mut stream, ": listening");
    let set = json!({"changes": [{"change": "remove_node", "node": "cat"}]});
    change(&service, &set).json();
    heard(&mut stream, "event: generation\ndata: {\"graph\":\"default\",\"generation\":2");
}
