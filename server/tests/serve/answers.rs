//! What the service answers is what the command line prints.

use serde_json::{Value, json};

use crate::support::{ENDLESS, JSON, PETS, Service, dense, file, printed, settled};

/// Flags, and the query that says the same.
fn same() -> Vec<(Vec<&'static str>, Value)> {
    vec![
        (vec!["--seed", "dog"], json!({"seeds": ["dog"]})),
        (
            vec!["--seed", "dog=0.3", "--seed", "cat=2", "--hops", "5", "--explain", "--by-step"],
            json!({
                "seeds": [["dog", 0.3], ["cat", 2]], "hops": 5, "explain": true, "by_step": true,
            }),
        ),
        (
            vec!["--seed", "dog", "--relation", "chases=0.5", "--direction", "both", "--top", "2"],
            json!({"seeds": ["dog"], "relation": [["chases", 0.5]], "direction": "both", "top": 2}),
        ),
        (
            vec!["--seed", "dog", "--rule", "pagerank", "--epsilon", "1e-6"],
            json!({"seeds": ["dog"], "rule": "pagerank", "epsilon": 1e-6}),
        ),
        (vec!["--seed", "cat", "--rule", "act-r"], json!({"seeds": ["cat"], "rule": "act-r"})),
        (
            vec!["--seed", "cat=1@2", "--rule", "retention", "--time", "4"],
            json!({"seeds": [["cat", 1, 2]], "rule": "retention", "time": 4}),
        ),
        (
            vec!["--seed", "a=1", "--rule", "synapse", "--exclude-seeds"],
            json!({"seeds": ["a=1"], "rule": "synapse", "exclude_seeds": true}),
        ),
        (
            vec!["--seed", "dog", "--seed", "nobody", "--skip-unknown", "--max-edges", "3"],
            json!({"seeds": ["dog", "nobody"], "skip_unknown": true, "max_edges": 3}),
        ),
    ]
}

#[test]
fn a_query_gives_what_the_flags_print() {
    let service = Service::start("answers", PETS, &[]);
    let mut queries = Vec::new();
    for (flags, query) in same() {
        let answer = service.post("/v1/spread", &query.to_string()).json();
        assert_eq!(settled(answer.clone()), printed("answers", &flags), "{query}");
        let named = service.post("/v1/graphs/default/spread", &query.to_string()).json();
        assert_eq!(settled(named), settled(answer), "{query}");
        queries.push(query);
    }
    let batch = service.post("/v1/spread/batch", &json!({"queries": queries}).to_string()).json();
    let outcomes = batch["outcomes"].as_array().unwrap().clone();
    assert_eq!(outcomes.len(), same().len());
    for (outcome, (flags, query)) in outcomes.into_iter().zip(same()) {
        assert_eq!(settled(outcome), printed("answers", &flags), "{query}");
    }
}

#[test]
fn a_batch_keeps_its_order_and_each_query_fails_alone() {
    let service = Service::start("batch", PETS, &[]);
    let batch = json!({"queries": [
        {"seeds": ["dgo"]}, {"seeds": ["dog"]}, {"seeds": ["dog"], "hopps": 1}, 7,
        {"seeds": [["cat", 0.5]]},
    ]});
    let outcomes = service.post("/v1/graphs/default/spread/batch", &batch.to_string()).json();
    let outcomes = &outcomes["outcomes"];
    assert_eq!(outcomes[0]["status"], 404);
    assert!(outcomes[0]["detail"].as_str().unwrap().contains("did you mean \"dog\"?"));
    assert_eq!(outcomes[1]["seeds"], json!([["dog", 1.0]]));
    assert_eq!((&outcomes[2]["status"], &outcomes[3]["status"]), (&json!(422), &json!(400)));
    assert_eq!(outcomes[4]["seeds"], json!([["cat", 0.5]]));
}

#[test]
fn several_graphs_are_served_by_name() {
    let other = file("other-graph.tsv", "sun\tmoon\t0.5\n");
    let flag = format!("graphs.sky={}", other.display());
    let service = Service::start("several", PETS, &["--set", &flag]);
    let sky = service.post("/v1/graphs/sky/spread", "{\"seeds\":[\"sun\"]}").json();
    assert_eq!(sky["activations"][1]["node"], "moon");
    service.post("/v1/spread", "{\"seeds\":[\"sun\"]}").problem(404);
    service.post("/v1/graphs/sky/spread", "{\"seeds\":[\"dog\"]}").problem(404);
    let said = service.post("/v1/graphs/sea/spread", "{\"seeds\":[\"dog\"]}").problem(404);
    assert_eq!(said, "there is no graph \"sea\"; see /v1/graphs");
    let names = service.get("/v1/graphs").json();
    assert_eq!(names["graphs"][0]["name"], "default");
    let sky = json!({"name": "sky", "nodes": 2, "edges": 1, "generation": 1, "kept": "memory"});
    assert_eq!(names["graphs"][1], sky);
}

#[test]
fn what_is_wrong_with_a_query_is_said_with_its_status() {
    let service = Service::start("wrong", PETS, &[]);
    let cases = [
        ("{\"seeds\":", 400, "the query is not JSON"),
        ("[]", 400, "the query is not a JSON object"),
        ("", 400, "the query is not JSON"),
        ("{}", 422, "no seed was given"),
        ("{\"seeds\":[\"dog\"],\"hopps\":1}", 422, "did you mean \"hops\"?"),
        ("{\"seeds\":[\"dog\"],\"hops\":-1}", 422, "\"hops\" has the value -1"),
        ("{\"seeds\":[\"dog\"],\"decay\":7}", 422, "\"decay\" is 7, but must be"),
        ("{\"seeds\":[\"dog\"],\"relation\":\"likes\"}", 422, "the graph has no relation"),
        ("{\"seeds\":[[\"dog\",-1]]}", 422, "must be finite and above 0"),
        ("{\"seeds\":[\"dgo\"]}", 404, "did you mean \"dog\"?"),
        ("{\"seeds\":[\"xyzzy\"],\"skip_unknown\":true}", 404, "no seed names a node"),
        ("{\"seeds\":[\"dog\"],\"threads\":2}", 422, "a query may have 1 here"),
        (
            "{\"seeds\":[\"dog\"],\"rule\":\"retention\",\"retention_file\":\"Cargo.toml\"}",
            422,
            "\"retention_file\" names a file of the service",
        ),
    ];
    for (body, status, expected) in cases {
        let said = service.post("/v1/spread", body).problem(status);
        assert!(said.contains(expected), "{body}: {said}");
    }
}

#[test]
fn a_request_may_ask_for_so_many_nodes_and_no_more() {
    let service = Service::start("top", PETS, &["--set", "limits.top=3"]);
    let status = |body: &str| service.post("/v1/spread", body).status;
    assert_eq!(status("{\"seeds\":[\"dog\"],\"top\":3}"), 200);
    assert_eq!(status("{\"seeds\":[\"dog\"],\"top\":4}"), 422);
    assert_eq!(status("{\"seeds\":[\"dog\"],\"top\":0}"), 422);
    let two = "{\"queries\":[{\"seeds\":[\"dog\"],\"top\":2},{\"seeds\":[\"dog\"],\"top\":2}]}";
    assert_eq!(service.post("/v1/spread/batch", two).status, 422);
}

#[test]
fn a_client_that_waits_no_longer_gets_what_there_is() {
    let service = Service::start("deadline", &dense(), &["--set", "limits.request_time=1s"]);
    let headers = [JSON, "Emanate-Timeout: 200ms"];
    let asked = service.ask("POST", "/v1/spread", &headers, ENDLESS).json();
    assert_eq!(asked["stop_reason"], "deadline");
    // The seed at least, and more where the machine had the time for a hop.
    assert!(!asked["activations"].as_array().unwrap().is_empty());
    let own = ENDLESS.replace('}', ",\"timeout\":\"20ms\"}");
    assert_eq!(service.post("/v1/spread", &own).json()["stop_reason"], "deadline");
    // Without a bound of its own the service's holds.
    assert_eq!(service.post("/v1/spread", ENDLESS).json()["stop_reason"], "cancelled");
    let bad = [JSON, "Emanate-Timeout: soon"];
    let said = service.ask("POST", "/v1/spread", &bad, ENDLESS).problem(400);
    assert!(said.starts_with("Emanate-Timeout is \"soon\"; give a number with a unit"), "{said}");
}

#[test]
fn a_client_that_goes_takes_its_spread_with_it() {
    let service = Service::start("gone", &dense(), &["--set", "limits.spreads=1"]);
    let stream = service.begin_endless();
    let shed = service.post("/v1/spread", "{\"seeds\":[\"n0\"]}");
    assert_eq!(shed.header("retry-after"), Some("1"));
    shed.problem(503);
    drop(stream);
    // Nothing else would end it before half a minute has passed.
    let start = std::time::Instant::now();
    let load = service.until_json("/v1/load", |load| load["scratch"]["leased"] == 0);
    assert_eq!(load["spreads"], 0);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    service.post("/v1/spread", "{\"seeds\":[\"n0\"]}").json();
}
